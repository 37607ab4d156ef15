"""The options that commands share and that are no settings of a run, with their help."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim.plugin import VARIABLE
from aspis_sim.spec.system import PARTS
from aspis_sim.spec.training import TRAINING
from aspis_sim_cli.options import config, trust
from aspis_sim_cli.options.paths import folder
from aspis_sim_cli.output import Format

OUTPUT = "Output"
HOSTS = "Several processes"


def _option(flag: str, panel: str, text: str, metavar: str | None = None) -> typer.models.OptionInfo:
    return typer.Option(flag, rich_help_panel=panel, help=text, metavar=metavar)


Coordinator = Annotated[
    str | None,
    _option(
        "--coordinator",
        HOSTS,
        "Several processes share the devices: where process 0 listens, or auto for what Slurm or the cloud says.",
        "HOST:PORT",
    ),
]
Processes = Annotated[int | None, _option("--processes", HOSTS, "With --coordinator: how many there are.")]
Process = Annotated[int | None, _option("--process", HOSTS, "With --coordinator: which one this is, from 0.")]

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of data sets, looked into first (then $ASPIS_DATA_DIR, yours, the system's).",
        metavar="FOLDER",
        parser=folder,
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
TrustConfig = Annotated[
    bool,
    typer.Option(
        "--trust-config",
        is_eager=True,
        show_envvar=False,
        allow_from_autoenv=False,
        help="Let the file of --config load plugins: they are Python, which runs with your rights.",
    ),
]
ConfiguredPlugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        rich_help_panel=PARTS,
        callback=trust.plugins_of,
        help="Load a file with parts of your own.",
        metavar="FILE.py",
    ),
]
"""Of a command that has ``--config``."""
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
    typer.Option(
        "--tensorboard",
        rich_help_panel=OUTPUT,
        help="Write event files there for TensorBoard, a folder per run.",
        metavar="FOLDER",
        parser=folder,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", rich_help_panel=OUTPUT, help="Say what would be compiled and run, in what memory; run nothing."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", rich_help_panel=OUTPUT, help="Run a grid of more than 100,000 cells, too.")]
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
        "Where runs are computed: local, on this machine; ray, on the Ray cluster at $RAY_ADDRESS or one started here.",
        "local|ray",
    ),
]
JsonLog = Annotated[
    Path | None,
    _option("--json-log", OUTPUT, "Append a JSON object to this file as each cell finishes (- for stderr).", "FILE"),
]
