"""Where the workers of the weak attack stand: spread out, drawn at random, or where they do the most harm."""

from dataclasses import replace

import numpy as np
import pytest

from aspis_sim.adversary.choices import PLACEMENTS, weak
from aspis_sim.assignment import build
from aspis_sim.distortion import spread_out, worst_case
from aspis_sim.distortion.expectation import expected_distorted
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.checks import check
from aspis_sim.spec.grid import Grid

MOLS = build("mols", workers=15, redundancy=3)
OTHERS = {
    "subset": build("subset", workers=9, redundancy=3),
    "repetition": build("repetition", workers=15, redundancy=3),
    "baseline": build("baseline", workers=15, redundancy=1),
    "bibd": build("bibd", workers=15, redundancy=3),
}


def held(groups, q, **options):
    """Files with a Byzantine majority; all lies are on all files that Byzantines hold."""
    attack = weak(groups, q, **options)
    assert attack.byzantine.sum() == q
    assert np.array_equal(attack.distorts, attack.byzantine[groups.files])
    return int((attack.byzantine[groups.files].sum(1) >= groups.majority).sum())


def test_the_three_placements_on_latin_squares():
    assert [held(MOLS, q) for q in range(8)] == [0, 0, 0, 0, 0, 0, 5, 8]
    assert [held(MOLS, q, placement="worst") for q in range(8)] == [0, 0, 1, 3, 5, 8, 12, 14]
    for q, expected in ((3, 2.03), (4, 3.85), (5, 6.04)):
        mean = np.mean([held(MOLS, q, placement="random", seed=seed) for seed in range(2000)])
        assert mean == pytest.approx(expected, rel=0.05)
        assert float(expected_distorted(25, 15, 3, q)) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("name", OTHERS)
def test_spread_is_the_default_and_the_fewest_files_and_worst_is_the_most(name):
    groups = OTHERS[name]
    for q in range((groups.workers + 1) // 2):
        assert np.array_equal(weak(groups, q).byzantine, weak(groups, q, placement="spread").byzantine)
        least, most = held(groups, q), held(groups, q, placement="worst")
        if not groups.complete:  # where all sets of workers are alike, these count other files
            assert (least, most) == (spread_out(groups, q).count, worst_case(groups, q).count)
        assert least <= held(groups, q, placement="random") <= most


def test_the_published_counts_are_those_of_the_default():
    assert [held(OTHERS["repetition"], q) for q in range(8)] == [0, 0, 0, 0, 0, 0, 1, 2]
    assert [held(OTHERS["baseline"], q) for q in range(8)] == list(range(8))


def test_random_workers_follow_the_seed_of_the_run_and_the_others_do_not():
    def workers(attack, seed):
        (group,) = Grid.of(scheme="byzshield", q=4, attack=attack, seed=seed).groups()
        return np.flatnonzero(resolve(group.first).attack.byzantine).tolist()

    drawn = [workers("weak:placement=random", seed) for seed in range(5)]
    assert len({tuple(one) for one in drawn}) > 3
    assert workers("weak:placement=random", 0) == drawn[0]
    for attack in ("weak", "weak:placement=spread", "weak:placement=worst"):
        assert workers(attack, 0) == workers(attack, 1)


def test_what_no_placement_can_be_is_refused_before_any_work():
    with pytest.raises(InputError, match="unknown placement 'wrost'; did you mean worst"):
        weak(MOLS, 3, placement="wrost")
    (group,) = Grid.of(scheme="byzshield", q=4, attack="weak", seed=0).groups()
    for attack, message in (
        ("weak:placement=near", f"unknown placement 'near'; known: {', '.join(sorted(PLACEMENTS))}"),
        ("weak:place=worst", "attack weak takes no option 'place'; its options are placement, seed"),
        ("none:placement=worst", "attack none takes no option 'placement'; it has no options"),
    ):
        with pytest.raises(InputError, match=message):
            check(replace(group.first, attack=attack))
    with pytest.raises(InputError, match="with `adversary_window` others are drawn at random for every window"):
        check(replace(group.first, attack="weak:placement=worst", adversary_window=5))
    check(replace(group.first, attack="weak:placement=random", adversary_window=5))
