"""A cell of a sweep: one training run, fully specified and checked before any work."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from aspis_sim import plugin
from aspis_sim.adversary.membership import over_windows
from aspis_sim.adversary.payloads import PAYLOADS, Payload, payload
from aspis_sim.adversary.strongest import strongest_frame_up
from aspis_sim.adversary.targeting import Attack, target
from aspis_sim.aggregation import conventions, rule
from aspis_sim.assignment import Assignment, build
from aspis_sim.augmentations import Augmentation, augmentation
from aspis_sim.distortion import worst_case
from aspis_sim.distortion.closed_forms import majority
from aspis_sim.run import resolve as shaping
from aspis_sim.schedules import schedule
from aspis_sim.spec import checks
from aspis_sim.spec.choices import PERMUTED, AfterDetection, Compute, Framed, Initial, Precision, Protocol
from aspis_sim.spec.part import parse_part

if TYPE_CHECKING:
    from aspis_sim.aggregation import Rule
    from aspis_sim.gradients.memory_plan import Plan
    from aspis_sim.schedules.base import Schedule
    from aspis_sim.simulation import Network, RunShape


@dataclass(frozen=True)
class Cell:
    """One training run; hashable, and equal to another exactly if the same numbers must come out.

    Attributes:
        scheme: label, the preset that the parts came from.
        assignment, detector, rule, after_detection: its parts; a rule may have options, as in "krum:f=3", and steps
            before it, as in "nnm+krum".
        workers: K.
        redundancy: r (1 on the baseline).
        q: Byzantine workers.
        attack: targeting of files and workers.
        framed: workers framed by a frame-up, None for its default of q - 1, "auto" for the number that harms most.
        payload: what distorted copies hold; may have options, as in "alie:ddof=1".
        strength: of the payload, None for the payload's default.
        coding: "cyclic" for DRACO's cyclic code instead of votes, else "none".
        adversary_window: T_b, steps after which other workers are Byzantine, drawn at random; None for the same ones
            throughout, chosen by the attack.
        detection_window: T_d, steps in a window of the degree detector.
        permute: whether the workers change places in the assignment at every step.
        convention: library or paper whose variants of rules and payloads are meant, None for this project's.
        dataset: registered name; may have options, as in "synthetic:dimension=784".
        model: registered name; may have options, as in "mlp:hidden=100".
        protocol: how ``samples_per_file`` was chosen: "files", "batch" or "work".
        samples_per_file: samples in each file.
        steps: training steps.
        lr: learning rate, which the schedule multiplies.
        momentum: of the optimizer.
        schedule: registered name; may have options, as in "step:factor=0.95:every=33".
        clip_workers: norm to which honest workers clip the gradient of each file, None to leave it.
        clip_server: norm to which the server clips the update before the optimizer, None to leave it.
        worker_momentum: beta of the momentum of each file's gradient that honest workers return, 0 for the gradient.
        augment: registered name of what happens to training images; may have options, as in "cifar:pad=2".
        seed: root of every random stream.
        compute: "shared" or "replicated", see `aspis_sim.simulation.RunShape`.
        devices: devices over which the workers are sharded.
        memory: bytes that a step may take on a device; it is cut up so that it stays within them.
        precision: of the gradients: "float32", "float64" or "bfloat16".
        initial: how the weights are initialised: "model" or "normal".
    """

    scheme: str
    assignment: str
    detector: str
    rule: str
    workers: int
    redundancy: int
    q: int
    attack: str
    payload: str
    samples_per_file: int
    lr: float
    seed: int
    strength: float | None = None
    framed: Framed = None
    after_detection: AfterDetection = "average"
    coding: Literal["none", "cyclic"] = "none"
    adversary_window: int | None = None
    detection_window: int = 15
    permute: bool = False
    dataset: str = "digits"
    model: str = "mlp"
    protocol: Protocol = "files"
    steps: int = 300
    momentum: float = 0.9
    compute: Compute = "shared"
    devices: int = 1
    memory: int = 4 * 10**9
    precision: Precision = "float32"
    initial: Initial = "model"
    convention: str | None = None
    schedule: str = "constant"
    clip_workers: float | None = None
    clip_server: float | None = None
    worker_momentum: float = 0.0
    augment: str = "none"

    def __reduce__(self) -> tuple[type[Cell], tuple[object, ...]]:
        """For other processes: the fields alone, without what was made from them."""
        return Cell, tuple(getattr(self, field.name) for field in fields(self))

    def check(self) -> None:
        """Refuse what cannot run, before any work.

        Raises:
            InputError: with one or two lines that say what is wrong and what would work.
        """
        checks.check(self)

    def check_parts(self, tried: set[object] | None = None) -> None:
        """Try the parts on shapes, without computing anything.

        Raises:
            InputError: an option is not taken, or a part cannot work on what it would be given.
        """
        checks.check_parts(self, set() if tried is None else tried)

    @cached_property
    def groups(self) -> Assignment:
        """The assignment of files to workers."""
        return build(self.assignment, workers=self.workers, redundancy=self.redundancy)

    @property
    def attack_label(self) -> str:
        """The attack as it is written in a row: with the number of framed workers if one was asked for."""
        return self.attack if self.framed is None else f"{self.attack}:{self.framed}"

    @property
    def adversary(self) -> Attack:
        """Who lies, and about which copies."""
        if self.attack == "strongest":
            return target(self.attack, self.groups, self.q, detector=self.detector)
        if self.attack == "frame-up" and self.framed == "auto":
            return strongest_frame_up(self.groups, self.q, self.detector)
        framed = {"framed": self.framed} if self.attack == "frame-up" else {}
        return target(self.attack, self.groups, self.q, **framed)

    def memberships(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Who is Byzantine in each window, ``[windows, K]``, and which copies are distorted, ``[windows, f, r]``.

        With workers that change places the latter is empty: it then follows at every step from who is Byzantine.
        """
        fixed = self.adversary
        if self.adversary_window is None:
            byzantine, distorts = fixed.byzantine[None], fixed.distorts[None]
        else:
            generator = np.random.default_rng([self.seed, zlib.crc32(b"membership")])
            attack = PERMUTED[self.attack] if self.permute else self.attack
            windows = -(-self.steps // self.adversary_window)
            byzantine, distorts = over_windows(attack, fixed, self.groups, generator, windows)
        return byzantine, np.zeros((len(byzantine), 0, 0), bool) if self.permute else distorts

    @property
    def batch_size(self) -> int:
        """Distinct samples a step."""
        example = self.network.example
        return len(example.labels["train"]) if example.whole else len(self.groups.files) * self.samples_per_file

    @property
    def samples_processed(self) -> int:
        """Sample gradients that all workers together compute in the run: K l samples-per-file steps."""
        return self.groups.redundancy * self.batch_size * self.steps

    @property
    def distortion_theory(self) -> float:
        """The published distortion fraction.

        A code promises the exact gradient up to its guarantee. Under ``strong``, and for ``frame-up`` and the like,
        against which nothing is published, the worst case of the vote
        (Theorem 1 of Konstantinidis et al. on the subset assignment). Under ``weak`` the files held by Byzantines
        alone where a detector works (they are lost), else those with a Byzantine majority.
        """
        groups, q = self.groups, self.q
        if self.attack == "none" or q == 0 or self.coding == "cyclic":
            return 0.0
        if self.attack == "weak":
            held = self.adversary.byzantine[groups.files].sum(1)
            need = majority(groups.redundancy) if self.detector == "none" else groups.redundancy
            return int((held >= need).sum()) / len(groups.files)
        return worst_case(groups, q).count / len(groups.files)

    @property
    def distortable(self) -> int:
        """The most files that q Byzantine workers can distort past the vote."""
        return worst_case(self.groups, self.q).count

    @property
    def drops(self) -> bool:
        """Whether the robust rule can meet files without a value.

        The published detector excludes nobody unless an average follows.
        """
        return self.detector != "none" and (self.detector != "clique" or self.after_detection == "rule")

    @property
    def strength_used(self) -> float | None:
        """The payload's strength: the cell's own, else the convention's or the payload's, None if it has none."""
        name, options = parse_part(self.payload)
        if not PAYLOADS.accepts(name, "strength"):
            return None
        if self.strength is not None:
            return self.strength
        usual = conventions.defaults(conventions.PAYLOADS, self.convention, name)
        strength = {"strength": PAYLOADS.default(name, "strength"), **usual, **options}["strength"]
        from aspis_sim.adversary.payloads.alie import baruch_strength

        return baruch_strength(self.workers, self.q) if strength is None else strength

    def build_rule(self) -> Rule:
        """The robust rule, with the options that follow from the adversary filled in.

        f is the most files that can be distorted. A rule that adapts to that number is compiled for the largest it can
        be with these workers, so that cells with different q share one program.
        """
        name, _ = parse_part(self.rule)
        return rule(name, convention=self.convention, **dict(shaping.rule_options(self)))

    def build_payload(self) -> Payload:
        """What distorted copies hold."""
        name, _ = parse_part(self.payload)
        strength = {} if self.strength_used is None else {"strength": self.strength_used}
        return payload(name, convention=self.convention, **dict(shaping.payload_options(self)), **strength)

    def build_schedule(self) -> Schedule:
        """From a step to the factor of the learning rate."""
        name, options = parse_part(self.schedule)
        return schedule(name, self.steps, **options)

    def build_augmentation(self) -> Augmentation:
        """What happens to a training image."""
        name, options = parse_part(self.augment)
        return augmentation(name, **options)

    @property
    def plugins(self) -> tuple[plugin.Source, ...]:
        """The plugins that parts of this cell come from, by name."""
        named = [
            ("scheme", self.scheme),
            ("assignment", self.assignment),
            ("detector", self.detector),
            ("attack", self.attack),
            ("payload", parse_part(self.payload).name),
            ("data set", parse_part(self.dataset).name),
            ("model", parse_part(self.model).name),
            *(("rule", step) for step in parse_part(self.rule).name.split("+")),
        ]
        found = {source.name: source for one in named if (source := plugin.source_of(*one)) is not None}
        return tuple(found[name] for name in sorted(found))

    @cached_property
    def network(self) -> Network:
        """The model on its data."""
        from aspis_sim.gradients import network

        (name, of_data), (model, of_model) = parse_part(self.dataset), parse_part(self.model)
        given = [tuple(sorted(options.items())) for options in (of_data, of_model)]
        return network(name, model, *given, self.precision, self.initial)

    @property
    def samples_a_file(self) -> int:
        """Samples in each file: ``samples_per_file``, or what follows where every step takes all samples."""
        example = self.network.example
        return ceil(len(example.labels["train"]) / len(self.groups.files)) if example.whole else self.samples_per_file

    @cached_property
    def plan(self) -> Plan:
        """How a step is cut up so that it stays within ``memory``.

        Raises:
            InputError: a part or the way to compute needs more at once.
        """
        return shaping.plan_of(self)

    def run_shape(self) -> RunShape:
        """What the program of this cell is compiled for."""
        return shaping.shape_of(self)
