"""Pairs of runs: equal seeds, and equal settings but for those in which two sets of runs are to be compared."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim.run.row import Row
from aspis_sim.study.reading import Settings, settings_of, written
from aspis_sim.study.records import StoredRun

FOLLOWING = ("samples_per_file", "lr", "code", "data")
"""Settings that a sweep chooses from the others, or that a study notes. Where they follow from the other settings in
both sets of runs, two cells are partners whatever their values are."""

Key = tuple[Any, ...]
Cells = dict[Key, dict[int, Row]]


@dataclass(frozen=True)
class Pairs:
    """Runs that differ in what is compared only, one pair a seed.

    Attributes:
        first, second: settings of the sides.
        rows: one pair of rows a seed, seeds ascending; one or more.
    """

    first: Settings
    second: Settings
    rows: tuple[tuple[Row, Row], ...]


@dataclass(frozen=True)
class Unpaired:
    """Cells of one side without a partner.

    Attributes:
        side: 0 for the first, 1 for the second.
        settings: of the cells.
        seeds: of the cells, ascending.
    """

    side: int
    settings: Settings
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Pairing:
    """Two sets of runs, paired.

    Attributes:
        compared: settings in which partners may differ: name -> values of the first, of the second.
        groups: the pairs, in the order of the first.
        unpaired: what is left over.
    """

    compared: Mapping[str, tuple[tuple[Any, ...], tuple[Any, ...]]]
    groups: tuple[Pairs, ...]
    unpaired: tuple[Unpaired, ...]


def pair(first: Sequence[StoredRun], second: Sequence[StoredRun], across: Sequence[str] = ()) -> Pairing:
    """Pair the runs of two sets, each of one or more.

    Two runs are partners if they have the same seed and agree in every setting that both sets name, but for settings
    of which the sets have no value in common (these are compared), those named in ``across``, and those that follow
    from others (`FOLLOWING`). A cell may have several partners, as one without redundancy has among cells of several
    redundancies.

    Raises:
        InputError: an unknown name in ``across``, there is no pair, a set has two results for one cell, or several
            cells have several partners.
    """
    told = [[(settings_of(run), run.row) for run in side] for side in (first, second)]
    shared = set.intersection(*(set(settings) for side in told for settings, _ in side))
    names = tuple(name for name in told[0][0][0] if name in shared)
    sides = _cells(told[0], names), _cells(told[1], names)
    values = {name: (_values(sides[0], place), _values(sides[1], place)) for place, name in enumerate(names)}
    for name in across:
        if name not in names:
            raise unknown_name("setting", name, names)
    compared = {name: both for name, both in values.items() if name in across or _apart(*both)}
    joined = [name for name in names if name not in compared]
    for name in FOLLOWING:
        without = [one for one in joined if one != name]
        if name in joined and all(_distinct(cells, names, [*without, *compared]) for cells in sides):
            joined = without
    places = [names.index(name) for name in joined]

    partners: defaultdict[Key, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    for side, cells in enumerate(sides):
        for key in cells:
            partners[tuple(key[place] for place in places)][side].append(key)
    groups: list[Pairs] = []
    met: tuple[dict[Key, set[int]], dict[Key, set[int]]] = defaultdict(set), defaultdict(set)
    for ours, theirs in partners.values():
        if len(ours) > 1 and len(theirs) > 1:
            raise InputError(_ambiguous(names, ours, theirs))
        for a in ours:
            for b in theirs:
                seeds = sorted(sides[0][a].keys() & sides[1][b].keys())
                met[0][a].update(seeds)
                met[1][b].update(seeds)
                if seeds:
                    rows = tuple((sides[0][a][seed], sides[1][b][seed]) for seed in seeds)
                    groups.append(Pairs(dict(zip(names, a, strict=True)), dict(zip(names, b, strict=True)), rows))
    unpaired = tuple(
        Unpaired(side, dict(zip(names, key, strict=True)), tuple(sorted(seeds.keys() - met[side][key])))
        for side, cells in enumerate(sides)
        for key, seeds in cells.items()
        if seeds.keys() - met[side][key]
    )
    if not groups:
        raise InputError(_no_pair(names, joined, sides))
    return Pairing(compared, tuple(groups), unpaired)


def said(settings: Settings, names: Sequence[str]) -> str:
    """Some of the settings as text: ``scheme=aspis lr=0.1``."""
    return " ".join(f"{name}={written(settings[name])}" for name in names)


def _cells(told: Sequence[tuple[Settings, Row]], names: Sequence[str]) -> Cells:
    """Settings -> seed -> row; a row that stands twice counts once, whatever its seconds."""
    cells: Cells = {}
    for settings, row in told:
        seeds = cells.setdefault(tuple(settings[name] for name in names), {})
        before = seeds.setdefault(row.seed, row)
        if before is not row and not before.same_numbers(row):
            raise InputError(
                f"two results for one cell: {said(settings, names)} seed={row.seed}; they differ in something "
                "that is not recorded"
            )
    return cells


def _apart(a: Key, b: Key) -> bool:
    return set(a) != set(b) and not {*a} & {*b} - {None}


def _values(cells: Cells, place: int) -> Key:
    return tuple(dict.fromkeys(key[place] for key in cells))


def _distinct(cells: Cells, names: Sequence[str], kept: Sequence[str]) -> bool:
    """Whether the cells still differ in these settings alone."""
    places = [names.index(name) for name in kept]
    return len({tuple(key[place] for place in places) for key in cells}) == len(cells)


def _ambiguous(names: Sequence[str], ours: Sequence[Key], theirs: Sequence[Key]) -> str:
    several = [{key[place] for key in ours} != {key[place] for key in theirs} for place in range(len(names))]
    place = several.index(True) if True in several else 0
    a, b = (", ".join(written(key[place]) for key in side[:4]) for side in (ours, theirs))
    return (
        f"which cells are partners is not clear: {names[place]} is {a} in the first and {b} in the second; "
        "choose with `where`"
    )


def _no_pair(names: Sequence[str], joined: Sequence[str], sides: tuple[Cells, Cells]) -> str:
    """Why nothing pairs: other seeds, or the settings in which the nearest two of the first cells differ."""
    seeds = [sorted({seed for cell in cells.values() for seed in cell}) for cells in sides]
    if not {*seeds[0]} & {*seeds[1]}:
        a, b = (", ".join(map(str, side[:5])) for side in seeds)
        return f"no cell has a partner: the seeds are {a} in the first and {b} in the second"
    places = [names.index(name) for name in joined]
    least = min(
        (
            [names[place] for place in places if a[place] != b[place]]
            for a in [*sides[0]][:99]
            for b in [*sides[1]][:99]
        ),
        key=len,
    )
    if not least:
        return "no cell has a partner with the same seed"
    return f"no cell has a partner: the nearest differ in {', '.join(least)}; compare with `across={','.join(least)}`"
