"""Benchmarks by name, run only as far as their rows are printed."""

import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from benchmarks import table
from benchmarks.__main__ import main
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
    ignored = ["git", "-C", str(ROOT), "check-ignore", "--no-index"]
    said = subprocess.run([*ignored, "benchmarks/results/rules.csv"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (1, "")
    assert subprocess.run([*ignored, "results/rows.csv"], capture_output=True, check=False).returncode == 0
    with pytest.raises(SystemExit, match="unknown benchmark rule; known: copies, detection"):
        main(["rule"])


def test_the_tables_that_are_kept_are_of_benchmarks_and_name_machine_and_commit():
    known = set(invoke("bench").stdout.split())
    kept = sorted(table.RESULTS.glob("*.csv"))
    assert kept
    for path in kept:
        assert path.stem in known
        for row in rows(path.read_text()):
            assert re.fullmatch("[0-9a-f]{7,}", row["commit"])
            assert row["machine"]


def test_an_unknown_benchmark_is_answered_with_the_nearest():
    assert "unknown benchmark 'rule'; did you mean rules?" in invoke("bench rule", code=2).stderr
