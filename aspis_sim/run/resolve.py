"""From a cell to what runs: its parts built, their options filled in, the plan of a step, the shape of its program.

A `Job` makes each of these when it is first asked for, once, and says then why it cannot: so a part that does not work
hides nothing else about its cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.choices import Attack
from aspis_sim.adversary.payloads import Payload, payload
from aspis_sim.adversary.strongest import strongest_frame_up
from aspis_sim.adversary.targeting import TARGETINGS, target
from aspis_sim.aggregation import Rule, rule
from aspis_sim.assignment import Assignment, build
from aspis_sim.augmentations import Augmentation, augmentation
from aspis_sim.coding import CODINGS, returned
from aspis_sim.detection import DETECTORS, DetectorTraits, Verdict
from aspis_sim.detection.remaining import still_distortable
from aspis_sim.detection.verdict import as_published
from aspis_sim.distortion.silent import distortable_beside
from aspis_sim.optimizers import optimizer
from aspis_sim.partitions import PARTITIONS
from aspis_sim.plugin import loaded
from aspis_sim.run import options
from aspis_sim.schedules import schedule
from aspis_sim.spec.cell import KNOBS, Cell
from aspis_sim.spec.part import Parameters, parse_part
from aspis_sim.spec.sizes import dataset_of, training_samples

if TYPE_CHECKING:
    from aspis_sim.gradients.memory_plan import Plan
    from aspis_sim.gradients.network import Network
    from aspis_sim.optimizers.base import Optimizer
    from aspis_sim.schedules.base import Schedule
    from aspis_sim.simulation import Feed, RunShape


@dataclass(frozen=True, eq=False)
class Job:
    """What a cell asks for, made.

    Attributes:
        cell: the settings.
    """

    cell: Cell

    @cached_property
    def assignment(self) -> Assignment:
        """Who computes which file."""
        part, cell = parse_part(self.cell.assignment), self.cell
        return build(part.name, workers=cell.workers, redundancy=cell.redundancy, **part.options)

    @cached_property
    def returned(self) -> Assignment:
        """Who returns which row: as `assignment`, unless workers return mixtures of their files."""
        return returned(self.cell.coding, self.assignment)

    @cached_property
    def attack(self) -> Attack:
        """Who lies, and about which copies."""
        cell, part = self.cell, parse_part(self.cell.attack)
        given = part.options
        if TARGETINGS.accepts(part.name, "framed"):
            if cell.framed == "auto":
                return strongest_frame_up(self.assignment, cell.q, cell.detector, cell.after_detection)
            given["framed"] = cell.framed
        if TARGETINGS.accepts(part.name, "detector"):
            given.setdefault("detector", cell.detector)
        if TARGETINGS.accepts(part.name, "after_detection"):
            given.setdefault("after_detection", cell.after_detection)
        if TARGETINGS.accepts(part.name, "seed"):
            given.setdefault("seed", cell.seed)
        return target(part.name, self.assignment, cell.q, **given)

    @property
    def believed_q(self) -> int:
        """How many Byzantine workers the server is told of: the detector, and the rule that needs to know."""
        told = self.cell.believed_q
        return told if isinstance(told, int) else self.cell.q

    @property
    def detector(self) -> DetectorTraits:
        """What its detector does."""
        return DETECTORS.traits(self.cell.detector)

    def memberships(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Who is Byzantine in each window, ``[windows, K]``, and which copies are distorted, ``[windows, f, r]``."""
        return options.memberships(self.cell, self.assignment, self.attack)

    @property
    def samples_per_file(self) -> int:
        """Samples in each file: as asked for, or what follows where every step takes all samples."""
        if not dataset_of(self.cell).full_batch:
            return self.cell.samples_per_file
        return -(-training_samples(self.cell) // len(self.assignment.files))

    @property
    def batch_size(self) -> int:
        """Distinct samples a step."""
        if dataset_of(self.cell).full_batch:
            return training_samples(self.cell)
        return len(self.assignment.files) * self.cell.samples_per_file

    @property
    def samples_processed(self) -> int:
        """Sample gradients that all workers together compute in the run: K l samples-per-file local-steps steps."""
        return self.assignment.redundancy * self.batch_size * self.cell.local_steps * self.cell.steps

    @cached_property
    def distortable(self) -> int:
        """The most distorted files, or rows, that can pass the detector, by as many liars as it is told of."""
        return distortable_beside(self.returned, self.believed_q, self.cell.silent, self.cell.detector)

    @cached_property
    def distortable_by_vote(self) -> int:
        """The same once the detector has nothing to say and only the vote decides."""
        only_vote = self.detector.keeps_unanimous
        return distortable_beside(self.returned, self.believed_q, self.cell.silent) if only_vote else self.distortable

    @property
    def may_drop_files(self) -> bool:
        """Whether the robust rule can meet files without a value."""
        only_averages = self.detector.excludes_to_average and self.cell.after_detection == "average"
        return self.cell.silent > 0 or (self.detector.detects and not only_averages)

    @cached_property
    def rule_parameters(self) -> Parameters:
        """The options of the robust rule, with those that follow from the adversary filled in."""
        return options.of_rule(self.cell, self.returned, self.distortable)

    @cached_property
    def payload_parameters(self) -> Parameters:
        """The options of the payload but for its strength; what it knows of the cell is filled in."""
        return options.of_payload(self.cell, self.rule_parameters)

    @property
    def strength(self) -> float | None:
        """The payload's strength: the cell's own, else the convention's or the payload's, None if it has none."""
        return options.strength(self.cell)

    def build_rule(self) -> Rule:
        """The robust rule."""
        name = parse_part(self.cell.rule).name
        return rule(name, convention=self.cell.convention, **dict(self.rule_parameters))

    @property
    def computed_by_server(self) -> int:
        """Files that the server computes itself in a step: those it audits, and its own, where its rule has such."""
        own = self.build_rule().own_samples
        return self.cell.audits + -(-own // self.samples_per_file)

    def build_payload(self) -> Payload:
        """What distorted copies hold."""
        name = parse_part(self.cell.payload).name
        strength = {} if self.strength is None else {"strength": self.strength}
        return payload(name, convention=self.cell.convention, **dict(self.payload_parameters), **strength)

    def build_optimizer(self) -> Optimizer:
        """How the server moves along updates."""
        part = parse_part(self.cell.optimizer)
        return optimizer(part.name, self.cell.momentum, **part.options)

    def build_schedule(self) -> Schedule:
        """From a step to the factor of the learning rate."""
        part = parse_part(self.cell.schedule)
        return schedule(part.name, self.cell.steps, **part.options)

    def build_augmentation(self) -> Augmentation:
        """What happens to a training image."""
        part = parse_part(self.cell.augment)
        return augmentation(part.name, **part.options)

    @cached_property
    def network(self) -> Network:
        """The model on its data."""
        from aspis_sim.gradients.network import network_of

        return network_of(self.cell)

    @cached_property
    def plan(self) -> Plan:
        """How a step is cut up so that it stays within its memory.

        Raises:
            InputError: a part or the way to compute needs more at once.
        """
        from aspis_sim.gradients.memory_plan import plan, plan_of_local_steps

        cell, replicated = self.cell, self.cell.compute == "replicated"
        needs_all = {
            f"the rule {cell.rule}": not self.build_rule().coordinatewise,
            f"the payload {cell.payload}": not self.build_payload().coordinatewise,
            "replicated compute": replicated,
            f"the {cell.coding} code": CODINGS.traits(cell.coding).decodes,
        }
        needing = next((part for part, needs in needs_all.items() if needs), "")
        rows = self.assignment.files.size if replicated else len(self.assignment.files)
        momentum = cell.worker_momentum > 0
        returned = cell.workers if CODINGS.traits(cell.coding).mixes else None
        given = (self.network, rows, self.samples_per_file, cell.memory, cell.devices, needing, momentum, returned)
        if cell.local_steps > 1:
            return plan_of_local_steps(*given, matrices=1 if self.build_payload().poisons is None else 2)
        return plan(*given)

    @property
    def measures(self) -> bool:
        """Whether its rule's realised coefficient is measured: where every file has data of its own.

        It costs each step the norms of all gradients.
        """
        cell = self.cell
        plain = cell.compute == "shared" and not CODINGS.traits(cell.coding).decodes
        return plain and PARTITIONS.traits(parse_part(cell.heterogeneity).name).splits

    @cached_property
    def shape(self) -> RunShape:
        """What its program is compiled for; jobs of equal shapes share it."""
        from aspis_sim.simulation import RunShape

        cell = self.cell
        fed: dict[str, Any] = {name: None for name, one in KNOBS.items() if not one.shapes}
        windowed = self.detector.windowed
        settings = replace(
            cell,
            **fed,
            rule=parse_part(cell.rule).name,
            payload=parse_part(cell.payload).name,
            samples_per_file=self.samples_per_file,
            detection_window=cell.detection_window if windowed else 0,
        )
        return RunShape(
            settings=settings,
            rule_parameters=self.rule_parameters,
            payload_parameters=self.payload_parameters,
            payload_takes_strength=self.strength is not None,
            detects=self.detector.detects and not windowed,
            certifies=self.detector.certifies,
            selects=self.detector.selects,
            may_drop_files=self.may_drop_files,
            lies=TARGETINGS.traits(parse_part(cell.attack).name).lies if cell.permute else "majority",
            measures=self.measures,
            chunks=self.plan.chunks,
            tile_bytes=self.plan.tile_bytes,
            turns=self.plan.turns,
        )

    def feed(self) -> Feed:
        """What its run is fed."""
        from aspis_sim.simulation import Feed
        from aspis_sim.streams import root_key

        byzantine, distorts = self.memberships()
        real = self.network.dtype.type
        return Feed(
            key=root_key(self.cell.seed),
            rate=real(self.cell.lr),
            strength=real(self.strength or 0.0),
            byzantine=byzantine,
            distorts=distorts,
            distortable=np.int32(self.distortable),
            q=np.int32(self.believed_q),
        )

    def decide(self, graph: NDArray[np.bool_]) -> tuple[Verdict, int]:
        """Its detector's verdict on an agreement graph, and the most files still distortable after it."""
        told = self.believed_q
        verdict = DETECTORS[self.cell.detector](graph, max_byzantine=told, assignment=self.returned)
        if self.cell.after_detection == "published":
            verdict = as_published(verdict, told)
        left = (self.returned, self.distortable, self.distortable_by_vote)
        return verdict, still_distortable(verdict, told, *left, self.cell.silent)


def resolve(cell: Cell) -> Job:
    """The job of a cell; of equal cells one, so that nothing is made twice in a row."""
    if loaded() and cell.plugins:
        return Job(cell)  # another plugin may come to bear the name
    return _job(cell)


@lru_cache(maxsize=512)
def _job(cell: Cell) -> Job:
    return Job(cell)
