"""What can be built for K workers, as a table, and what a plan comes down to, as a sentence."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.distortion.catalogue import Option

UNPROVEN = "*"


def catalogue_view(options: Sequence[Option], workers: int, *, with_distortion: bool) -> RenderableType:
    """Every assignment that can be built, by redundancy.

    Args:
        options: for one K and q; one or more.
        workers: K.
        with_distortion: whether to show c_max and ε of their q.
    """
    title = f"Assignments of {workers} workers" + (f", q={options[0].q}" if with_distortion else "")
    hint = [] if with_distortion else ["Add --q N for what N Byzantine workers can distort, c_max."]
    return Group(
        Text(title, style="bold"),
        _table(options, with_distortion=with_distortion),
        *(Text(line) for line in [*_notes(options), *hint]),
    )


def plan_view(options: Sequence[Option], workers: int) -> RenderableType:
    """The assignments that fit, cheapest first, and a sentence about the first.

    Args:
        options: one or more.
        workers: K.
    """
    best = options[0]
    return Group(
        Text(f"Assignments of {workers} workers that fit, cheapest first, q={best.q}", style="bold"),
        _table(options, with_distortion=True),
        *(Text(line) for line in _notes(options)),
        Text(),
        Text(
            f"Cheapest: {best.assignment} with redundancy {best.redundancy}, {best.overhead} times the computation "
            f"of no redundancy, {best.load:,} file{'' if best.load == 1 else 's'} a worker; "
            f"at most {best.bound:,} of {best.files:,} files distorted at q={best.q} (ε {best.fraction:.4f})."
        ),
    )


def _table(options: Sequence[Option], *, with_distortion: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("assignment", no_wrap=True)
    for heading in ("r", "files", "load", "overhead", *(("c_max", "ε") if with_distortion else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    if with_distortion:
        table.add_column("proof", no_wrap=True)
    for option in options:
        opened = option.distorted != option.bound
        count = f"{option.distorted:,}..{option.bound:,}{UNPROVEN}" if opened else f"{option.distorted:,}"
        distortion = (count, f"{option.fraction:.4f}", option.proof) if with_distortion else ()
        figures = (f"{option.files:,}", f"{option.load:,}", f"{option.overhead}x", *distortion)
        table.add_row(option.assignment, str(option.redundancy), *figures)
    return table


def _notes(options: Sequence[Option]) -> list[str]:
    lines = ["load: files a worker; overhead: gradients computed, against no redundancy."]
    if any(option.distorted != option.bound for option in options):
        lines.append(f"{UNPROVEN} not proven: the best found, and the proven bound, which ε is of.")
    return lines
