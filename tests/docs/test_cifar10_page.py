"""The page on CIFAR-10 shows the tables of its runs, which are those of the presets, and says what they say."""

from itertools import product
from pathlib import Path

import pytest

from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.cifar10_table import groups, lines, top1

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "cifar10.md").read_text(encoding="utf-8")
STUDIES = ("files", "batch", "moving", "larger")
SEEDS = {"larger": {0}}
"""Of studies with other seeds than the three of their presets."""
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
        for choice in product(*(series.grid[name] for name in ("workers", "scheme", "attack", "payload", "q")))
        for seed in SEEDS.get(study, series.grid["seed"])
    }
    found = {
        (row.workers, row.scheme, row.attack.partition(":")[0], row.payload, row.q, row.seed) for row in RUNS[study]
    }
    assert found == planned
    assert len(RUNS[study]) == len(planned)
    assert {row.seed for row in RUNS[study]} == SEEDS.get(study, {0, 1, 2})


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


def test_what_the_page_says_of_larger_clusters():
    of = {key: top1(runs) for key, runs in groups(RUNS["larger"]).items()}

    def at(scheme, least=0, most=99):
        return [value for (_, _, q, name), value in of.items() if name == scheme and least <= q <= most]

    assert (round(min(at("aspis-certified", 4))), round(max(at("aspis-certified", 4)))) == (39, 46)
    assert (round(min(at("aspis-certified", 0, 0))), round(max(at("aspis-certified", 0, 0)))) == (45, 51)
    for workers in (21, 25):
        assert of[workers, "alie", 4, "aspis"] < of[workers, "alie", 0, "aspis"] / 2
    assert max(at("aspis", 8)) < 10.5
    assert max(at("median") + at("byzshield")) < 17.5
    batch = {(row.scheme, row.workers): row.batch_size for row in RUNS["larger"]}
    ratios = [batch["aspis", workers] / samples for (name, workers), samples in batch.items() if "aspis" not in name]
    assert (round(min(ratios)), round(max(ratios))) == (27, 92)
