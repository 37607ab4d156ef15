"""One defence against q workers, ready to be tried: what a trial runs, and which places differ for it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.battery.defence import Defence
from aspis_sim.battery.lie import Lie
from aspis_sim.battery.standard import MOST_ENTRIES, SEARCHING, SHORT, SHORTEST, TIMINGS, WHERE
from aspis_sim.errors import InputError
from aspis_sim.run.figures.columns import EXPLODED
from aspis_sim.run.rate import Validation
from aspis_sim.run.resolve import resolve
from aspis_sim.run.trying import prepared, try_parts
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.checks import check_together
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.spec.part import parse_part
from aspis_sim.spec.sizes import dataset_of


@dataclass(frozen=True)
class Trial:
    """Runs of one attack.

    Attributes:
        lie: the attack.
        rates: learning rates; of several, the best on validation data counts.
        short: whether in short runs.
        seeds: None for that of the search.
    """

    lie: Lie
    rates: tuple[float, ...]
    short: bool = False
    seeds: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Score:
    """What came of a trial on validation data.

    Attributes:
        top1: mean over the seeds; that of chance for a run that diverged.
        loss: likewise; infinite for a run that diverged.
        rate: learning rate that was taken.
    """

    top1: float
    loss: float
    rate: float

    @property
    def harm(self) -> tuple[float, float]:
        """What to sort by: less accuracy does more harm, then a larger loss."""
        return -self.top1, self.loss


@dataclass(frozen=True)
class Setup:
    """One defence against q Byzantine workers.

    Attributes:
        defence: that is attacked.
        cell: its settings without an attack, with the first rate and the seed of the search.
        rates: learning rates that it may take.
        seeds: of the verdict.
    """

    defence: Defence
    cell: Cell
    rates: tuple[float, ...]
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, one: Defence, grid: Grid, q: int, search_seed: int) -> "Setup":
        """A defence on the system of a grid, whose seeds are those of the verdict.

        Raises:
            InputError: it is not defined there, or with so many Byzantine workers.
            DataError: the data set is missing or damaged.
        """
        nobody = Lie.none()
        mine = grid.replaced(**one.as_grid, q=q, attack=nobody.attack, payload=nobody.payload)
        (group,) = prepared(mine)
        if not dataset_of(group.first).classes:
            raise InputError(f"a battery compares accuracies, and {group.first.dataset} has none")
        if search_seed in group.seeds:
            raise InputError(f"the search has the seed {search_seed} for itself; leave it out of `seed`")
        return cls(one, replace(group.first, seed=search_seed), group.rates, group.seeds)

    @property
    def chance(self) -> float:
        """Accuracy of a guess."""
        return 1 / dataset_of(self.cell).classes

    @property
    def short_steps(self) -> int:
        """Steps of a short run."""
        return min(self.cell.steps, max(SHORTEST, self.cell.steps // SHORT))

    def group(self, trial: Trial) -> Replicates:
        """What a trial runs.

        Raises:
            InputError: the attack cannot be told on this system.
        """
        steps = self.short_steps if trial.short else self.cell.steps
        seeds = trial.seeds or (self.cell.seed,)
        cell = replace(trial.lie.told_by(self.cell), lr=trial.rates[0], steps=steps, seed=seeds[0])
        return Replicates(cell, trial.rates, seeds)

    def possible(self, lie: Lie) -> bool:
        """Whether the attack can be told on this system."""
        try:
            cell = self.group(Trial(lie, self.rates[:1])).first
            check_together(cell)
            try_parts(cell)
        except InputError:
            return False
        return True

    def strength(self, lie: Lie) -> float | None:
        """The strength with which it lies."""
        return resolve(lie.told_by(self.cell)).strength

    @property
    def timings(self) -> tuple[str, ...]:
        """The times other than always that may differ from it here."""
        exposes = resolve(self.cell).detector.detects
        return tuple(when for when in TIMINGS if exposes or when != "until-exposed")

    @property
    def searching(self) -> tuple[str, ...]:
        """The payloads that search in every step and can do so in good time here."""
        job = resolve(self.cell)
        return SEARCHING if len(job.returned.files) * job.plan.parameters <= MOST_ENTRIES else ()

    @cached_property
    def places(self) -> tuple[tuple[str, int | None], ...]:
        """The targetings that differ here, each with its number of framed workers: those that distort something."""
        found: dict[object, tuple[str, int | None]] = {}
        for where in all_places(self.cell.q):
            with suppress(InputError):
                if (key := self._told(where)) is not None:
                    found.setdefault(key, where)
        return tuple(found.values())

    def _told(self, where: tuple[str, int | None]) -> object:
        """What tells a place from others: who lies about what; None if nobody does."""
        cell = Lie(where[0], "zero", where[1]).told_by(self.cell)
        check_together(cell)
        byzantine, distorts = resolve(cell).memberships()
        if cell.permute:
            return TARGETINGS.traits(where[0]).lies
        return (byzantine.tobytes(), distorts.tobytes()) if distorts.any() else None

    def score(self, validations: Mapping[int, Validation], rate: float) -> Score:
        """The score of runs by their validation data, seed by seed."""
        classes = dataset_of(self.cell).classes
        tops, losses = [], []
        for one in validations.values():
            diverged = not one.loss <= EXPLODED * math.log(classes)
            tops.append(self.chance if diverged or one.top1 is None else one.top1)
            losses.append(math.inf if diverged else one.loss)
        return Score(fmean(tops), fmean(losses), rate)


def all_places(q: int) -> Iterator[tuple[str, int | None]]:
    """Every targeting, a frame-up with every number of framed workers."""
    for name in WHERE:
        if TARGETINGS.accepts(parse_part(name).name, "framed"):
            yield from ((name, framed) for framed in reversed(range(q)))
        else:
            yield name, None


def worst(scores: Mapping[Lie, Score], most: int) -> list[Lie]:
    """The lies that do most harm, the worst first; of equal ones the first."""
    return sorted(scores, key=lambda lie: scores[lie].harm, reverse=True)[:most]


def worst_of_each(scores: Mapping[Lie, Score], most: int) -> list[Lie]:
    """Likewise, one of each place and payload: the strength and the timing with which it does most harm."""
    return _first_of_each(worst(scores, len(scores)), most)


def worst_and_rising(scores: Mapping[Lie, Score], most: int, rising: int) -> list[Lie]:
    """The worst of each, then so many others by their loss: in a short run it rises before the accuracy falls."""
    found = worst_of_each(scores, most)
    met = {(lie.where, lie.payload) for lie in found}
    others = [lie for lie in scores if (lie.where, lie.payload) not in met]
    return found + _first_of_each(sorted(others, key=lambda lie: scores[lie].loss, reverse=True), rising)


def _first_of_each(lies: Iterable[Lie], most: int) -> list[Lie]:
    found: dict[object, Lie] = {}
    for lie in lies:
        found.setdefault((lie.where, lie.payload), lie)
    return list(found.values())[:most]


def best_rate(rates: Sequence[float], by_rate: Mapping[float, Sequence[Score]], chance: float) -> float:
    """The rate whose worst score is best; of equal ones the first. Less than chance is worth as much as chance."""

    def worst_case(rate: float) -> tuple[float, float]:
        return max((-max(score.top1, chance), score.loss) for score in by_rate[rate])

    return min(rates, key=worst_case)
