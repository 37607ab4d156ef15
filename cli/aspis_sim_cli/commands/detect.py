"""``aspis-sim detect``: detection alone, on tokens instead of gradients, over many trials."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.spec.ranges import LARGEST_WHOLE, integers, names
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
    requested,
)
from aspis_sim_cli.output import Format, Output, spinner, texts
from aspis_sim_cli.plugins import load_named

DEFAULT_ASSIGNMENT = "subset"
ADVERSARY, TRIALS = "Attack", "Trials"
MOST_CERTIFIED = 200_000
MOST_ITERATIONS = 100_000
"""Sets of slots, f times 2^r, that a detector which certifies values can judge in seconds."""


def detect(
    workers: Workers = None,
    redundancy: Redundancy = None,
    assignment: AssignmentName = None,
    load: Load = None,
    pair_files: PairFiles = None,
    groups: Groups = None,
    q: Annotated[
        str | None,
        typer.Option(
            "--q",
            rich_help_panel=ADVERSARY,
            help="Numbers of Byzantine workers (default: all below K/2).",
            metavar="1..7",
        ),
    ] = None,
    attack: Annotated[
        str,
        typer.Option(
            "--attack",
            rich_help_panel=ADVERSARY,
            help="Which copies are distorted: strong, weak, frame-up and the others of aspis-sim list attacks, or "
            "random (each copy of a Byzantine worker with a given probability).",
            metavar="NAME,…",
            autocompletion=completion.of("attack", several=True),
        ),
    ] = "strong",
    framed: Annotated[
        int | None,
        typer.Option(
            "--framed",
            rich_help_panel=ADVERSARY,
            help="Number of honest workers that a frame-up frames, d < q (default q-1).",
            metavar="D",
        ),
    ] = None,
    lie_probability: Annotated[
        float,
        typer.Option(
            "--lie-probability",
            rich_help_panel=ADVERSARY,
            help="Probability that a Byzantine copy is distorted, under --attack random.",
            metavar="P",
        ),
    ] = 0.5,
    membership: Annotated[
        str,
        typer.Option(
            "--membership",
            rich_help_panel=ADVERSARY,
            help="Byzantine workers: as the attack chooses them (chosen), or drawn at random in each trial (random).",
            metavar="chosen|random",
            autocompletion=completion.names(("chosen", "random")),
        ),
    ] = "chosen",
    permute: Annotated[
        bool,
        typer.Option(
            "--permute",
            rich_help_panel=ADVERSARY,
            help="Give the workers new places in the assignment in every iteration, as Aspis+ does.",
        ),
    ] = False,
    detector: Annotated[
        str | None,
        typer.Option(
            "--detector",
            rich_help_panel=TRIALS,
            help=f"Detectors: {', '.join(DETECTORS)} (default: all but none).",
            metavar="NAME,…",
            autocompletion=completion.of("detector", several=True),
        ),
    ] = None,
    believed_q: Annotated[
        int | None,
        typer.Option(
            "--believed-q",
            rich_help_panel=TRIALS,
            help="Number of Byzantine workers that the detectors assume (default: the actual number).",
            metavar="Q̂",
        ),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(
            "--trials",
            rich_help_panel=TRIALS,
            help="Number of trials; one where everything is deterministic.",
            metavar="N",
        ),
    ] = 200,
    window: Annotated[
        int,
        typer.Option(
            "--window",
            rich_help_panel=TRIALS,
            help="Iterations per trial, with the same Byzantine workers; disagreements accumulate.",
            metavar="N",
        ),
    ] = 1,
    seed: Annotated[int, typer.Option("--seed", rich_help_panel=TRIALS, help="Random seed.", metavar="N")] = 0,
    plugin: options.Plugins = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            "--draw",
            rich_help_panel=options.OUTPUT,
            help="Draw the agreement graph of the first trial, for one q and one attack.",
            metavar="FILE.svg|png",
        ),
    ] = None,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Measure how well detectors find Byzantine workers, without training.

    Gradients are replaced by tokens, so that systems may be large. Reported
    are the share of trials in which all Byzantine workers are excluded and
    in which an honest worker is, with 95% intervals (Wilson), and the files
    that enter the update distorted or not at all.

    Examples:

      aspis-sim detect --q 1..7 --attack weak,strong,frame-up

      aspis-sim detect --q 5 --attack random --membership random --trials 999

      aspis-sim detect --workers 100 --q 49 --detector clique,sound

      aspis-sim detect --q 5 --attack frame-up --draw graph.svg
    """
    from aspis_sim.assignment import build
    from aspis_sim.records import columns_of
    from aspis_sim.trials.adversary import adversaries, check_adversaries
    from aspis_sim.trials.monte_carlo import Row, run_trials
    from aspis_sim_cli.render.detect_table import detect_view

    load_named(plugin)
    system = requested(assignment, workers, redundancy, load, pair_files, groups)
    most = (system.workers - 1) // 2
    budgets = integers(q, "`q`") if q else tuple(range(min(1, most), most + 1))
    attacks = names(attack)
    detectors = _detectors(detector, _sets_of_copies(system))
    check_adversaries(
        system.workers,
        system.assignment or DEFAULT_ASSIGNMENT,
        attacks,
        budgets,
        framed=framed,
        membership=membership,
        lie_probability=lie_probability,
        permute=permute,
    )
    _check_trials(trials, window, seed)
    if believed_q is not None and not 0 <= believed_q <= most:
        raise InputError(
            f"--believed-q {believed_q} of K={system.workers} workers: detectors can be told of 0 to {most}"
        )
    output = Output.to(format, out)
    if draw is not None:
        _check_draw(draw, budgets, attacks)
    plays = adversaries(
        build(
            system.assignment or DEFAULT_ASSIGNMENT,
            workers=system.workers,
            redundancy=system.redundancy,
            **system.parameters,
        ),
        attacks,
        budgets,
        detectors,
        framed=framed,
        membership=membership,
        lie_probability=lie_probability,
        permute=permute,
    )

    found: list[Row] = []
    complete = False
    try:
        with spinner(quiet) as say:
            for adversary, judges in plays:
                say(f"{adversary.attack} q={adversary.q}")
                found += run_trials(adversary, judges, trials=trials, seed=seed, window=window, believed_q=believed_q)
        complete = True
    except KeyboardInterrupt:
        complain(f"interrupted: the {len(found)} rows finished are kept")

    if draw is not None and complete:
        from aspis_sim.report.agreement_drawing import draw_trial

        draw_trial(draw, plays[0][0], detectors[0], seed, believed_q)
        complain(f"drawn to {draw}")
    output.give(texts(found, columns_of(Row)), lambda console: detect_view(found, console.width) if found else None)
    return ExitStatus.DONE if complete else ExitStatus.INTERRUPTED


def _sets_of_copies(system: System) -> int:
    """Sets of slots of all files, f times 2^r; raises what building the assignment would raise."""
    from aspis_sim.assignment import shape

    name, r = system.assignment or DEFAULT_ASSIGNMENT, system.redundancy
    return int(shape(name, workers=system.workers, redundancy=r, **system.parameters).files * 2**r)


def _check_trials(trials: int, window: int, seed: int) -> None:
    if trials < 1:
        raise InputError(f"{trials} trials show nothing; at least 1 is needed")
    if trials > LARGEST_WHOLE or window > MOST_ITERATIONS:
        raise InputError(
            f"{trials} trials of {window} iterations: at most {LARGEST_WHOLE:,} and {MOST_ITERATIONS:,} can be run"
        )
    if window < 1:
        raise InputError(f"--window {window}: a trial has at least 1 iteration")
    if seed < 0:
        raise InputError(f"seed {seed} is negative; it is 0 or more")


def _check_draw(draw: Path, budgets: Sequence[int], attacks: Sequence[str]) -> None:
    from aspis_sim.files import writable
    from aspis_sim.report.agreement_drawing import check_drawing

    if len(budgets) * len(attacks) > 1:
        raise InputError("--draw draws one graph; give one --q and one --attack")
    check_drawing(writable(draw))


def _detectors(detector: str | None, sets: int) -> list[str]:
    """The detectors asked for, all that detect by default; one that certifies only where it ends in seconds."""
    if detector is None:
        chosen = [name for name in DETECTORS if DETECTORS.traits(name).detects]
        for name in [name for name in chosen if sets > MOST_CERTIFIED and DETECTORS.traits(name).certifies]:
            complain(f"without {name}, which would judge {sets:,} sets of copies")
            chosen.remove(name)
        return chosen
    for name in (chosen := list(names(detector))):
        if DETECTORS.traits(name).certifies and sets > MOST_CERTIFIED:
            raise InputError(
                f"{name} would judge {sets:,} sets of copies (at most {MOST_CERTIFIED:,}); try --detector clique,sound"
            )
    return chosen
