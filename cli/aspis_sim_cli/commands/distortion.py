"""``aspis-sim distortion``: how many files an adversary can distort, scheme beside scheme, without training."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from aspis_sim.assignment import ASSIGNMENTS, shape
from aspis_sim.errors import InputError
from aspis_sim.schemes import SCHEMES
from aspis_sim.schemes import scheme as registered
from aspis_sim.spec.ranges import integers, names
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion
from aspis_sim_cli.options.system import (
    AssignmentName,
    Groups,
    Load,
    PairFiles,
    Redundancy,
    System,
    Workers,
    check_seconds,
    requested,
)
from aspis_sim_cli.output import Format, Output, spinner

if TYPE_CHECKING:
    from aspis_sim.distortion.table import Row

TABLE = "Comparison"
DEFAULT_SCHEMES = ("aspis", "byzshield", "detox", "median")

TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        rich_help_panel=TABLE,
        help="Seconds for each search of a worst case; then the best found and the proven bound are given.",
        metavar="S",
    ),
]


def _attacks() -> Sequence[str]:
    from aspis_sim.distortion.table import ATTACKS

    return ATTACKS


def distortion(
    workers: Workers = None,
    redundancy: Redundancy = None,
    q: Annotated[
        str | None,
        typer.Option(
            "--q",
            rich_help_panel=TABLE,
            help="Numbers of Byzantine workers (default: all from 2 to below K/2).",
            metavar="2..7",
        ),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            "--scheme",
            rich_help_panel=TABLE,
            help=f"Schemes (default: {', '.join(DEFAULT_SCHEMES)}, as far as they exist for K and r).",
            metavar="NAME,…",
            autocompletion=completion.names(SCHEMES, several=True),
        ),
    ] = None,
    attack: Annotated[
        str,
        typer.Option(
            "--attack",
            rich_help_panel=TABLE,
            help="strong: as published; worst: the worst case of the scheme's detector; weak: Byzantine workers spread "
            "out; random: the mean over random Byzantine workers.",
            metavar="NAME,…",
            autocompletion=completion.names(_attacks, several=True),
        ),
    ] = "strong",
    assignment: AssignmentName = None,
    load: Load = None,
    pair_files: PairFiles = None,
    groups: Groups = None,
    time_limit: TimeLimit = None,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Compute how many files q Byzantine workers can distort, without training.

    Every number is exact unless it is marked; a marked one is the best found,
    followed by the proven bound.

    Examples:

      aspis-sim distortion --workers 24

      aspis-sim distortion --q 2..7 --scheme aspis,aspis+ --attack weak,random

      aspis-sim distortion --workers 25 --redundancy 5 --assignment ramanujan-2

      aspis-sim distortion --groups groups.txt --q 1,2
    """
    from aspis_sim.distortion.table import COLUMNS, distortion_rows
    from aspis_sim.records import as_csv, as_json
    from aspis_sim_cli.render.distortion_table import distortion_view

    system = requested(assignment, workers, redundancy, load, pair_files, groups, scheme)
    check_seconds(time_limit)
    most = (system.workers - 1) // 2
    byzantine = integers(q, "`q`") if q else tuple(range(min(2, most), most + 1))
    rows = chain(
        distortion_rows(
            system.workers,
            system.redundancy,
            byzantine,
            schemes=_schemes(scheme, system),
            attacks=names(attack),
            parameters=_pair_files(_schemes(scheme, system), pair_files),
            time_limit=time_limit,
        ),
        _ad_hoc(system, byzantine, names(attack), time_limit),
    )
    output = Output.to(format, out)

    found: list[Row] = []
    complete = False
    try:
        with spinner(quiet) as say:
            say("searching")
            for row in rows:
                found.append(row)
                say(f"{row.scheme} {row.attack} q={row.q}: {row.distorted_files:g} of {row.files:,} files")
        complete = True
    except KeyboardInterrupt:
        complain(f"interrupted: the {len(found)} rows found are kept")

    output.give(
        lambda kind: as_json(found) if kind is Format.JSON else as_csv(found, COLUMNS),
        lambda console: distortion_view(found, console.width) if found else None,
    )
    return ExitStatus.DONE if complete else ExitStatus.INTERRUPTED


def _schemes(scheme: str | None, system: System) -> list[str]:
    """The schemes asked for; by default those that exist, unless an assignment is asked for by itself."""
    if scheme is not None:
        return list(names(scheme))
    kept = []
    for name in () if system.assignment else DEFAULT_SCHEMES:
        assignment = registered(name).assignment
        try:
            shape(
                assignment,
                workers=system.workers,
                redundancy=system.redundancy if ASSIGNMENTS.traits(assignment).redundant else 1,
            )
        except InputError as error:
            if name == DEFAULT_SCHEMES[0]:
                raise
            complain(f"without {name}: {error}")
        else:
            kept.append(name)
    return kept


def _pair_files(schemes: Sequence[str], pair_files: int | None) -> dict[str, dict[str, int]]:
    """The number of files that pairs share, for the schemes whose assignment takes it."""
    if pair_files is None:
        return {}
    takes = [name for name in schemes if ASSIGNMENTS.accepts(registered(name).assignment, "pair_files")]
    return {name: {"pair_files": pair_files} for name in takes}


def _ad_hoc(
    system: System, byzantine: Sequence[int], attacks: Sequence[str], time_limit: float | None
) -> Iterator["Row"]:
    """The rows of an assignment that is asked for by itself; its name stands for the scheme's."""
    from aspis_sim.distortion.table import distortion_rows

    if system.assignment is None:
        return iter(())
    label = DEFAULT_SCHEMES[0]  # a row has some scheme; here its assignment is another, and its name is replaced
    rows = distortion_rows(
        system.workers,
        system.redundancy,
        byzantine,
        schemes=[label],
        attacks=attacks,
        assignments={label: system.assignment},
        detectors={label: "none"},
        parameters={label: system.parameters},
        time_limit=time_limit,
    )
    return (replace(row, scheme=row.assignment) for row in rows)
