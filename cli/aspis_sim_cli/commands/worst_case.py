"""``aspis-sim worst-case``: the worst lies against each detector, searched for instead of sampled."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.detection import DETECTORS
from aspis_sim.spec.ranges import integers, names
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands.worst_case_audits import audit_game, check_audits
from aspis_sim_cli.commands.worst_case_rules import SETS_OF_RULES, check_rules, rules_game
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion
from aspis_sim_cli.output import Format, Output, spinner

if TYPE_CHECKING:
    from aspis_sim.assignment import Assignment
    from aspis_sim.game import Result

MOST_FILES = 200_000
"""Files from which looking at a handful of graphs takes minutes."""

COPIES_IN_ALL, COPIES_IN_SOME = 20_000_000, 3_000_000
"""Copies of files that a search judges at most, graph by graph: when it examines all graphs, and when it
picks some. Ten to thirty seconds on a slow machine."""

BUILDABLE = [name for name in ASSIGNMENTS if not ASSIGNMENTS.traits(name).from_file]
"""Assignments that need no file."""

EVERY_DETECTOR = "clique,sound,certified,unanimous"
"""Who is attacked if nobody is named."""

SYSTEM, SEARCH, AUDITS = "System", "Search", "Audits"


@dataclass(frozen=True)
class Row:
    """One search's result; the fields are the columns of the CSV, in order.

    Attributes:
        assignment, workers, redundancy, files, q, detector, objective: what was searched.
        distorted_files, kept_files: of the update under the strongest attack found.
        fraction: the former over the latter, 0 if no file is kept.
        byzantine: the liars, separated by spaces.
        lies: files lied about.
        graphs: disagreement graphs looked at.
        proof: "exhaustive" (no attack of the game does better) or "lower bound".
    """

    assignment: str
    workers: int
    redundancy: int
    files: int
    q: int
    detector: str
    objective: str
    distorted_files: int
    kept_files: int
    fraction: float
    byzantine: str
    lies: int
    graphs: int
    proof: str


def _option(flag: str, panel: str, text: str, metavar: str, complete: completion.Completer | None = None) -> Any:
    return typer.Option(flag, rich_help_panel=panel, help=text, metavar=metavar, autocompletion=complete)


def worst_case(
    workers: Annotated[int, _option("--workers", SYSTEM, "Number of workers, K.", "N")] = 7,
    redundancy: Annotated[
        int, _option("--redundancy", SYSTEM, "Number of workers that compute each file, r (odd).", "N")
    ] = 3,
    assignment: Annotated[
        str,
        _option(
            "--assignment",
            SYSTEM,
            f"Assignment of files to workers: {', '.join(BUILDABLE)}.",
            "NAME",
            completion.of("assignment"),
        ),
    ] = "subset",
    q: Annotated[str, _option("--q", SEARCH, "Numbers of Byzantine workers, q < K/2.", "1..3")] = "1..3",
    detector: Annotated[
        str,
        _option(
            "--detector",
            SEARCH,
            f"Detectors to attack: {', '.join(DETECTORS)}.",
            "NAME,…",
            completion.of("detector", several=True),
        ),
    ] = EVERY_DETECTOR,
    objective: Annotated[
        str | None,
        _option(
            "--objective",
            SEARCH,
            "Aim of the attack: the most distorted files (count, the default), or the largest share of the files kept "
            "(fraction).",
            "count|fraction",
            completion.names(("count", "fraction")),
        ),
    ] = None,
    effort: Annotated[
        int | None,
        _option(
            "--effort",
            SEARCH,
            "Number of graphs that a search may examine: all of them if that is enough, else by local search (default: "
            "some seconds' worth).",
            "N",
        ),
    ] = None,
    seed: Annotated[int, _option("--seed", SEARCH, "Random seed of the local search.", "N")] = 0,
    rules: Annotated[
        str,
        _option(
            "--rules",
            SEARCH,
            "Target of the attack: the detectors, or every fixed rule for which files to keep (mixed).",
            "|".join(SETS_OF_RULES),
            completion.names(SETS_OF_RULES),
        ),
    ] = "detectors",
    audits: Annotated[
        int,
        _option(
            "--audits",
            AUDITS,
            "Number of files per step that the server recomputes itself; then the worst attack on a whole run is "
            "sought, against the detector certified.",
            "M",
        ),
    ] = 0,
    steps: Annotated[int, _option("--steps", AUDITS, "Number of steps of that run.", "T")] = 300,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Search for the worst attack on each detector, or on audits.

    On small systems every possible attack is covered, and the answer is exact
    (proof: exhaustive); on larger ones it is the strongest attack that a
    seeded local search finds (proof: lower bound). Nothing is trained. With
    --format json each result includes the attack: the liars of every file.

    Examples:

      aspis-sim worst-case --workers 7 --redundancy 3 --q 1..3

      aspis-sim worst-case --workers 9 --q 3 --objective fraction --format json

      aspis-sim worst-case --workers 15 --q 2..7 --effort 500 --out worst.csv

      aspis-sim worst-case --workers 7 --q 1..3 --rules mixed

      aspis-sim worst-case --workers 15 --q 7 --audits 1 --steps 300
    """
    from aspis_sim.assignment import build
    from aspis_sim.errors import InputError
    from aspis_sim.game import play
    from aspis_sim.records import as_csv, columns_of
    from aspis_sim_cli.render.worst_case_table import worst_case_view

    budgets, detectors = integers(q, "`q`"), names(detector)
    check_rules(rules, bool(audits or seed) or detector != EVERY_DETECTOR or objective == "count")
    objective = objective or "count"
    _check(assignment, workers, redundancy, budgets, detectors, objective, effort, seed)
    if audits:
        check_audits(assignment, audits, steps)
        if detector not in (EVERY_DETECTOR, "certified") or objective != "count" or effort is not None:
            raise InputError(
                "against audits the most distorted file-steps are solved for the detector certified; "
                "leave --detector, --objective and --effort out"
            )
    output = Output.to(format, out)

    system = build(assignment, workers=workers, redundancy=redundancy)
    if rules == "mixed":
        most = max(min(50_000, COPIES_IN_ALL // system.files.size), effort or 0)
        return rules_game(system, budgets, effort or 50, most, output, quiet)
    if audits:
        return audit_game(system, budgets, audits, steps, output)
    copies = system.files.size
    found: list[Result] = []
    searches = [(count, name) for count in budgets for name in detectors]
    try:
        with spinner(quiet) as say:
            for number, (count, name) in enumerate(searches, 1):
                say(f"q={count}, {name}: search {number} of {len(searches)}")
                result = play(
                    system,
                    count,
                    name,
                    objective=objective,
                    seed=seed,
                    effort=min(2000, max(10, COPIES_IN_SOME // copies)) if effort is None else effort,
                    most_graphs=max(min(100_000, COPIES_IN_ALL // copies), effort or 0),
                )
                found.append(result)
    except KeyboardInterrupt:
        complain(f"interrupted: {len(found)} of {len(searches)} searches had finished and are kept")

    def text(kind: Format) -> str:
        return _as_json(system, found) if kind is Format.JSON else as_csv(_rows(system, found), columns_of(Row))

    if found:
        output.write(text)
    output.show(text, lambda console: worst_case_view(system, found, seed, console.width) if found else None)
    return ExitStatus.DONE if len(found) == len(searches) else ExitStatus.INTERRUPTED


def _check(
    assignment: str,
    workers: int,
    redundancy: int,
    budgets: tuple[int, ...],
    detectors: tuple[str, ...],
    objective: str,
    effort: int | None,
    seed: int,
) -> None:
    """Refuse what cannot be searched, before anything is.

    Raises:
        InputError: says what is wrong and what would work.
    """
    from aspis_sim.assignment import shape
    from aspis_sim.errors import InputError
    from aspis_sim.game import OBJECTIVES
    from aspis_sim.registry import unknown_name

    if ASSIGNMENTS.traits(assignment).from_file:
        raise InputError("a custom assignment needs a file, which this command does not read; try subset")
    files = shape(assignment, workers=workers, redundancy=redundancy).files
    for name in detectors:
        DETECTORS.check(name)
    if objective not in OBJECTIVES:
        raise unknown_name("objective", objective, OBJECTIVES)
    for q in budgets:
        if not 0 <= 2 * q < workers:
            raise InputError(
                f"q={q} of K={workers} workers leaves no honest majority (q < K/2); q is 0 to {(workers - 1) // 2} here"
            )
    if effort is not None and effort < 1:
        raise InputError(f"--effort {effort} looks at no graph; it is 1 or more")
    if seed < 0:
        raise InputError(f"seed {seed} is negative; it is 0 or more")
    if files > MOST_FILES:
        raise InputError(
            f"{assignment}: {workers} workers with redundancy {redundancy} make {files:,} files, "
            f"too many to search (at most {MOST_FILES:,});\n"
            "try fewer workers, a smaller redundancy, or an assignment of fewer files (bibd, mols)"
        )


def _rows(system: "Assignment", results: "list[Result]") -> list[Row]:
    return [
        Row(
            assignment=system.name,
            workers=system.workers,
            redundancy=system.redundancy,
            files=len(system.files),
            q=int(result.byzantine.sum()),
            detector=result.detector,
            objective=result.objective,
            distorted_files=result.count,
            kept_files=result.kept,
            fraction=result.fraction,
            byzantine=" ".join(str(worker) for worker in result.byzantine.nonzero()[0]),
            lies=len(result.attack),
            graphs=result.graphs,
            proof="exhaustive" if result.exhaustive else "lower bound",
        )
        for result in results
    ]


def _as_json(system: "Assignment", results: "list[Result]") -> str:
    """The rows, the Byzantines as a list, and with each the attack: file -> the workers that lie about it."""
    import json

    records = [
        asdict(row)
        | {
            "byzantine": result.byzantine.nonzero()[0].tolist(),
            "attack": {str(file): system.files[file, list(slots)].tolist() for file, slots in result.attack.items()},
        }
        for row, result in zip(_rows(system, results), results, strict=True)
    ]
    # One result a line: an attack of a thousand files is not for reading.
    return "[\n" + ",\n".join(json.dumps(record) for record in records) + "\n]\n"
