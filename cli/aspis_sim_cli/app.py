"""The program: its commands, each imported when it is first asked for, so that ``--help`` is quick."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from aspis_sim import __version__
from aspis_sim_cli import usage
from aspis_sim_cli.boundary import whole
from aspis_sim_cli.options.help import LOADED
from aspis_sim_cli.plugins import load_plugins
from aspis_sim_cli.process import prepare
from aspis_sim_cli.usage import Home

HOMES = {
    "sweep": Home(
        "aspis_sim_cli.commands.sweep:sweep", "Train every scheme against every attack of a grid, and compare them."
    ),
    "train": Home(
        "aspis_sim_cli.commands.train:train", "Train one scheme against one attack, and print its learning curve."
    ),
    "attack": Home(
        "aspis_sim_cli.commands.attack:attack",
        "Search for the worst attack on each defence, and report the accuracy it leaves.",
    ),
    "report": Home(
        "aspis_sim_cli.commands.report:report",
        "Write a report on a study: one HTML file with all figures and the table.",
    ),
    "plot": Home("aspis_sim_cli.commands.plot:plot", "Draw a figure of a study for a paper."),
    "rank": Home(
        "aspis_sim_cli.commands.rank:rank",
        "Rank the schemes of a study by their accuracy under the worst of all its adversaries.",
    ),
    "export": Home("aspis_sim_cli.commands.export:export", "Export the rows of a study, or tables for a paper."),
    "merge": Home("aspis_sim_cli.commands.merge:merge", "Merge the runs of several studies into another one."),
    "worst-case": Home(
        "aspis_sim_cli.commands.worst_case:worst_case", "Search for the worst attack on each detector, or on audits."
    ),
    "distortion": Home(
        "aspis_sim_cli.commands.distortion:distortion",
        "Compute how many files q Byzantine workers can distort, without training.",
    ),
    "plan": Home(
        "aspis_sim_cli.commands.plan:plan",
        "List the assignments and detectors that keep ε below a bound, cheapest first.",
    ),
    "reproduce": Home(
        "aspis_sim_cli.commands.reproduce:reproduce",
        "Reproduce published results, and compare them with the published numbers.",
    ),
    "detect": Home(
        "aspis_sim_cli.commands.detect:detect", "Measure how well detectors find Byzantine workers, without training."
    ),
    "compare": Home("aspis_sim_cli.commands.compare:compare", "Compare two sets of runs, paired by seed."),
    "verify": Home(
        "aspis_sim_cli.commands.verify:verify",
        "Rerun a random sample of stored cells, and check that the results are the same.",
    ),
    "bench": Home("aspis_sim_cli.commands.bench:bench", "Run a benchmark."),
    "data": Home("aspis_sim_cli.commands.data:app", "Show, verify and fetch data sets."),
    "list": Home(
        "aspis_sim_cli.commands.list_parts:list_parts", "List schemes, attacks, rules and all other registered names."
    ),
    "doctor": Home("aspis_sim_cli.commands.doctor:doctor", "Check the installation."),
}
"""Command -> where it is, and the first sentence of its help."""


class Program(usage.Program):
    """The program with its commands."""

    homes: ClassVar[Mapping[str, Home]] = HOMES


app = typer.Typer(
    cls=Program,
    name="aspis-sim",
    help="Simulate Byzantine-resilient distributed training with redundant gradients.",
    epilog="Every option can also be set in the environment: --q of sweep as ASPIS_SIM_SWEEP_Q.\n\n"
    "A first sweep:  aspis-sim sweep --q 1..7 --attack strong",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ASPIS_SIM"},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aspis-sim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Print the version.",
            show_envvar=False,
            allow_from_autoenv=False,
        ),
    ] = False,
    plugin: Annotated[
        list[Path] | None,
        typer.Option(
            "--plugin",
            envvar="ASPIS_PLUGINS",
            help="Load a plugin for any command; may be repeated (or $ASPIS_PLUGINS).",
            metavar="FILE.py",
        ),
    ] = None,
) -> None:
    """Load the plugins that are named; those that are installed are loaded when a command runs."""
    if plugin:
        context.meta[LOADED] = True
        load_plugins(plugin)


def main() -> None:
    """Entry point of ``aspis-sim``."""
    prepare()
    whole(app)
