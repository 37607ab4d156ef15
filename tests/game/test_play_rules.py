"""Mixed rules against their worst lies: every attack on small systems, and the linear program of any weights."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from aspis_sim.assignment import Assignment, build
from aspis_sim.errors import InputError
from aspis_sim.game import play
from aspis_sim.game.least_share import least_share
from aspis_sim.game.mixed_rules import CLASSES, MIXED_RULES
from aspis_sim.game.play_rules import RulesResult, play_rules
from tests.detection.brute_force import Edges, Files, Values, Workers, disagreements, forced, hypotheses, minimax
from tests.detection.sparse_systems import random_regular

SYSTEMS = {
    "5, 3, l=3, q=2": (random_regular(2, 5, 3, 3), 2),
    "6, 3, l=2, q=2": (random_regular(4, 6, 3, 2), 2),
    "7, 1, l=1, q=3": (random_regular(7, 7, 1, 1), 3),
    "9, 3, l=1, q=4": (random_regular(9, 9, 3, 1), 4),
    "7, 3, l=3, q=3": (build("bibd", workers=7, redundancy=3), 3),
}


@cache
def played(system: str) -> RulesResult:
    return play_rules(*SYSTEMS[system])


def all_attacks(assignment: Assignment, q: int) -> Iterator[list[tuple[int, ...]]]:
    """The values of all copies, 1 for the lie; of the sets of three points of the plane one of each kind lies."""
    seen: set[tuple[tuple[int, ...], ...]] = set()
    plane = [tuple(assignment.files[0].tolist()), _corner(assignment)] if assignment.name == "bibd" else None
    for liars in plane or combinations(range(assignment.workers), q):
        options = [
            list(product(*([(0, 1) if worker in liars else (0,) for worker in group])))
            for group in assignment.files.tolist()
        ]
        # Whoever is Byzantine and tells the truth everywhere could as well be another: those values are here already.
        fresh = [chosen for chosen in product(*options) if chosen not in seen]
        seen.update(fresh)
        yield from map(list, fresh)


def _corner(assignment: Assignment) -> tuple[int, ...]:
    """The first three points that are on no common line."""
    lines = [set(group) for group in assignment.files.tolist()]
    return next(some for some in combinations(range(assignment.workers), 3) if set(some) not in lines)


def certain(edges: Edges, files: Files, values: Values, workers: int, q: int) -> dict[int, int]:
    """File -> its certified value."""
    explain = hypotheses(edges, workers, q)
    return {
        file: value
        for file, (group, row) in enumerate(zip(files, values, strict=True))
        for value in set(row)
        if not any({w for w, other in zip(group, row, strict=True) if other == value} <= one for one in explain)
    }


def kind_of(group: Sequence[int], row: Sequence[int], guilty: Workers) -> tuple[str, int]:
    """A file's class, from the words that define it, and whether its value would be the lie."""
    left = [value for worker, value in zip(group, row, strict=True) if worker not in guilty]
    lying, true = left.count(1), left.count(0)
    if not left:
        return "", 0
    if len(set(row)) == 1:
        return "unanimous", row[0]
    if not lying or not true:
        return "agreed", left[0]
    return "tied" if lying == true else "majority", int(lying >= true)


def shares_by_trying_all(assignment: Assignment, q: int) -> dict[str, float]:
    files, workers = assignment.files.tolist(), assignment.workers
    most = dict.fromkeys([rule.name for rule in MIXED_RULES], 0.0)
    for values in all_attacks(assignment, q):
        edges = disagreements(files, values)
        sure = certain(edges, files, values, workers, q)
        _, guilty = forced(hypotheses(edges, workers, q))
        kinds = [kind_of(group, row, guilty) for group, row in zip(files, values, strict=True)]
        for rule in MIXED_RULES:
            if rule.certified and sure:
                kept = list(sure.values())
            elif rule.selected:
                kept = list(minimax(edges, files, values, workers, q).used.values())
            else:
                kept = [lie for kind, lie in kinds if kind in rule.classes]
            most[rule.name] = max(most[rule.name], sum(kept) / len(kept) if kept else 1.0)
    return most


def shares(found: RulesResult) -> dict[str, float]:
    return {one.rule.name: one.fraction for one in found.rules}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_rule_against_every_attack(system: str) -> None:
    assignment, q = SYSTEMS[system]
    found = played(system)
    assert found.exhaustive
    assert shares(found) == pytest.approx(shares_by_trying_all(assignment, q))
    assert found.share is not None
    assert found.share <= found.least + 1e-9


@pytest.mark.parametrize("system", ["5, 3, l=3, q=2", "6, 3, l=2, q=2", "7, 3, l=3, q=3"])
def test_any_weights_after_every_attack(system: str) -> None:
    """The linear program of each attack's own values; the worst of a graph is what `least_share` says of it."""
    assignment, q = SYSTEMS[system]
    files, workers = assignment.files.tolist(), assignment.workers
    worst: dict[Edges, float] = {}
    solved: dict[tuple[int, bytes], float] = {}
    for values in all_attacks(assignment, q):
        edges = disagreements(files, values)
        rows = []
        for group, row in zip(files, values, strict=True):
            for value in set(row):
                behind = {worker for worker, other in zip(group, row, strict=True) if other == value}
                rows.append([behind <= one for one in hypotheses(edges, workers, q)])
        held = np.unique(np.array(rows, float), axis=0)
        key = len(held), held.tobytes()
        if key not in solved:
            solved[key] = _least(held)
        worst[edges] = max(worst.get(edges, 0.0), solved[key])
    for edges, share in worst.items():
        disagreement = np.zeros((workers, workers), bool)
        for u, v in edges:
            disagreement[u, v] = disagreement[v, u] = True
        found = least_share(disagreement, q, assignment)
        assert found is not None
        assert found[0] >= share - 1e-9
        assert not found[1] or found[0] == pytest.approx(share)
    result = played(system)
    assert result.share_proof == "exhaustive"
    assert result.share == pytest.approx(max(worst.values()))


def _least(held: NDArray[np.float64]) -> float:
    """The same value from the other side: the most that a distribution over hypotheses makes sure of."""
    if not held.any(axis=1).all():
        return 0.0
    values, explain = held.shape
    objective = np.r_[np.zeros(explain), -1.0]
    above = np.hstack([-held, np.ones((values, 1))])
    solved = linprog(objective, above, np.zeros(values), np.r_[np.ones(explain), 0.0][None], [1.0])
    return -float(solved.fun)


@pytest.mark.parametrize(("workers", "q"), [(5, 1), (5, 2), (6, 2), (7, 2), pytest.param(7, 3, marks=pytest.mark.slow)])
def test_rules_that_are_detectors_fare_as_these_do(workers: int, q: int) -> None:
    assignment = build("subset", workers=workers, redundancy=3)
    found = play_rules(assignment, q)
    for rule, detector in {
        "certified, else unanimous + agreed": "certified",
        "unanimous + agreed": "unanimous",
        "certified, else minimax": "minimax",
    }.items():
        result = play(assignment, q, detector, objective="fraction")
        assert shares(found)[rule] == result.fraction
        assert found.graphs == result.graphs
    assert found.share == pytest.approx(comb(q, 3) / comb(workers, 3))
    assert found.least == pytest.approx(found.share)


def test_where_all_graphs_are_too_many_known_attacks_are_played() -> None:
    found = play_rules(build("subset", workers=15, redundancy=3), 7, effort=5, most_graphs=0)
    assert (found.exhaustive, found.graphs, found.share_proof) == (False, 5, "proof")
    assert found.share == pytest.approx(35 / 455)
    least = {rule: share for rule, share in shares(found).items() if share == found.least}
    assert list(least) == ["certified, else minimax"]
    assert shares(found)["certified, else unanimous + agreed"] == pytest.approx(35 / 329)


def test_every_set_of_classes_is_played_once() -> None:
    names = [rule.name for rule in MIXED_RULES]
    assert len(set(names)) == len(names) == 2 * (2 ** len(CLASSES) - 1) + 2


def test_bad_requests_are_refused() -> None:
    with pytest.raises(InputError, match="a majority must be honest"):
        play_rules(build("subset", workers=5, redundancy=3), 3)
    with pytest.raises(InputError, match="mols of 15 workers with q=4 has too many graphs"):
        play_rules(build("mols", workers=15, redundancy=3), 4, most_graphs=10)
