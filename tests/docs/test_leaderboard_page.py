"""The leaderboards show the verdicts of their runs, whose rows are kept beside them."""

from pathlib import Path
from statistics import fmean

import pytest

from aspis_sim.battery.known import boards
from aspis_sim.battery.verdict import COLUMNS
from benchmarks.leaderboard_runs import runs_of
from benchmarks.leaderboard_table import attack_of, lines, read

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "leaderboard.md").read_text(encoding="utf-8")
BOARDS = boards()
ASKED = {"digits": ("2", "4", "7"), "fashion-mnist": ("2", "4", "7")}
"""The q of a leaderboard; q=4 for others."""
CHANCE = 0.1


@pytest.mark.parametrize("board", BOARDS)
def test_the_page_shows_the_table_of_its_verdicts(board):
    assert "\n".join(lines(BOARDS[board])) in PAGE


@pytest.mark.parametrize("board", BOARDS)
def test_every_defence_meets_every_q_and_the_table_is_whole(board):
    rows = BOARDS[board]
    names = {row["scheme"] for row in rows}
    assert tuple(rows[0]) == COLUMNS
    assert len(names) >= 14
    asked = ASKED.get(board, ("4",))
    assert {(row["scheme"], row["q"]) for row in rows} == {(name, q) for name in names for q in asked}
    assert all(row["status"].split(":")[0] in ("ok", "diverged", "not defined") for row in rows)


@pytest.mark.parametrize("board", BOARDS)
def test_the_verdicts_are_those_of_the_runs_that_are_kept(board):
    runs = read(DOCS / "tables" / f"leaderboard-{board}-runs.csv")
    for row in BOARDS[board]:
        if not row["robust_top1"]:
            continue
        for name, mine in (("clean_top1", runs_of(row, runs, attacked=False)), ("robust_top1", runs_of(row, runs))):
            tops = [CHANCE if run["status"] == "diverged" else float(run["top1"]) for run in mine]
            assert sorted(run["seed"] for run in mine) == row["seeds"].split(), (row["scheme"], row["q"])
            assert fmean(tops) == pytest.approx(float(row[name])), attack_of(row)
        assert min(tops) == float(row["worst_top1"])
