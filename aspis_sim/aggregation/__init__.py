"""From the rows that reach the server to one update: votes and robust rules, one file each."""

from typing import Any

from aspis_sim.aggregation import conventions
from aspis_sim.aggregation.base import Preaggregation, Rule, Tolerance, compose
from aspis_sim.errors import InputError
from aspis_sim.registry import Registry

RULES: Registry[None] = Registry(
    "rule",
    {
        "aksel": "aspis_sim.aggregation.aksel:aksel",
        "average": "aspis_sim.aggregation.average:average",
        "bulyan": "aspis_sim.aggregation.bulyan:bulyan",
        "caf": "aspis_sim.aggregation.caf:caf",
        "centered_clipping": "aspis_sim.aggregation.centered_clipping:centered_clipping",
        "cge": "aspis_sim.aggregation.cge:cge",
        "ctma": "aspis_sim.aggregation.ctma:ctma",
        "dnc": "aspis_sim.aggregation.dnc:dnc",
        "fltrust": "aspis_sim.aggregation.fltrust:fltrust",
        "geometric_median": "aspis_sim.aggregation.geometric_median:geometric_median",
        "krum": "aspis_sim.aggregation.krum:krum",
        "mda": "aspis_sim.aggregation.mda:mda",
        "meamed": "aspis_sim.aggregation.meamed:meamed",
        "median": "aspis_sim.aggregation.median:median",
        "median_of_means": "aspis_sim.aggregation.median_of_means:median_of_means",
        "medoid": "aspis_sim.aggregation.medoid:medoid",
        "monna": "aspis_sim.aggregation.monna:monna",
        "multi_krum": "aspis_sim.aggregation.krum:multi_krum",
        "sign_majority": "aspis_sim.aggregation.sign_majority:sign_majority",
        "smea": "aspis_sim.aggregation.smea:smea",
        "trimmed_mean": "aspis_sim.aggregation.trimmed_mean:trimmed_mean",
    },
)

PREAGGREGATIONS: Registry[None] = Registry(
    "preaggregation",
    {
        "arc": "aspis_sim.aggregation.arc:arc",
        "bucketing": "aspis_sim.aggregation.bucketing:bucketing",
        "clipping": "aspis_sim.aggregation.clipping:clipping",
        "nnm": "aspis_sim.aggregation.nnm:nnm",
    },
)


def rule(name: str, *, convention: str | None = None, **parameters: Any) -> Rule:
    """Build the rule ``name``: a pure function from float ``[n, d]`` to ``[d]``.

    Args:
        name: a registered rule, or preaggregations and a rule joined by +, as in ``"nnm+krum"``: each step
            takes those of the parameters that it knows.
        convention: "byzfl", "blades", "aspis" or "baruch": the options with which that library's or paper's
            rule of this name agrees, where ``parameters`` do not say otherwise.
        parameters: of the rule, for example ``f``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that no step takes.
    """
    steps = steps_of(name)
    before = steps[:-1]
    unused = [given for given in parameters if not any(registry.accepts(step, given) for registry, step in steps)]
    if before and unused:
        raise InputError(f"no step of {name!r} takes the parameter {unused[0]!r}")
    built = []
    for registry, step in steps:
        own = {key: value for key, value in parameters.items() if not before or registry.accepts(step, key)}
        built.append(registry.build(step, **{**conventions.defaults(conventions.RULES, convention, step), **own}))
    return compose(built[:-1], built[-1]) if before else built[0]


def steps_of(name: str) -> list[tuple[Registry, str]]:
    """The registries and names of ``"nnm+krum"`` and the like, from left to right.

    Raises:
        InputError: a name is not registered (the nearest is named).
    """
    *before, last = name.split("+")
    steps = [(PREAGGREGATIONS, step) for step in before] + [(RULES, last)]
    for registry, step in steps:
        registry.check(step)
    return steps


def accepts(name: str, parameter: str) -> bool:
    """Whether a step of the rule ``name`` takes a parameter of this name."""
    return any(registry.accepts(step, parameter) for registry, step in steps_of(name))


def preaggregation(name: str, **parameters: Any) -> Preaggregation:
    """Build the preaggregation ``name``: a pure function from float ``[n, d]`` to ``[m, d]``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter the step does not take.
    """
    return PREAGGREGATIONS.build(name, **parameters)


__all__ = [
    "PREAGGREGATIONS",
    "RULES",
    "Preaggregation",
    "Rule",
    "Tolerance",
    "accepts",
    "preaggregation",
    "rule",
    "steps_of",
]
