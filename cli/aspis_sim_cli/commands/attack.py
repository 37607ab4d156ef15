"""``aspis-sim attack``: the worst attack on each defence, searched for by one standard battery."""

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated

import typer

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.devices import use_devices
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options.config import command_line
from aspis_sim_cli.options.help import First
from aspis_sim_cli.options.run import RunOptions
from aspis_sim_cli.options.settings import Settings
from aspis_sim_cli.options.spread import spread
from aspis_sim_cli.options.study import KEEP, RERUN, Folder, OtherVersion
from aspis_sim_cli.output import Format, Output, texts

if TYPE_CHECKING:
    from aspis_sim.battery.course import Leg
    from aspis_sim.battery.verdict import Verdict
    from aspis_sim.run.executors.base import Executor

SEARCH = "Search"


@spread
def attack(
    *,
    context: typer.Context,
    settings: Settings,
    run: RunOptions,
    search_seed: Annotated[
        int,
        typer.Option(
            "--search-seed",
            rich_help_panel=SEARCH,
            help="Random seed of the search; the attacks found are scored with --seeds.",
            metavar="N",
        ),
    ] = 1000,
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget",
            rich_help_panel=First(SEARCH),
            help="Runs per defence and q; those that the battery leaves vary the worst attack found.",
            metavar="RUNS",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            rich_help_panel=First(SEARCH),
            help="Begin no new round after S seconds; with --study the same command resumes.",
            metavar="S",
        ),
    ] = None,
    study: Folder = None,
    other_version: OtherVersion = None,
    executor: options.Executor = "local",
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Search for the worst attack on each defence, and report the accuracy it leaves.

    Every defence faces the same battery of attacks: which files to distort, with which payload and strength, when, and
    how many workers to frame. The search uses validation data and its own seed; the worst attacks are then rerun with
    fresh seeds and scored on test data. The defence uses the learning rate with the best worst case.

    A defence (--scheme) is a scheme, a scheme with another rule, or a rule alone, each with its own settings.

    Examples:

      aspis-sim attack --scheme aspis,byzshield,median --q 2,4,7

      aspis-sim attack --scheme nnm+krum,byzshield+geometric_median,median@worker_momentum=0.9 --q 4

      aspis-sim attack --scheme aspis --q 1..7 --steps 60 --study studies/attacks --format csv
    """
    from aspis_sim.battery.asked import asked_for, records, runs_beyond, work
    from aspis_sim.battery.course import course
    from aspis_sim.battery.verdict import COLUMNS
    from aspis_sim.errors import InputError
    from aspis_sim.registry import unknown_name
    from aspis_sim.run.executors import EXECUTORS
    from aspis_sim.run.executors.lasting import lasting
    from aspis_sim.study.session import Selection
    from aspis_sim.study.study import Study
    from aspis_sim_cli.render.attack_table import attack_view

    run.prepare()
    if seconds is not None and not seconds > 0:
        raise InputError(f"--seconds {seconds:g}: a positive number of them")
    if other_version not in (None, KEEP, RERUN):
        raise unknown_name("--other-version", other_version, (KEEP, RERUN))
    EXECUTORS.check(executor)
    asked = asked_for(settings, search_seed)
    setups = [one.setup for one in asked if one.setup is not None]
    more = runs_beyond(asked, budget)
    use_devices(max(one.cell.devices for one in setups))
    output = Output.to(format, out)
    deadline = None if seconds is None else time.monotonic() + seconds
    with Study.in_memory() if study is None else Study.open_or_create(study) as opened:
        selection = Selection(other_version=other_version)  # type: ignore[arg-type]
        legs = course(setups, opened, selection, more)
        with lasting(EXECUTORS.build(executor), work(setups)) as pool:
            verdicts, complete = _run(legs, pool, command_line(context), quiet, deadline)
    rows = records(asked, verdicts)
    output.give(texts(rows, COLUMNS), lambda console: attack_view(rows, console.width) if rows else None)
    if not complete:
        complain(f"interrupted: {len(verdicts)} of {len(setups)} searches have ended")
        return ExitStatus.INTERRUPTED
    return ExitStatus.CELLS_FAILED if any(one.status.startswith("failed") for one in verdicts) else ExitStatus.DONE


def _run(
    legs: "Generator[Leg, None, list[Verdict]]", pool: "Executor", command: str, quiet: bool, deadline: float | None
) -> "tuple[list[Verdict], bool]":
    """Run leg by leg; gives the verdicts by then, and whether all are there."""
    from aspis_sim_cli.progress import follow

    verdicts: list[Verdict] = []
    while True:
        try:
            leg = next(legs)
        except StopIteration as ended:
            return ended.value, True
        verdicts = leg.verdicts
        if deadline is not None and time.monotonic() > deadline:
            return verdicts, False
        pending = leg.session.pending
        if not quiet:
            complain(_said(leg))
        if not follow(leg.session.run(command, pool), pending, lambda event: None, quiet):
            return verdicts, False


def _said(leg: "Leg") -> str:
    """What is being tried, and the worst so far."""
    trying = " and ".join(leg.titles)
    cells = leg.session.pending.cells
    said = f"{trying}: {cells:,} run{'' if cells == 1 else 's'}"
    if leg.worst is not None:
        setup, lie, score = leg.worst
        said += (
            f"; worst so far {setup.defence.name} q={setup.cell.q}, {lie.label}: {score.top1:.1%} of validation data"
        )
    return said
