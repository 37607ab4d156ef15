"""What a study's grids still need, and running it: shared with whoever else is at it, each run kept once it ends."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.run.executors.base import Executor
from aspis_sim.run.rate import chosen
from aspis_sim.run.train import Event, cost, sweep
from aspis_sim.spec.grid import Grid, Group
from aspis_sim.study.fingerprint import from_fields
from aspis_sim.study.ledger import Keeper


def grid_of(specification: Mapping[str, Any]) -> Grid:
    """The grid of a specification as `Store.grids` gives it.

    Raises:
        DataError: it has fields that this version does not know.
    """
    return from_fields(Grid, specification)


def with_more_seeds(grid: Grid, more: int) -> Grid:
    """The grid with so many more seeds, those that follow its largest one.

    Raises:
        InputError: the number is not positive.
    """
    if more < 1:
        raise InputError(f"--add-seeds {more}: 1 or more can be added")
    largest = max(grid.seeds)
    return replace(grid, seeds=(*grid.seeds, *range(largest + 1, largest + 1 + more)))


def shard(groups: Sequence[Group], part: int, of: int) -> tuple[Group, ...]:
    """Part 1 to ``of`` of the groups, in their order: dealt out from the most expensive to the cheapest.

    A search for a rate stays whole. The parts are the same wherever they are asked for.

    Raises:
        InputError: there is no such part.
    """
    if not 1 <= part <= of:
        raise InputError(f"--shard {part}/{of}: parts are numbered 1/{max(of, 1)} to {max(of, 1)}/{max(of, 1)}")
    runs = [len(group.rates) + len(group.seeds) - 1 for group in groups]
    costs = [cost(group) * count for group, count in zip(groups, runs, strict=True)]
    dealt = sorted(range(len(groups)), key=lambda place: (-costs[place], place))
    mine = set(dealt[part - 1 :: of])
    return tuple(group for place, group in enumerate(groups) if place in mine)


@dataclass(frozen=True)
class Left:
    """What there is to do for some groups.

    Attributes:
        groups: that have a cell without a result.
        cells: in all groups.
        done: cells that have one.
        steps: training steps to take, searches for rates included.
        others: runs of open groups that are there, but were computed by other code or from other data.
    """

    groups: tuple[Group, ...]
    cells: int
    done: int
    steps: int
    others: int


def left(groups: Iterable[Group], keeper: Keeper) -> Left:
    """What there is to do, as the keeper knows it; runs nothing."""
    still: list[Group] = []
    cells = done = steps = others = 0
    for group in groups:
        first, *rest = group.seeds
        tried = {rate: keeper.known(group, rate, first) for rate in group.rates}
        scores = {rate: score for rate, score in tried.items() if score is not None}
        searched = len(scores) == len(tried)
        if searched:
            best = chosen(scores)
            missing = sum(keeper.known(group, best, seed) is None for seed in rest)
        else:
            missing = len(tried) - len(scores) + len(rest)
        cells += len(group.seeds)
        done += len(group.seeds) - missing if searched else 0
        steps += missing * group.first.steps
        if missing:
            still.append(group)
            others += sum(keeper.is_of_another_origin(group, *one) for one in product(tried, group.seeds))
    return Left(tuple(still), cells, done, steps, others)


def run(
    groups: tuple[Group, ...],
    keeper: Keeper,
    executor: Executor | None = None,
    points: Callable[[Group], int | None] = lambda group: None,
) -> Generator[Event, None, None]:
    """Run what is left of these groups; each run is committed before its event comes.

    Args:
        groups: from `left`.
        keeper: of the study.
        executor, points: as in `aspis_sim.run.train.sweep`.

    Raises:
        DataError: the study cannot be written; what was committed before is kept.
    """
    events = sweep(groups, executor, points, keeper)
    try:
        for event in events:
            if event.ended is not None and event.group is not None:
                keeper.keep(event.group, event.ended)
            keeper.sign_of_life()
            yield event
    finally:
        events.close()
        keeper.release()
