"""Detection without a model: graphs from tokens against the definition, counts against the theory, intervals."""

from math import comb, isclose, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from aspis_sim.errors import InputError
from aspis_sim.trials import monte_carlo
from aspis_sim.trials.adversary import Adversary, adversaries, check_adversaries
from aspis_sim.trials.monte_carlo import agreement_from_tokens, count_update, generator, run_trials, wilson

SYSTEMS = {
    "subset": build("subset", workers=9, redundancy=3),
    "subset r=5": build("subset", workers=8, redundancy=5),
    "bibd": build("bibd", workers=15, redundancy=3),
    "mols": build("mols", workers=15, redundancy=3),
    "repetition": build("repetition", workers=9, redundancy=3),
    "baseline": build("baseline", workers=6, redundancy=1),
}


@pytest.mark.parametrize("at_once", [1, 7, 2**16])
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_fast_graph_is_the_reference_graph(name, at_once, monkeypatch):
    monkeypatch.setattr(monte_carlo, "FILES_AT_ONCE", at_once)
    system, rng = SYSTEMS[name], np.random.default_rng(5)
    some_apart = 0
    for values, density in ((2, 0.02), (2, 0.5), (3, 0.1), (9, 0.9)):
        tokens = rng.integers(0, values, system.files.shape) * (rng.random(system.files.shape) < density)
        expected = agreement_graph(system, tokens)
        assert np.array_equal(agreement_from_tokens(system, tokens), expected)
        some_apart += not expected.all()
    assert some_apart >= (name != "baseline")
    nothing = np.zeros(system.files.shape, bool)
    assert agreement_from_tokens(system, nothing).all()


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(list(SYSTEMS)), st.integers(0, 2**32 - 1), st.data())
def test_the_update_holds_what_the_reference_counts(name, seed, data):
    system = SYSTEMS[name]
    q = data.draw(st.integers(0, (system.workers - 1) // 2))
    adversary = Adversary(system, q, "random", "random", lie_probability=data.draw(st.sampled_from([0.02, 0.3, 1.0])))
    _, attack = next(adversary.rounds(np.random.default_rng(seed)))
    graph = agreement_from_tokens(system, attack.distorts)
    for detect in DETECTORS.values():
        verdict = detect(graph, max_byzantine=q, assignment=system)
        update = apply_verdict(verdict, system, attack.distorts.astype(int))
        expected = int((update.tokens[update.kept] != 0).sum()), int((~update.kept).sum())
        assert count_update(verdict, system, attack.distorts) == expected


def test_files_that_only_excluded_workers_hold_are_lost_also_without_a_lie():
    system = SYSTEMS["subset"]
    adversary = Adversary(system, 4, "weak")
    lies = adversary.chosen.distorts.copy()
    verdict = DETECTORS["clique"](agreement_graph(system, lies), max_byzantine=4, assignment=system)
    lies[(system.files < 4).all(axis=1)] = False
    assert count_update(verdict, system, lies) == (0, comb(4, 3))


@pytest.mark.parametrize(
    ("attack", "found", "accusing", "distorted", "lost"),
    [
        ("weak", 1, 0, 0, comb(5, 3)),
        ("strong", 0, 0, comb(10, 3) // 2, 0),
        ("frame-up", 0, 1, comb(9, 3) - comb(4, 3), comb(4, 3)),
        ("stealth", 0, 0, comb(5, 3), 0),
    ],
)
@pytest.mark.parametrize("membership", ["chosen", "random"])
def test_the_published_detector_meets_the_theory_whoever_lies(membership, attack, found, accusing, distorted, lost):
    system = build("subset", workers=15, redundancy=3)
    (row,) = run_trials(Adversary(system, 5, attack, membership), ["clique"], trials=4)
    assert row.trials == (1 if membership == "chosen" else 4)
    assert (row.found, row.accusing) == (found, accusing)
    assert row.accused == 4 * accusing
    assert (row.distorted_files, row.distorted_most, row.lost_files) == (distorted, distorted, lost)
    assert (row.found_low is None) == (membership == "chosen")


def test_random_members_are_drawn_anew_in_every_trial_and_lie_where_they_may():
    system = SYSTEMS["mols"]
    members = set()
    for trial in range(20):
        for attack_name, least in (("weak", 1), ("strong", 2), ("stealth", 3)):
            adversary = Adversary(system, 4, attack_name, "random")
            played, attack = next(adversary.rounds(generator(3, trial)))
            assert played is system
            assert attack.byzantine.sum() == 4
            held = attack.byzantine[system.files]
            assert np.array_equal(attack.distorts, held & (held.sum(axis=1, keepdims=True) >= least))
            members.add(tuple(np.flatnonzero(attack.byzantine)))
    assert 10 < len(members) <= 20


def test_random_members_of_the_subset_assignment_play_the_same_attack_under_other_names():
    system = SYSTEMS["subset"]
    chosen = Adversary(system, 3, "decoy").chosen
    before = agreement_graph(system, chosen.distorts)
    _, attack = next(Adversary(system, 3, "decoy", "random").rounds(generator(1, 0)))
    after = agreement_graph(system, attack.distorts)
    assert sorted(after.sum(axis=0)) == sorted(before.sum(axis=0))
    assert attack.distorts.sum() == chosen.distorts.sum()
    assert (attack.byzantine[system.files] | ~attack.distorts).all()
    assert not np.array_equal(attack.byzantine, chosen.byzantine)


def test_a_copy_lies_with_the_given_probability():
    system, q = build("subset", workers=21, redundancy=3), 8
    for probability in (0.0, 0.3, 1.0):
        adversary = Adversary(system, q, "random", lie_probability=probability)
        _, attack = next(adversary.rounds(np.random.default_rng(11)))
        copies = q * system.load
        assert not attack.distorts[~attack.byzantine[system.files]].any()
        # five standard deviations of the binomial distribution
        assert abs(attack.distorts.sum() - probability * copies) <= 5 * sqrt(probability * (1 - probability) * copies)


def test_a_seed_repeats_its_rows_and_another_seed_does_not():
    adversary = Adversary(SYSTEMS["subset"], 3, "random", "random", lie_probability=0.05)
    first, again, other = (run_trials(adversary, list(DETECTORS), trials=30, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert [row.distorted_files for row in first] != [row.distorted_files for row in other]


def test_all_detectors_play_the_same_trials():
    adversary = Adversary(SYSTEMS["subset"], 3, "random", "random", lie_probability=0.05)
    together = run_trials(adversary, ["clique", "sound", "none"], trials=20)
    apart = [run_trials(adversary, [name], trials=20)[0] for name in ("clique", "sound", "none")]
    assert together == apart
    clique, sound, none = together
    assert sound.accusing == none.accusing == none.found == 0
    assert none.skipped == 1
    assert isclose(clique.unique + clique.ambiguous + clique.over_budget, 1)


def test_disagreements_add_up_over_a_window():
    adversary = Adversary(SYSTEMS["subset"], 3, "random", "random", lie_probability=0.05)
    alone, joined = (run_trials(adversary, ["sound"], trials=60, window=window)[0] for window in (1, 4))
    assert alone.found is not None
    assert joined.found is not None
    assert joined.iterations is not None
    assert joined.found > alone.found + 0.2
    assert alone.iterations == 1
    assert 1 < joined.iterations < 4


def test_permuted_places_expose_those_who_stay():
    """Degree detection on 2-(15,3,1): all are found within 5 iterations in at least 95% of the windows."""
    system = SYSTEMS["bibd"]
    for q in (2, 4):
        adversary = Adversary(system, q, "majority", "random", permute=True)
        (row,) = run_trials(adversary, ["degree"], trials=200, window=5)
        assert row.found is not None
        assert row.found >= 0.95
        assert row.accusing == 0
    (fixed,) = run_trials(Adversary(system, 2, "majority", "random"), ["degree"], trials=20, window=5)
    assert fixed.found == 0


def test_values_are_certified_for_the_places_of_each_iteration():
    adversary = Adversary(SYSTEMS["bibd"], 2, "weak", "random", permute=True)
    (row,) = run_trials(adversary, ["certified"], trials=5, window=4)
    assert (row.found, row.iterations, row.unique) == (1, 1, 1)
    assert (row.distorted_most, row.lost_files) == (0, 0)


def test_permuting_gives_every_worker_the_same_number_of_files():
    adversary = Adversary(SYSTEMS["mols"], 3, "weak", permute=True)
    rounds = adversary.rounds(generator(0, 0))
    (first, attack), (second, same) = next(rounds), next(rounds)
    assert not np.array_equal(first.files, second.files)
    assert np.array_equal(attack.byzantine, same.byzantine)
    for system in (first, second):
        assert (np.diff(system.files, axis=1) > 0).all()
        assert np.array_equal(np.bincount(system.files.ravel()), np.full(15, system.load))


def test_an_attack_that_adapts_meets_each_detector_apart():
    system = build("subset", workers=15, redundancy=3)
    plays = adversaries(system, ["strong", "strongest"], [2, 3], ["clique", "sound"])
    assert [(adversary.attack, adversary.q, names) for adversary, names in plays] == [
        ("strong", 2, ["clique", "sound"]),
        ("strong", 3, ["clique", "sound"]),
        *(("strongest", q, [name]) for q in (2, 3) for name in ("clique", "sound")),
    ]
    against_clique, against_sound = (adversary.chosen.distorts for adversary, _ in plays[-2:])
    assert not np.array_equal(against_clique, against_sound)


def test_the_strong_attack_on_a_bare_vote_is_another_than_that_on_a_detector():
    system = build("subset", workers=15, redundancy=3)
    plays = adversaries(system, ["strong"], [3], ["clique", "none", "certified"])
    assert [names for _, names in plays] == [["clique", "certified"], ["none"]]
    lost = [int((adversary.chosen.distorts.sum(1) >= 2).sum()) for adversary, _ in plays]
    assert lost == [10, 37]


def test_without_byzantine_workers_nothing_is_found_and_nobody_accused():
    for name in TARGETINGS:
        for adversary, detectors in adversaries(SYSTEMS["subset"], [name], [0], ["clique", "certified"]):
            for row in run_trials(adversary, detectors):
                assert (row.found, row.found_low, row.iterations) == (None, None, None)
                assert (row.accusing, row.distorted_files, row.lost_files) == (0, 0, 0)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (15, 50), (1, 1), (499, 1000)])
def test_the_ends_of_a_wilson_interval_are_just_not_rejected(successes, trials):
    """At either end p the share is 1.96 standard deviations, of p, away from p: the interval's definition."""
    share = successes / trials
    low, high = wilson(successes, trials)
    for end in {low, high} - {0.0, 1.0}:
        assert abs(share - end) / sqrt(end * (1 - end) / trials) == pytest.approx(1.959964, abs=1e-6)
    assert (low, high) != (0.0, 1.0)


@settings(max_examples=100)
@given(st.integers(1, 10_000), st.data())
def test_wilson_intervals_contain_the_share_and_mirror(trials, data):
    successes = data.draw(st.integers(0, trials))
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert wilson(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attacks": ["strnog"]}, "unknown attack 'strnog'; did you mean strong"),
        ({"attacks": ["randon"]}, "did you mean random"),
        ({"budgets": [5]}, "q=5 Byzantine workers of 9: q must be 0 to 4"),
        ({"membership": "choosen"}, "unknown membership 'choosen'; did you mean chosen"),
        ({"lie_probability": 1.5}, "with probability 1.5; it is 0 to 1"),
        ({"lie_probability": float("nan")}, "with probability nan"),
        ({"attacks": ["strongest"], "membership": "random"}, "'strongest' chooses its workers itself"),
        ({"attacks": ["strongest"], "permute": True, "assignment": "bibd"}, "made for fixed places"),
        ({"permute": True}, "permuting the subset assignment changes nothing"),
        ({"framed": 3, "attacks": ["frame-up"]}, "3 framed workers with q=3: a frame-up frames 0 to 2"),
        ({"framed": 1}, "belong to the attack frame-up"),
    ],
)
def test_impossible_adversaries_are_refused(changes, message):
    asked = {"workers": 9, "assignment": "subset", "attacks": ["strong"], "budgets": [3]} | changes
    with pytest.raises(InputError, match=message):
        check_adversaries(**asked)
