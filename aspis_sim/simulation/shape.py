"""What a compiled run depends on, apart from the numbers that are fed to it."""

from dataclasses import dataclass
from typing import Literal

from aspis_sim.gradients.network import Initial, Parameters, Precision
from aspis_sim.gradients.source import TILE_BYTES


@dataclass(frozen=True)
class RunShape:
    """Everything that shapes the program of a run: two cells with equal shapes share one compilation.

    Attributes:
        assignment: registered name, with ``assignment_parameters``.
        workers: K.
        redundancy: r.
        dataset: registered name, with ``dataset_parameters``.
        model: registered name, with ``model_parameters``.
        samples_per_file: samples in each file.
        steps: most steps a run can take (the length of its trace).
        rule: registered name of the robust rule, with ``rule_parameters``.
        payload: registered name, with ``payload_parameters``; its strength, if it has one (``strong_payload``), is fed
            to the run.
        convention: of rules and payloads, see `aspis_sim.aggregation.conventions`.
        coding: "none": workers return gradients; "cyclic": the mixtures of DRACO's cyclic code, which are decoded.
        detects: whether a detector looks at the agreement graph.
        adversary_window: T_b, steps after which other workers are Byzantine; 0 for the same ones throughout.
        detection_window: T_d, steps in a window of the degree detector; 0 without it.
        permute: whether the workers change places in the assignment at every step (drawn from the run's key).
        targeting: with ``permute``, which copies Byzantine workers distort: all ("weak") or those of files where they
            have a majority ("majority").
        drops: whether files can be dropped before the robust rule.
        certifies: whether the detector's verdicts carry certificates.
        after_detection: what follows a verdict that asks for an average: "average", or "rule" for the robust rule
            over the files that are kept (as in the linear regression of Konstantinidis et al.).
        momentum: of the optimizer.
        schedule: registered name, with ``schedule_parameters``: what the rate is multiplied by from step to step.
        clip_workers, clip_server: norms to which each file's honest gradient and the update are clipped, None for not.
        worker_momentum: beta of the momentum of each file's gradient that is returned in its place, 0 for none.
        augment: registered name, with ``augment_parameters``: what happens to training images.
        compute: "shared" computes each file's gradient once and makes copies logically; "replicated" has every
            worker compute each of its copies.
        tolerance: of the gradient equality, relative.
        devices: devices over which the workers are sharded.
        precision: of the gradients, see `aspis_sim.gradients.network.Network`.
        initial: how weights are initialised, likewise.
        chunks: parts in which the files go through the model where not all of it fits into memory at once.
        tile_bytes: what the gradients of all files for a tile of the parameters may take.
        turns: calls of the model for the files of a step, where all are kept.
    """

    assignment: str
    workers: int
    redundancy: int
    dataset: str
    model: str
    samples_per_file: int
    steps: int
    rule: str
    payload: str
    strong_payload: bool = True
    payload_parameters: Parameters = ()
    convention: str | None = None
    assignment_parameters: Parameters = ()
    rule_parameters: Parameters = ()
    coding: Literal["none", "cyclic"] = "none"
    detects: bool = False
    adversary_window: int = 0
    detection_window: int = 0
    permute: bool = False
    targeting: Literal["none", "weak", "majority"] = "majority"
    drops: bool = False
    certifies: bool = False
    after_detection: Literal["average", "rule"] = "average"
    momentum: float = 0.9
    compute: Literal["shared", "replicated"] = "shared"
    tolerance: float = 1e-5
    devices: int = 1
    dataset_parameters: Parameters = ()
    model_parameters: Parameters = ()
    precision: Precision = "float32"
    initial: Initial = "model"
    chunks: int = 1
    tile_bytes: int = TILE_BYTES
    turns: int = 1
    schedule: str = "constant"
    schedule_parameters: Parameters = ()
    clip_workers: float | None = None
    clip_server: float | None = None
    worker_momentum: float = 0.0
    augment: str = "none"
    augment_parameters: Parameters = ()
