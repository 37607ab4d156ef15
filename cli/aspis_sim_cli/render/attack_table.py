"""The worst attack on each defence: a row a defence and q, and under them how to read it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.battery.lie import Lie

WIDE = 110
"""Columns from which an attack fits beside its figures."""


def attack_view(rows: Sequence[Mapping[str, Any]], width: int) -> RenderableType:
    """The table and its caption, for a terminal of ``width`` columns.

    Args:
        rows: as `aspis_sim.battery.verdict.record` gives them, one or more.
        width: where it is below `WIDE`, each attack stands on a line of its own.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("defence", overflow="fold")
    for heading in ("q", "robust", "worst\nseed", "no\nattack", "ε", "load", "runs"):
        table.add_column(heading, justify="right", no_wrap=True)
    if width >= WIDE:
        table.add_column("worst attack")
    attacks = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        attacks.add_column(overflow="fold")
    before = None
    for row in rows:
        attack = Text(_attack(row))
        name = row["scheme"] if row["scheme"] != before else ""
        before = row["scheme"]
        cells = [name, str(row["q"]), *_figures(row)]
        table.add_row(*(Text(one) for one in cells), *([attack] if width >= WIDE else []))
        attacks.add_row(Text(row["scheme"]), f"q={row['q']}", attack)
    below: list[RenderableType] = [] if width >= WIDE else [Text("worst attacks", style="bold"), attacks, Text()]
    return Group(Text(_title(rows), "bold"), table, *below, *(Text(line) for line in notes(rows)))


def notes(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How to read the table, and the defences by what the worst attack leaves of them."""
    judged = [row for row in rows if row["robust_top1"] is not None]
    if not judged:
        return
    seeds = judged[0]["seeds"].split()
    yield (
        f"Robust: top-1 on test data under the worst attack found, mean over {len(seeds)} fresh seeds; worst seed: the "
        f"lowest of them; a run that diverges counts as chance. The search saw validation data and seed "
        f"{judged[0]['search_seed']} only. ε: distorted values in the update, over f. Load: files a worker computes. "
        "Runs: of search and verdict."
    )
    changed = [row for row in judged if row["robust_top1_at_clean_lr"] is not None]
    if changed:
        told = (
            f"{row['scheme']} q={row['q']} {_percent(row['robust_top1_at_clean_lr'])} (lr {row['clean_lr']:g}, not "
            f"{row['lr']:g})"
            for row in changed
        )
        yield f"At the rates that do best without an attack would be left: {', '.join(told)}."
    for q in dict.fromkeys(row["q"] for row in judged):
        ranked = sorted((row for row in judged if row["q"] == q), key=lambda row: -row["robust_top1"])
        if len(ranked) > 1:
            yield f"q={q}: " + ", ".join(f"{row['scheme']} {_percent(row['robust_top1'])}" for row in ranked) + "."


def _title(rows: Sequence[Mapping[str, Any]]) -> str:
    told = next((row for row in rows if row["dataset"] is not None), None)
    if told is None:
        return "The worst attack on each defence"
    return (
        f"The worst attack on each defence: {told['dataset']}, {told['model']}, K={told['workers']}, "
        f"{told['steps']} steps, protocol {told['protocol']}"
    )


def _figures(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["robust_top1"] is None:
        return ("-",) * 5 + (f"{row['runs']:,}" if row["runs"] else "-",)
    measured = row["distortion_measured"]
    return (
        _percent(row["robust_top1"]),
        _percent(row["worst_top1"]),
        _percent(row["clean_top1"]),
        f"{measured:.3f}",
        str(row["load"]),
        f"{row['runs']:,}",
    )


def _attack(row: Mapping[str, Any]) -> str:
    if row["attack"] is None:
        return str(row["status"])
    if row["attack"] == "none":
        return "none distorts anything"
    label = Lie.of(row).label
    return label if row["status"] == "ok" else f"{label}, {row['status']}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
