"""What tells runs apart, in words: which columns place a row, and what titles and labels say of its settings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from aspis_sim.run.row import COLUMNS, Row
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.adversary import Adversary
from aspis_sim.spec.cell import BY_COLUMN, Cell, filled
from aspis_sim.spec.knob import knobs

OF_ADVERSARY = tuple(one.column for one in knobs(Adversary).values() if one.place == "table")
OF_CONTEXT = tuple(name for name, one in BY_COLUMN.items() if one.place == "table" and name not in OF_ADVERSARY)
OF_SCHEME = tuple(name for name, one in BY_COLUMN.items() if one.place == "scheme" and name != "scheme")
SIZES = ("samples_per_file", "batch_size", "steps")
"""What follows from the protocol and the length of training: no override, unless a scheme has several."""

VARIANT = (*(name for name in OF_SCHEME if name not in SIZES), *SIZES)
"""Columns that may tell two kinds of runs of one scheme apart."""

SAID = ("dataset", "model", "workers", "redundancy", "protocol", "attack", "payload", "strength", "framed")
"""Settings that titles always name, or that stand in the label of another."""

Place = tuple[tuple[Any, ...], tuple[Any, ...]]
"""Values of the context's columns, and of the adversary's."""

_VARIANT = itemgetter(*VARIANT)
_KIND = itemgetter("scheme", "dataset", "compute")


def said(column: str, value: Any) -> str:
    """A setting with its value, as titles and labels have it: ``momentum=0.8``."""
    one = BY_COLUMN.get(column)
    return f"{column}={value if one is None else one.kind.write(value)}"


def overrides_of(row: Row) -> tuple[str, ...]:
    """Everything in which a row differs from what its scheme, data set, compute mode and a cell have by themselves."""
    own = _usual(*_KIND(row))
    told = [name for name in (*OF_CONTEXT, *OF_ADVERSARY) if name not in SAID and unusual(name, row[name])]
    told += [name for name in OF_SCHEME if name != "samples_per_file" and row[name] != own.get(name, row[name])]
    return tuple(said(name, row[name]) for name in told)


def unusual(column: str, value: Any) -> bool:
    """Whether a setting has another value than a cell has by itself."""
    return bool(value != Cell.__dataclass_fields__[BY_COLUMN[column].name].default)


def _usual(scheme: str, dataset: str, compute: str) -> dict[str, Any]:
    """The values that settings have by themselves, without what a scheme decides that is not registered here."""
    fills, fields = filled(scheme, dataset, compute), Cell.__dataclass_fields__
    known = (name for name in OF_SCHEME if scheme in SCHEMES or BY_COLUMN[name].filled_by != "scheme")
    return {name: fills.get(BY_COLUMN[name].name, fields[BY_COLUMN[name].name].default) for name in known}


def common_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Settings of the schemes that are overridden, and the same in all of these rows."""
    first = rows[0]
    derived = SIZES if any(row["protocol"] != "files" for row in rows) else ("batch_size", "steps")
    same = [name for name in OF_SCHEME if name not in derived and all(row[name] == first[name] for row in rows)]
    kinds = {_KIND(row): None for row in rows}
    usual = [_usual(*kind) for kind in kinds]
    return {name: first[name] for name in same if any(own.get(name, first[name]) != first[name] for own in usual)}


def labels_of(
    rows: Sequence[Row], places: Mapping[Place, list[int]], common: Mapping[Place, Mapping[str, Any]]
) -> list[str]:
    """Each row's scheme, with what tells it from the scheme's other runs in its tables, and what is overridden."""
    kinds = [_VARIANT(row) for row in rows]
    told: dict[str, dict[str, None]] = {row["scheme"]: {} for row in rows}
    overridden: dict[int, dict[str, None]] = defaultdict(dict)
    usual: dict[tuple[str, str, str], dict[str, Any]] = {}
    for place, members in places.items():
        variants: dict[str, dict[tuple[Any, ...], None]] = defaultdict(dict)
        rates: dict[tuple[Any, ...], set[float]] = defaultdict(set)
        for index in members:
            row, kind = rows[index], kinds[index]
            if row["batch_size"] is not None:
                variants[row["scheme"]][kind] = None
            rates[row["scheme"], kind, row["q"], row["seed"]].add(row["lr"])
        for scheme, found in variants.items():
            if len(found) > 1:
                told[scheme] |= dict.fromkeys(_telling(tuple(found)))
        for (scheme, *_), met in rates.items():
            if len(met) > 1:
                told[scheme]["lr"] = None
        for index in members:
            row = rows[index]
            key = _KIND(row)
            if key not in usual:
                usual[key] = _usual(*key)
            overridden[index] |= {
                name: None
                for name, usually in usual[key].items()
                if name not in SIZES and name not in common[place] and row[name] != usually
            }
    return [_label(row, (*told[row["scheme"]], *overridden[index])) for index, row in enumerate(rows)]


def _telling(variants: Sequence[tuple[Any, ...]]) -> Iterator[str]:
    """The first columns that are enough to tell the variants apart."""
    groups: dict[tuple[object, ...], list[int]] = {(): list(range(len(variants)))}
    for place, name in enumerate(VARIANT):
        finer: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for value, members in groups.items():
            for at in members:
                finer[*value, variants[at][place]].append(at)
        if len(finer) > len(groups):
            yield name
        groups = finer


def _label(row: Row, names: Iterable[str]) -> str:
    told = ", ".join(said(name, row[name]) for name in dict.fromkeys(names))
    return f"{row['scheme']} ({told})" if told else str(row["scheme"])


assert set(OF_SCHEME) <= set(COLUMNS)
