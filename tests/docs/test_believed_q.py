"""The page on a wrong guess of q shows the table of its runs, and a run of today gives a row of it."""

from pathlib import Path

import pytest

import aspis_sim
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.believed_q_table import lines

DOCS = Path(__file__).parents[2] / "docs"
RUNS = read_csv(DOCS / "tables" / "believed-q.csv")
PAGE = (DOCS / "believed-q.md").read_text(encoding="utf-8")


def mean(scheme, **settings):
    found = [row.top1 for row in RUNS if row.scheme == scheme and all(row[name] == settings[name] for name in settings)]
    assert len(found) == 3
    return 100 * sum(found) / 3


def test_the_page_shows_the_table_of_its_runs():
    assert "\n".join(lines(RUNS)) in PAGE


def test_the_runs_are_those_of_the_preset():
    def of(one):
        return one.scheme, one.attack.partition(":")[0], one.payload, one.believed_q

    planned = {(*of(run.group.first), seed) for run in preset.load("believed-q").runs() for seed in run.group.seeds}
    assert {(*of(row), row.seed) for row in RUNS} == planned
    assert len(RUNS) == len(planned)


def test_what_the_page_says_of_it():
    told = {scheme: [mean(scheme, attack="frame-up", payload="reversed", believed_q=number) for number in range(8)]
            for scheme in ("aspis", "aspis-certified", "aspis-sound", "aspis-unanimous")}  # fmt: skip
    assert {round(accuracies[3], 1) for accuracies in told.values()} == {10.0}
    assert all(min(accuracies[4:]) > 86 for accuracies in told.values())
    accused = {(row.scheme, row.believed_q) for row in RUNS if row.false_accusation_rate}
    assert accused == {(scheme, 3) for scheme in told} | {("aspis", number) for number in (4, 5, 6, 7)}
    untold = [min(mean(one, payload=payload) for payload in ("alie", "reversed")) for one in ("byzshield", "median")]
    assert "{:.1f} and {:.1f}%".format(*untold) in PAGE
    safe = [row for row in RUNS if row.scheme == "aspis-certified" and row.believed_q >= 4]
    certain = [row.distortion_measured for row in safe if row.believed_q <= 5]
    assert set(certain) == {0.0}
    assert max(row.distortion_measured for row in safe) <= 4 / 455


@pytest.mark.parametrize(("told", "status"), [(3, "diverged"), (4, "ok")])
def test_a_run_of_today_gives_its_row(told, status):
    settings = {"scheme": "aspis-certified", "attack": "frame-up", "payload": "reversed", "believed_q": told, "seed": 0}
    (row,) = [row for row in RUNS if all(row[name] == settings[name] for name in settings)]
    now = aspis_sim.train(**settings, q=4, lr=0.03).row
    assert row.status == now.status == status
    assert now.top1 == pytest.approx(row.top1, abs=0.02)
    for name in ("distortion_measured", "false_accusation_rate", "lost_measured"):
        assert now[name] == pytest.approx(row[name])
