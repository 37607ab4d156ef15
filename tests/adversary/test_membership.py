"""Byzantine workers that change from window to window."""

import numpy as np
import pytest

from aspis_sim.adversary.membership import distorted_copies, over_windows, random_workers
from aspis_sim.adversary.targeting import TARGETINGS, target
from aspis_sim.assignment import build
from aspis_sim.detection.reference import agreement_graph
from aspis_sim.errors import InputError

SUBSET = build("subset", workers=9, redundancy=3)
DESIGN = build("bibd", workers=15, redundancy=3)


def test_every_window_has_q_workers_and_all_workers_get_their_turn():
    drawn = random_workers(np.random.default_rng(0), 9, 3, 200)
    assert (drawn.sum(1) == 3).all()
    assert np.abs(drawn.mean(0) - 1 / 3).max() < 0.12
    assert len(np.unique(drawn, axis=0)) > 50


@pytest.mark.parametrize("attack", ["strong", "frame-up", "decoy", "stealth", "weak"])
def test_on_the_subset_assignment_an_attack_is_carried_over_by_renaming(attack):
    fixed = target(attack, SUBSET, 3)
    byzantine, distorts = over_windows(attack, fixed, SUBSET, np.random.default_rng(1), 20)
    graph = np.sort(agreement_graph(SUBSET, fixed.distorts.astype(int)).sum(1))
    for liars, lies in zip(byzantine, distorts, strict=True):
        assert liars.sum() == 3
        assert not (lies & ~liars[SUBSET.files]).any()
        assert sorted(lies.sum(1)) == sorted(fixed.distorts.sum(1))
        assert np.array_equal(np.sort(agreement_graph(SUBSET, lies.astype(int)).sum(1)), graph)
    assert len(np.unique(byzantine, axis=0)) > 5


def test_weak_and_majority_follow_the_workers_on_any_assignment():
    byzantine = np.isin(np.arange(15), [0, 1, 2, 3])
    held = byzantine[DESIGN.files]
    weak, majority, none = (
        distorted_copies(TARGETINGS.traits(name).lies, held) for name in ("weak", "majority", "none")
    )
    assert np.array_equal(weak, held)
    assert np.array_equal(majority, held & (held.sum(1, keepdims=True) >= 2))
    assert not none.any()


def test_an_attack_on_the_assignment_cannot_have_random_workers_where_they_differ():
    with pytest.raises(InputError, match="attack strong chooses its workers by the assignment bibd"):
        over_windows("strong", target("strong", DESIGN, 3), DESIGN, np.random.default_rng(0), 2)
