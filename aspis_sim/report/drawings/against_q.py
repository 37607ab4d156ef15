"""Accuracy and distortion fraction against q, or against another setting in its place."""

from collections.abc import Iterator, Sequence
from typing import Any

from aspis_sim.analysis.chance import chance
from aspis_sim.analysis.headline import worst_of
from aspis_sim.analysis.summary import Entry
from aspis_sim.analysis.tables import Table
from aspis_sim.report.axes import Key, Panel, Shown, Wanted, keys_of, parts, whole_ticks
from aspis_sim.report.source import Source
from aspis_sim.report.style import Look

_GREY = "#444444"
_MEASURED = Key("measured", Look(_GREY, ("circle", "o"), ("none", "")))
_PUBLISHED = Key("published", Look(_GREY, ("none", ""), ("dash", "--")))


def accuracy(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 against q or another setting: mean over seeds with its 95% interval, or their range where they are few.

    Of several adversaries the worst stands first. A line says what a guess would reach.
    """
    tables, styles = shown
    found = list(map(Panel.of, tables))
    if wanted.x == "q":
        found = [_with_unattacked(panel, found) for panel in found]
    panels = [*worst_panel(tables), *found]
    numbers = sorted({q for panel in panels for q in panel.levels})

    def draw(axis: Any, panel: Panel) -> None:
        draw_chance(axis, tables)
        names = [name for name in styles if name in panel.schemes]
        for number, name in enumerate(names):
            shift = _shift(number, len(names))
            means = [(q, mean) for q in panel.levels if (mean := panel.top1(name, q))]
            look = styles[name]
            axis.errorbar(
                [q + shift for q, _ in means],
                [100 * mean.value for _, mean in means],
                yerr=[[100 * mean.ends[side] for _, mean in means] for side in (0, 1)],
                color=look.colour,
                marker=look.marker[1],
                linestyle=look.dash[1],
                elinewidth=0.7,
                capsize=1.5,
            )
        whole_ticks(axis, numbers, wanted.values)
        axis.set_ylim(-3, 103)

    parts(drawing, panels, tables, wanted, draw, (wanted.below, "top-1 %"), [*keys_of(panels, styles), *guess(tables)])


def distortion(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """The distortion fraction against q or another setting: markers for measured ones, dashes for published ones.

    Adversaries that differ in their payload alone and distort the same files are one panel.
    """
    tables, styles = shown
    panels = [panel for panel, _ in alike(tables)]
    numbers = sorted({q for panel in panels for q in panel.levels})

    def draw(axis: Any, panel: Panel) -> None:
        names = [name for name in styles if name in panel.schemes]
        for number, name in enumerate(names):
            shift = _shift(number, len(names))
            look, mine = styles[name], [(q, panel.entries[name, q]) for q in panel.levels if (name, q) in panel.entries]
            measured = [(q + shift, entry.measured) for q, entry in mine if entry.measured is not None]
            published = [(q + shift, entry.theory) for q, entry in mine if entry.theory is not None]
            if published:
                axis.plot(*zip(*published, strict=True), color=look.colour, linestyle="--", linewidth=0.9)
            if measured:
                axis.plot(*zip(*measured, strict=True), color=look.colour, marker=look.marker[1], linestyle="")
        whole_ticks(axis, numbers, wanted.values)

    drawn = [entry for panel in panels for (name, _), entry in panel.entries.items() if name in styles]
    legend = keys_of(panels, styles, markers_only=True)
    if any(entry.theory is not None for entry in drawn):
        legend += [_MEASURED, _PUBLISHED]
    parts(drawing, panels, tables, wanted, draw, (wanted.below, "distortion fraction ε"), legend)


def worst_panel(tables: Sequence[Table]) -> list[Panel]:
    """The worst of several adversaries; none where there is one."""
    return [Panel.worst(worst_of(tables))] if len(tables) > 1 else []


def guess(tables: Sequence[Table]) -> list[Key]:
    """The legend's entry for what a guess reaches, if that is known."""
    share = chance(tables[0].context["dataset"])
    return [] if share is None else [Key(f"chance ({100 * share:g}%)", _CHANCE)]


_CHANCE = Look("#888888", ("none", ""), ("dot", ":"))


def draw_chance(axis: Any, tables: Sequence[Table]) -> None:
    """A line at the accuracy of a guess."""
    if (share := chance(tables[0].context["dataset"])) is not None:
        axis.axhline(100 * share, color=_CHANCE.colour, linestyle=_CHANCE.dash[1], linewidth=0.9, zorder=1)


def alike(tables: Sequence[Table]) -> Iterator[tuple[Panel, list[Table]]]:
    """A panel for each set of tables that differ in the payload alone and have the same ε wherever they have any.

    Returns:
        Each panel with its tables.
    """
    sets: dict[str, list[tuple[dict[tuple[str, int], Entry], list[Table]]]] = {}
    for table in tables:
        merged = sets.setdefault(table.label_but_payload, [])
        for entries, members in merged:
            if all(
                _fractions(entries[key]) == _fractions(table.entries[key]) for key in entries.keys() & table.entries
            ):
                entries |= {key: entry for key, entry in table.entries.items() if key not in entries}
                members.append(table)
                break
        else:
            merged.append((dict(table.entries), [table]))
    for label, merged in sets.items():
        for entries, members in merged:
            yield Panel(label if len(merged) == 1 else members[0].label, entries), members


def _fractions(entry: Entry) -> tuple[float | None, float | None]:
    return entry.measured, entry.theory


def _with_unattacked(panel: Panel, panels: Sequence[Panel]) -> Panel:
    """With what ran at q=0 under another attack: without Byzantine workers they are one and the same."""
    honest: dict[tuple[str, int], Entry] = {}
    for other in panels:
        if _beside_attack(other) == _beside_attack(panel):
            honest |= {key: entry for key, entry in other.entries.items() if key[1] == 0 and key not in honest}
    return Panel(panel.title, {**honest, **panel.entries}, table=panel.table)


def _beside_attack(panel: Panel) -> tuple[Any, ...]:
    assert panel.table is not None
    return panel.table["silent"], panel.table["silence"]


def _shift(number: int, count: int) -> float:
    """Schemes stand side by side, so that they do not hide one another."""
    return (number - (count - 1) / 2) * min(0.05, 0.4 / count)
