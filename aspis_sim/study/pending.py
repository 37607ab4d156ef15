"""What there is still to do for the groups of a study, and which part of it one process takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.run.rate import chosen
from aspis_sim.run.sweep import cost
from aspis_sim.spec.grid import AXES, Grid, Replicates
from aspis_sim.study.fingerprint import grid_digest
from aspis_sim.study.ledger import StudyLedger


def with_more_seeds(grid: Grid, more: int) -> Grid:
    """The grid with so many more seeds, those that follow its largest one.

    Raises:
        InputError: the number is not positive.
    """
    if more < 1:
        raise InputError(f"`add_seeds` {more}: 1 or more can be added")
    largest = max(grid["seed"])
    return grid.replaced(seed=(*grid["seed"], *range(largest + 1, largest + 1 + more)))


def completed(given: Grid, there: Sequence[Grid]) -> Grid:
    """What is meant by a grid that is asked of a study: one that it has, or else its own with some settings changed.

    What is not given is as in the grids of the study. Steps and epochs stand for each other.

    Args:
        given: what was asked for.
        there: the grids of the study, none for a new one.

    Raises:
        InputError: the grids differ in a setting that is not given.
    """
    if not there or grid_digest(given) in map(grid_digest, there):
        return given
    asked = dict(given.asked)
    without = {"steps", "epochs"} if {"steps", "epochs"} & set(asked) else set()
    found: dict[str, Any] = {}
    for name in (name for name in AXES if name not in asked and name not in without):
        values = dict.fromkeys(grid[name] for grid in there)
        if len(values) > 1:
            each = " or ".join(",".join(map(AXES[name].written, one)) for one in list(values)[:3])
            raise InputError(f"the study has {len(there)} grids, which differ in `{name}` ({each}); add `{name}`")
        if name in dict(there[0].asked):
            (found[name],) = values
    return Grid.of(**{**asked, **found})


def shard(groups: Sequence[Replicates], part: int, of: int) -> tuple[Replicates, ...]:
    """Part 1 to ``of`` of the groups, in their order: dealt out from the most expensive to the cheapest.

    A search for a rate stays whole. The parts are the same wherever they are asked for.

    Raises:
        InputError: there is no such part.
    """
    if not 1 <= part <= of:
        raise InputError(f"`shard` {part}/{of}: parts are numbered 1/{max(of, 1)} to {max(of, 1)}/{max(of, 1)}")
    if of == 1:
        return tuple(groups)
    costs = [cost(group) * group.trainings for group in groups]
    dealt = sorted(range(len(groups)), key=lambda place: (-costs[place], place))
    mine = set(dealt[part - 1 :: of])
    return tuple(group for place, group in enumerate(groups) if place in mine)


@dataclass(frozen=True)
class Pending:
    """What there is to do for some groups.

    Attributes:
        groups: that have a cell without a result.
        cells: in all groups.
        done: cells that have one.
        steps: training steps to take, searches for rates included.
        others: runs of open groups that are there, but were computed by other code or from other data.
    """

    groups: tuple[Replicates, ...]
    cells: int
    done: int
    steps: int
    others: int


def pending(groups: Iterable[Replicates], ledger: StudyLedger) -> Pending:
    """What there is to do, as the ledger knows it; runs nothing."""
    still: list[Replicates] = []
    cells = done = steps = others = 0
    for group in groups:
        first, *rest = group.seeds
        tried = {rate: ledger.known(group, rate, first) for rate in group.rates}
        scores = {rate: score for rate, score in tried.items() if score is not None}
        searched = len(scores) == len(tried)
        if searched:
            best = chosen(scores)
            missing = sum(ledger.known(group, best, seed) is None for seed in rest)
        else:
            missing = len(tried) - len(scores) + len(rest)
        cells += len(group.seeds)
        done += len(group.seeds) - missing if searched else 0
        steps += missing * group.first.steps
        if missing:
            still.append(group)
            others += sum(ledger.is_of_another_origin(group, *one) for one in product(tried, group.seeds))
    return Pending(tuple(still), cells, done, steps, others)
