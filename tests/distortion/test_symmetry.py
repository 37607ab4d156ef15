"""Symmetries: every one found is one, and for known structures all are found."""

import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.distortion.search.symmetry import automorphisms
from tests.distortion.systems import random_system, relabelled

# name, K, r, and the order of the group of worker relabellings, from the literature on each structure
KNOWN = [
    ("bibd", 7, 3, 168),  # Fano plane: PGL(3, 2)
    ("bibd", 9, 3, 432),  # affine plane of order 3: AGL(2, 3)
    ("bibd", 13, 3, 39),  # the cyclic triple system on 13 points
    ("cyclic", 11, 3, 22),  # dihedral
    ("mols", 15, 3, 600),  # 3-net of Z_5: 5² translations, 4 multipliers, 3! classes
    ("mols", 24, 3, 64512),  # 3-net of the elementary abelian group of order 8: 8² · |GL(3, 2)| · 3!
]


@pytest.mark.parametrize(("name", "workers", "redundancy", "order"), KNOWN)
def test_known_groups_are_found_whole(name, workers, redundancy, order):
    assignment = build(name, workers=workers, redundancy=redundancy)
    found = automorphisms(assignment, 10**6)
    assert len(found) == order
    assert np.array_equal(found[0], np.arange(workers))
    assert len(np.unique(found, axis=0)) == len(found)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_found_maps_files_to_files(seed):
    assignment = relabelled(build("mols", workers=12, redundancy=3), seed)
    files = {tuple(group) for group in assignment.files.tolist()}
    found = automorphisms(assignment, 100)
    assert 1 < len(found) <= 100
    for symmetry in found:
        assert {tuple(sorted(group)) for group in symmetry[assignment.files].tolist()} == files


def test_a_random_system_has_only_the_identity():
    assert automorphisms(random_system(3, 12, 3, 4), 100).tolist() == [list(range(12))]


def test_a_budget_only_loses_symmetries(monkeypatch):
    monkeypatch.setattr("aspis_sim.distortion.search.symmetry.BUDGET", 10)
    assignment = build("mols", workers=15, redundancy=3)
    files = {tuple(group) for group in assignment.files.tolist()}
    for symmetry in automorphisms(assignment, 1000):
        assert {tuple(sorted(group)) for group in symmetry[assignment.files].tolist()} == files
