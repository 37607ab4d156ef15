"""A cell of a sweep: one training run, fully specified and checked before any work."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from math import ceil, comb
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from aspis_sim import plugin
from aspis_sim.adversary.membership import BY_COPY, over_windows
from aspis_sim.adversary.payloads import PAYLOADS, Payload, payload
from aspis_sim.adversary.strongest import strongest_frame_up
from aspis_sim.adversary.targeting import TARGETINGS, Attack, target
from aspis_sim.aggregation import RULES, accepts, conventions, rule, steps_of
from aspis_sim.assignment import Assignment, build, shape
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.detection.remaining import most_files_a_group
from aspis_sim.distortion import worst_case
from aspis_sim.distortion.closed_forms import majority
from aspis_sim.errors import InputError
from aspis_sim.experiment.part import Option, parse_part
from aspis_sim.models import MODELS
from aspis_sim.registry import unknown_name

if TYPE_CHECKING:
    from aspis_sim.aggregation import Rule
    from aspis_sim.simulation import Network, RunShape
    from aspis_sim.simulation.plan import Plan

Precision = Literal["float32", "float64", "bfloat16"]
Initial = Literal["model", "normal"]
Options = tuple[tuple[str, Option], ...]
Compute = Literal["shared", "replicated"]
AfterDetection = Literal["average", "rule"]
Protocol = Literal["files", "batch", "work"]
PERMUTED: dict[str, Literal["none", "weak", "majority"]] = {
    "none": "none",
    "weak": "weak",
    "strong": "majority",
    "majority": "majority",
}
"""Attacks that make sense when workers change places, and the targeting they come down to."""
Framed = int | Literal["auto"] | None


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
        lr: learning rate.
        momentum: of the optimizer.
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

    def check(self) -> None:
        """Refuse what cannot run, before any work.

        Raises:
            InputError: with one or two lines that say what is wrong and what would work.
        """
        for registry, name in (
            (TARGETINGS, self.attack),
            (PAYLOADS, parse_part(self.payload).name),
            (DETECTORS, self.detector),
            (DATASETS, parse_part(self.dataset).name),
            (MODELS, parse_part(self.model).name),
        ):
            registry.check(name)
        steps_of(parse_part(self.rule).name)
        if self.convention is not None and self.convention not in conventions.NAMES:
            raise unknown_name("convention", self.convention, conventions.NAMES)
        for kind, name, known in (
            ("way to compute", self.compute, get_args(Compute)),
            ("step after detection", self.after_detection, get_args(AfterDetection)),
            ("precision", self.precision, get_args(Precision)),
            ("way to initialise", self.initial, get_args(Initial)),
        ):
            if name not in known:
                raise unknown_name(kind, name, known)
        files, _ = shape(self.assignment, workers=self.workers, redundancy=self.redundancy)
        if self.q < 0:
            raise InputError(f"q={self.q} is negative; the number of Byzantine workers is 0 or more")
        if 2 * self.q >= self.workers:
            most = (self.workers - 1) // 2
            raise InputError(
                f"q={self.q} of K={self.workers} workers is no honest majority (q < K/2); "
                f"q can be at most {most}, or take --workers {2 * self.q + 1} or more"
            )
        if self.attack == "frame-up" and isinstance(self.framed, int) and not 0 <= self.framed < max(self.q, 1):
            raise InputError(
                f"{self.framed} framed workers with q={self.q}: a frame-up frames fewer than q, 0 to {self.q - 1}"
            )
        for option, window in (("adversary", self.adversary_window), ("detection", self.detection_window)):
            if window is not None and window < 1:
                raise InputError(f"--{option}-window {window}: a window has 1 or more steps")
        if self.permute and self.attack not in PERMUTED:
            raise InputError(
                f"attack {self.attack} chooses files by the assignment, in which the workers of {self.scheme} change "
                f"places at every step; take {', '.join(PERMUTED)}, or --no-permute"
            )
        by_copy = self.attack in BY_COPY or self.permute or self.assignment == "subset"
        if self.adversary_window is not None and not by_copy:
            raise InputError(
                f"attack {self.attack} chooses its workers by the assignment {self.assignment} of {self.scheme}; "
                f"with --adversary-window take {' or '.join(BY_COPY[1:])}"
            )
        if self.permute and self.compute == "replicated":
            raise InputError("workers that change places at every step need --compute shared")
        if self.coding == "cyclic" and (self.assignment, self.detector, self.compute) != ("cyclic", "none", "shared"):
            raise InputError(
                f"scheme {self.scheme} decodes a cyclic code: it takes no other assignment, no detector and no "
                "replicated compute"
            )
        if self.steps < 1:
            raise InputError(f"{self.steps} steps; a run takes at least 1")
        if not self.lr > 0:
            raise InputError(f"learning rate {self.lr}; it must be positive")
        if not 0 <= self.momentum < 1:
            raise InputError(f"momentum {self.momentum}; it must be in 0..1 (1 excluded)")
        if self.samples_per_file < 1:
            raise InputError(
                f"fewer samples than files: scheme {self.scheme} splits a batch into {files:,} files; "
                f"give a batch of at least {files:,} samples"
            )

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
        return rule(name, convention=self.convention, **dict(self._rule_options))

    def build_payload(self) -> Payload:
        """What distorted copies hold."""
        name, _ = parse_part(self.payload)
        strength = {} if self.strength_used is None else {"strength": self.strength_used}
        return payload(name, convention=self.convention, **dict(self._payload_options), **strength)

    @property
    def _rule_options(self) -> Options:
        name, options = parse_part(self.rule)
        if accepts(name, "f"):
            options.setdefault("f", self.distortable)
        if accepts(name, "most") and not {"buckets", "most"} & set(options):
            groups, q = self.groups, (self.workers - 1) // 2
            if self.detector in ("certified", "unanimous"):
                most = comb(q, groups.redundancy) * most_files_a_group(groups)
            else:
                most = worst_case(groups, q).count
            _, last = steps_of(name)[-1]
            usual = RULES.default(last, "per_lie") if RULES.accepts(last, "per_lie") else 1
            options["most"] = min(int(options.get("per_lie") or usual) * most + 1, len(groups.files))
        return tuple(sorted(options.items()))

    @property
    def _payload_options(self) -> Options:
        name, options = parse_part(self.payload)
        if PAYLOADS.accepts(name, "aggregator"):
            rule_name, _ = parse_part(self.rule)
            known = {"aggregator": rule_name, "byzantine": max(1, self.distortable), **dict(self._rule_options)}
            options = {**known, **options}
        options.pop("strength", None)
        return tuple(sorted(options.items()))

    def check_parts(self) -> None:
        """Try the rule and the payload on as many rows as there are files, without computing anything.

        Raises:
            InputError: an option is not taken, or the rule cannot stand so many distorted rows of so few.
        """
        import jax

        files, _ = shape(self.assignment, workers=self.workers, redundancy=self.redundancy)
        rows = jax.ShapeDtypeStruct((files, 8), "float32")
        kept = jax.ShapeDtypeStruct((files,), "bool") if self.drops else None
        try:
            jax.eval_shape(self.build_rule(), rows, kept)
            jax.eval_shape(self.build_payload(), rows, jax.eval_shape(lambda: jax.random.key(0)))
        except InputError as error:
            raise InputError(f"scheme {self.scheme}, q={self.q}: {error}") from None

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
        from aspis_sim.simulation import network

        (name, of_data), (model, of_model) = parse_part(self.dataset), parse_part(self.model)
        given = [tuple(sorted(options.items())) for options in (of_data, of_model)]
        return network(name, model, *given, self.precision, self.initial)

    @cached_property
    def plan(self) -> Plan:
        """How a step is cut up so that it stays within ``memory``.

        Raises:
            InputError: the rule, the payload or the way to compute needs more at once.
        """
        from aspis_sim.simulation.plan import plan

        needs_all = {
            f"the rule {self.rule}": not self.build_rule().coordinatewise,
            f"the payload {self.payload}": not self.build_payload().coordinatewise,
            "replicated compute": self.compute == "replicated",
            "the cyclic code": self.coding != "none",
        }
        whole = next((part for part, needs in needs_all.items() if needs), "")
        rows = self.groups.files.size if self.compute == "replicated" else len(self.groups.files)
        return plan(self.network, rows, self.samples_a_file, self.memory, self.devices, whole)

    @property
    def samples_a_file(self) -> int:
        """Samples in each file: ``samples_per_file``, or what follows where every step takes all samples."""
        example = self.network.example
        return ceil(len(example.labels["train"]) / len(self.groups.files)) if example.whole else self.samples_per_file

    def run_shape(self) -> RunShape:
        """What the program of this cell is compiled for."""
        from aspis_sim.simulation import RunShape

        return RunShape(
            assignment=self.assignment,
            workers=self.workers,
            redundancy=self.redundancy,
            dataset=self.network.dataset,
            dataset_parameters=self.network.dataset_parameters,
            model=parse_part(self.model).name,
            model_parameters=tuple(sorted(parse_part(self.model).options.items())),
            precision=self.precision,
            initial=self.initial,
            samples_per_file=self.samples_a_file,
            steps=self.steps,
            rule=parse_part(self.rule).name,
            rule_parameters=self._rule_options,
            payload=parse_part(self.payload).name,
            payload_parameters=self._payload_options,
            strong_payload=self.strength_used is not None,
            convention=self.convention,
            coding=self.coding,
            detects=self.detector not in ("none", "degree"),
            adversary_window=self.adversary_window or 0,
            detection_window=self.detection_window if self.detector == "degree" else 0,
            permute=self.permute,
            targeting=PERMUTED[self.attack] if self.permute else "majority",
            drops=self.drops,
            certifies=self.detector == "certified",
            after_detection=self.after_detection,
            momentum=self.momentum,
            compute=self.compute,
            devices=self.devices,
            chunks=self.plan.chunks,
            tile_bytes=self.plan.tile_bytes,
            turns=self.plan.turns,
        )
