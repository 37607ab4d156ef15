"""The page on CIFAR-10 shows the tables of its runs, which are those of the presets, and says what they say."""

from itertools import product
from pathlib import Path

import pytest

from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.cifar10_table import groups, lines, top1

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "cifar10.md").read_text(encoding="utf-8")
STUDIES = ("files", "batch", "moving")
RUNS = {study: read_csv(DOCS / "tables" / f"cifar10-{study}.csv") for study in STUDIES}


def ahead(study, payload, q, one, other):
    """By how many points the mean of one scheme is above that of another."""
    found = groups(RUNS[study])
    return round(top1(found[15, payload, q, one]) - top1(found[15, payload, q, other]))


@pytest.mark.parametrize("study", STUDIES)
def test_the_page_shows_the_tables_of_its_runs(study):
    assert "\n".join(lines(RUNS[study], study == "moving")) in PAGE


@pytest.mark.parametrize("study", STUDIES)
def test_the_runs_are_those_of_the_preset(study):
    planned = {
        (*choice, seed)
        for series in preset.load(f"cifar10-{study}").series
        for choice in product(*(series.grid[name] for name in ("scheme", "attack", "payload", "q")))
        for seed in series.grid["seed"]
    }
    found = {(row.scheme, row.attack.partition(":")[0], row.payload, row.q, row.seed) for row in RUNS[study]}
    assert found == planned
    assert len(RUNS[study]) == len(planned)
    assert {row.seed for row in RUNS[study]} == {0, 1, 2}


def test_what_the_page_says_of_aspis_and_the_median():
    qs = (2, 4, 6, 7)
    found = {
        (study, payload): [ahead(study, payload, q, "aspis", "median") for q in qs]
        for study in ("files", "batch")
        for payload in ("alie", "reversed")
    }
    assert found == {
        ("files", "alie"): [15, 12, 0, 0],
        ("files", "reversed"): [-13, -6, 2, 13],
        ("batch", "alie"): [-23, -6, -8, -8],
        ("batch", "reversed"): [-20, -28, -2, -3],
    }
    certified = {
        study: [ahead(study, "alie", q, "aspis-certified", "median") for q in qs] for study in ("files", "batch")
    }
    assert {study: max(points) for study, points in certified.items()} == {"files": 36, "batch": 26}
    assert [ahead("moving", "alie", q, "aspis+", "median") for q in (2, 4, 6)] == [14, 25, 21]
    assert [ahead("moving", "alie", q, "aspis+", "detox") for q in (4, 6)] == [10, 5]


def test_what_the_page_says_of_the_best_rival():
    rivals = ("byzshield", "detox", "median", "average")
    by = [min(ahead("batch", "alie", q, "aspis-certified", other) for other in rivals) for q in (4, 6, 7)]
    assert by == [12, 14, 13]
    assert [ahead("files", "reversed", q, "multi_krum", "aspis") for q in (2, 4, 6)] == [29, 25, 24]
    assert [ahead("files", "reversed", q, "multi_krum", "aspis-certified") for q in (2, 4, 6)] == [8, 6, 7]
