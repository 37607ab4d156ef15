"""Benchmarks by name, run only as far as their rows are printed."""

import importlib
import json

import pytest

from tests.cli.program import invoke, rows

ROWS = [{"question": "how fast?", "milliseconds": 1.5}, {"question": "[bold]", "equal": True}]


@pytest.fixture
def fixed_rows(monkeypatch):
    module = importlib.import_module("benchmarks.bench_rules")
    monkeypatch.setattr(module, "run", lambda: ROWS)


def test_benchmarks_are_listed():
    assert {"rules", "sweep", "detection", "selection"} <= set(invoke("bench").stdout.split())


def test_rows_are_printed_in_every_format(fixed_rows):
    assert rows(invoke("bench rules --format csv").stdout)[0] == {
        "question": "how fast?",
        "milliseconds": "1.5",
        "equal": "",
    }
    assert json.loads(invoke("bench rules --format json").stdout) == ROWS
    assert "[bold]" in invoke("bench rules").stdout


def test_an_unknown_benchmark_is_answered_with_the_nearest():
    assert "unknown benchmark 'rule'; did you mean rules?" in invoke("bench rule", code=2).stderr
