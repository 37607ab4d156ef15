"""The local search: real attacks, repeatable, and as good as the known attacks and the exact answers."""

from math import comb

import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS
from aspis_sim.game import play
from aspis_sim.game.result import Score, judge


@pytest.mark.parametrize("objective", ["count", "fraction"])
@pytest.mark.parametrize("detector", list(DETECTORS))
def test_it_finds_what_is_exact_on_seven_workers(detector: str, objective: str) -> None:
    assignment = build("subset", workers=7, redundancy=3)
    exact = play(assignment, 3, detector, objective=objective)
    found = play(assignment, 3, detector, objective=objective, most_graphs=0, effort=150)
    assert exact.exhaustive
    assert not found.exhaustive
    assert found.graphs == 150
    assert getattr(found, objective) == getattr(exact, objective)
    score, _ = judge(assignment, found.liars, DETECTORS[detector], 3)
    assert score == Score(found.count, found.kept)


def test_the_same_seed_finds_the_same_attack() -> None:
    assignment = build("mols", workers=12, redundancy=3)
    one, two, other = (play(assignment, 4, "sound", seed=s, most_graphs=0, effort=60) for s in (1, 1, 2))
    assert np.array_equal(one.liars, two.liars)
    assert np.array_equal(one.byzantine, two.byzantine)
    assert not np.array_equal(one.byzantine, other.byzantine)
    assert not (one.liars & ~one.byzantine[assignment.files]).any()


@pytest.mark.parametrize("q", [2, 5, 7])
def test_it_knows_the_frame_up_and_the_strong_attack(q: int) -> None:
    assignment = build("subset", workers=15, redundancy=3)
    published = play(assignment, q, "clique", effort=40, most_graphs=0)
    framed = comb(2 * q - 1, 3) - comb(q - 1, 3)
    assert published.count == max(framed, comb(2 * q, 3) // 2)
    assert play(assignment, q, "sound", effort=40, most_graphs=0).count == comb(2 * q, 3) // 2
    assert play(assignment, q, "unanimous", effort=40, most_graphs=0).count == comb(q, 3)


@pytest.mark.parametrize(("workers", "q", "count"), [(11, 3, 11), (15, 3, 15), (15, 4, 40)])
def test_decoys_beat_the_frame_up_where_honest_workers_are_many(workers: int, q: int, count: int) -> None:
    """q-1 liars in all hypotheses vote on, since the last one and an honest worker accuse each other."""
    assignment = build("subset", workers=workers, redundancy=3)
    found = play(assignment, q, "clique", effort=40, most_graphs=0)
    exposed = q - 1
    everywhere = comb(exposed, 2) * (workers - exposed) + comb(exposed, 3)
    assert found.count == everywhere + exposed == count > comb(2 * q, 3) // 2
    assert count > comb(2 * q - 1, 3) - comb(q - 1, 3)
