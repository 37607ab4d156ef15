"""The grid of a sweep: lists of settings, checked and multiplied out into cells."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import ceil, isfinite
from typing import get_args

from aspis_sim.assignment import shape
from aspis_sim.errors import InputError, PluginError
from aspis_sim.plugin import unless_broken
from aspis_sim.registry import unknown_name
from aspis_sim.schemes import Scheme, schemes
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.choices import AfterDetection, Compute, Framed, Initial, Precision, Protocol

PROTOCOLS: tuple[str, ...] = get_args(Protocol)


@dataclass(frozen=True)
class Group:
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
    def steps(self) -> int:
        """Training steps that the group takes, the search for a rate included."""
        return self.first.steps * (len(self.rates) + len(self.seeds) - 1)


@dataclass(frozen=True)
class Setting:
    """What one table of a sweep is for: everything else but scheme, q and seed is fixed in the sweep."""

    redundancy: int
    attack: str
    framed: Framed
    payload: str
    strength: float | None

    @property
    def attack_label(self) -> str:
        """The attack, with the number of framed workers if one was asked for."""
        return self.attack if self.framed is None else f"{self.attack}:{self.framed}"


@dataclass(frozen=True)
class Grid:
    """What a sweep varies, and what it keeps fixed.

    Attributes:
        schemes: names of presets.
        q: numbers of Byzantine workers.
        attacks, payloads, strengths: of the adversary; a strength of None is the payload's default.
        framed: workers framed by a frame-up, one or several (each with the q that are larger); None for its default,
            "auto" for what harms most.
        workers: K.
        redundancies: r, for the schemes that have redundancy.
        rates: learning rates; with more than one the best on validation data is chosen per scheme and q.
        seeds: of the runs; the first one chooses the rate.
        protocol: what is equal between the schemes: "files", the samples a file; "batch", the distinct samples a
            step; "work", the samples that each worker computes.
        samples_per_file: of every scheme under "files"; under the others of the scheme with most files or load.
        batch_size: distinct samples a step under "batch", None for ``samples_per_file`` x the most files.
        convention: library or paper whose variants of rules and payloads are meant.
        assignment, detector, rule, after_detection: override that part of every scheme; None keeps the preset's.
        adversary_window, detection_window: as in a `Cell`.
        permute: overrides whether workers change places; None keeps the preset's.
        steps, epochs: how long every scheme trains; the steps, or how often it sees as many distinct samples as there
            are to train on: then a scheme takes the more steps, the fewer distinct samples it has in each. Not both;
            neither for 300 steps.
        dataset, model, momentum, schedule, clip_workers, clip_server, worker_momentum, augment, compute, devices,
        memory, precision, initial: as in a `Cell`.
    """

    schemes: tuple[str, ...] = ("aspis", "aspis-certified", "byzshield", "detox", "median")
    q: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    attacks: tuple[str, ...] = ("strong",)
    payloads: tuple[str, ...] = ("alie",)
    strengths: tuple[float | None, ...] = (None,)
    framed: tuple[Framed, ...] = (None,)
    workers: int = 15
    redundancies: tuple[int, ...] = (3,)
    rates: tuple[float, ...] = (0.03, 0.1)
    seeds: tuple[int, ...] = (0, 1, 2)
    protocol: Protocol = "files"
    samples_per_file: int = 4
    batch_size: int | None = None
    assignment: str | None = None
    detector: str | None = None
    rule: str | None = None
    convention: str | None = None
    after_detection: AfterDetection | None = None
    adversary_window: int | None = None
    detection_window: int = 15
    permute: bool | None = None
    dataset: str = "digits"
    model: str = "mlp"
    steps: int | None = None
    epochs: float | None = None
    momentum: float = 0.9
    schedule: str = "constant"
    clip_workers: float | None = None
    clip_server: float | None = None
    worker_momentum: float = 0.0
    augment: str = "none"
    compute: Compute = "shared"
    devices: int = 1
    memory: int = Cell.memory
    precision: Precision = "float32"
    initial: Initial = "model"

    def tables(self) -> dict[Setting, tuple[Group, ...]]:
        """Multiply the grid out into tables, and each table into groups, q by q and scheme by scheme.

        Raises:
            InputError: some setting is wrong; nothing has been trained.
            DataError: the data set is missing or damaged.
        """
        self._check()
        tables = {}
        for r in self.redundancies:
            cells = self._share_samples([self._template(scheme, r) for scheme in schemes(self.schemes)])
            cells = [replace(cell, steps=self._steps_of(cell)) for cell in cells]
            for (attack, framed), payload, strength in product(self._attacks(), self.payloads, self.strengths):
                tables[Setting(r, attack, framed, payload, strength)] = tuple(
                    Group(
                        replace(cell, attack=attack, framed=framed, payload=payload, strength=strength, q=q),
                        self.rates,
                        tuple(dict.fromkeys(self.seeds)),
                    )
                    for q, cell in product(self._q_for(framed), cells)
                )
        self._check_cells(group.first for groups in tables.values() for group in groups)
        return tables

    def groups(self) -> tuple[Group, ...]:
        """All groups, each once (a scheme without redundancy is the same for every r), in the order of the rows."""
        return merged(self.tables())

    @property
    def budget(self) -> str:
        """How long every scheme trains, in words."""
        return f"{self.steps or Cell.steps} steps" if self.epochs is None else f"{self.epochs:g} epochs"

    def _steps_of(self, cell: Cell) -> int:
        if self.epochs is None:
            return Cell.steps if self.steps is None else self.steps
        batch = unless_broken(lambda: cell.batch_size)
        if not batch:
            return cell.steps  # the cell is refused, or fails when it runs
        return ceil(Fraction(str(self.epochs)) * len(cell.network.example.labels["train"]) / batch)

    def _q_for(self, framed: Framed) -> tuple[int, ...]:
        """Values of q that can frame this many workers; all of them, to be refused, if there are none."""
        able = tuple(q for q in self.q if not isinstance(framed, int) or framed < q)
        return able or self.q

    def _attacks(self) -> Iterator[tuple[str, Framed]]:
        for attack in self.attacks:
            yield from ((attack, framed) for framed in (self.framed if attack == "frame-up" else (None,)))

    def _check(self) -> None:
        for name in (
            "schemes",
            "q",
            "attacks",
            "payloads",
            "strengths",
            "redundancies",
            "rates",
            "seeds",
            "framed",
        ):
            if not getattr(self, name):
                raise InputError(f"the grid is empty: no {name}")
        if self.protocol not in PROTOCOLS:
            raise unknown_name("protocol", self.protocol, PROTOCOLS)
        if self.batch_size is not None and self.protocol != "batch":
            raise InputError(f"a batch size of {self.batch_size} is for --protocol batch, not {self.protocol}")
        if self.epochs is not None and self.steps is not None:
            raise InputError(f"{self.steps} steps and {self.epochs:g} epochs: a run takes one or the other")
        if self.epochs is not None and not (isfinite(self.epochs) and self.epochs > 0):
            raise InputError(f"{self.epochs} epochs; a run takes a positive number of them")
        if min(self.seeds) < 0:
            raise InputError(f"seed {min(self.seeds)} is negative; seeds are 0 or more")

    def _check_cells(self, cells: Iterable[Cell]) -> None:
        """Refuse cells that cannot run; a plugin's part that does not work fails its own cells, when they run."""
        files_of = {}
        tried: set[object] = set()
        for cell in cells:
            with suppress(PluginError):
                cell.check()
                files_of[cell.assignment, cell.workers, cell.redundancy] = cell
                cell.check_parts(tried)
        for cell in files_of.values():
            files = shape(cell.assignment, workers=cell.workers, redundancy=cell.redundancy).files
            samples = unless_broken(lambda: len(cell.network.example.labels["train"]))  # noqa: B023
            if samples is not None and files > samples:
                raise InputError(
                    f"fewer samples than files: scheme {cell.scheme} with K={cell.workers}, r={cell.redundancy} has "
                    f"{files:,} files, {self.dataset} has {samples:,} training samples; take fewer workers"
                )

    def _template(self, scheme: Scheme, redundancy: int) -> Cell:
        assignment = self.assignment or scheme.assignment
        return Cell(
            scheme=scheme.name,
            assignment=assignment,
            detector=self.detector or scheme.detector,
            rule=self.rule or scheme.rule,
            convention=self.convention,
            after_detection=self.after_detection or scheme.after_detection,
            workers=self.workers,
            redundancy=1 if assignment == "baseline" else redundancy,
            q=self.q[0],
            attack=self.attacks[0],
            payload=self.payloads[0],
            strength=self.strengths[0],
            adversary_window=self.adversary_window,
            detection_window=self.detection_window,
            coding=scheme.coding,
            permute=scheme.permute if self.permute is None else self.permute,
            dataset=self.dataset,
            model=self.model,
            protocol=self.protocol,
            samples_per_file=self.samples_per_file,
            lr=self.rates[0],
            momentum=self.momentum,
            schedule=self.schedule,
            clip_workers=self.clip_workers,
            clip_server=self.clip_server,
            worker_momentum=self.worker_momentum,
            augment=self.augment,
            seed=self.seeds[0],
            compute=self.compute,
            devices=self.devices,
            memory=self.memory,
            precision=self.precision,
            initial=self.initial,
        )

    def _share_samples(self, cells: list[Cell]) -> list[Cell]:
        """Give every scheme its samples a file under the protocol, at least one unless the batch is too small."""
        if self.protocol == "files":
            return cells
        try:
            shapes = [shape(cell.assignment, workers=cell.workers, redundancy=cell.redundancy) for cell in cells]
        except PluginError as error:
            raise InputError(
                f"protocol {self.protocol} shares samples over the files of every scheme, but {error}"
            ) from None
        if self.protocol == "batch":
            batch = self.batch_size or self.samples_per_file * max(one.files for one in shapes)
            counts = [batch // one.files if batch < one.files else round(batch / one.files) for one in shapes]
        else:
            work = self.samples_per_file * max(one.load for one in shapes)
            counts = [max(1, round(work / one.load)) for one in shapes]
        return [replace(cell, samples_per_file=count) for cell, count in zip(cells, counts, strict=True)]


def merged(tables: Mapping[Setting, tuple[Group, ...]]) -> tuple[Group, ...]:
    """The groups of some tables, each once, in the order of the rows."""
    return tuple(dict.fromkeys(group for groups in tables.values() for group in groups))
