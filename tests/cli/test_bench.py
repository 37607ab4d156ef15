"""Benchmarks by name, run only as far as their rows are printed."""

import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from aspis_sim.gradients.network import network
from benchmarks import gpu, table
from benchmarks.__main__ import main
from benchmarks.bench_where import parts_of
from tests.cli.program import invoke, rows

ROOT = Path(__file__).parents[2]
ROWS = [{"question": "how fast?", "milliseconds": 1.5}, {"question": "[bold]", "equal": True}]


@pytest.fixture
def fixed_rows(monkeypatch):
    module = importlib.import_module("benchmarks.bench_rules")
    monkeypatch.setattr(module, "run", lambda: ROWS)


def test_benchmarks_are_listed():
    assert {"rules", "sweep", "detection", "selection"} <= set(invoke("bench").stdout.split())


def test_rows_are_printed_in_every_format(fixed_rows):
    first = rows(invoke("bench rules --format csv").stdout)[0]
    assert (first["question"], first["milliseconds"], first["equal"]) == ("how fast?", "1.5", "")
    found = json.loads(invoke("bench rules --format json").stdout)
    assert [{name: row[name] for name in row if name in ("question", "milliseconds", "equal")} for row in found] == ROWS
    assert "[bold]" in invoke("bench rules").stdout


def test_every_row_names_the_machine_the_versions_and_the_commit(fixed_rows):
    for row in rows(invoke("bench rules --format csv").stdout):
        assert all(row[name] for name in ("machine", "python", "jax", "numpy", "date"))
        assert "commit" in row
    own = {"machine": "another", "seconds": 1}
    assert table.with_machine([own])[0]["machine"] == "another"


def test_tables_are_kept_with_the_machine_and_git_does_not_ignore_them(fixed_rows, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(table.keep, "__defaults__", (tmp_path / "results",))
    main(["rules", "--keep"])
    kept = (tmp_path / "results/rules.csv").read_text()
    assert capsys.readouterr().out == f"# rules\n{kept}"
    assert [(row["question"], bool(row["machine"])) for row in rows(kept)] == [("how fast?", True), ("[bold]", True)]
    (tmp_path / "results/rules.csv").write_text(kept.replace(table.machine()["machine"], "another"))
    main(["rules", "--keep"])
    both = rows((tmp_path / "results/rules.csv").read_text())
    assert [row["machine"] for row in both] == [table.machine()["machine"]] * 2 + ["another"] * 2
    ignored = ["git", "-C", str(ROOT), "check-ignore", "--no-index"]
    said = subprocess.run([*ignored, "benchmarks/results/rules.csv"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (1, "")
    assert subprocess.run([*ignored, "results/rows.csv"], capture_output=True, check=False).returncode == 0
    with pytest.raises(SystemExit, match="unknown benchmark rule; known: cells, compiling, convolutions, copies"):
        main(["rule"])


def test_the_tables_that_are_kept_are_of_benchmarks_and_name_machine_and_commit():
    known = {"gpu", "tests", *invoke("bench").stdout.split()}
    kept = sorted(table.RESULTS.glob("*.csv"))
    assert kept
    for path in kept:
        assert path.stem in known
        for row in rows(path.read_text()):
            assert re.fullmatch("[0-9a-f]{7,}", row["commit"])
            assert row["machine"]


def test_the_parts_of_a_sweep_come_to_the_whole():
    here, there = {"process": 1, "label": "", "nested": False}, {"process": 2, "nested": False}
    done = [
        {**here, "name": "start", "begin": 12.0, "end": 12.25, "alone": 0.25, "child": 2, "nested": True},
        {**there, "name": "ready", "label": "", "begin": 13.0, "end": 13.0, "alone": 0.0},
        {**there, "name": "program", "label": "mols", "begin": 13.5, "end": 15.5, "alone": 2.0, "found": 1},
        {**here, "name": "question", "begin": 12.0, "end": 16.0, "alone": 3.75},
        {**there, "name": "steps", "label": "aspis", "begin": 16.5, "end": 19.5, "alone": 3.0, "nested": True},
        {**there, "name": "run", "label": "aspis", "begin": 16.5, "end": 20.0, "alone": 0.5},
        {**here, "name": "question", "begin": 16.0, "end": 20.25, "alone": 4.25},
        {**here, "name": "command", "begin": 21.0, "end": 21.0, "alone": 0.0, "processor": 3.5},
    ]
    found = parts_of(done, launched=10.0, ended=22.0, processors=2, used=15.0)
    seconds = {(row["part"], row["of"]): row["seconds"] for row in found}
    assert seconds == {
        ("import and planning", ""): 2.0,
        ("start of worker processes", ""): 1.0,
        ("compile, or find in the cache", "mols"): 2.0,
        ("steps", "aspis"): 3.0,
        ("results of runs", "aspis"): 0.5,
        ("transport", ""): 1.75,
        ("tables and exit", ""): 1.75,
        ("idle", ""): 12.0,
        ("whole", ""): 24.0,
    }
    assert {row["on"] for row in found} == {"2 processes"}


def test_an_unknown_benchmark_is_answered_with_the_nearest():
    assert "unknown benchmark 'rule'; did you mean rules?" in invoke("bench rule", code=2).stderr


def test_one_accelerator_is_measured_only_where_there_is_one():
    with pytest.raises(SystemExit, match=r"no accelerator is found.*--try"):
        gpu.main([])


def test_steps_of_a_published_curve_come_with_what_they_took(monkeypatch):
    """On the processor and one sample a file, as in ``python -m benchmarks.gpu --try``, but with a net of a moment."""
    monkeypatch.setattr(gpu, "_tests", lambda little: {"part": "tests", "question": "", "contender": ""})
    monkeypatch.setattr(gpu, "SERIES", ("Median, q = 2",))
    monkeypatch.setattr(gpu, "PRECISIONS", ("float32",))
    monkeypatch.setitem(gpu.LITTLE, "model", "mlp:hidden=4")
    monkeypatch.setenv("ASPIS_DATA_DIR", "replaced")
    network.cache_clear()
    _, row = gpu._parts(little=True)
    network.cache_clear()
    assert (row["files"], row["batch_size"], row["outcome"]) == (15, 15, "weights finite")
    assert row["steps"] > 1
    assert row["milliseconds"] > 0
