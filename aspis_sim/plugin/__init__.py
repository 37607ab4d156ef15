"""Parts of your own: a module registers them under names that then work like the built-in ones.

    from aspis_sim import plugin

    @plugin.rule("middle")
    def middle():
        '''The mean of the smallest and the largest value of every coordinate.'''
        return lambda rows: (rows.min(0) + rows.max(0)) / 2

``load("my_rule.py")`` loads the module from a file, as the program does for one that it is given, and a package that is
installed is found by its entry point in the group ``aspis_sim.plugins``. A part that raises or returns something else
than its kind does is named in a `PluginError`.
"""

from aspis_sim.adversary.targeting import TargetingTraits
from aspis_sim.assignment import AssignmentTraits
from aspis_sim.data import DatasetTraits
from aspis_sim.detection import DetectorTraits
from aspis_sim.plugin.loading import Failure, installed, load
from aspis_sim.plugin.part import readable, unless_broken
from aspis_sim.plugin.register import Register, Source, add, add_scheme, loaded, paths, source_of


def rule(name: str) -> Register:
    """Register a factory ``(**options)`` of a robust rule.

    It returns a function from rows ``[n, d]`` to one vector ``[d]`` of their type, which may also take ``kept``, bool
    ``[n]`` or None; or an `aspis_sim.aggregation.Rule`, which can say more about itself. An option called ``f`` is
    set to the most distorted files known to pass the detector.

    Raises:
        InputError: the name is taken, or not made of small letters, digits, - and _.
    """
    return add("rule", name)


def preaggregation(name: str) -> Register:
    """Register a factory ``(**options)`` of a step before a rule, as in ``name+krum``.

    It returns a function from rows ``[n, d]`` to rows ``[m, d]`` of their type. One that also takes ``kept``, bool
    ``[n]`` or None, returns the rows and which of them are kept; an `aspis_sim.aggregation.Preaggregation` can say more
    about itself. An option called ``f`` is filled in as that of a rule.

    Raises:
        InputError: as `rule`.
    """
    return add("preaggregation", name)


def payload(name: str) -> Register:
    """Register a factory ``(**options)`` of what distorted copies hold.

    It returns a function from honest rows ``[n, d]`` to one vector ``[d]`` of their type, which may also take a random
    ``key``; or an `aspis_sim.adversary.Payload`. An option called ``strength`` is filled with the setting of that name.

    Raises:
        InputError: as `rule`.
    """
    return add("payload", name)


def attack(name: str, traits: TargetingTraits | None = None) -> Register:
    """Register a function ``(assignment, q)`` to who is Byzantine, bool ``[K]``, and what they distort, ``[f, r]``.

    Raises:
        InputError: as `rule`.
    """
    return add("attack", name, traits)


def timing(name: str) -> Register:
    """Register a factory ``(**options)`` of the steps in which Byzantine workers lie.

    It returns a function ``(step, steps, exposed)`` to a truth value, see `aspis_sim.adversary.timing.base`.

    Raises:
        InputError: as `rule`.
    """
    return add("timing", name)


def assignment(name: str, traits: AssignmentTraits | None = None) -> Register:
    """Register a function ``(workers, redundancy)`` to the groups of all files, int ``[f, r]`` of 0-based workers.

    Raises:
        InputError: as `rule`.
    """
    return add("assignment", name, traits)


def detector(name: str, traits: DetectorTraits | None = None) -> Register:
    """Register a function ``(agreement, *, max_byzantine, assignment)`` to an `aspis_sim.detection.Verdict`.

    Raises:
        InputError: as `rule`.
    """
    return add("detector", name, traits)


def model(name: str) -> Register:
    """Register a factory ``(classes, **options)`` of a flax module from inputs to scores ``[samples, classes]``.

    Raises:
        InputError: as `rule`.
    """
    return add("model", name)


def dataset(name: str, traits: DatasetTraits | None = None) -> Register:
    """Register a factory ``(**options)`` of an `aspis_sim.data.Dataset`.

    Raises:
        InputError: as `rule`.
    """
    return add("data set", name, traits)


def optimizer(name: str) -> Register:
    """Register a factory ``(**options)`` of how the server moves the weights along the updates of the steps.

    It returns an `optax.GradientTransformation` from updates ``[d]`` to directions ``[d]`` of their type, as those of
    optax that begin with ``scale_by_``: the weights then move by minus the learning rate times the direction, so that
    the learning rate is none of its options. It may look at the weights. An option called ``momentum`` is set to that
    of the server.

    Raises:
        InputError: as `rule`.
    """
    return add("optimizer", name)


def schedule(name: str) -> Register:
    """Register a factory ``(**options)`` of how the learning rate changes.

    It returns a function from the number of steps done, a whole number that JAX traces, to the factor of the base rate.
    An option called ``steps`` is set to the steps of the run unless it is given.

    Raises:
        InputError: as `rule`.
    """
    return add("schedule", name)


def partition(name: str) -> Register:
    """Register a factory ``(**options)`` of which training samples each file holds, for ``heterogeneity``.

    It returns a function ``(labels, files, generator)`` to the samples of every file, arrays of 0-based indices, none
    of them empty; a sample may be in several or in none. What is random comes from ``generator``.

    Raises:
        InputError: as `rule`.
    """
    return add("heterogeneity", name)


def metric(name: str) -> Register:
    """Register a function ``(scores, labels)`` to a number, which `train` takes of the test part along its curve.

    Scores are float ``[samples, classes]``, the outputs of the model (of a regression ``[samples]``), labels whole
    numbers ``[samples]``. It is plain NumPy, takes no options, and changes nothing of a run, nor its row.

    Raises:
        InputError: as `rule`; the name is that of a column of the curve.
    """
    return add("metric", name)


def callback(name: str) -> Register:
    """Register a function of an `aspis_sim.callbacks.Moment`, which `train` calls at every point of its curve.

    What it returns is let be. It takes no options, and changes nothing of a run, nor its row; one that raises ends the
    run.

    Raises:
        InputError: as `rule`.
    """
    return add("callback", name)


def scheme(
    name: str,
    *,
    assignment: str,
    detector: str = "none",
    rule: str = "median",
    summary: str = "",
    family: str = "",
    after_detection: str = "average",
    permute: bool = False,
    coding: str = "none",
) -> None:
    """Register a scheme: an assignment, a detector and a rule, built-in or of a plugin, under one name.

    Schemes of one ``family`` (by default its name) are variants of one another, and no rivals in a headline.

    Raises:
        InputError: as `rule`; unknown parts are found once the module is loaded.
    """
    fills = {
        "assignment": assignment,
        "detector": detector,
        "rule": rule,
        "after_detection": after_detection,
        "permute": permute,
        "coding": coding,
    }
    add_scheme(name, family, summary, fills)


__all__ = [
    "Failure",
    "Source",
    "assignment",
    "attack",
    "callback",
    "dataset",
    "detector",
    "installed",
    "load",
    "loaded",
    "metric",
    "model",
    "optimizer",
    "partition",
    "paths",
    "payload",
    "preaggregation",
    "readable",
    "rule",
    "schedule",
    "scheme",
    "source_of",
    "timing",
    "unless_broken",
]
