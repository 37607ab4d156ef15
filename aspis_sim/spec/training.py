"""Settings of the training: on what, how long, and with which optimizer."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from aspis_sim.limits import SEEDS
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


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Training:
    """What is trained on what, in which way."""

    lr: float = knob(
        Number("X", "X,Y"),
        0.03,
        "Learning rate; of several, each scheme and q uses the one that is best on validation data.",
        first="Learning rate; a sweep uses the best of several.",
        several=(0.03, 0.1),
        panel=TRAINING,
        place="own",
        check=_rate,
        shapes=False,
    )
    seed: int = knob(
        Whole("N", "0..4", most=10**30),
        0,
        "Random seed; of several, the first is also used to choose the learning rate.",
        first="Random seed.",
        several=(0, 1, 2),
        panel=TRAINING,
        flag_of_several="seeds",
        place="own",
        check=_seed,
        shapes=False,
    )
    dataset: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.data:DATASETS"),
        "digits",
        "Data set: {names}; options as in synthetic:dimension=784:samples=5000.",
        first="Data, such as digits, mnist or cifar10.",
        panel=TRAINING,
        place="table",
    )
    heterogeneity: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.partitions:PARTITIONS"),
        "iid",
        "How training samples are distributed over the files: {names}; options as in dirichlet:alpha=0.1.",
        panel=TRAINING,
        place="table",
        shapes=False,
    )
    data_seed: int | None = knob(
        Whole("N", "N,…", most=10**30, optional=True),
        None,
        "Seed of that distribution alone (default: the seed of the run).",
        panel=TRAINING,
        place="table",
        check=_seed,
        shapes=False,
    )
    model: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.models:MODELS"),
        "mlp",
        "Model: {names}; options as in mlp:hidden=100 (default mlp; linear for a regression).",
        first="Model, such as mlp, softmax or lenet.",
        panel=TRAINING,
        place="table",
        filled_by="data set",
    )
    protocol: str = knob(
        Word("|".join(PROTOCOLS), ",".join(PROTOCOLS), words=PROTOCOLS, kind="protocol"),
        "files",
        "Budget held equal across schemes: samples per file (files), distinct samples per step (batch), or samples "
        "computed by each worker (work).",
        first="Budget held equal across schemes: samples per file (files), per step (batch) or per worker (work).",
        panel=TRAINING,
        place="table",
        shapes=False,
    )
    samples_per_file: int = knob(
        Whole("N", "N,…"),
        4,
        "Samples per file; under protocol batch or work, those of the scheme with the most files or load.",
        panel=TRAINING,
        identity=True,
    )
    steps: int = knob(
        Whole("N", "N,…"),
        300,
        "Number of training steps.",
        first="Number of training steps.",
        panel=TRAINING,
        check=_steps,
    )
    momentum: float = knob(
        Number("β", "β,…"),
        0.9,
        "Momentum of SGD at the server (default 0.9; 0 for a regression).",
        panel=TRAINING,
        check=_fraction("momentum"),
        filled_by="data set",
    )
    optimizer: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.optimizers:OPTIMIZERS"),
        "sgd",
        "Optimizer of the server: {names}; options as in adam:b2=0.99. `momentum` is that of sgd and signum.",
        panel=TRAINING,
    )
    schedule: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.schedules:SCHEDULES"),
        "constant",
        "Learning rate schedule: {names}; options as in step:factor=0.95:every=33:warmup=10.",
        panel=TRAINING,
    )
    local_steps: int = knob(
        Whole("E", "E,…"),
        1,
        "Local SGD steps per file; a file's gradient is then the change of the weights divided by the learning rate.",
        panel=TRAINING,
        check=_local_steps,
    )
    clip_workers: float | None = knob(
        Number("R", "R,…", optional=True),
        None,
        "Norm to which honest workers clip each file's gradient.",
        panel=TRAINING,
        check=_norm("clip_workers"),
    )
    clip_server: float | None = knob(
        Number("R", "R,…", optional=True),
        None,
        "Norm to which the server clips the update (under convention aspis: every copy that it receives).",
        panel=TRAINING,
        check=_norm("clip_server"),
    )
    worker_momentum: float = knob(
        Number("β", "β,…"),
        0.0,
        "Momentum at the workers: honest workers return the momentum of each file's gradient, with this β.",
        panel=TRAINING,
        check=_fraction("worker momentum"),
    )
    augment: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.augmentations:AUGMENTATIONS"),
        "none",
        "Augmentation of the training images: {names}.",
        panel=TRAINING,
    )
    init: str = knob(
        Word("|".join(INITIAL), ",".join(INITIAL), words=INITIAL, kind="way to initialise"),
        "model",
        "Initial weights: the model's own (model), or standard normal (normal).",
        panel=TRAINING,
        place="table",
        stored="initial",
    )
    precision: str = knob(
        Word("|".join(PRECISIONS), ",".join(PRECISIONS), words=PRECISIONS, kind="precision"),
        "float32",
        "Floating-point type of gradients, votes and rules: float32, float64 or bfloat16 (weights stay in float32).",
        panel=TRAINING,
        place="table",
    )
