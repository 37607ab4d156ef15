"""Where libraries mean different things by the same name, and which options give which meaning.

A convention is a set of parameters per name. A parameter that is given explicitly always wins over it, and
a name that a convention does not mention keeps the defaults of the registry. The table with reasons is
docs/conventions.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aspis_sim.registry import unknown_name

RULES: dict[str, dict[str, dict[str, Any]]] = {
    "byzfl": {
        "krum": {"beyond": 1},
        "multi_krum": {"beyond": 1},
        "median": {"lower": True},
        "meamed": {"lower": True},
        "geometric_median": {"nu": 0.1, "iterations": 3},
        "centered_clipping": {"tau": 100.0, "iterations": 1},
    },
    "blades": {
        "krum": {"beyond": 2, "power": 4},
        "multi_krum": {"beyond": 2, "power": 4},
        "geometric_median": {"nu": 1e-6, "iterations": None},
        "centered_clipping": {"tau": 5.0, "iterations": 5},
        "dnc": {"iterations": 5, "dimensions": 10_000, "drop": 1.0},
    },
    "aspis": {
        "krum": {"beyond": 2},
        "multi_krum": {"beyond": 2, "spared": 2},
        "bulyan": {"beyond": 2, "at_once": True},
        "median_of_means": {"shuffled": True},
    },
    "baruch": {"krum": {"beyond": 2}, "multi_krum": {"beyond": 2}},
}

PAYLOADS: dict[str, dict[str, dict[str, Any]]] = {
    "byzfl": {"alie": {"strength": 1.5, "ddof": 1}, "inner_product": {"strength": 2.0}},
    "blades": {
        "alie": {"strength": None, "ddof": 1},
        "inner_product": {"strength": 1.0},
        "min_max": {"direction": "std", "ddof": 1},
    },
    "aspis": {
        "alie": {"strength": 1.0, "ddof": 0},
        "inner_product": {"strength": 100.0, "copies": True},
        "reversed": {"strength": 100.0},
        "constant": {"strength": 100.0},
    },
    "baruch": {"alie": {"strength": None, "ddof": 0}},
}

NAMES = tuple(RULES)

CLIPS_RETURNED = frozenset({"aspis"})
"""Conventions under which a server that clips does so with every copy that is returned, not with the update."""


def defaults(
    table: Mapping[str, Mapping[str, Mapping[str, Any]]], convention: str | None, name: str
) -> Mapping[str, Any]:
    """The parameters that ``convention`` sets for the part ``name``; none if the convention is None.

    Raises:
        InputError: there is no such convention.
    """
    if convention is None:
        return {}
    if convention not in table:
        raise unknown_name("convention", convention, table)
    return table[convention].get(name, {})
