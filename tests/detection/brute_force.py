"""Detectors and their updates from the definitions, by listing every set of workers; nothing of the package is asked.

Workers, files and values are plain integers, sets are frozensets. For up to some 12 workers. Each definition takes the
disagreements that it judges apart from the values that enter the update: over a window those of earlier iterations
count as well.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

Workers = frozenset[int]
Edges = frozenset[tuple[int, int]]
Files = Sequence[Sequence[int]]
Values = Sequence[Sequence[int]]
"""Of each file the values of its copies, in the order of its workers."""


@dataclass(frozen=True)
class Expected:
    """What a detector and its update come to.

    Attributes:
        outcome: as `aspis_sim.detection.Outcome` spells it.
        excluded: workers whose copies are not used.
        used: file -> its value in the update, for the files that enter it.
        plain_mean: whether the values are averaged and not given to the robust rule; None where that is a setting of
            the scheme (a unique clique with fewer than q workers outside).
    """

    outcome: str
    excluded: Workers
    used: dict[int, int]
    plain_mean: bool | None


def disagreements(files: Files, values: Values) -> Edges:
    """Pairs of workers that returned different values for some file that both hold."""
    return frozenset(
        (min(u, v), max(u, v))
        for group, row in zip(files, values, strict=True)
        for (u, a), (v, b) in combinations(zip(group, row, strict=True), 2)
        if a != b
    )


def all_sets(workers: int, most: int) -> Iterable[Workers]:
    return (frozenset(some) for size in range(most + 1) for some in combinations(range(workers), size))


@cache
def hypotheses(edges: Edges, workers: int, q: int) -> list[Workers]:
    """All sets of at most q workers without which every pair agrees."""
    return [one for one in all_sets(workers, q) if all(u in one or v in one for u, v in edges)]


@cache
def maximum_cliques(edges: Edges, workers: int) -> list[Workers]:
    """All largest sets of workers of which every pair agrees."""
    agreeing = [
        one for one in all_sets(workers, workers) if all((u, v) not in edges for u, v in combinations(sorted(one), 2))
    ]
    largest = max(map(len, agreeing))
    return [one for one in agreeing if len(one) == largest]


def one_copy(files: Files, values: Values, trusted: Workers) -> dict[int, int]:
    """The value of the trusted workers, of whom no two disagree; files without one are dropped."""
    used = {}
    for file, (group, row) in enumerate(zip(files, values, strict=True)):
        given = [value for worker, value in zip(group, row, strict=True) if worker in trusted]
        assert len(set(given)) <= 1
        if given:
            used[file] = given[0]
    return used


def votes(files: Files, values: Values, excluded: Workers, unanimous: bool = False) -> dict[int, int]:
    """The most frequent value of the workers that are left, of equally frequent ones that of the lowest worker."""
    used = {}
    for file, (group, row) in enumerate(zip(files, values, strict=True)):
        given = [value for worker, value in sorted(zip(group, row, strict=True)) if worker not in excluded]
        if given and not (unanimous and len(set(given)) > 1):
            used[file] = max(given, key=given.count)
    return used


def clique(edges: Edges, files: Files, values: Values, workers: int, q: int) -> Expected:
    """The three cases of the published code; with more than q workers outside of the clique nobody is excluded."""
    found = maximum_cliques(edges, workers)
    outside = frozenset(range(workers)) - found[0]
    if len(outside) > q:
        return Expected("over_budget", frozenset(), votes(files, values, frozenset()), plain_mean=False)
    if len(found) > 1:
        return Expected("ambiguous", frozenset(), votes(files, values, frozenset()), plain_mean=False)
    return Expected("unique", outside, one_copy(files, values, found[0]), True if len(outside) == q else None)


def degree(edges: Edges, files: Files, values: Values, workers: int, q: int) -> Expected:
    """Of one iteration: fewer than K - q - 1 edges flag a worker; more than q flagged ones break the assumption."""
    agreeing = [sum((min(u, v), max(u, v)) not in edges for v in range(workers) if v != u) for u in range(workers)]
    flagged = frozenset(worker for worker, count in enumerate(agreeing) if count < workers - q - 1)
    if len(flagged) > q:
        return Expected("over_budget", frozenset(), votes(files, values, frozenset()), plain_mean=False)
    outcome = "unique" if len(flagged) == q else "partial" if flagged else "ambiguous"
    return Expected(outcome, flagged, votes(files, values, flagged), len(flagged) == q)


def forced(explain: list[Workers]) -> tuple[str, Workers]:
    """The workers in every hypothesis, and how far that decides."""
    if not explain:
        return "over_budget", frozenset()
    guilty = frozenset.intersection(*explain)
    return "unique" if len(explain) == 1 else "partial" if guilty else "ambiguous", guilty


def sound(edges: Edges, files: Files, values: Values, workers: int, q: int) -> Expected:
    outcome, guilty = forced(hypotheses(edges, workers, q))
    return Expected(outcome, guilty, votes(files, values, guilty), outcome == "unique")


def unanimous(edges: Edges, files: Files, values: Values, workers: int, q: int) -> Expected:
    outcome, guilty = forced(hypotheses(edges, workers, q))
    strict = outcome != "over_budget"
    return Expected(outcome, guilty, votes(files, values, guilty, strict), outcome == "unique")


def certified(edges: Edges, files: Files, values: Values, workers: int, q: int) -> Expected:
    """The certified values and nothing else, if there are any; else `unanimous`."""
    explain = hypotheses(edges, workers, q)
    sure = {}
    for file, (group, row) in enumerate(zip(files, values, strict=True)):
        for value in set(row):
            returned = {worker for worker, other in zip(group, row, strict=True) if other == value}
            if explain and not any(returned <= one for one in explain):
                assert file not in sure
                sure[file] = value
    if sure:
        return Expected(*forced(explain), sure, plain_mean=True)
    return unanimous(edges, files, values, workers, q)


def minimax(edges: Edges, files: Files, values: Values, workers: int, q: int) -> Expected:
    """The certified values; else of the files whose value is settled the part that can be forged least."""
    expected = certified(edges, files, values, workers, q)
    if expected.outcome in ("unique", "over_budget") or expected.plain_mean:
        return expected
    explain = [one for one in hypotheses(edges, workers, q) if len(one) == q]
    sure = [file for file, group in enumerate(files) if settled(edges, set(group) - expected.excluded)]
    loads = {file: sum(set(files[file]) <= one for one in explain) for file in sure}
    left, best = list(sure), list(sure)
    while forged(left, files, explain)[0]:
        _, heaviest = forged(left, files, explain)
        inside = [file for file in left if set(files[file]) <= heaviest]
        left.remove(max(inside, key=lambda file: loads[file]))
        if left and forged(left, files, explain)[0] * len(best) < forged(best, files, explain)[0] * len(left):
            best = list(left)
    single = set(range(workers)) - expected.excluded
    for worker in range(workers):
        partners = [one for one in sorted(single) if (min(worker, one), max(worker, one)) in edges]
        if worker in single and partners:
            single -= {worker, partners[0]}
    apart = [file for file in sure if set(files[file]) <= single]
    if apart and forged(apart, files, explain)[0] * len(best) < forged(best, files, explain)[0] * len(apart):
        best = apart
    used = {file: value for file, value in expected.used.items() if file in best}
    assert sorted(used) == sorted(best)
    return Expected(expected.outcome, expected.excluded, used, plain_mean=False)


def settled(edges: Edges, left: set[int]) -> bool:
    """Whether the workers that are left cannot be cut in two parts that disagree throughout."""
    cuts = [set(part) for size in range(1, len(left)) for part in combinations(sorted(left), size)]
    return bool(left) and not any(all((min(u, v), max(u, v)) in edges for u in cut for v in left - cut) for cut in cuts)


def forged(kept: list[int], files: Files, explain: list[Workers]) -> tuple[int, Workers]:
    """The most of these files that one hypothesis holds alone, and the first such hypothesis."""
    heaviest = max(explain, key=lambda one: sum(set(files[file]) <= one for file in kept))
    return sum(set(files[file]) <= heaviest for file in kept), heaviest


def none(edges: Edges, files: Files, values: Values, workers: int, q: int) -> Expected:
    """Nobody looks at the disagreements."""
    return Expected("skipped", frozenset(), votes(files, values, frozenset()), plain_mean=False)


DEFINITIONS: dict[str, Callable[[Edges, Files, Values, int, int], Expected]] = {
    "clique": clique,
    "degree": degree,
    "sound": sound,
    "unanimous": unanimous,
    "certified": certified,
    "minimax": minimax,
    "none": none,
}
