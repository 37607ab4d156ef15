"""From the rows that reach the server to one update: votes and robust rules, one file each."""

from typing import Any

from aspis_sim.aggregation.base import Rule
from aspis_sim.registry import Registry

RULES = Registry(
    "rule",
    {
        "average": "aspis_sim.aggregation.average:average",
        "median": "aspis_sim.aggregation.median:median",
        "median_of_means": "aspis_sim.aggregation.median_of_means:median_of_means",
    },
)


def rule(name: str, **parameters: Any) -> Rule:
    """Build the rule ``name``: a pure function from float ``[n, d]`` to ``[d]``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter the rule does not take.
    """
    return RULES.build(name, **parameters)


__all__ = ["RULES", "Rule", "rule"]
