"""What there is still to do for the groups of a study, and which part of it one process takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from aspis_sim.errors import InputError
from aspis_sim.run.rate import chosen
from aspis_sim.run.sweep import cost
from aspis_sim.spec.grid import Grid, Replicates
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
