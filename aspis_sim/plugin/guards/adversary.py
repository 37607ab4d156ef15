"""The guards of parts that say who lies, when and what."""

from dataclasses import replace
from functools import wraps
from typing import Any, get_args

from aspis_sim.adversary.choices import Attack
from aspis_sim.adversary.payloads import Payload
from aspis_sim.adversary.payloads.base import Scope
from aspis_sim.adversary.timing import Timing
from aspis_sim.assignment import Assignment
from aspis_sim.plugin.guards.functions import Factory, takes, vector
from aspis_sim.plugin.part import Part, described
from aspis_sim.printable import brief


def payload(part: Part, factory: Factory) -> Factory:
    """A `Payload`, or a function from honest rows ``[n, d]`` (and, if it takes it, a ``key``) to ``[d]``."""

    @wraps(factory)
    def build(**options: Any) -> Payload:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Payload):
            takes_key = takes(part, built, "a Payload or a function of the honest rows", "key")
            plain = built
            built = Payload(lambda rows, key: plain(rows, key) if takes_key else plain(rows), coordinatewise=False)
        if built.scope not in get_args(Scope):
            raise part.refuses(f"has the scope {brief(built.scope)!r}; known: {', '.join(get_args(Scope))}")
        if (built.scope == "samples") != (built.poisons is not None):
            raise part.refuses("has the scope 'samples' without `poisons`, or the other way round; they go together")
        largest = None if built.largest is None else part.blaming(built.largest)
        a_file = built.scope == "files"
        aimed = None if built.aimed is None else vector(part, built.aimed, a_file)
        informed = None if built.informed is None else vector(part, built.informed)
        planned = None if built.planned is None else vector(part, built.planned, a_file)
        poisons = None if built.poisons is None else part.blaming(built.poisons)
        function = vector(part, built.function, a_file)
        built = replace(built, function=function, largest=largest)
        return replace(built, aimed=aimed, informed=informed, planned=planned, poisons=poisons)

    return build


def attack(part: Part, factory: Factory) -> Factory:
    """An `Attack`, or the pair of its arrays: who is Byzantine, and which of their copies they distort."""

    @wraps(factory)
    def build(assignment: Assignment, q: int, **options: Any) -> Attack:
        built = part.blaming(factory)(assignment, q, **options)
        if isinstance(built, tuple) and len(built) == 2:
            built = Attack(*built)
        if not isinstance(built, Attack):
            raise part.refuses(f"returned {described(built)}, not an Attack or (byzantine, distorts)")
        part.array(built.byzantine, (assignment.workers,), bool, "byzantine")
        part.array(built.distorts, assignment.files.shape, bool, "distorts")
        if int(built.byzantine.sum()) > q:
            raise part.refuses(f"makes {int(built.byzantine.sum())} workers Byzantine where q={q}")
        if (built.distorts & ~built.byzantine[assignment.files]).any():
            raise part.refuses("distorts copies of workers that are not Byzantine")
        return built

    return build


def timing(part: Part, factory: Factory) -> Factory:
    """A function ``(step, steps, exposed)`` to one truth value, Python's own or of an array without axes."""

    @wraps(factory)
    def build(**options: Any) -> Timing:
        built = part.blaming(factory)(**options)
        if not callable(built):
            raise part.refuses(f"returned {described(built)}, not a function of step, steps and exposed")

        def lies(step: Any, steps: int, exposed: Any) -> Any:
            told = part.blaming(built)(step, steps, exposed)
            if not isinstance(told, bool):
                part.array(told, (), bool, "whether workers lie")
            return told

        return lies

    return build
