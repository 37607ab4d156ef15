"""The options that say who computes what, for commands that train nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from aspis_sim.assignment import ASSIGNMENTS, check_workers
from aspis_sim.errors import InputError
from aspis_sim.schemes import SCHEMES
from aspis_sim_cli.options import completion

SYSTEM = "System"
DEFAULT_WORKERS, DEFAULT_REDUNDANCY = 15, 3

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", rich_help_panel=SYSTEM, help="Number of workers, K (default 15, or as in --groups).", metavar="N"
    ),
]
Redundancy = Annotated[
    int | None,
    typer.Option(
        "--redundancy",
        rich_help_panel=SYSTEM,
        help="Number of workers that compute each file, r, odd (default 3, or as in --groups).",
        metavar="N",
    ),
]
AssignmentName = Annotated[
    str | None,
    typer.Option(
        "--assignment",
        rich_help_panel=SYSTEM,
        help=f"Assignment of files to workers: {', '.join(ASSIGNMENTS)}.",
        metavar="NAME",
        autocompletion=completion.of("assignment"),
    ),
]
Load = Annotated[
    int | None,
    typer.Option("--load", rich_help_panel=SYSTEM, help="Files per worker, for --assignment ramanujan-2.", metavar="N"),
]
PairFiles = Annotated[
    int | None,
    typer.Option(
        "--pair-files",
        rich_help_panel=SYSTEM,
        help="Files that each pair of workers shares, λ, for --assignment bibd.",
        metavar="N",
    ),
]
Groups = Annotated[
    Path | None,
    typer.Option(
        "--groups",
        rich_help_panel=SYSTEM,
        help="Custom assignment: a text, CSV or JSON file with one group of workers per line.",
        metavar="FILE",
    ),
]


@dataclass(frozen=True)
class System:
    """What the options of a system ask for.

    Attributes:
        workers: K.
        redundancy: r.
        assignment: a registered name, or None if no option names one.
        parameters: further arguments of the assignment.
    """

    workers: int
    redundancy: int
    assignment: str | None
    parameters: dict[str, Any]


def requested(
    assignment: str | None,
    workers: int | None,
    redundancy: int | None,
    load: int | None,
    pair_files: int | None,
    groups: Path | None,
    scheme: str | None = None,
) -> System:
    """Put the options of a system together, which is K = 15 and r = 3 unless they say otherwise.

    Raises:
        InputError: an unknown assignment, no worker, or options that do not belong together.
    """
    if workers is not None:
        check_workers(workers)
    if assignment is not None:
        ASSIGNMENTS.check(assignment)
    if groups is not None:
        if assignment is not None and not ASSIGNMENTS.traits(assignment).from_file:
            raise InputError(f"--groups is an assignment of its own; leave out --assignment {assignment}")
        from aspis_sim.assignment.custom import numbers

        in_file = numbers(str(groups))
        check_workers(in_file[0])
        return System(
            in_file[0] if workers is None else workers,
            in_file[1] if redundancy is None else redundancy,
            "custom",
            {"path": str(groups)},
        )
    if assignment is not None and ASSIGNMENTS.traits(assignment).from_file:
        raise InputError("a custom assignment needs its groups; name their file with --groups FILE")
    if load is not None and not _takes(assignment, "load"):
        raise InputError("--load decides between Ramanujan assignments; add --assignment ramanujan-2")
    of_schemes = [SCHEMES[name].assignment for name in (scheme or "").split(",") if name in SCHEMES]
    if pair_files is not None and not any(_takes(name, "pair_files") for name in (assignment, *of_schemes)):
        raise InputError("--pair-files decides between block designs; add --assignment bibd")
    parameters = {"load": load, "pair_files": pair_files if _takes(assignment, "pair_files") else None}
    return System(
        DEFAULT_WORKERS if workers is None else workers,
        DEFAULT_REDUNDANCY if redundancy is None else redundancy,
        assignment,
        {name: value for name, value in parameters.items() if value is not None},
    )


def _takes(assignment: str | None, parameter: str) -> bool:
    return assignment is not None and ASSIGNMENTS.accepts(assignment, parameter)


def check_seconds(time_limit: float | None) -> None:
    """Refuse a time limit that is no time.

    Raises:
        InputError: it is not positive.
    """
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"--time-limit {time_limit:g}: a search needs some time; try 10")
