"""The options that commands share and that are no settings of a run, with their help."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim.spec.system import PARTS
from aspis_sim.spec.training import TRAINING
from aspis_sim_cli.options import config, trust
from aspis_sim_cli.options.help import First, show_all
from aspis_sim_cli.options.paths import folder
from aspis_sim_cli.output import Format

OUTPUT = "Output"
HOSTS = "Several hosts"


def _option(flag: str, panel: str, text: str, metavar: str | None = None) -> typer.models.OptionInfo:
    return typer.Option(flag, rich_help_panel=panel, help=text, metavar=metavar)


Coordinator = Annotated[
    str | None,
    _option(
        "--coordinator",
        HOSTS,
        "Share the devices among several processes: the address of process 0, or auto to ask Slurm or the cloud.",
        "HOST:PORT",
    ),
]
Processes = Annotated[int | None, _option("--processes", HOSTS, "Number of processes, with --coordinator.", "N")]
Process = Annotated[int | None, _option("--process", HOSTS, "Number of this process, from 0, with --coordinator.", "I")]

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of data sets, searched first (then $ASPIS_DATA_DIR, the user's, the system's).",
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
        help="Read options from this file; flags and the environment take precedence.",
        metavar="FILE.toml",
    ),
]
HelpAll = Annotated[
    bool,
    typer.Option(
        "--help-all",
        is_eager=True,
        show_envvar=False,
        allow_from_autoenv=False,
        callback=show_all,
        help="Show all options, with their environment names.",
    ),
]
TrustConfig = Annotated[
    bool,
    typer.Option(
        "--trust-config",
        is_eager=True,
        show_envvar=False,
        allow_from_autoenv=False,
        help="Allow the file of --config to load plugins, which are Python code that runs with your rights.",
    ),
]
ConfiguredPlugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        rich_help_panel=PARTS,
        callback=trust.plugins_of,
        help="Load a plugin.",
        metavar="FILE.py",
    ),
]
"""Of a command that has ``--config``."""
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="Load a plugin; may be repeated.", metavar="FILE.py"),
]
"""For `aspis_sim_cli.plugins.load_named`, before any name is looked up."""

FormatOption = Annotated[
    Format, _option("--format", First(OUTPUT), "Format of the results on stdout.", "|".join(Format))
]
Out = Annotated[Path | None, _option("--out", First(OUTPUT), "Write the results to this .csv or .json file.", "FILE")]
TensorBoard = Annotated[
    Path | None,
    typer.Option(
        "--tensorboard",
        rich_help_panel=OUTPUT,
        help="Write TensorBoard event files to this folder, one subfolder per run.",
        metavar="FOLDER",
        parser=folder,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        rich_help_panel=First(OUTPUT),
        help="Show what would run, and in how much memory.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", rich_help_panel=OUTPUT, help="Also run a grid of more than 100,000 cells.")]
CompileCache = Annotated[
    bool,
    typer.Option(
        "--compile-cache/--no-compile-cache",
        rich_help_panel=TRAINING,
        help="Keep compiled programs in the user's cache (or in $ASPIS_CACHE_DIR).",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", rich_help_panel=OUTPUT, help="Print no progress.")]
Executor = Annotated[
    str,
    _option(
        "--executor",
        TRAINING,
        "Where runs are computed: on this machine (local), or on the Ray cluster at $RAY_ADDRESS (ray).",
        "local|ray",
    ),
]
JsonLog = Annotated[
    Path | None,
    _option("--json-log", OUTPUT, "Append a JSON object to this file whenever a cell finishes (- for stderr).", "FILE"),
]
