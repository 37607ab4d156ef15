"""What can be built for K workers, as a table, and what a plan comes down to, as a sentence."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.distortion.catalogue import Option

UNPROVEN = "*"
WIDE = 100
"""Columns from which there is room for how each count is proven."""


def catalogue_view(options: Sequence[Option], workers: int, width: int, *, with_distortion: bool) -> RenderableType:
    """Every assignment that can be built, by redundancy.

    Args:
        options: for one K and q; one or more.
        workers: K.
        width: of the terminal, in columns.
        with_distortion: whether to show c_max and ε of their q.
    """
    title = f"Assignments of {workers} workers" + (f", q={options[0].q}" if with_distortion else "")
    hint = [] if with_distortion else ["Add --q N for what N Byzantine workers can distort, c_max."]
    return Group(
        Text(title, style="bold"),
        _table(options, width, with_distortion=with_distortion),
        *(Text(line) for line in [*_notes(options), *hint]),
    )


def plan_view(options: Sequence[Option], workers: int, width: int) -> RenderableType:
    """The assignments that fit, cheapest first, and what the cheapest and the safest of them are.

    Args:
        options: one or more.
        workers: K.
        width: of the terminal, in columns.
    """
    cheapest, safest = options[0], min(options, key=lambda option: option.fraction)
    sentences = [f"Cheapest: {_sentence(cheapest)}"]
    if safest is not cheapest:
        sentences.append(f"Least ε: {_sentence(safest)}")
    return Group(
        Text(f"Assignments of {workers} workers that fit, cheapest first, q={cheapest.q}", style="bold"),
        _table(options, width, with_distortion=True),
        *(Text(line) for line in [*_notes(options), "", *sentences]),
    )


def _sentence(option: Option) -> str:
    times = f"{option.overhead} times the computation" if option.overhead > 1 else "no more computation"
    behind = "" if option.detector == "none" else f" and the detector {option.detector}"
    return (
        f"{option.assignment} with redundancy {option.redundancy}{behind}: {times}, {option.load:,} "
        f"file{'' if option.load == 1 else 's'} a worker, at most {option.bound:,} of {option.files:,} files "
        f"distorted (ε {option.fraction:.4f})."
    )


def _table(options: Sequence[Option], width: int, *, with_distortion: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("assignment", no_wrap=True)
    behind = with_distortion and {option.detector for option in options} != {"none"}
    if behind:
        table.add_column("detector", no_wrap=True)
    for heading in ("r", "files", "load", "overhead", *(("c_max", "ε") if with_distortion else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    proven = with_distortion and width >= WIDE
    if proven:
        table.add_column("proof", no_wrap=True)
    for option in options:
        opened = option.distorted != option.bound
        count = f"{option.distorted:,}..{option.bound:,}{UNPROVEN}" if opened else f"{option.distorted:,}"
        distortion = (count, f"{option.fraction:.4f}") if with_distortion else ()
        figures = (f"{option.files:,}", f"{option.load:,}", f"{option.overhead}x", *distortion)
        named = (option.assignment, option.detector) if behind else (option.assignment,)
        table.add_row(*named, str(option.redundancy), *figures, *((option.proof,) if proven else ()))
    return table


def _notes(options: Sequence[Option]) -> list[str]:
    lines = ["load: files a worker; overhead: gradients computed, against no redundancy."]
    if any(option.distorted != option.bound for option in options):
        lines.append(f"{UNPROVEN} not proven: the best known, and the proven bound, which ε is of.")
    return lines
