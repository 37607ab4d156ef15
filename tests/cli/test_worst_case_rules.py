"""The mixed rules from the command line: figures, the table, bad input."""

import json
from functools import partial
from typing import Any

import pytest

from aspis_sim.game import play_rules
from tests.cli import program
from tests.cli.program import one_line, refused

COLUMNS = "assignment,workers,redundancy,files,q,rule,distorted_files,kept_files,fraction,minimax,graphs,proof"

invoke = partial(program.invoke, "worst-case")


def test_rules_of_five_workers_and_what_no_weights_avoid() -> None:
    printed = invoke("--workers 5 --q 1,2 --rules mixed --format csv").stdout
    assert printed.splitlines()[0] == COLUMNS
    rows = program.rows(printed)
    assert len(rows) == 2 * 33
    found = {row["rule"]: row for row in rows if row["q"] == "2"}
    assert {row["proof"] for row in rows} == {"exhaustive"}
    assert (found["unanimous + majority"]["distorted_files"], found["unanimous + majority"]["kept_files"]) == (
        "2",
        "10",
    )
    assert (found["majority"]["kept_files"], found["majority"]["fraction"]) == ("0", "1.0")
    assert (found["any weights"]["fraction"], found["any weights"]["kept_files"]) == ("0.0", "")
    for row in found.values():
        assert (row["minimax"] == "True") == (row["fraction"] == "0.0" and row["rule"] != "any weights")
        assert row["graphs"] == "26"


def test_json_has_the_rows_and_larger_systems_are_lower_bounds() -> None:
    found = json.loads(invoke("--workers 15 --q 7 --rules mixed --effort 5 --format json").stdout)
    assert all(",".join(row) == COLUMNS for row in found)
    shares = {row["rule"]: row["fraction"] for row in found}
    assert shares["any weights"] == shares["certified, else minimax"] == 35 / 455
    assert shares["certified, else unanimous + agreed"] == 35 / 329
    assert {row["proof"] for row in found} == {"lower bound", "proof"}
    assert [row["rule"] for row in found if row["minimax"]] == ["certified, else minimax"]


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_and_says_what_was_found(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = invoke("--workers 15 --q 7 --rules mixed --effort 5")
    assert max(map(len, result.stdout.splitlines())) <= width
    text = one_line(result.stdout)
    assert "Mixed rules against their worst lies: subset, K=15, r=3, 455 files" in text
    assert "35 455 0.0769 yes lower" in text
    assert "Lower bound: only graphs of known attacks were looked at" in text
    assert (
        "q=7: certified, else unanimous admits 10.64% of what it keeps at the known worst, 2.95 points above the least "
        "of the rules; no rule can promise less than 7.69%."
    ) in text
    assert "as little as any rule; no rule can promise less than 0.00%." in one_line(
        invoke("--workers 5 --q 2 --rules mixed").stdout
    )


def test_an_interruption_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    play, calls = play_rules.play_rules, []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return play(*arguments, **options)

    monkeypatch.setattr(play_rules, "play_rules", interrupted)
    result = invoke("--workers 5 --q 1,2 --rules mixed --format csv", code=130)
    assert {row["q"] for row in program.rows(result.stdout)} == {"1"}
    assert "interrupted: 1 of 2 numbers of Byzantine workers had finished and are kept" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--rules mixd", "unknown set of rules 'mixd'; did you mean mixed"),
        ("--rules mixed --detector clique", "leave --detector, --objective, --seed and --audits out"),
        ("--rules mixed --audits 1", "leave --detector, --objective, --seed and --audits out"),
        ("--rules mixed --objective count", "leave --detector, --objective, --seed and --audits out"),
        ("--rules mixed --seed 2", "leave --detector, --objective, --seed and --audits out"),
        ("--rules mixed --workers 15 --assignment mols --q 7", "mols of 15 workers with q=7 has too many graphs"),
    ],
)
def test_bad_input(words: str, message: str) -> None:
    assert message in refused("worst-case", words)
