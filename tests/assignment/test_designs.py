"""Designs: every pair of points lies in exactly λ blocks, for all that are claimed."""

import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.assignment.base import Assignment
from aspis_sim.assignment.bibd import designs
from aspis_sim.assignment.designs.difference_families import families


def assert_balanced(points, size, pair_files, blocks):
    assert blocks.shape == (pair_files * points * (points - 1) // (size * (size - 1)), size)
    assignment = Assignment("bibd", points, np.sort(blocks, axis=1).astype(np.int32))
    assert np.all(np.diff(assignment.files, axis=1) > 0)
    shared = assignment.shared
    assert np.all(shared[~np.eye(points, dtype=bool)] == pair_files)
    assert np.all(np.diag(shared) == pair_files * (points - 1) // (size - 1))


@pytest.mark.parametrize("size", [3, 5, 7, 9])
def test_all_designs_known_for_up_to_sixty_points(size):
    for points in range(size + 1, 61):
        for design in designs(points, size):
            assert_balanced(points, size, design.pair_files, design.make())


def test_larger_planes_and_spaces():
    for points, size in [(73, 9), (81, 9), (85, 5), (125, 5), (133, 12)]:
        design = designs(points, size)[0]
        assert design.pair_files == 1
        assert_balanced(points, size, 1, design.make())


def test_every_steiner_triple_system_exists():
    for points in range(7, 100):
        if points % 6 in (1, 3):
            assert designs(points, 3)[0].pair_files == 1


def test_the_triple_systems_have_the_least_pair_files_that_divide():
    for points in range(4, 80):
        least = next(n for n in range(1, 7) if n * (points - 1) % 2 == 0 and n * points * (points - 1) % 6 == 0)
        assert designs(points, 3)[0].pair_files == least


def test_the_table_of_families_holds_what_it_says():
    for (points, size), family in families().items():
        design = next(d for d in designs(points, size) if d.source == "difference family")
        assert_balanced(points, size, family.pair_files, design.make())


def test_multiples_of_a_design_repeat_it():
    once = build("bibd", workers=15, redundancy=3)
    thrice = build("bibd", workers=15, redundancy=3, pair_files=3)
    assert np.array_equal(np.repeat(once.files, 3, axis=0), thrice.files)
