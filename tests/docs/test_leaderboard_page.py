"""The leaderboard shows the verdicts of its runs, whose rows are kept beside them, and says of them what is so."""

from pathlib import Path
from statistics import fmean

import pytest

from aspis_sim.battery.verdict import COLUMNS
from aspis_sim.study.reading import read_csv
from benchmarks.leaderboard_table import attack_of, lines, read

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "leaderboard.md").read_text(encoding="utf-8")
BOARDS = {name: read(DOCS / "tables" / f"leaderboard-{name}.csv") for name in ("digits",)}


@pytest.mark.parametrize("board", BOARDS)
def test_the_page_shows_the_table_of_its_verdicts(board):
    assert "\n".join(lines(BOARDS[board])) in PAGE


@pytest.mark.parametrize("board", BOARDS)
def test_every_defence_meets_every_q_and_the_table_is_whole(board):
    rows = BOARDS[board]
    assert tuple(rows[0]) == COLUMNS
    places = {(row["scheme"], row["q"]) for row in rows}
    names = {row["scheme"] for row in rows}
    assert len(names) >= 14
    assert places == {(name, q) for name in names for q in ("2", "4", "7")}
    assert all(row["status"].split(":")[0] in ("ok", "diverged", "not defined") for row in rows)
    assert all(f"`{name}`" in PAGE for name in names)


@pytest.mark.parametrize("board", BOARDS)
def test_the_verdicts_are_those_of_the_runs_that_are_kept(board):
    runs = read_csv(DOCS / "tables" / f"leaderboard-{board}-runs.csv")
    chance = 0.1
    for row in BOARDS[board]:
        if not row["robust_top1"]:
            continue
        attack = f"{row['attack']}:{row['framed']}" if row["framed"] else row["attack"]
        mine = [
            one
            for one in runs
            if (one.q, one.attack, one.payload, one.timing) == (int(row["q"]), attack, row["payload"], row["timing"])
            and (one.assignment, one.detector, one.rule) == (row["assignment"], row["detector"], row["rule"])
            and (one.evidence, one.audits, one.coding) == (row["evidence"], int(row["audits"]), row["coding"])
            and (one.lr, one.worker_momentum) == (float(row["lr"]), float(row["worker_momentum"]))
            and one.after_detection == row["after_detection"]
            and (one.strength is None) == (row["strength"] == "")
            and (one.strength is None or one.strength == float(row["strength"]))
        ]
        tops = [chance if one.status == "diverged" else one.top1 for one in mine]
        assert sorted({one.seed for one in mine}) == [0, 1, 2], (row["scheme"], row["q"])
        assert fmean(tops) == pytest.approx(float(row["robust_top1"])), attack_of(row)
        assert min(tops) == float(row["worst_top1"])
