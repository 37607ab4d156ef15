"""aspis-sim doctor: what it finds here, and that it names what is wrong, even where JAX does not start."""

import json
import os
import sys
from importlib.metadata import version

import pytest
from aspis_sim_cli.doctor import environment as here
from aspis_sim_cli.doctor import jax_probe, packages

from aspis_sim import __version__
from aspis_sim.data import search, source
from aspis_sim.plugin import Failure
from aspis_sim.printable import message
from tests.cli.program import ended, invoke, rows

FINE = """print('{"backend": "cpu", "devices": [["cpu", "cpu", null]], "single": ["float32", true], "double": %s}')"""


@pytest.fixture(autouse=True)
def _quick(tmp_path, monkeypatch):
    """JAX is not really started, and there are no data sets but what a test puts there."""
    monkeypatch.setattr(jax_probe, "PROBE", FINE % '["float64", true]')
    monkeypatch.setattr(search, "SYSTEM", ())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("ASPIS_CACHE_DIR", str(tmp_path / "cache"))


def examined(code=0, words="doctor --format json", **environment):
    result = invoke(words, code=code, **environment)
    found = {(one["topic"], one["name"]): one for one in json.loads(result.stdout)}
    for one in found.values():
        told = message(f"wrong: {one['topic']} {one['name']}: {one['value']}; {one['remedy']}")
        assert (told in result.stderr) == (one["state"] == "wrong")
        assert one["remedy"] or one["state"] == "ok"
    return found


def test_what_is_here_is_found(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/program").write_bytes(b"x" * 2_000_000)
    found = examined(XLA_FLAGS="--xla_something")
    assert found["versions", "aspis-sim"]["value"] == __version__
    assert found["versions", "jax"]["value"] == version("jax")
    assert found["devices", "float64"] == {
        "topic": "devices", "name": "float64", "value": "computes", "state": "ok", "remedy": ""
    }  # fmt: skip
    assert found["cache", "folder"]["value"] == str(tmp_path / "cache")
    assert found["cache", "size"]["value"] == "1 files, 2.0 MB"
    assert found["data", "digits"]["value"].startswith("shipped, 1,797 samples, SHA-256 5475dab4ca40")
    assert found["data", "mnist"]["state"] == "note"
    assert "aspis-sim data fetch mnist" in found["data", "mnist"]["remedy"]
    assert found["settings", "XLA_FLAGS"]["value"] == "--xla_something"
    assert not any(one["state"] == "wrong" for one in found.values())


def test_as_a_table_and_as_csv():
    table = invoke("doctor")
    assert "Nothing is wrong." in table.stdout
    assert max(map(len, table.stdout.splitlines())) <= 100
    found = rows(invoke("doctor --format csv").stdout)
    assert [row["topic"] for row in found if row["name"] == "float32"] == ["devices"]


def test_jax_itself_is_asked(monkeypatch):
    monkeypatch.undo()
    answer = jax_probe._asked()
    assert isinstance(answer, dict), answer
    assert (answer["single"], answer["double"]) == (["float32", True], ["float64", True])


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ("raise ImportError('jaxlib 0.1 is too old')", "does not start: ImportError: jaxlib 0.1 is too old"),
        ("import os; os.abort()", "crashes when it starts (signal 6)"),
        ("import time; time.sleep(600)", "does not start within 2 seconds"),
        ("print('hello')", "does not answer as expected"),
    ],
)
def test_a_jax_that_does_not_start_is_said(probe, said, monkeypatch):
    monkeypatch.setattr(jax_probe, "PROBE", probe)
    monkeypatch.setattr(jax_probe, "SECONDS", 2)
    one = examined(code=4)["devices", "jax"]
    assert (one["value"], one["state"]) == (said, "wrong")
    assert "pip install" in one["remedy"]


def test_a_device_without_float64_is_said(monkeypatch):
    monkeypatch.setattr(jax_probe, "PROBE", FINE % '["float32", false]')
    one = examined(code=4)["devices", "float64"]
    assert (one["value"], one["state"]) == ("does not compute (float32)", "wrong")
    assert "--precision float64" in one["remedy"]


def test_the_program_starts_and_reports_where_jax_cannot_be_imported_and_the_terminal_is_ascii(tmp_path):
    (tmp_path / "jax.py").write_text("raise RuntimeError('jaxlib is newer than jax')\n")
    (tmp_path / "sets").mkdir()
    done = ended("doctor", PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path]), PYTHONIOENCODING="ascii")
    assert done.returncode == 4, done.stderr
    assert "wrong: devices jax: does not start: RuntimeError: jaxlib is newer than jax" in done.stderr
    assert "wrong: terminal encoding: ascii; set PYTHONIOENCODING=utf-8" in done.stderr
    assert "Traceback" not in done.stderr
    assert "digits" in done.stdout
    assert "2 things are wrong." in done.stdout


def test_a_cache_that_cannot_be_written_is_said_and_none_is_a_note():
    one = examined(code=4, ASPIS_CACHE_DIR="/proc/nowhere")["cache", "folder"]
    assert one["value"].startswith("/proc/nowhere: cannot be written (")
    assert "ASPIS_CACHE_DIR" in one["remedy"]
    assert examined(ASPIS_CACHE_DIR="")["cache", "folder"]["state"] == "note"


def test_damaged_and_incomplete_data_sets_are_said(tmp_path):
    mnist = source("mnist")
    assert mnist is not None
    files = [forms[0].name for forms in mnist.needs]
    folder = tmp_path / "data" / mnist.subfolders[0]
    folder.mkdir(parents=True)
    (folder / files[0]).write_bytes(b"torn")
    one = examined(code=4, ASPIS_DATA_DIR=str(tmp_path / "data"))["data", "mnist"]
    assert (one["value"], one["state"]) == ("incomplete", "wrong")
    for name in files:
        (folder / name).write_bytes(b"torn")
    one = examined(code=4, ASPIS_DATA_DIR=str(tmp_path / "data"))["data", "mnist"]
    assert files[0] in one["value"]
    assert one["state"] == "wrong"


def test_versions_are_held_against_what_the_package_asks_for(monkeypatch):
    asked = ["numpy>=99.1", "typer>=0.1", "no-such-thing>=1", "rich", "also-none>=2; extra == 'plot'"]
    monkeypatch.setattr(packages, "requires", lambda package: asked)
    found = examined(code=4)
    assert found["versions", "numpy"]["value"] == f"{version('numpy')}, older than 99.1"
    assert found["versions", "numpy"]["remedy"] == "pip install 'numpy>=99.1'"
    assert found["versions", "no-such-thing"]["value"] == "not installed"
    assert [found["versions", name]["state"] for name in ("typer", "rich")] == ["ok", "ok"]
    assert found["extras", "plot"]["remedy"] == "pip install 'aspis-sim[plot]'"
    assert found["extras", "plot"]["state"] == "note"


@pytest.mark.parametrize(("free", "state"), [(20e9, "ok"), (3e9, "note"), (5e8, "wrong")])
def test_little_memory_is_said(free, state, monkeypatch):
    monkeypatch.setattr(here, "_memory", lambda: (32 * 10**9, int(free)))
    one = examined(code=4 if state == "wrong" else 0)["memory", "free"]
    assert one["state"] == state
    assert ("--memory" in one["remedy"]) == (state != "ok")


def test_plugins_are_listed_and_broken_ones_are_wrong(monkeypatch):
    monkeypatch.setattr(here.plugin, "loaded", lambda: (("mine", "ab" * 32),))
    monkeypatch.setattr(here.plugin, "installed", lambda: [Failure("torn\x1b[31m", "plugin torn: boom")])
    found = examined(code=4)
    assert found["plugins", "mine"]["value"] == "loaded, SHA-256 abababababab"
    assert found["plugins", "torn[31m"]["value"] == "plugin torn: boom"


def test_a_narrow_terminal_is_a_note():
    assert examined(COLUMNS="60")["terminal", "width"]["state"] == "note"
    assert examined(COLUMNS="80")["terminal", "width"]["state"] == "ok"
