"""What the server is told of, and what of a run it reaches."""

from typing import Any

import numpy as np
import pytest

import aspis_sim
from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.checks import check
from aspis_sim.spec.grid import Grid


def cell(**settings):
    return Grid.of(**{"scheme": "aspis", "q": 4, "seed": 0, "lr": 0.03, **settings}).groups()[0].first


def test_the_detector_and_the_rule_are_told_and_the_adversary_has_what_it_has():
    told, true = (resolve(cell(scheme="multi_krum", believed_q=number)) for number in (2, "true"))
    assert (dict(told.rule_parameters)["f"], dict(true.rule_parameters)["f"]) == (2, 4)
    assert (told.feed().q, true.feed().q) == (2, 4)
    assert (told.memberships()[0] == true.memberships()[0]).all()
    assert told.memberships()[0].sum() == 4


def test_three_framed_workers_are_the_only_hypothesis_of_a_server_that_is_told_three():
    liars, framed = np.arange(15) < 4, (np.arange(15) >= 4) & (np.arange(15) < 7)
    graph = ~(np.outer(liars, framed) | np.outer(framed, liars))
    excluded = [set(np.flatnonzero(~resolve(cell(scheme="aspis-certified", believed_q=told)).decide(graph)[0].honest))
                for told in (2, 3, 4, 5)]  # fmt: skip
    assert excluded == [set(), {4, 5, 6}, set(), set()]


def test_a_server_that_is_told_too_many_accuses_and_certifies_nobody_wrongly():
    generator = np.random.default_rng(0)
    assignment = resolve(cell(workers=9, q=2)).assignment
    liar = np.arange(9) < 2
    honest_holder = ~liar[assignment.files]
    masks = (np.arange(2**3)[:, None] >> np.arange(3) & 1).astype(bool)
    only_liars = ~(masks[None] & honest_holder[:, None]).any(-1)
    disagree = accuse = certify = 0
    for _ in range(100):
        graph = np.triu(generator.random((9, 9)) < 0.5, 1) & ~np.outer(~liar, ~liar)
        graph = ~(graph | graph.T)
        disagree += not graph.all()
        for name, told in (
            (name, told) for name in ("sound", "certified", "unanimous", "minimax") for told in (2, 3, 4)
        ):
            verdict = DETECTORS[name](graph, max_byzantine=told, assignment=assignment)
            assert verdict.honest[~liar].all()
            accuse += not verdict.honest.all()
            if verdict.certified is not None:
                assert not (verdict.certified & only_liars).any()
                certify += verdict.certified.any()
    assert min(disagree, accuse, certify) > 50


def test_the_true_number_is_the_default_and_told_as_a_number_changes_nothing():
    given: dict[str, Any] = {"scheme": "aspis", "workers": 7, "q": 3, "attack": "frame-up", "lr": 0.03, "steps": 5}
    usual, told = (aspis_sim.train(**given, model="softmax", believed_q=q).row for q in ("true", 3))
    assert (usual.believed_q, told.believed_q) == ("true", 3)
    assert usual.same_numbers(told, apart=("believed_q",))


def test_no_published_figure_is_of_a_detector_that_is_told_another_number():
    told = [resolve(cell(believed_q=number)) for number in ("true", 4, 3)]
    rows = [aspis_sim.run.row.row_of(job) for job in told]
    assert [row.distortion_theory is None for row in rows] == [False, False, True]
    assert aspis_sim.run.row.row_of(resolve(cell(scheme="byzshield", believed_q=3))).distortion_theory == 0.2


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (8, "leaves no honest majority; a server can be told of 7 at most"),
        (-1, "is negative; the server is told of 0 or more"),
        ("many", "'many' is not a number"),
    ],
)
def test_what_no_server_can_be_told(told, message):
    with pytest.raises(InputError, match=message):
        check(cell(believed_q=told))
