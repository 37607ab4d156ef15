"""Parts of your own: a module registers them under names that then work like the built-in ones.

    from aspis_sim import plugin

    @plugin.rule("middle")
    def middle():
        '''The mean of the smallest and the largest value of every coordinate.'''
        return lambda rows: (rows.min(0) + rows.max(0)) / 2

``aspis-sim --plugin my_rule.py sweep --aggregator middle`` loads the module from a file, ``load("my_rule.py")`` does
so from Python, and a package that is installed is found by its entry point in the group ``aspis_sim.plugins``. A part
that raises or returns something else than its kind does is named in a `PluginError`.
"""

from typing import Literal

from aspis_sim.plugin.loading import GROUP, VARIABLE, Failure, installed, load
from aspis_sim.plugin.part import readable, unless_broken
from aspis_sim.plugin.register import Register, Source, add, add_scheme, loaded, paths, source_of


def rule(name: str) -> Register:
    """Register a factory ``(**options)`` of a robust rule.

    It returns a function from rows ``[n, d]`` to one vector ``[d]`` of their type, which may also take ``kept``, bool
    ``[n]`` or None; or an `aspis_sim.aggregation.Rule`, which can say more about itself. An option called ``f`` is
    filled with the most rows that can be distorted.

    Raises:
        InputError: the name is taken, or not made of small letters, digits, - and _.
    """
    return add("rule", name)


def payload(name: str) -> Register:
    """Register a factory ``(**options)`` of what distorted copies hold.

    It returns a function from honest rows ``[n, d]`` to one vector ``[d]`` of their type, which may also take a random
    ``key``; or an `aspis_sim.adversary.Payload`. An option called ``strength`` is that of ``--strength``.

    Raises:
        InputError: as `rule`.
    """
    return add("payload", name)


def attack(name: str) -> Register:
    """Register a function ``(assignment, q)`` to who is Byzantine, bool ``[K]``, and what they distort, ``[f, r]``.

    Raises:
        InputError: as `rule`.
    """
    return add("attack", name)


def assignment(name: str) -> Register:
    """Register a function ``(workers, redundancy)`` to the groups of all files, int ``[f, r]`` of 0-based workers.

    Raises:
        InputError: as `rule`.
    """
    return add("assignment", name)


def detector(name: str) -> Register:
    """Register a function ``(agreement, *, max_byzantine, assignment)`` to an `aspis_sim.detection.Verdict`.

    Raises:
        InputError: as `rule`.
    """
    return add("detector", name)


def model(name: str) -> Register:
    """Register a factory ``(classes, **options)`` of a flax module from inputs to scores ``[samples, classes]``.

    Raises:
        InputError: as `rule`.
    """
    return add("model", name)


def dataset(name: str) -> Register:
    """Register a factory ``(**options)`` of an `aspis_sim.data.Dataset`.

    Raises:
        InputError: as `rule`.
    """
    return add("data set", name)


def scheme(
    name: str,
    *,
    assignment: str,
    detector: str = "none",
    rule: str = "median",
    summary: str = "",
    after_detection: Literal["average", "rule"] = "average",
    permute: bool = False,
) -> None:
    """Register a scheme: an assignment, a detector and a rule, built-in or of a plugin, under one name.

    Raises:
        InputError: as `rule`; unknown parts are found once the module is loaded.
    """
    add_scheme(
        name,
        assignment=assignment,
        detector=detector,
        rule=rule,
        summary=summary,
        after_detection=after_detection,
        permute=permute,
    )


__all__ = [
    "GROUP",
    "VARIABLE",
    "Failure",
    "Source",
    "assignment",
    "attack",
    "dataset",
    "detector",
    "installed",
    "load",
    "loaded",
    "model",
    "paths",
    "payload",
    "readable",
    "rule",
    "scheme",
    "source_of",
    "unless_broken",
]
