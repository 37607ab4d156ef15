"""Every registered assignment is held to the same promises."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspis_sim.assignment import ASSIGNMENTS, Assignment, build, shape

# name, parameters, f, l, the numbers of files that two workers may share
CASES = [
    ("baseline", {"workers": 7, "redundancy": 1}, 7, 1, {0}),
    ("repetition", {"workers": 15, "redundancy": 3}, 5, 1, {0, 1}),
    ("repetition", {"workers": 5, "redundancy": 5}, 1, 1, {1}),
    ("subset", {"workers": 7, "redundancy": 1}, 7, 1, {0}),
    ("subset", {"workers": 15, "redundancy": 3}, 455, 91, {13}),
    ("subset", {"workers": 9, "redundancy": 5}, 126, 70, {35}),
    ("mols", {"workers": 12, "redundancy": 3}, 16, 4, {0, 1}),
    ("mols", {"workers": 15, "redundancy": 3}, 25, 5, {0, 1}),
    ("mols", {"workers": 24, "redundancy": 3}, 64, 8, {0, 1}),
    ("mols", {"workers": 27, "redundancy": 3}, 81, 9, {0, 1}),
    ("mols", {"workers": 35, "redundancy": 5}, 49, 7, {0, 1}),
    ("mols", {"workers": 112, "redundancy": 7}, 256, 16, {0, 1}),
    ("bibd", {"workers": 15, "redundancy": 3}, 35, 7, {1}),
    ("bibd", {"workers": 16, "redundancy": 3}, 80, 15, {2}),
    ("bibd", {"workers": 15, "redundancy": 3, "pair_files": 2}, 70, 14, {2}),
    ("bibd", {"workers": 21, "redundancy": 5}, 21, 5, {1}),
    ("bibd", {"workers": 25, "redundancy": 5}, 30, 6, {1}),
    ("bibd", {"workers": 11, "redundancy": 5}, 11, 5, {2}),
    ("ramanujan-1", {"workers": 15, "redundancy": 3}, 25, 5, {0, 1}),
    ("ramanujan-1", {"workers": 35, "redundancy": 5}, 49, 7, {0, 1}),
    ("ramanujan-2", {"workers": 25, "redundancy": 5}, 25, 5, {0, 1}),
    ("ramanujan-2", {"workers": 9, "redundancy": 3, "load": 6}, 18, 6, {0, 2}),
    ("cyclic", {"workers": 9, "redundancy": 5}, 9, 5, {1, 2, 3, 4}),
    ("cyclic", {"workers": 9, "redundancy": 3}, 9, 3, {0, 1, 2}),
]


def identifier(case):
    return f"{case[0]}-{'-'.join(map(str, case[1].values()))}"


@pytest.fixture(params=CASES, ids=identifier)
def case(request):
    return request.param


def assert_conforms(assignment: Assignment) -> None:
    """Groups of different workers, ascending; the same load for all; views that agree with the table."""
    files, workers = assignment.files, assignment.workers
    assert files.dtype == np.int32
    assert files.ndim == 2
    assert files.min() >= 0
    assert files.max() < workers
    assert np.all(np.diff(files, axis=1) > 0)
    assert set(np.bincount(files.ravel(), minlength=workers)) == {assignment.load}
    assert workers * assignment.load == len(files) * assignment.redundancy
    assert assignment.incidence.sum() == files.size
    for worker in (0, workers - 1):
        held = np.flatnonzero((files == worker).any(axis=1))
        assert held.tolist() == assignment.worker_files[worker].tolist()
        assert held.tolist() == np.flatnonzero(assignment.incidence[worker]).tolist()
    held = assignment.incidence.astype(int)
    assert np.array_equal(assignment.shared, held @ held.T)


def test_every_construction_is_covered():
    assert {case[0] for case in CASES} | {"custom"} == set(ASSIGNMENTS)


def test_conforms(case):
    name, parameters, files, load, shared = case
    assignment = build(name, **parameters)
    assert_conforms(assignment)
    assert (assignment.name, assignment.workers, assignment.redundancy) == (
        name,
        *list(parameters.values())[:2],
    )
    assert (len(assignment.files), assignment.load) == (files, load)
    assert set(assignment.shared[~np.eye(assignment.workers, dtype=bool)]) == shared


def test_shape_is_known_without_building(case):
    name, parameters, files, load, _ = case
    assert shape(name, **parameters) == (files, load)


def test_building_twice_gives_the_same(case):
    name, parameters, *_ = case
    assert np.array_equal(build(name, **parameters).files, build(name, **parameters).files)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_relabelled_and_shuffled_assignments_conform_as_custom_files(data, tmp_path_factory):
    name, parameters, files, load, shared = data.draw(st.sampled_from([c for c in CASES if c[2] <= 100]))
    original = build(name, **parameters)
    relabelling = np.array(data.draw(st.permutations(range(original.workers))))
    order = data.draw(st.permutations(range(files)))
    groups = relabelling[original.files][order]
    path = tmp_path_factory.mktemp("groups") / "groups.txt"
    path.write_text("\n".join(" ".join(map(str, group)) for group in groups))
    workers, redundancy = original.workers, original.redundancy
    moved = build("custom", workers=workers, redundancy=redundancy, path=str(path))
    assert_conforms(moved)
    assert moved.load == load
    assert set(moved.shared[~np.eye(workers, dtype=bool)]) == shared
    assert np.array_equal(moved.shared[np.ix_(relabelling, relabelling)], original.shared)


def test_subset_lists_all_subsets_in_lexicographic_order():
    expected = list(itertools.combinations(range(8), 3))
    assert build("subset", workers=8, redundancy=3).files.tolist() == [list(group) for group in expected]


def test_repetition_groups_are_contiguous():
    assert build("repetition", workers=6, redundancy=3).files.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_cyclic_groups_are_consecutive():
    assert build("cyclic", workers=4, redundancy=3).files.tolist() == [
        [0, 1, 2],
        [1, 2, 3],
        [0, 2, 3],
        [0, 1, 3],
    ]


def test_mols_workers_of_a_square_partition_the_files():
    assignment = build("mols", workers=24, redundancy=3)
    for square in range(3):
        held = assignment.incidence[square * 8 : square * 8 + 8]
        assert np.all(held.sum(axis=0) == 1)


def test_nothing_here_imports_jax():
    script = (
        "import sys, aspis_sim.assignment as a\n"
        "import aspis_sim.distortion.published, aspis_sim.distortion.catalogue\n"
        "a.build('bibd', workers=15, redundancy=3)\n"
        "assert 'jax' not in sys.modules and 'networkx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
