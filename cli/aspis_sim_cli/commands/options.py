"""The options that commands share, with their help; choices come from the registries."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.aggregation import PREAGGREGATIONS, RULES, conventions
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.augmentations import AUGMENTATIONS
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.models import MODELS
from aspis_sim.plugin import VARIABLE
from aspis_sim.schedules import SCHEDULES
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.grid import PROTOCOLS
from aspis_sim_cli import completion, config
from aspis_sim_cli.output import Format, keep_stdout_for_results
from aspis_sim_cli.ranges import integers

DEFAULT_RATES = "0.03,0.1"
DEFAULT_SCHEMES = "aspis,aspis-certified,byzshield,detox,median"

GRID, CELL, PARTS, TRAINING, OUTPUT = (
    "What varies",
    "The run",
    "Parts that override the scheme's",
    "Training",
    "Output",
)


def _of(names: Iterable[str]) -> str:
    return ", ".join(names)


def _option(flag: str, panel: str, text: str, metavar: str | None = None) -> typer.models.OptionInfo:
    complete = completion.of(flag, several=metavar is not None and "," in metavar)
    return typer.Option(flag, rich_help_panel=panel, help=text, metavar=metavar, autocompletion=complete)


Q = Annotated[str, _option("--q", GRID, "Numbers of Byzantine workers, q < K/2.", "1..7")]
Attacks = Annotated[str, _option("--attack", GRID, f"Targeting of files: {_of(TARGETINGS)}.", "NAME,…")]
Schemes = Annotated[str, _option("--scheme", GRID, f"Presets: {_of(SCHEMES)}.", "NAME,…")]
Redundancies = Annotated[str, _option("--redundancy", GRID, "Workers that compute each file, r (odd).", "3,5")]
Payloads = Annotated[str, _option("--payload", GRID, f"What distorted copies hold: {_of(PAYLOADS)}.", "NAME,…")]
Strengths = Annotated[
    str | None,
    _option("--strength", GRID, "Strengths of the payload (default: the payload's own).", "0.5..2:0.5"),
]
Rates = Annotated[
    str, _option("--lr", GRID, "Learning rates; the best on validation data is used per scheme and q.", "X,Y")
]
Seeds = Annotated[str, _option("--seeds", GRID, "Seeds; the first one also chooses the learning rate.", "0..4")]

Scheme = Annotated[str, _option("--scheme", CELL, f"Preset: {_of(SCHEMES)}.")]
OneQ = Annotated[int, _option("--q", CELL, "Byzantine workers, q < K/2.")]
Attack = Annotated[str, _option("--attack", CELL, f"Targeting of files: {_of(TARGETINGS)}.")]
OneRedundancy = Annotated[int, _option("--redundancy", CELL, "Workers that compute each file, r (odd).")]
Payload = Annotated[str, _option("--payload", CELL, f"What distorted copies hold: {_of(PAYLOADS)}.")]
Strength = Annotated[float | None, _option("--strength", CELL, "Strength of the payload (default: its own).")]
Rate = Annotated[float, _option("--lr", CELL, "Learning rate.")]
Seed = Annotated[int, _option("--seed", CELL, "Root of every random stream.")]

Workers = Annotated[int, _option("--workers", TRAINING, "Workers K.")]
Protocol = Annotated[
    str,
    _option(
        "--protocol",
        TRAINING,
        "What is equal between schemes: samples a file (files), distinct samples a step (batch), samples computed by "
        "each worker (work).",
        "|".join(PROTOCOLS),
    ),
]
SamplesPerFile = Annotated[
    int,
    _option("--samples-per-file", TRAINING, "Samples in a file; under batch and work, of the scheme with most."),
]
BatchSize = Annotated[int | None, _option("--batch-size", TRAINING, "Distinct samples a step (protocol batch).")]
DatasetName = Annotated[
    str,
    _option(
        "--dataset",
        TRAINING,
        f"Data: {_of(DATASETS)}; with options as in synthetic:dimension=784:samples=5000.",
        "NAME",
    ),
]
Samples = Annotated[int | None, _option("--samples", TRAINING, "Samples, of a data set that is made.")]
Dimension = Annotated[int | None, _option("--dimension", TRAINING, "Inputs, of a data set that is made.")]
ModelName = Annotated[
    str | None,
    _option(
        "--model",
        TRAINING,
        f"Model: {_of(MODELS)}, with options as in mlp:hidden=100 (default mlp; linear for a regression).",
    ),
]
Steps = Annotated[int | None, _option("--steps", TRAINING, "Training steps (default 300).")]
Epochs = Annotated[
    float | None,
    _option("--epochs", TRAINING, "Instead of steps: how often each scheme sees as many samples as there are.", "N"),
]
Momentum = Annotated[
    float | None, _option("--momentum", TRAINING, "Momentum of SGD (default 0.9; 0 for a regression).")
]
ScheduleName = Annotated[
    str,
    _option(
        "--schedule",
        TRAINING,
        f"What the learning rate is multiplied by from step to step: {_of(SCHEDULES)}; with options as in "
        "step:factor=0.95:every=33:warmup=10.",
        "NAME",
    ),
]
ClipWorkers = Annotated[
    float | None,
    _option("--clip-workers", TRAINING, "Norm to which honest workers clip the gradient of each file.", "R"),
]
ClipServer = Annotated[
    float | None,
    _option("--clip-server", TRAINING, "Norm to which the server clips the update before the optimizer.", "R"),
]
WorkerMomentum = Annotated[
    float,
    _option(
        "--worker-momentum", TRAINING, "Honest workers return the momentum of each file's gradient, with this β.", "β"
    ),
]
Augment = Annotated[
    str,
    _option("--augment", TRAINING, f"What happens to training images: {_of(AUGMENTATIONS)}.", "NAME"),
]
Initial = Annotated[
    str, _option("--init", TRAINING, "Initial weights: the model's own, or standard normal ones.", "model|normal")
]
Precision = Annotated[
    str,
    _option(
        "--precision",
        TRAINING,
        "Of gradients, votes and rules: float32, float64 or bfloat16 (with weights in float32).",
        "float32|float64|bfloat16",
    ),
]
X64 = Annotated[bool, typer.Option("--x64", rich_help_panel=TRAINING, help="The same as --precision float64.")]
Compute = Annotated[
    str,
    _option(
        "--compute",
        TRAINING,
        "shared: each file's gradient once, copies are made logically; replicated: every worker computes its copies.",
        "shared|replicated",
    ),
]
Framed = Annotated[
    str | None,
    _option("--framed", GRID, "Workers that a frame-up frames: d < q (default q-1), or auto: what harms most.", "1..6"),
]
Devices = Annotated[int, _option("--devices", TRAINING, "Devices over which workers are sharded (virtual on a CPU).")]

Coordinator = Annotated[
    str | None,
    _option(
        "--coordinator",
        TRAINING,
        "Several processes share the devices: where process 0 listens, or auto for what Slurm or the cloud says.",
        "HOST:PORT",
    ),
]
Processes = Annotated[int | None, _option("--processes", TRAINING, "With --coordinator: how many there are.")]
Process = Annotated[int | None, _option("--process", TRAINING, "With --coordinator: which one this is, from 0.")]

AdversaryWindow = Annotated[
    int | None,
    _option("--adversary-window", TRAINING, "Steps after which other workers, drawn at random, are Byzantine.", "T_b"),
]
DetectionWindow = Annotated[
    int, _option("--detection-window", TRAINING, "Steps in a window of the degree detector.", "T_d")
]
Permute = Annotated[
    bool | None,
    typer.Option(
        "--permute/--no-permute",
        rich_help_panel=PARTS,
        help="Let the workers change places in the assignment at every step.",
    ),
]
Memory = Annotated[
    str,
    _option("--memory", TRAINING, "Memory that a step may take on a device; it is cut up to stay within.", "4GB"),
]

AssignmentName = Annotated[str | None, _option("--assignment", PARTS, f"{_of(ASSIGNMENTS)}.")]
DetectorName = Annotated[str | None, _option("--detector", PARTS, f"{_of(DETECTORS)}.")]
Aggregator = Annotated[
    str | None,
    _option(
        "--aggregator",
        PARTS,
        f"Robust rule over the votes: {_of(RULES)}; with options as in krum:f=3 and steps before it as in nnm+krum "
        f"({_of(PREAGGREGATIONS)}). f is the most votes that can be distorted unless given.",
        "RULE",
    ),
]
Convention = Annotated[
    str | None,
    _option(
        "--convention",
        PARTS,
        f"Variants of rules and payloads where libraries differ: {_of(conventions.NAMES)}.",
        "NAME",
    ),
]
AfterDetection = Annotated[
    str | None,
    _option("--after-detection", PARTS, "What follows a successful detection.", "average|rule"),
]

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of data sets, looked into first (then $ASPIS_DATA_DIR, yours, the system's).",
        metavar="FOLDER",
    ),
]
"""For `aspis_sim.data.search.use`, before anything is loaded."""

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        is_eager=True,
        callback=config.read,
        help="Options from this file; flags win over the environment (ASPIS_SIM_SWEEP_Q), and that over the file.",
        metavar="FILE.toml",
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", rich_help_panel=PARTS, help="Load a file with parts of your own.", metavar="FILE.py"),
]
"""For `aspis_sim_cli.plugins.load_named`, before any name is looked up."""
GlobalPlugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        envvar=VARIABLE,
        help="Load a file with parts of your own, for any command; may be repeated.",
        metavar="FILE.py",
    ),
]

FormatOption = Annotated[Format, _option("--format", OUTPUT, "What is printed on stdout.")]
Out = Annotated[Path | None, _option("--out", OUTPUT, "Write the rows to this .csv or .json file.", "FILE")]
TensorBoard = Annotated[
    Path | None,
    _option("--tensorboard", OUTPUT, "Write event files there for TensorBoard, a folder a run.", "FOLDER"),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", rich_help_panel=OUTPUT, help="Say what would be compiled and run, in what memory; run nothing."
    ),
]
CompileCache = Annotated[
    bool,
    typer.Option(
        "--compile-cache/--no-compile-cache",
        rich_help_panel=TRAINING,
        help="Keep compiled programs in the user's cache ($ASPIS_CACHE_DIR).",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", rich_help_panel=OUTPUT, help="No progress bar, and no log lines without a terminal.")
]
Executor = Annotated[
    str,
    _option(
        "--executor",
        TRAINING,
        "Where runs are computed: local, in this process; ray, on the Ray cluster at $RAY_ADDRESS or one started here.",
        "local|ray",
    ),
]
JsonLog = Annotated[
    Path | None,
    _option("--json-log", OUTPUT, "Append a JSON object to this file as each cell finishes (- for stderr).", "FILE"),
]


def data_and_model(
    dataset: str, samples: int | None, dimension: int | None, model: str | None, momentum: float | None
) -> dict[str, Any]:
    """Fields of a grid that say what is trained on what, with the defaults of the data set filled in."""
    options = {"samples": samples, "dimension": dimension}
    dataset += "".join(f":{name}={value}" for name, value in options.items() if value is not None)
    regression = dataset.partition(":")[0] == "linear-regression"
    return {
        "dataset": dataset,
        "model": model or ("linear" if regression else "mlp"),
        "momentum": momentum if momentum is not None else (0.0 if regression else 0.9),
    }


def wants_classes(dataset: str) -> None:
    """Refuse a data set without classes.

    Raises:
        InputError: it is a regression.
    """
    from aspis_sim.errors import InputError

    if dataset.partition(":")[0] == "linear-regression":
        raise InputError("a sweep compares accuracies, and linear-regression has no accuracy; use aspis-sim train")


def precision_of(name: str, x64: bool) -> Any:
    """The value of ``--precision``, or of its shorthand ``--x64``."""
    return "float64" if x64 else name


def framed_workers(text: str | None) -> tuple[int | Literal["auto"] | None, ...]:
    """The values of ``--framed``."""
    if text is None:
        return (None,)
    return ("auto",) if text == "auto" else integers(text, "--framed")


def memory_bytes(text: str) -> int:
    """A size such as ``2GB``, ``512MB`` or ``1.5 GB`` in bytes.

    Raises:
        InputError: it is not a size, or not positive.
    """
    from aspis_sim.errors import InputError

    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([kMGT]?)i?B?\s*", text)
    size = float(found[1]) * 1000 ** " kMGT".index(found[2] or " ") if found else 0
    if size < 1:
        raise InputError(f"--memory {text}: not a size; write 2GB or 512MB")
    return int(size)


def use_devices(
    devices: int, coordinator: str | None = None, processes: int | None = None, process: int | None = None
) -> bool:
    """Make this many devices available before JAX starts: on a CPU they are virtual; False if another process speaks.

    Raises:
        InputError: the number is not positive, JAX finds fewer accelerators, or several processes do not come together.
    """
    from aspis_sim.errors import InputError

    if devices < 1:
        raise InputError(f"{devices} devices; at least 1 is needed")
    if coordinator is None and (processes, process) != (None, None):
        raise InputError("--processes and --process need --coordinator HOST:PORT, the same for all of them")
    if coordinator is not None:
        from aspis_sim.devices.mesh import join_hosts

        join_hosts(None if coordinator == "auto" else coordinator, processes, process, devices)
        keep_stdout_for_results()  # the transport between CPUs announces its connections there
    elif devices == 1:
        return True
    import jax

    if coordinator is None:
        jax.config.update("jax_num_cpu_devices", devices)
    if len(jax.devices()) < devices:
        raise InputError(f"{devices} devices asked for, JAX finds {len(jax.devices())} ({jax.default_backend()})")
    return jax.process_index() == 0
