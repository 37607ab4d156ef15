"""What follows a detection, and the f that rules are given for it."""

from typing import Any

import numpy as np
import pytest

import aspis_sim
from aspis_sim.detection import DETECTORS
from aspis_sim.detection.verdict import as_published
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.grid import Grid


def cell(**settings):
    return Grid.of(**{"scheme": "aspis", "seed": 0, "lr": 0.03, **settings}).groups()[0].first


def test_aspis_follows_its_published_code_by_itself():
    published = {name for name in SCHEMES if cell(scheme=name, q=2).after_detection == "published"}
    assert published == {"aspis", "aspis+"}


def test_the_mean_follows_only_where_exactly_q_workers_are_excluded():
    job = resolve(cell(q=3))
    for excluded, mean in ((1, False), (2, False), (3, True)):
        graph = np.ones((15, 15), bool)
        graph[:excluded, excluded:] = graph[excluded:, :excluded] = False
        verdict, _ = job.decide(graph)
        assert ((~verdict.honest).sum(), verdict.average) == (excluded, mean)
        read_otherwise, _ = resolve(cell(q=3, after_detection="average")).decide(graph)
        assert (read_otherwise.honest == verdict.honest).all()
        assert read_otherwise.average


def test_the_verdicts_of_all_other_detectors_stay_as_they_are():
    generator = np.random.default_rng(0)
    assignment = resolve(cell(workers=7, q=3)).assignment
    for _ in range(200):
        graph = np.triu(generator.random((7, 7)) < generator.random(), 1)
        graph = ~(graph | graph.T)
        for name in ("sound", "certified", "unanimous", "minimax", "degree"):
            verdict = DETECTORS[name](graph, max_byzantine=3, assignment=assignment)
            assert as_published(verdict, 3).average == verdict.average


FRAMED: dict[str, Any] = {
    "scheme": "aspis",
    "workers": 9,
    "q": 4,
    "attack": "frame-up",
    "payload": "reversed",
    "lr": 0.1,
    "steps": 60,
    "model": "softmax",
}


@pytest.fixture(scope="module")
def framed():
    readings = ("published", "average", "rule")
    return {reading: aspis_sim.train(**FRAMED, after_detection=reading).row for reading in readings}


def test_a_frame_up_is_followed_by_the_median_in_the_published_code(framed):
    assert framed["published"].status == "ok"
    assert framed["published"].top1 > 0.7
    assert not framed["average"].loss < 1000
    assert framed["average"].top1 < 0.2
    assert framed["rule"].top1 == framed["published"].top1


def test_either_reading_counts_the_same_files_and_accusations(framed):
    for row in framed.values():
        assert row.distortion_measured == pytest.approx(34 / 84)
        assert (row.detection_rate, row.false_accusation_rate) == (0.0, 3 / 5)
        assert row.lost_measured == pytest.approx(1 / 84)


def test_with_all_byzantine_workers_found_both_readings_are_one():
    rows = [
        aspis_sim.train(**{**FRAMED, "q": 3, "attack": "weak"}, after_detection=reading).row
        for reading in ("published", "average")
    ]
    assert rows[0].detection_rate == 1.0
    assert rows[0].same_numbers(rows[1], apart=("after_detection",))


@pytest.mark.parametrize("rule", ["bulyan:f=2", "nnm+caf:f=2"])
def test_a_rule_that_needs_every_file_is_refused_before_any_work(rule):
    with pytest.raises(InputError, match=r"needs every file.*take `after_detection=average` or a rule"):
        aspis_sim.train(scheme="aspis", q=2, rule=rule, steps=1)


F = {
    ("aspis", "clique"): [2, 15, 40, 80, 155, 266],
    ("aspis", "none"): [13, 37, 70, 110, 155, 203],
    ("aspis", "sound"): [2, 10, 28, 60, 110, 182],
    ("aspis", "certified"): [0, 1, 4, 10, 20, 35],
    ("byzshield", "none"): [1, 3, 5, 8, 12, 14],
    ("detox", "none"): [1, 1, 2, 2, 3, 3],
    ("median", "none"): [2, 3, 4, 5, 6, 7],
}


@pytest.mark.parametrize(("scheme", "detector"), F)
def test_a_rule_is_given_the_worst_case_of_its_own_detector(scheme, detector):
    settings = {"scheme": scheme, "detector": detector, "rule": "trimmed_mean"}
    told = [dict(resolve(cell(q=q, **settings)).rule_parameters)["f"] for q in range(2, 8)]
    assert told == F[scheme, detector]


def test_a_trimmed_mean_survives_the_decoy_and_the_majority():
    for attack, detector, false in (("decoy", "clique", 15), ("majority", "none", 37), ("strong", "none", 37)):
        row = aspis_sim.train(
            scheme="aspis",
            q=3,
            payload="constant",
            attack=attack,
            detector=detector,
            rule="trimmed_mean",
            steps=40,
            model="mlp:hidden=16",
            lr=0.1,
        ).row
        assert row.distortion_measured == pytest.approx(false / 455)
        assert row.top1 > 0.85, attack
