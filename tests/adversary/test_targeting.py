"""Attacks as sets of distorted copies: their counts, and what they do to the agreement graph."""

from math import comb

import networkx as nx
import numpy as np
import pytest

from aspis_sim.adversary.choices import blocks, decoy, frame, frame_up, stealth, strong, weak
from aspis_sim.adversary.strongest import candidates, distorted_share, strongest, strongest_frame_up
from aspis_sim.adversary.targeting import TARGETINGS, target
from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from aspis_sim.distortion import strong_attack, worst_case
from aspis_sim.errors import InputError

SUBSET = build("subset", workers=15, redundancy=3)
ASSIGNMENTS = {
    "subset": SUBSET,
    "subset-5": build("subset", workers=9, redundancy=5),
    "mols": build("mols", workers=15, redundancy=3),
    "repetition": build("repetition", workers=15, redundancy=3),
    "baseline": build("baseline", workers=15, redundancy=1),
    "cyclic": build("cyclic", workers=11, redundancy=3),
}
PLAIN = [name for name in TARGETINGS if name != "strongest"]


def majority_lost(groups, attack):
    return int((attack.distorts.sum(1) >= (groups.redundancy + 1) // 2).sum())


def graph_of(groups, attack):
    return agreement_graph(groups, attack.distorts.astype(int))


def cliques(graph):
    found = list(nx.find_cliques(nx.from_numpy_array(graph & ~np.eye(len(graph), dtype=bool))))
    largest = max(map(len, found))
    return [set(clique) for clique in found if len(clique) == largest]


@pytest.mark.parametrize("groups", ASSIGNMENTS.values(), ids=ASSIGNMENTS.keys())
@pytest.mark.parametrize("name", PLAIN)
def test_q_workers_are_byzantine_and_only_they_lie(groups, name):
    for q in range((groups.workers - 1) // 2 + 1):
        attack = target(name, groups, q)
        assert attack.byzantine.shape == (groups.workers,)
        assert attack.byzantine.sum() == q
        assert attack.distorts.shape == groups.files.shape
        assert not (attack.distorts & ~attack.byzantine[groups.files]).any()
        if name == "none":
            assert not attack.distorts.any()


@pytest.mark.parametrize("groups", ASSIGNMENTS.values(), ids=ASSIGNMENTS.keys())
def test_the_strong_attack_wins_the_worst_case_of_the_vote(groups):
    for q in range((groups.workers - 1) // 2 + 1):
        assert majority_lost(groups, strong(groups, q, "none")) == worst_case(groups, q).count
        assert majority_lost(groups, strong(groups, q)) == strong_attack(groups, q, "clique").count


def test_the_strong_attack_leaves_two_maximum_cliques_without_a_or_without_d():
    q = 4
    found = cliques(graph_of(SUBSET, strong(SUBSET, q)))
    everyone = set(range(15))
    assert sorted(found, key=min) == [everyone - set(range(q, 2 * q)), everyone - set(range(q))]


def test_the_weak_attack_is_thin_on_repetition_groups():
    groups = ASSIGNMENTS["repetition"]
    for q in range(8):
        attack = weak(groups, q)
        assert attack.byzantine[groups.files].sum(1).max(initial=0) <= -(-q // 5)
        assert majority_lost(groups, attack) == max(0, q - 5)


@pytest.mark.parametrize("q", range(2, 8))
def test_a_frame_up_of_d_distorts_what_lies_inside_a_and_d(q):
    for d in range(q):
        attack = frame_up(SUBSET, q, d)
        (clique,) = cliques(graph_of(SUBSET, attack))
        assert clique == set(range(15)) - set(range(q, q + d))
        lied = attack.distorts.any(1)
        assert lied.sum() == comb(q + d, 3) - comb(d, 3)
    assert np.array_equal(frame_up(SUBSET, q).distorts, frame_up(SUBSET, q, q - 1).distorts)


@pytest.mark.parametrize(("q", "framed"), [(3, 3), (3, -1), (1, 1)])
def test_a_frame_up_frames_fewer_than_q(q, framed):
    with pytest.raises(InputError, match=f"{framed} framed workers with q={q}"):
        frame_up(SUBSET, q, framed)


@pytest.mark.parametrize("q", range(8))
def test_stealth_distorts_what_byzantines_hold_alone_and_nobody_disagrees(q):
    attack = stealth(SUBSET, q)
    assert attack.distorts.any(1).sum() == comb(q, 3)
    assert graph_of(SUBSET, attack).all()


@pytest.mark.parametrize("q", range(2, 8))
def test_blocks_leave_two_choices_a_block(q):
    attack = blocks(SUBSET, q)
    disagree = ~graph_of(SUBSET, attack)
    expected = np.zeros((15, 15), bool)
    for block in range(q // 2):
        for one in (2 * block, 2 * block + 1):
            for other in (q + 2 * block, q + 2 * block + 1):
                expected[one, other] = expected[other, one] = True
    assert np.array_equal(disagree, expected)
    assert len(cliques(~disagree)) == 2 ** (q // 2)


@pytest.mark.parametrize(("workers", "q"), [(11, 3), (15, 3), (15, 4), (21, 5)])
def test_the_decoy_leaves_the_published_detector_undecided_and_wins_the_vote(workers, q):
    groups = build("subset", workers=workers, redundancy=3)
    attack, exposed = decoy(groups, q), q - 1
    graph = graph_of(groups, attack)
    everyone = set(range(workers)) - set(range(exposed))
    assert cliques(graph) in ([everyone - {q - 1}, everyone - {q}], [everyone - {q}, everyone - {q - 1}])
    verdict = DETECTORS["clique"](graph, max_byzantine=q, assignment=groups)
    assert verdict.outcome is Outcome.AMBIGUOUS
    update = apply_verdict(verdict, groups, attack.distorts.astype(int))
    count = comb(exposed, 2) * (workers - exposed) + comb(exposed, 3) + exposed
    assert (update.tokens != 0).sum() == count > comb(2 * q, 3) // 2


def test_sound_detection_is_not_fooled_by_the_decoy():
    attack = decoy(SUBSET, 4)
    verdict = DETECTORS["sound"](graph_of(SUBSET, attack), max_byzantine=4, assignment=SUBSET)
    assert np.flatnonzero(~verdict.honest).tolist() == [0, 1, 2]
    assert verdict.outcome is Outcome.PARTIAL


@pytest.mark.parametrize("name", [name for name in DETECTORS if name != "none"])
@pytest.mark.parametrize("q", [2, 4, 7])
def test_strongest_is_the_best_of_all_candidates(name, q):
    best = distorted_share(strongest(SUBSET, q, name), SUBSET, q, name)
    assert best == max(distorted_share(attack, SUBSET, q, name) for attack in candidates(SUBSET, q))
    published = {"clique": {2: 2 / 455, 4: 40 / 455, 7: 266 / 435}}
    if name in published:
        assert best[0] == pytest.approx(published[name][q])


def test_frame_up_auto_finds_the_number_that_leaves_most_distorted():
    for name, q, framed in (("clique", 7, 6), ("certified", 7, 4)):
        attack = strongest_frame_up(SUBSET, q, name)
        scores = [distorted_share(frame(SUBSET, q, d), SUBSET, q, name) for d in range(q)]
        assert distorted_share(attack, SUBSET, q, name) == max(scores)
        assert scores.index(max(scores)) == framed


def test_an_unknown_attack_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="unknown attack 'frameup'; did you mean frame-up"):
        target("frameup", SUBSET, 2)
