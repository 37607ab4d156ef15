"""The whole of the published tables, and exact rows that need the search: several seconds each."""

import pytest

from aspis_sim.assignment import build
from aspis_sim.distortion import worst_case
from aspis_sim.distortion.published import compare
from aspis_sim.distortion.search.exhaustive import exhaustive
from tests.distortion.systems import distorted

pytestmark = pytest.mark.slow

ROWS = [
    ("mols", 21, 3, range(2, 11), [1, 3, 5, 8, 12, 16, 21, 25, 29]),
    ("mols", 24, 3, range(2, 12), [1, 3, 5, 8, 12, 16, 21, 27, 33, 40]),
    ("mols", 35, 5, range(3, 17), [1, 1, 2, 4, 5, 8, 10, 11, 14, 16, 20, 24, 27, 30]),
    ("ramanujan-1", 35, 5, range(3, 14), [1, 1, 2, 4, 5, 8, 10, 11, 14, 16, 20]),
    ("ramanujan-2", 25, 5, range(3, 13), [1, 1, 2, 4, 5, 7, 9, 12, 14, 17]),
]


@pytest.mark.parametrize(("name", "workers", "redundancy", "byzantine", "expected"), ROWS)
def test_rows_are_proven(name, workers, redundancy, byzantine, expected):
    assignment = build(name, workers=workers, redundancy=redundancy)
    found = [worst_case(assignment, q) for q in byzantine]
    assert [placement.count for placement in found] == expected
    assert all(placement.exact and placement.bound == placement.count for placement in found)
    assert all(distorted(assignment, placement.byzantine) == placement.count for placement in found)


@pytest.mark.parametrize(
    ("name", "workers", "redundancy", "q"),
    [("mols", 21, 3, 10), ("mols", 24, 3, 10), ("ramanujan-2", 25, 5, 10)],
)
def test_the_search_agrees_with_trying_every_set(name, workers, redundancy, q):
    assignment = build(name, workers=workers, redundancy=redundancy)
    assert worst_case(assignment, q).proof == "branch and bound"
    assert worst_case(assignment, q).count == exhaustive(assignment, q)[0]


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0])
def test_a_time_limit_brackets_the_answer(seconds):
    assignment = build("mols", workers=40, redundancy=5)
    found = worst_case(assignment, 16, time_limit=seconds)
    assert distorted(assignment, found.byzantine) == found.count <= 32 <= found.bound
    assert found.exact == (found.count == found.bound)


def test_every_published_cell_agrees_or_is_an_erratum():
    cells = list(compare())
    assert len(cells) == 186
    assert sum(cell.agrees for cell in cells) == 175
    wrong = {(cell.scheme, cell.workers, cell.attack, cell.q): cell for cell in cells if not cell.agrees}
    assert set(wrong) == {("aspis", 15, "weak", 2), ("aspis", 21, "weak", 2)} | {
        ("byzshield", 24, "strong", q) for q in range(2, 11)
    }
    assert all(cell.erratum for cell in wrong.values())
    assert [wrong["byzshield", 24, "strong", q].distorted for q in (2, 3, 4, 5)] == [1, 3, 5, 8]
