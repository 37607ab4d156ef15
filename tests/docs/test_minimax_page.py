"""The figures on docs/minimax.md are those of the game, of the detector, and of the tables that lie beside it."""

from math import comb
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS
from aspis_sim.game.least_share import least_share, share_of_subset
from aspis_sim.game.play_rules import RuleResult, play_rules
from aspis_sim.study.reading import read_csv

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "minimax.md").read_text(encoding="utf-8")
LINES = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
RULES = (
    "certified, else minimax",
    "certified, else unanimous + agreed",
    "certified, else unanimous + agreed + majority + tied",
    "unanimous + agreed",
    "unanimous + agreed + majority + tied",
)


def told(one: RuleResult) -> str:
    assert not one.nothing
    return f"{one.score.count} / {one.score.kept}"


@pytest.mark.parametrize(
    ("workers", "q"),
    [
        (5, 2),
        (6, 2),
        (7, 2),
        (7, 3),
        (8, 3),
        (9, 3),
    ],
)
def test_the_table_of_the_game(workers: int, q: int) -> None:
    found = play_rules(build("subset", workers=workers, redundancy=3), q)
    assert found.exhaustive
    assert found.share_proof == "exhaustive"
    assert found.share is not None
    assert found.share == pytest.approx(comb(q, 3) / comb(workers, 3))
    by_name = {one.rule.name: told(one) for one in found.rules if one.rule.name in RULES}
    row = [f"{workers}, {q}", f"{found.graphs:,}", f"{100 * found.share:.2f}%", *(by_name[name] for name in RULES)]
    assert row in LINES


def test_the_table_of_frame_ups() -> None:
    assignment = build("subset", workers=15, redundancy=3)
    rows: list[list[str]] = [[], [], []]
    for framed in range(5):
        agree = np.ones((15, 15), bool)
        agree[:7, 7 : 7 + framed] = agree[7 : 7 + framed, :7] = False
        verdict = DETECTORS["minimax"](agree, max_byzantine=7, assignment=assignment)
        assert verdict.kept is not None
        assert verdict.distorted is not None
        kept = int(verdict.kept.sum())
        split = comb(7 + framed, 3) - comb(7, 3) - comb(framed, 3)
        rows[0].append(f"35 / {455 - split}")
        rows[1].append(f"{verdict.distorted} / {kept}")
        rows[2].append(f"{100 * verdict.distorted / kept:.2f}%")
    assert [line[1:] for line in LINES if len(line) == 6][2:5] == rows


@pytest.mark.parametrize("framed", [2, 3, 4])
def test_what_no_weights_avoid_after_a_frame_up(framed: int) -> None:
    disagree = np.zeros((15, 15), bool)
    disagree[:7, 7 : 7 + framed] = disagree[7 : 7 + framed, :7] = True
    share = least_share(disagree, 7, build("subset", workers=15, redundancy=3))
    assert share is not None
    assert share[1]
    row = next(line for line in LINES if line[0] == "share, any weights")
    assert row[1 + framed] == f"{100 * share[0]:.2f}%"
    assert share[0] <= share_of_subset(15, 7, 3) + 1e-9


def _share(rows: list[Any]) -> float:
    return 100 * fmean(row.distortion_measured / (1 - row.lost_measured) for row in rows)


def test_the_tables_of_training() -> None:
    rows = read_csv(DOCS / "tables/minimax.csv")
    for payload in ("alie", "constant"):
        for attack in ("stealth", "frame-up:3", "frame-up:4"):
            cells = []
            for scheme in ("aspis-certified", "aspis-minimax"):
                chosen = [row for row in rows if (row.payload, row.attack, row.scheme) == (payload, attack, scheme)]
                assert len({row.seed for row in chosen}) == len(chosen) == 5
                top = [100 * row.top1 for row in chosen]
                cells.append(
                    f"{fmean(top):.1f} ({min(top):.1f} to {max(top):.1f}), "
                    f"loss {fmean(row.loss for row in chosen):.3f}, "
                    f"{_share(chosen):.1f}% distorted"
                )
            assert [payload, attack, *cells] in LINES
    small = read_csv(DOCS / "tables/minimax-small-q.csv")
    one = {(row.q, row.attack, row.scheme): row for row in small}
    assert len(one) == len(small)
    for q, attack in {(row.q, row.attack) for row in small}:
        pair = [one[q, attack, scheme] for scheme in ("aspis-certified", "aspis-minimax")]
        cells = [
            f"{100 * row.top1:.1f}, {_share([row]):.2f}% of {round(455 * (1 - row.lost_measured))}" for row in pair
        ]
        assert [str(q), attack, *cells] in LINES
