"""The farsighted payload: it searches for the lies after which the validation loss is highest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.adversary.payloads import payload
from aspis_sim.adversary.payloads.alie import deviation
from aspis_sim.adversary.payloads.base import Payload, Prospect, Reach
from aspis_sim.adversary.payloads.families import STARTS, arriving, climb, length, serving, starts, strongest
from aspis_sim.adversary.payloads.optimised import harming, search
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Rule
from aspis_sim.errors import InputError

DIRECTED = 2
"""Families that are aimed at where the update should go; the first ones."""

FIRST_SIGHT = 16
"""Strengths per family that the payload ``optimised`` tries."""


class Scene(NamedTuple):
    """What the lies of a round are made from.

    Attributes:
        rows: honest ones ``[n, d]``.
        key: of the round.
        reach: of the lies.
        past: what the server last moved the weights along ``[d]``.
        towards: where the update should go, ``[d]``.
        poisoned: from what a payload poisons to the rows ``[n, d]``.
        byzantine: bool ``[K]``, who lies.
    """

    rows: Array
    key: Array
    reach: Reach
    past: Array
    towards: Array
    poisoned: Callable[[Any], Array]
    byzantine: Array


Told = Callable[[Array, Scene], Array]
"""From a strength and a scene to lies ``[n or 1, d]``."""


class Family(NamedTuple):
    """Lies that differ in a strength.

    Attributes:
        told: the lies.
        strengths: own ones; none for a family without a strength.
    """

    told: Told
    strengths: tuple[float, ...] = ()


def of_payload(build: Callable[[Array], Payload], strength: Array, scene: Scene) -> Array:
    """The lies of a payload that is told all that it wants to know."""
    made = build(strength).aimed_at(scene.reach).knowing(scene.past)
    poisoned = None if made.poisons is None else scene.poisoned(made.poisons)
    return made.of_files(scene.rows, scene.key, poisoned)


def baruch(_: Array, scene: Scene) -> Array:
    """ALIE with the strength of Baruch et al. for K and q, see `aspis_sim.adversary.payloads.alie.baruch_strength`."""
    workers, liars = len(scene.byzantine), scene.byzantine.sum()
    supporters, honest = workers // 2 + 1 - liars, workers - liars
    there = (supporters > 0) & (supporters < honest)
    share = jnp.where(there, (honest - supporters) / honest, 0.5)
    strength = jax.scipy.special.ndtri(share.astype(scene.rows.dtype))
    return (mean_over_rows(scene.rows) + strength * deviation(scene.rows, 0))[None]


def by_signs(strength: Array, scene: Scene) -> Array:
    """mean + strength · sign(towards) · std."""
    return (mean_over_rows(scene.rows) + strength * jnp.sign(scene.towards) * deviation(scene.rows, 0))[None]


def along(strength: Array, scene: Scene) -> Array:
    """mean + strength · towards, as long as the honest gradients are far from their mean."""
    spread = length(deviation(scene.rows, 0)) / jnp.maximum(length(scene.towards), jnp.finfo(scene.rows.dtype).tiny)
    return (mean_over_rows(scene.rows) + strength * spread * scene.towards)[None]


def families(aggregator: str, convention: str | None, parameters: dict[str, Any]) -> list[Family]:
    """`by_signs` and `along`, and after them all registered payloads that do not search themselves."""
    found = [Family(by_signs, (1.0,)), Family(along, (1.0,))]
    found += [Family(partial(of_payload, start.build), start.strengths) for start in starts(convention)]
    found += [Family(baruch)]
    krum = payload("fang", convention=convention, against="krum", aggregator=aggregator, **parameters)
    for made in (krum, payload("fang"), payload("mimic", direction="variance"), payload("label_flip")):
        found.append(Family(partial(of_payload, lambda _, made=made: made)))
    rop = lambda strength: payload("rop", convention=convention, strength=strength)  # noqa: E731
    return [*found, Family(partial(of_payload, rop), (1.0,))]


class Found(NamedTuple):
    """The worst lies so far.

    Attributes:
        start: index of their family.
        strength: within the family.
        towards: where they want the update to go ``[d]``.
        harm: the loss after them.
    """

    start: Array
    strength: Array
    towards: Array
    harm: Array


class Search(NamedTuple):
    """How lies are searched.

    Attributes:
        ahead: steps after which the loss counts.
        evaluations: strengths per family in the grid, and again around the best.
        turns: how often the lies are aimed anew from where the best ones lead.
        ascent: steps of gradient ascent.
        samples: of the validation data; None for all.
    """

    ahead: int
    evaluations: int
    turns: int
    ascent: int
    samples: int | None


def worst(
    rows: Array, key: Array, rule: Rule, reach: Reach, prospect: Prospect, lying: list[Family], how: Search
) -> Array:
    """The lies ``[n, d]`` after which the loss is highest, where they replace those of ``reach`` among ``rows [n, d]``.

    Args:
        rows: the honest gradients of all files.
        key: of the round, for payloads that are random.
        rule: the rule to harm.
        reach: which rows the lies replace, and what the server makes of them.
        prospect: what the lies do to the training.
        lying: families of lies, from `families`.
        how: the search.
    """
    dtype = rows.dtype

    def lies_of(start: Array, strength: Array, towards: Array, rows: Array, course: Any) -> Array:
        poisoned = partial(prospect.poisoned, course)
        scene = Scene(rows, key, reach, prospect.past(course), towards, poisoned, prospect.byzantine)
        told = [partial(_in_full, family.told, scene) for family in lying]
        return lax.switch(start, told, strength)

    def after(course: Any, rows: Array, lies: Array) -> Any:
        mean = mean_over_rows(rows)
        server = serving(rule.beside(mean) if rule.own_samples else rule, reach)
        return prospect.moved(course, server(prospect.received(jnp.where(reach.lies[:, None], lies, rows))))

    def weights_after(lies: Array, further: Callable[[Array, Any], Array]) -> tuple[Array, Array]:
        """The weights after all steps, and whether all lies were finite; ``further`` makes the lies of later steps."""
        course, finite = after(prospect.course, rows, lies), jnp.isfinite(lies).all()

        def again(_: int, state: tuple[Any, Array]) -> tuple[Any, Array]:
            course, finite = state
            rows, course = prospect.rows(course)
            lies = lax.stop_gradient(further(lax.stop_gradient(rows), lax.stop_gradient(course)))
            return after(course, lax.stop_gradient(rows), lies), finite & jnp.isfinite(lies).all()

        if how.ahead > 1:
            course, finite = lax.fori_loop(1, how.ahead, again, (course, finite))
        return prospect.weights(course), finite

    def loss_at(weights: Array) -> Array:
        return prospect.loss(weights, how.samples).astype(dtype)

    def harm_of(weights: Array, finite: Array) -> Array:
        loss = loss_at(weights)
        return arriving(finite, jnp.where(jnp.isfinite(weights).all() & jnp.isfinite(loss), loss, jnp.inf), reach)

    def led_to(start: Array, strength: Array, towards: Array) -> tuple[Array, Array]:
        further = partial(lies_of, start, strength, towards)
        return weights_after(further(rows, prospect.course), further)

    def uphill(weights: Array) -> Array:
        slope = jax.grad(loss_at)(weights).astype(dtype)
        return jnp.where(jnp.isfinite(slope), -slope, 0)

    def best(towards: Array, some: list[Family]) -> Found:
        harm = lambda start, strength: harm_of(*led_to(start, strength, towards))  # noqa: E731
        found = strongest([family.strengths for family in some], harm, how.evaluations, dtype)
        return Found(found.start, found.strength, towards, found.harm)

    def turn(_: int, known: Found) -> Found:
        there, _ = led_to(known.start, known.strength, known.towards)
        return _better(best(uphill(there), lying[:DIRECTED]), known)

    def at_first_sight(towards: Array) -> Found:
        """What the payload ``optimised`` does."""
        downhill = harming(rows, rule.beside(mean_over_rows(rows)) if rule.own_samples else rule, reach)
        some, lies = lying[DIRECTED : DIRECTED + len(STARTS) + 1], partial(lies_of, rows=rows, course=prospect.course)
        harm = lambda start, strength: downhill(lies(start + DIRECTED, strength, towards))  # noqa: E731
        start, strength, _ = strongest([family.strengths for family in some], harm, FIRST_SIGHT, dtype)
        return Found(start + DIRECTED, strength, towards, harm_of(*led_to(start + DIRECTED, strength, towards)))

    found = best(uphill(prospect.weights(prospect.course)), lying)
    found = _better(at_first_sight(found.towards), found)
    found = lax.fori_loop(0, how.turns, turn, found) if how.turns else found
    further = partial(lies_of, found.start, found.strength, found.towards)
    lies = further(rows, prospect.course)
    if not how.ascent:
        return lies

    def harm(moved: Array) -> Array:
        beside = moved - lies
        return harm_of(*weights_after(moved, lambda rows, course: further(rows, course) + beside))

    return climb(lies, mean_over_rows(rows), harm, found.harm, how.ascent)


def _in_full(told: Told, scene: Scene, strength: Array) -> Array:
    return jnp.broadcast_to(told(strength, scene), scene.rows.shape).astype(scene.rows.dtype)


def _better(one: Found, other: Found) -> Found:
    """The one of more harm, the other if equal."""
    return jax.tree.map(lambda new, old: jnp.where(one.harm > other.harm, new, old), one, other)


def farsighted(
    aggregator: str = "median",
    byzantine: int = 1,
    ahead: int = 1,
    evaluations: int = 8,
    turns: int = 2,
    ascent: int = 0,
    samples: int = 512,
    convention: str | None = None,
    **parameters: Any,
) -> Payload:
    """The lies after which the validation loss is highest.

    Args:
        aggregator: the rule as the command line takes it, ``"nnm+krum"`` too; a run fills in its own, with its options.
        byzantine: rows that lie, the first ones, where the payload is called outside of a run.
        ahead: steps after which the loss counts.
        evaluations: strengths per payload, and again around the best.
        turns: how often the lies are aimed anew.
        ascent: steps of gradient ascent.
        samples: of the validation data.
        convention: of the rule and of the payloads from which the search starts.
        parameters: of the rule.
    """
    for name, value, least in (
        ("byzantine", byzantine, 1),
        ("ahead", ahead, 1),
        ("evaluations", evaluations, 2),
        ("turns", turns, 0),
        ("ascent", ascent, 0),
        ("samples", samples, 1),
    ):
        if isinstance(value, bool) or value < least:
            raise InputError(f"payload farsighted: {name}={value}; it is a whole number, {least} or more")
    rule, lying = (
        build_rule(aggregator, convention=convention, **parameters),
        families(aggregator, convention, parameters),
    )
    how = Search(ahead, evaluations, turns, ascent, samples)

    def planned(rows: Array, key: Array | None, reach: Reach, prospect: Prospect) -> Array:
        assert key is not None
        return worst(rows, key, rule, reach, prospect, lying, how)

    def aimed(rows: Array, key: Array | None, reach: Reach) -> Array:
        if key is None:
            raise InputError("the farsighted payload starts from random ones too and needs a key")
        return search(rows, key, rule, reach, starts(convention), evaluations, ascent)

    def lie(rows: Array, key: Array | None = None) -> Array:
        first = jnp.arange(len(rows)) < byzantine
        return aimed(rows, key, Reach(first, None, None, byzantine, finite=False))

    return Payload(lie, scope="files", coordinatewise=False, aimed=aimed, planned=planned)
