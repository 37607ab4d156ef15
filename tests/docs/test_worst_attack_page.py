"""The page on the battery names all that the battery tries."""

import re
from pathlib import Path

import pytest

from aspis_sim.battery import standard
from aspis_sim.battery.verdict import COLUMNS
from benchmarks.attack_grid_table import lines
from benchmarks.leaderboard_table import read

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/worst-attack.md").read_text(encoding="utf-8")
ROUNDS = {cells[1].strip(): cells[2] for line in PAGE.splitlines() if len(cells := line.split("|")) == 5}
NUMBERS = {"two": 2, "three": 3, "four": 4}


def named(round_of):
    return tuple(re.findall(r"`([^`]+)`", ROUNDS[round_of]))


def test_the_page_names_what_is_tried():
    assert named("where") == standard.PROBES
    assert named("what") == standard.WHAT
    assert named("how much") == standard.VARIED
    assert named("what it can find itself") == standard.SEARCHING
    assert f"{standard.MOST_ENTRIES // 10**6} million entries" in ROUNDS["what it can find itself"]
    strengths = re.search(r"strengths (.*), then", ROUNDS["how much"])
    assert strengths is not None
    assert tuple(map(float, re.findall(r"-?[\d.]+", strengths[1]))) == standard.STRENGTHS
    assert all(f"`{name}` is left out" in PAGE for name in standard.LEFT_OUT)


def test_the_page_counts_as_the_battery_does():
    def count(round_of, pattern):
        found = re.search(pattern, ROUNDS[round_of])
        assert found is not None
        return NUMBERS[found[1]]

    assert count("what", r"the (\w+) worst places") == standard.PLACES
    assert count("how much", r"for the (\w+) that do most") == standard.GOLDEN
    assert count("whole runs", r"the (\w+) worst so far") == standard.WHOLE
    assert count("whole runs", r"the (\w+) others with the highest loss") == standard.RISING
    assert count("when", r"the (\w+) worst") == standard.TIMED
    assert count("which rate", r"the (\w+) worst") == standard.FINALISTS
    assert count("the verdict", r"the (\w+) worst") == standard.FINALISTS
    assert "A short run has a quarter of the steps, but at least 30" in PAGE
    assert (standard.SHORT, standard.SHORTEST) == (4, 30)


def test_every_column_that_the_page_explains_is_there():
    explained = re.findall(r"`([a-z_0-9]+)`", PAGE.partition("## What comes out")[2].partition("## Beside")[0])
    assert set(explained) - {"ok", "diverged"} <= set(COLUMNS)
    assert len(explained) > 15


def test_the_table_beside_a_full_grid_is_that_of_its_rows():
    rows = read(ROOT / "docs/tables/attack-grid.csv")
    assert "\n".join(lines(rows)) in PAGE
    assert len(rows) >= 14
    assert max(float(row["share_of_grid"]) for row in rows if row["grid_cells"] == "209") <= 0.15
    above = {row["scheme"]: 100 * (float(row["battery_top1"]) - float(row["grid_top1"])) for row in rows}
    said = PAGE.partition("cell leaves, except for ")[2].partition("The grid's")[0]
    told = dict(re.findall(r"`([^`]+)`\s\(([\d.]+)", said))
    assert {name: float(more) for name, more in told.items()} == {
        name: pytest.approx(more, abs=0.06) for name, more in above.items() if more > 0
    }
