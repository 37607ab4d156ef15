"""The page on costs shows the table of its runs, the clusters that there are, and says of them what is so."""

import re
from pathlib import Path

import pytest

from aspis_sim.clusters import CLUSTERS, cluster
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.cost_table import best, found, lines

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "cost.md").read_text(encoding="utf-8")
ROWS = read_csv(DOCS / "tables" / "cost.csv")
FOUND = found(ROWS)


def top1(scheme, silent=0):
    return FOUND[scheme, silent][0]


def taken(scheme, silent=0):
    return FOUND[scheme, silent][1].seconds_modelled


def test_the_page_shows_the_table_of_its_runs():
    assert "\n".join(lines(ROWS)) in PAGE
    assert best(ROWS) == [("multi_krum", 4), ("aspis-certified", 0)]


def test_the_runs_are_those_of_the_preset():
    def named(one):
        return one.scheme, one.payload, one.silent, one.cluster

    planned = {(*named(run.group.first), seed) for run in preset.load("cost").runs() for seed in run.group.seeds}
    assert {(*named(row), row.seed) for row in ROWS} == planned
    assert len(ROWS) == len(planned)


@pytest.mark.parametrize("name", list(CLUSTERS))
def test_the_clusters_are_as_the_page_says(name):
    one = cluster(name)
    shown = (
        f"| `{name}` | {one.gflops:g} GFLOP/s | ×{one.straggling:g} | {one.gigabits:g} Gbit/s | {one.latency:g} ms "
        f"| {one.server_gflops:g} GFLOP/s |"
    )
    assert shown in PAGE
    assert re.search(r"`datacentre:gflops=200:gigabits=25`", PAGE)
    cluster("datacentre", gflops=200, gigabits=25)


def test_what_the_page_says_of_it():
    one, other = FOUND["aspis-certified", 0][1], FOUND["detox", 0][1]
    assert (one.load, other.load) == (91, 1)
    assert (f"{one.bytes_sent / 1e9:.1f}", f"{other.bytes_sent / 1e9:.2f}") == ("7.9", "0.09")
    assert (f"{taken('aspis-certified'):.1f}", f"{taken('detox'):.1f}") == ("6.5", "0.2")
    names = ("multi_krum", "audited", "aspis-certified", "aspis-audited")
    assert [f"{top1(name):.1f}" for name in names] == ["94.2", "94.2", "94.4", "94.2"]
    assert 35 < taken("aspis-certified") / taken("audited") < taken("aspis-certified") / taken("multi_krum") < 45
    saved = [1 - taken(name, 4) / taken(name) for name in {scheme for scheme, _ in FOUND}]
    assert [round(100 * part) for part in (min(saved), max(saved))] == [17, 27]
    assert (round(top1("detox")), round(top1("detox", 4))) == (93, 15)
    assert round(top1("aspis") - top1("aspis", 4)) == 30
    for name in ("multi_krum", "audited", "byzshield", "aspis-audited"):
        assert abs(top1(name) - top1(name, 4)) < 0.15, name
    assert round(top1("aspis-certified") - top1("aspis-certified", 4)) == 1
