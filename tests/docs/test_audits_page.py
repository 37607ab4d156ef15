"""The page on audits shows the tables of its runs, the game's values, and says of them what is so."""

import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest

from aspis_sim.assignment import build
from aspis_sim.game.audits import play_audits
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.audits_table import bound, by_attack, by_audits

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "audits.md").read_text(encoding="utf-8")
RUNS = {name: read_csv(DOCS / "tables" / f"{name}.csv") for name in ("audits", "audit-attacks")}


def grouped(study, *columns):
    found = defaultdict(list)
    for row in RUNS[study]:
        found[tuple(row[column] for column in columns)].append(row)
    return found


def test_the_page_shows_the_tables_of_its_runs():
    assert "\n".join(by_audits(RUNS["audits"])) in PAGE
    assert "\n".join(by_attack(RUNS["audit-attacks"])) in PAGE


@pytest.mark.parametrize("study", RUNS)
def test_the_runs_are_those_of_the_preset(study):
    def of(one):
        return one.scheme, one.redundancy, one.audits, one.attack, one.payload, one.model

    planned = {(*of(run.group.first), seed) for run in preset.load(study).runs() for seed in run.group.seeds}
    assert {(*of(row), row.seed) for row in RUNS[study]} == planned
    assert len(RUNS[study]) == len(planned)
    assert {row.status for row in RUNS[study]} == {"ok"}


def test_the_games_values():
    lines = re.findall(r"^\| (\d+), (\d), (\d) \| (\d) \| ([\d.,]+) \| ([\d.,]+) \| (.*) \|$", PAGE, re.MULTILINE)
    assert len(lines) == 7
    for workers, q, redundancy, audits, worth, limit, best in lines:
        assignment = build("subset", workers=int(workers), redundancy=int(redundancy))
        found = play_audits(assignment, int(q), int(audits), 300)[0]
        assert f"{found.distorted:,.1f}" == worth
        assert f"{found.bound:,g}" == limit
        assert best == ("–" if found.best_policy is None else f"{found.best_policy:,.1f}")
        assert found.exact == (workers != "15" or redundancy != "3")


def test_what_the_page_says_of_them():
    shares = defaultdict(list)
    for (scheme, attack, _, _), rows in grouped("audit-attacks", "scheme", "attack", "payload", "model").items():
        if attack != "none":
            shares[scheme].append(fmean(row.distortion_measured for row in rows) / bound(rows[0]))
    assert {scheme: round(100 * max(found)) for scheme, found in shares.items()} == {"aspis-audited": 28, "audited": 64}
    for row in RUNS["audits"]:
        if row.audits:
            assert row.convicted <= row.q
    lying = [row for row in RUNS["audit-attacks"] if row.attack != "none" and row.payload not in ("hidden", "mimic")]
    assert {row.convicted for row in lying} == {7}
    assert {row.convicted for row in RUNS["audit-attacks"] if (row.scheme, row.payload) == ("audited", "mimic")} == {6}
    assert max(row.disputes_audited for row in lying) == 7


def test_accuracies():
    means = {
        name: fmean(row.top1 for row in rows)
        for name, rows in grouped("audit-attacks", "scheme", "attack", "payload", "model").items()
    }
    alone = {name: means[name, "none", "alie", "mlp"] for name in ("aspis-audited", "audited", "average")}
    assert {name: f"{100 * top1:.1f}" for name, top1 in alone.items()} == {
        "aspis-audited": "92.7",
        "audited": "90.4",
        "average": "95.1",
    }
    for (scheme, attack, payload, model), top1 in means.items():
        if attack == "none" or model != "mlp":
            continue
        assert top1 >= alone[scheme]
        if scheme == "aspis-audited" and payload != "hidden":
            assert top1 > 0.951
    distorted = {
        name: max(
            fmean(row.distortion_measured for row in rows if row.payload == payload) for payload in ("alie", "reversed")
        )
        for name, rows in grouped("audits", "redundancy", "audits", "attack").items()
        if name[2] != "none"
    }
    shown = [f"{distorted[copies, 1, 'stealth']:.4f}" for copies in (1, 3, 5)]
    assert shown == ["0.0104", "0.0022", "0.0015"]
    assert all(
        distorted[copies, audits, attack] <= (5 - copies + 1) / (300 * audits)
        for copies, audits, attack in distorted
        if audits
    )
