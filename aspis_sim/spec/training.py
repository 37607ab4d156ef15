"""Settings of the training: on what, how long, and with which optimizer."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from aspis_sim.augmentations import AUGMENTATIONS
from aspis_sim.data import DATASETS
from aspis_sim.environment import SEEDS
from aspis_sim.models import MODELS
from aspis_sim.partitions import PARTITIONS
from aspis_sim.schedules import SCHEDULES
from aspis_sim.spec.kinds import Named, Number, Whole, Word
from aspis_sim.spec.knob import knob

TRAINING = "Training"

PROTOCOLS = ("files", "batch", "work")
PRECISIONS = ("float32", "float64", "bfloat16")
INITIAL = ("model", "normal")


def _fraction(name: str) -> Callable[[float], str | None]:
    return lambda value: None if 0 <= value < 1 else f"{name} {value}; it must be in 0..1 (1 excluded)"


def _norm(name: str) -> Callable[[float], str | None]:
    def check(value: float) -> str | None:
        return None if value > 0 and isfinite(value) else f"`{name}` {value}; a norm to clip to is a positive number"

    return check


def _rate(value: float) -> str | None:
    return None if value > 0 else f"learning rate {value}; it must be positive"


def _seed(value: int) -> str | None:
    if value >= SEEDS:
        return f"seed {value} has more than 64 bits; seeds are 0 to 2**64 - 1"
    return None if value >= 0 else f"seed {value} is negative; seeds are 0 or more"


def _steps(value: int) -> str | None:
    return None if value >= 1 else f"{value} steps; a run takes at least 1"


def _local_steps(value: int) -> str | None:
    return None if value >= 1 else f"`local_steps` {value}; a file takes at least 1, which is its gradient"


@dataclass(frozen=True, kw_only=True)
class Training:
    """What is trained on what, in which way."""

    lr: float = knob(
        Number("X", "X,Y"),
        0.03,
        "Learning rate; of several, the best on validation data is used per scheme and q.",
        several=(0.03, 0.1),
        panel=TRAINING,
        place="own",
        check=_rate,
        shapes=False,
    )
    seed: int = knob(
        Whole("N", "0..4", most=10**30),
        0,
        "Root of every random stream; of several, the first also chooses the learning rate.",
        several=(0, 1, 2),
        panel=TRAINING,
        flag_of_several="seeds",
        place="own",
        check=_seed,
        shapes=False,
    )
    dataset: str = knob(
        Named("NAME", "NAME,…", registry=DATASETS),
        "digits",
        "Data: {names}; with options as in synthetic:dimension=784:samples=5000.",
        panel=TRAINING,
        place="table",
    )
    heterogeneity: str = knob(
        Named("NAME", "NAME,…", registry=PARTITIONS),
        "iid",
        "How training samples are shared out over the files: {names}; with options as in dirichlet:alpha=0.1.",
        panel=TRAINING,
        place="table",
        shapes=False,
    )
    data_seed: int | None = knob(
        Whole("N", "N,…", most=10**30, optional=True),
        None,
        "Seed of that partition alone (default: the run's own).",
        panel=TRAINING,
        place="table",
        check=_seed,
        shapes=False,
    )
    model: str = knob(
        Named("NAME", "NAME,…", registry=MODELS),
        "mlp",
        "Model: {names}, with options as in mlp:hidden=100 (default mlp; linear for a regression).",
        panel=TRAINING,
        place="table",
        filled_by="data set",
    )
    protocol: str = knob(
        Word("|".join(PROTOCOLS), ",".join(PROTOCOLS), words=PROTOCOLS, kind="protocol"),
        "files",
        "What is equal between schemes: samples per file (files), distinct samples per step (batch), samples computed "
        "by each worker (work).",
        panel=TRAINING,
        place="table",
        shapes=False,
    )
    samples_per_file: int = knob(
        Whole("N", "N,…"),
        4,
        "Samples in a file; under batch and work, of the scheme with most.",
        panel=TRAINING,
        identity=True,
    )
    steps: int = knob(Whole("N", "N,…"), 300, "Training steps.", panel=TRAINING, check=_steps)
    momentum: float = knob(
        Number("β", "β,…"),
        0.9,
        "Momentum of SGD (default 0.9; 0 for a regression).",
        panel=TRAINING,
        check=_fraction("momentum"),
        filled_by="data set",
    )
    schedule: str = knob(
        Named("NAME", "NAME,…", registry=SCHEDULES),
        "constant",
        "What the learning rate is multiplied by from step to step: {names}; with options as in "
        "step:factor=0.95:every=33:warmup=10.",
        panel=TRAINING,
    )
    local_steps: int = knob(
        Whole("E", "E,…"),
        1,
        "Local SGD steps of a file on its samples: what is returned is the change of the weights over the rate.",
        panel=TRAINING,
        check=_local_steps,
    )
    clip_workers: float | None = knob(
        Number("R", "R,…", optional=True),
        None,
        "Norm to which honest workers clip the gradient of each file.",
        panel=TRAINING,
        check=_norm("clip_workers"),
    )
    clip_server: float | None = knob(
        Number("R", "R,…", optional=True),
        None,
        "Norm to which the server clips the update before the optimizer (convention aspis: every copy it is sent).",
        panel=TRAINING,
        check=_norm("clip_server"),
    )
    worker_momentum: float = knob(
        Number("β", "β,…"),
        0.0,
        "Honest workers return the momentum of each file's gradient, with this β.",
        panel=TRAINING,
        check=_fraction("worker momentum"),
    )
    augment: str = knob(
        Named("NAME", "NAME,…", registry=AUGMENTATIONS),
        "none",
        "What happens to training images: {names}.",
        panel=TRAINING,
    )
    init: str = knob(
        Word("|".join(INITIAL), ",".join(INITIAL), words=INITIAL, kind="way to initialise"),
        "model",
        "Initial weights: the model's own, or standard normal ones.",
        panel=TRAINING,
        place="table",
        stored="initial",
    )
    precision: str = knob(
        Word("|".join(PRECISIONS), ",".join(PRECISIONS), words=PRECISIONS, kind="precision"),
        "float32",
        "Precision of gradients, votes and rules: float32, float64 or bfloat16 (with weights in float32).",
        panel=TRAINING,
        place="table",
    )
