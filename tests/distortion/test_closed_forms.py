"""Closed forms, expectations and bounds, each against plain enumeration on small systems."""

from fractions import Fraction
from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspis_sim.assignment import build
from aspis_sim.distortion import closed_forms, worst_case
from aspis_sim.distortion.bounds import (
    after_addition,
    after_removal,
    counting_bound,
    second_eigenvalue,
    spectral_gamma,
)
from aspis_sim.distortion.expectation import expected_distorted
from tests.distortion.systems import distorted, plain_extremes, random_system


@pytest.mark.parametrize(("workers", "redundancy"), [(9, 3), (11, 5)])
def test_strong_on_subset_counts_files_inside_both_cliques(workers, redundancy):
    for q in range((workers + 1) // 2):
        byzantine, both = set(range(q)), set(range(2 * q))
        count = sum(
            set(group) <= both and len(byzantine.intersection(group)) > redundancy // 2
            for group in combinations(range(workers), redundancy)
        )
        assert closed_forms.subset_strong(q, redundancy) == count


@pytest.mark.parametrize(("workers", "redundancy"), [(9, 3), (10, 5), (12, 3)])
def test_repetition_forms_are_the_extremes(workers, redundancy):
    assignment = build("repetition", workers=workers, redundancy=redundancy)
    for q in range((workers + 1) // 2):
        least, most = plain_extremes(assignment, q)
        assert closed_forms.repetition_held(workers // redundancy, q, (redundancy + 1) // 2) == most
        assert closed_forms.repetition_weak(workers, redundancy, q) == least


@pytest.mark.parametrize(("name", "workers", "redundancy"), [("mols", 12, 3), ("bibd", 11, 5), ("subset", 8, 3)])
def test_the_expectation_is_the_mean_over_all_memberships(name, workers, redundancy):
    assignment = build(name, workers=workers, redundancy=redundancy)
    for q in range(workers // 2):
        total = sum(distorted(assignment, chosen) for chosen in combinations(range(workers), q))
        mean = Fraction(total, comb(workers, q))
        assert expected_distorted(len(assignment.files), workers, redundancy, q) == mean


@given(seed=st.integers(0, 10_000), shape=st.sampled_from([(9, 3, 3), (12, 3, 4), (10, 5, 3)]))
@settings(max_examples=20, deadline=None)
def test_counting_bounds_hold(seed, shape):
    assignment = random_system(seed, *shape)
    most = [plain_extremes(assignment, q)[1] for q in range((shape[0] + 1) // 2)]
    for q, value in enumerate(most):
        assert value <= counting_bound(assignment, q)
        if q > assignment.majority:
            assert after_removal(value, q, assignment.majority) <= most[q - 1]
            assert value <= after_addition(most[q - 1], q, assignment.majority)


def test_removal_and_addition_round_to_whole_files():
    assert after_removal(21, 13, 3) == 17
    assert after_addition(16, 13, 3) == 20
    assert after_removal(0, 5, 2) == 0


@pytest.mark.parametrize("workers", [9, 13, 15, 16, 19])
def test_the_pair_bound_of_triple_systems(workers):
    assignment = build("bibd", workers=workers, redundancy=3)
    pair_files = int(assignment.shared[0, 1])
    for q in range((workers + 1) // 2):
        assert worst_case(assignment, q).count <= pair_files * comb(q, 2)


SPECTRA = [
    ("mols", 15, 3, 1 / 3),
    ("mols", 24, 3, 1 / 3),
    ("ramanujan-1", 21, 3, 1 / 3),
    ("ramanujan-2", 25, 5, 1 / 5),
    ("bibd", 15, 3, 6 / 21),
    ("repetition", 15, 3, 1.0),
]


@pytest.mark.parametrize(("name", "workers", "redundancy", "eigenvalue"), SPECTRA)
def test_the_spectral_bound_holds(name, workers, redundancy, eigenvalue):
    assignment = build(name, workers=workers, redundancy=redundancy)
    assert second_eigenvalue(assignment) == pytest.approx(eigenvalue, abs=1e-9)
    for q in range(7):
        gamma = spectral_gamma(q, assignment.load, redundancy, workers, eigenvalue)
        assert worst_case(assignment, q).count <= gamma + 1e-9


def test_the_spectral_bound_worked_by_hand():
    # q=2, l=5, r=3, K=15: β = (10/3) / (1/3 + 2/3 · 2/15) = 150/19, γ = 10 - β
    assert spectral_gamma(2, 5, 3, 15) == pytest.approx(40 / 19, rel=1e-12)
    with pytest.raises(ValueError, match="redundancy of at least 3"):
        spectral_gamma(2, 5, 1, 15)
