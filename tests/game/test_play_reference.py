"""The game on random assignments against all that q workers can say: every set of them, every copy a lie or not."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations, product

import pytest

from aspis_sim.assignment import Assignment
from aspis_sim.game import Result, play
from tests.detection.brute_force import DEFINITIONS, disagreements
from tests.detection.sparse_systems import random_regular

SYSTEMS = {
    "4, 3, l=3": (random_regular(1, 4, 3, 3), 1),
    "5, 3, l=3": (random_regular(2, 5, 3, 3), 2),
    "6, 3, l=1": (random_regular(3, 6, 3, 1), 2),
    "6, 3, l=2": (random_regular(4, 6, 3, 2), 2),
    "6, 3, l=3": (random_regular(5, 6, 3, 3), 2),
    "6, 3, l=4": (random_regular(6, 6, 3, 4), 2),
    "7, 1, l=1": (random_regular(7, 7, 1, 1), 3),
    "7, 3, l=3": (random_regular(8, 7, 3, 3), 2),
    "9, 3, l=1": (random_regular(9, 9, 3, 1), 4),
    "9, 3, l=2": (random_regular(10, 9, 3, 2), 3),
}


def all_attacks(assignment: Assignment, q: int) -> Iterator[list[tuple[int, ...]]]:
    """The values of all copies, 1 for the one common lie about a file, of everything that q workers can say."""
    seen: set[tuple[tuple[int, ...], ...]] = set()
    for liars in combinations(range(assignment.workers), q):
        options = [
            list(product(*([(0, 1) if worker in liars else (0,) for worker in group])))
            for group in assignment.files.tolist()
        ]
        # Whoever is Byzantine and tells the truth everywhere could as well be another: those values are here already.
        fresh = [chosen for chosen in product(*options) if chosen not in seen]
        seen.update(fresh)
        yield from map(list, fresh)


@cache
def worst(system: str) -> dict[str, tuple[int, float]]:
    """Detector -> the most distorted files in the update, and the greatest share of it, over all attacks."""
    assignment, q = SYSTEMS[system]
    files, most = assignment.files.tolist(), dict.fromkeys(DEFINITIONS, (0, 0.0))
    for values in all_attacks(assignment, q):
        edges = disagreements(files, values)
        for name, define in DEFINITIONS.items():
            used = define(edges, files, values, assignment.workers, q).used
            distorted = sum(used.values())
            count, fraction = most[name]
            most[name] = max(count, distorted), max(fraction, distorted / max(len(used), 1))
    return most


def replayed(result: Result, system: str) -> tuple[int, int]:
    """Distorted and kept files of an attack by its own lies; nobody but q Byzantine workers may tell any."""
    assignment, q = SYSTEMS[system]
    assert int(result.byzantine.sum()) == q
    assert result.byzantine[assignment.files][result.liars].all()
    files, values = assignment.files.tolist(), result.liars.astype(int).tolist()
    used = DEFINITIONS[result.detector](disagreements(files, values), files, values, assignment.workers, q).used
    return sum(used.values()), len(used)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("detector", DEFINITIONS)
def test_no_attack_does_more_and_one_does_as_much(system: str, detector: str) -> None:
    count, fraction = worst(system)[detector]
    by_count = play(*SYSTEMS[system], detector)
    by_fraction = play(*SYSTEMS[system], detector, objective="fraction")
    assert (by_count.count, by_count.exhaustive) == (count, True)
    assert (by_fraction.fraction, by_fraction.exhaustive) == (fraction, True)
    for result in (by_count, by_fraction):
        assert replayed(result, system) == (result.count, result.kept)


@pytest.mark.parametrize("detector", DEFINITIONS)
def test_a_search_that_does_not_look_everywhere_promises_no_more_than_there_is(detector: str) -> None:
    reached = 0
    for system, (assignment, q) in SYSTEMS.items():
        result = play(assignment, q, detector, most_graphs=0, effort=40)
        assert not result.exhaustive
        assert replayed(result, system) == (result.count, result.kept)
        assert result.count <= worst(system)[detector][0]
        reached += result.count == worst(system)[detector][0]
    assert reached > len(SYSTEMS) / 2


def test_worst_cases_of_a_bare_vote_and_of_unanimous_files() -> None:
    """Files with a Byzantine majority, and files that Byzantine workers hold alone, over the worst set of workers."""
    for system, (assignment, q) in SYSTEMS.items():
        groups = assignment.files.tolist()
        sets = [set(liars) for liars in combinations(range(assignment.workers), q)]
        most = {name: count for name, (count, _) in worst(system).items()}
        assert most["none"] == max(sum(2 * len(liars & set(group)) > len(group) for group in groups) for liars in sets)
        alone = max(sum(set(group) <= liars for group in groups) for liars in sets)
        assert most["unanimous"] == most["certified"] == alone == min(most.values())
    assert worst("6, 3, l=4")["clique"][0] < worst("6, 3, l=4")["none"][0]
    assert 0 < worst("9, 3, l=1")["unanimous"][0] < worst("9, 3, l=1")["clique"][0]
