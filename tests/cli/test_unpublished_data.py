"""Every table that rests on data which are not the published ones names them, whoever prints it."""

import hashlib
from typing import Any

import pytest

import aspis_sim
from aspis_sim.data import DATASETS, _load, load, search, source
from aspis_sim.data.status import unpublished
from tests.cli.program import invoke, one_line
from tests.data import archives

SWEEP = "--workers 7 --q 1 --scheme median --steps 2 --samples-per-file 2 --model softmax --dataset"


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with an MNIST of the test's own, and what is said of it."""
    monkeypatch.setattr(search, "SYSTEM", ())
    monkeypatch.setattr(search, "_asked", [])
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(search.VARIABLE, str(tmp_path / "data"))
    _load.cache_clear()
    archives.mnist(tmp_path / "data" / "mnist")
    begins = load("mnist").sha256[:16]
    return f"The data of mnist are not the published ones; their SHA-256 begins with {begins}."


def test_a_sweep_its_report_and_its_exports_name_them(mine, tmp_path):
    study = tmp_path / "study"
    assert f"! {mine}" in one_line(invoke(f"sweep {SWEEP} mnist --study", study).stdout)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    _load.cache_clear()
    pages = {name: tmp_path / f"page.{name}" for name in ("html", "md", "tex")}
    invoke("report", study, "--out", pages["html"])
    for name in ("md", "tex"):
        invoke("export", study, "--out", pages[name])
    assert all(mine in page.read_text() for page in pages.values())


def test_a_training_run_names_them(mine):
    line = f"train {SWEEP} mnist"
    assert f"! {mine}" in one_line(invoke(line).stdout)


def test_python_names_them(mine):
    settings: dict[str, Any] = {"workers": 7, "q": 1, "scheme": "median", "steps": 2, "samples_per_file": 2}
    assert aspis_sim.sweep(**settings, dataset="mnist").table().endswith(f"{mine}\n")
    assert "published ones" not in aspis_sim.sweep(**settings, dataset="digits").table()


def test_verifying_names_them(mine):
    assert mine in one_line(invoke("data verify mnist digits").stdout)


def test_data_that_come_with_the_package_or_are_made_go_without(mine):
    assert "published ones" not in invoke(f"sweep {SWEEP} digits").stdout
    assert unpublished("synthetic:samples=500") == unpublished("a plugin's", "0" * 64) == ""


@pytest.mark.parametrize("name", [name for name in DATASETS if source(name)])
def test_published_files_are_known_by_their_sums(name):
    files = source(name)
    assert files is not None
    every = [[form for form in forms if form.sha256] for forms in files.needs]
    if len(every) == 1:
        sums = {form.sha256 for form in every[0]}
    else:
        lines = "".join(f"{forms[0].sha256}  {forms[0].name}\n" for forms in every)
        sums = {hashlib.sha256(lines.encode()).hexdigest()}
    assert files.published_sums() == sums
    assert {unpublished(name, one) for one in sums} == {""}
    assert unpublished(name, "0" * 64).endswith("begins with 0000000000000000.")
