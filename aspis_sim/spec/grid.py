"""The grid of a sweep: what was asked for, checked and multiplied out into cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from aspis_sim import data
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.errors import DataError, InputError, PluginError
from aspis_sim.partitions import PARTITIONS
from aspis_sim.registry import unknown_name
from aspis_sim.spec import request
from aspis_sim.spec.cell import FILLED, KNOBS, Cell, filled
from aspis_sim.spec.checks import check_together
from aspis_sim.spec.knob import Knob
from aspis_sim.spec.part import parse_part
from aspis_sim.spec.sizes import sized

AXES: Mapping[str, Knob] = request.AXES
"""Everything that a grid can be asked for, by name."""

MOST_RUNS = 100_000
"""Cells from which a grid has to be wanted for certain."""

INNER = ("redundancy", "attack", "framed", "payload", "strength")
"""Settings whose values alternate fastest among those that stand in tables of their own."""

BY_ITSELF = ("q", "lr", "seed")

Values = tuple[Any, ...]

FORMER_NAMES = {
    "schemes": "scheme",
    "attacks": "attack",
    "payloads": "payload",
    "strengths": "strength",
    "redundancies": "redundancy",
    "rates": "lr",
    "seeds": "seed",
    "initial": "init",
}
"""Names in grids that an earlier version stored, and what they are called now."""


@dataclass(frozen=True)
class Replicates:
    """Cells that differ in seed only, once their learning rate is chosen.

    Attributes:
        first: the cell of the first seed and the first rate.
        rates: learning rates to choose from on validation data, with the first seed.
        seeds: all seeds.
    """

    first: Cell
    rates: tuple[float, ...]
    seeds: tuple[int, ...]

    @property
    def trainings(self) -> int:
        """Runs that it takes, the search for a rate included."""
        return len(self.rates) + len(self.seeds) - 1

    @property
    def steps(self) -> int:
        """Training steps that it takes, the search for a rate included."""
        return self.first.steps * self.trainings


@dataclass(frozen=True)
class Grid:
    """What a sweep varies, and what it keeps fixed; made by `Grid.of`.

    Attributes:
        asked: (setting, its values) for all that was asked for, in the order of `AXES`; the others have their defaults.
    """

    asked: tuple[tuple[str, Values], ...] = ()

    @classmethod
    def of(cls, **given: Any) -> Grid:
        """A grid of settings as text, as values or as sequences of either; None for one that is not asked for.

        Raises:
            InputError: no such setting, or a value that it cannot have.
        """
        read: dict[str, Values] = {}
        for name, value in given.items():
            if name not in AXES:
                raise unknown_name("setting", name, AXES)
            if value is not None and (values := AXES[name].read(value)) != (None,):
                read[name] = values
        return cls(tuple((name, read[name]) for name in AXES if name in read))

    @classmethod
    def stored(cls, specification: Mapping[str, Any]) -> Grid:
        """The grid of a `specification`, also of one that an earlier version stored.

        Raises:
            DataError: it names a setting that this version does not know.
        """
        given = {FORMER_NAMES.get(name, name): value for name, value in specification.items()}
        if unknown := sorted(set(given) - set(AXES)):
            raise DataError(
                f"the study's grid has {', '.join(unknown)}, which this aspis-sim does not know; take a newer one"
            )
        read = {name: tuple(value) if isinstance(value, list) else (value,) for name, value in given.items()}
        return cls(tuple((name, read[name]) for name in AXES if read.get(name, (None,)) != (None,)))

    @classmethod
    def of_group(cls, group: Replicates) -> Grid:
        """The grid of one group alone."""
        cell = group.first
        settings = {name: getattr(cell, name) for name in KNOBS}
        return cls.of(**{**settings, "lr": group.rates, "seed": group.seeds})

    @property
    def specification(self) -> dict[str, Any]:
        """What was asked for, as JSON has it."""
        return {name: list(values) for name, values in self.asked}

    @property
    def identity(self) -> dict[str, Any]:
        """The specification without what has no effect: values that would be taken anyway."""
        datasets = [name for text in self["dataset"] if (name := parse_part(text).name) in data.DATASETS]
        decided = {name for dataset in datasets for name in data.DATASETS.traits(dataset).suits}
        return {
            name: list(values)
            for name, values in self.asked
            if name in decided or (name == "scheme" or values != AXES[name].defaults)
        }

    def __getitem__(self, name: str) -> Values:
        """The values of a setting: those asked for, else its defaults."""
        return dict(self.asked).get(name, AXES[name].defaults)

    def replaced(self, **given: Any) -> Grid:
        """The grid with these settings in the place of its own; None for the default."""
        return Grid.of(**{**dict(self.asked), **given})

    @property
    def varies(self) -> tuple[str, ...]:
        """The settings with several values."""
        return tuple(name for name in AXES if len(self[name]) > 1)

    @property
    def size(self) -> int:
        """Cells, at most."""
        return prod(len(self[name]) for name in AXES if name != "lr")

    def check_size(self) -> None:
        """Refuse more cells than one asks for by accident.

        Raises:
            InputError: there are more than `MOST_RUNS`.
        """
        if self.size > MOST_RUNS:
            axes = ", ".join(f"{len(self[name]):,} {name}" for name in self.varies if name != "lr")
            raise InputError(f"{self.size:,} cells ({axes}), more than {MOST_RUNS:,}; ask for them with `yes`")

    def groups(self) -> tuple[Replicates, ...]:
        """Multiply the grid out, table by table, q by q and scheme by scheme; each group once.

        Raises:
            InputError: some settings do not go together; nothing has been trained.
            DataError: the data set is missing or damaged.
        """
        self._check()
        Grid.of(**dict(self.asked))
        found = dict.fromkeys(
            Replicates(replace(cell, q=q), self["lr"], self["seed"])
            for block in self._blocks()
            for q in self._q_for(block[0].framed)
            for cell in block
        )
        for group in found:
            with suppress(PluginError):
                check_together(group.first)
        return tuple(found)

    def _check(self) -> None:
        given = dict(self.asked)
        if "batch_size" in given and self["protocol"] != ("batch",):
            raise InputError(
                f"a batch size of {given['batch_size'][0]} is for `protocol=batch`, not {self['protocol'][0]}"
            )
        split = any(PARTITIONS.traits(parse_part(one).name).splits for one in self["heterogeneity"])
        if given.get("data_seed", (None,)) != (None,) and not split:
            raise InputError(
                f"a data seed of {given['data_seed'][0]} is for files that hold different data; with `heterogeneity` "
                f"{', '.join(self['heterogeneity'])} there is no partition to draw"
            )
        if self["silence"] != AXES["silence"].defaults and not any(self["silent"]):
            raise InputError(
                f"`silence` {', '.join(self['silence'])} says which workers are silent, and none are; add `silent=1`"
            )
        if self["timing"] != AXES["timing"].defaults and not any(map(_lies, self["attack"])):
            raise InputError(
                f"`timing` {', '.join(self['timing'])} says in which steps Byzantine workers lie, and with `attack` "
                f"{', '.join(self['attack'])} they lie in none; take another attack, such as `attack=weak`"
            )
        if "epochs" in given and "steps" in given:
            raise InputError(
                f"{given['steps'][0]} steps and {given['epochs'][0]:g} epochs: a run takes one or the other"
            )

    def _blocks(self) -> Iterator[list[Cell]]:
        """The cells of each table for one q: every scheme with every variant."""
        tables = [name for name, one in AXES.items() if one.place == "table"]
        tables.sort(key=lambda name: INNER.index(name) if name in INNER else -1)
        variants = [name for name, one in AXES.items() if one.place == "scheme" and name not in ("scheme", *INNER)]
        seen: set[tuple[Any, ...]] = set()
        for values in product(*(self[name] for name in tables)):
            asked = _plainly(dict(zip(tables, values, strict=True)))
            if (key := tuple(asked.values())) in seen:
                continue
            seen.add(key)
            schemes = product(self["scheme"], *(self[name] for name in variants))
            requests = [asked | dict(zip(("scheme", *variants), one, strict=True)) for one in schemes]
            yield sized([_cell(request, self) for request in requests], requests)

    def _q_for(self, framed: Any) -> Values:
        """Values of q that can frame this many workers; all of them, to be refused, if there are none."""
        able = tuple(q for q in self["q"] if not isinstance(framed, int) or framed < q)
        return able or self["q"]


def _lies(attack: str) -> bool:
    """Whether an attack distorts anything."""
    return TARGETINGS.traits(parse_part(attack).name).lies != "nowhere"


def _plainly(asked: dict[str, Any]) -> dict[str, Any]:
    """Settings of a table with its shorthands resolved, and without what means nothing beside the others."""
    attack = parse_part(asked["attack"])
    options = attack.options
    if TARGETINGS.accepts(attack.name, "framed"):
        (asked["framed"],) = AXES["framed"].read(options.pop("framed", asked["framed"]))
    else:
        asked["framed"] = None
    asked["attack"] = attack.name + "".join(f":{name}={value}" for name, value in options.items())
    if not PARTITIONS.traits(parse_part(asked["heterogeneity"]).name).splits:
        asked["data_seed"] = None
    if not _lies(attack.name):
        (asked["timing"],) = AXES["timing"].defaults
    if not asked["silent"]:
        (asked["silence"],) = AXES["silence"].defaults
    for name in ("samples", "dimension"):
        if (value := asked.pop(name)) is not None:
            asked["dataset"] += f":{name}={value}"
    if asked.pop("x64"):
        asked["precision"] = "float64"
    return asked


def _cell(request: Mapping[str, Any], grid: Grid) -> Cell:
    """The cell of a request, its number of samples and steps apart."""
    given = {name: value for name, value in request.items() if name in KNOBS}
    asked = dict(grid.asked)
    fills = filled(given["scheme"], given["dataset"], given["compute"])
    given |= {name: KNOBS[name].read([fills[name]])[0] for name in FILLED if name not in asked}
    given |= {name: grid[name][0] for name in BY_ITSELF}
    if not ASSIGNMENTS.traits(parse_part(given["assignment"]).name).redundant:
        given["redundancy"] = 1
    if not given["audits"]:
        given["audit_policy"] = KNOBS["audit_policy"].defaults[0]
    return Cell(**given)
