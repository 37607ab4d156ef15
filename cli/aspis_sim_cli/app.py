"""The program: its commands, gathered. Slow imports happen inside the commands, so that ``--help`` is quick."""

from typing import Annotated

import typer

from aspis_sim import __version__
from aspis_sim_cli.boundary import bounded, whole
from aspis_sim_cli.commands import data
from aspis_sim_cli.commands.attack import attack
from aspis_sim_cli.commands.bench import bench
from aspis_sim_cli.commands.compare import compare
from aspis_sim_cli.commands.detect import detect
from aspis_sim_cli.commands.distortion import distortion
from aspis_sim_cli.commands.doctor import doctor
from aspis_sim_cli.commands.export import export
from aspis_sim_cli.commands.list_parts import list_parts
from aspis_sim_cli.commands.merge import merge
from aspis_sim_cli.commands.plan import plan
from aspis_sim_cli.commands.plot import plot
from aspis_sim_cli.commands.rank import rank
from aspis_sim_cli.commands.report import report
from aspis_sim_cli.commands.reproduce import reproduce
from aspis_sim_cli.commands.sweep import sweep
from aspis_sim_cli.commands.train import train
from aspis_sim_cli.commands.verify import verify
from aspis_sim_cli.commands.worst_case import worst_case
from aspis_sim_cli.options import common as options
from aspis_sim_cli.plugins import load_plugins
from aspis_sim_cli.process import prepare
from aspis_sim_cli.usage import Program

app = typer.Typer(
    cls=Program,
    name="aspis-sim",
    help="Simulate Byzantine-resilient training with redundant gradients.",
    epilog="A first sweep:  aspis-sim sweep --q 1..7 --attack strong",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ASPIS_SIM"},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aspis-sim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
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
    plugin: options.GlobalPlugins = None,
) -> None:
    """Simulate Byzantine-resilient training with redundant gradients."""
    load_plugins(plugin)


app.command("sweep")(bounded(sweep))
app.command("train")(bounded(train))
app.command("attack")(bounded(attack))
app.command("report")(bounded(report))
app.command("plot")(bounded(plot))
app.command("rank")(bounded(rank))
app.command("export")(bounded(export))
app.command("merge")(bounded(merge))
app.command("worst-case")(bounded(worst_case))
app.command("distortion")(bounded(distortion))
app.command("plan")(bounded(plan))
app.command("reproduce")(bounded(reproduce))
app.command("detect")(bounded(detect))
app.command("compare")(bounded(compare))
app.command("verify")(bounded(verify))
app.command("bench")(bounded(bench))
app.add_typer(data.app, name="data")
app.command("list")(bounded(list_parts))
app.command("doctor")(bounded(doctor))


def main() -> None:
    """Entry point of ``aspis-sim``."""
    prepare()
    whole(app)
