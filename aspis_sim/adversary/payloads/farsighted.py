"""The farsighted payload: it searches for the lies after which the validation loss is highest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from aspis_sim.adversary.payloads import payload
from aspis_sim.adversary.payloads.alie import deviation
from aspis_sim.adversary.payloads.base import Payload, Prospect, Reach
from aspis_sim.adversary.payloads.families import STARTS, arriving, climb, length, ratio_of, serving, starts, tried
from aspis_sim.adversary.payloads.optimised import harm_of_update, search
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Rule
from aspis_sim.errors import InputError

DIRECTED = 2
"""Families that are aimed at where the update should go; the first ones."""


EXTREMES = (-100.0, -1.5, 1.5, 100.0)
"""Strengths with which families are played to the end, beside their own."""


class Scene(NamedTuple):
    """What the lies of a round are made from.

    Attributes:
        rows: honest ones ``[n, d]``.
        key: of the round.
        reach: of the lies.
        past: what the server last moved the weights along ``[d]``.
        towards: () -> where the update should go, ``[d]``.
        poisoned: from what a payload poisons to the rows ``[n, d]``.
        byzantine: bool ``[K]``, who lies.
    """

    rows: Array
    key: Array
    reach: Reach
    past: Array
    towards: Callable[[], Array]
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
    return (mean_over_rows(scene.rows) + strength * jnp.sign(scene.towards()) * deviation(scene.rows, 0))[None]


def along(strength: Array, scene: Scene) -> Array:
    """mean + strength · towards, as long as the honest gradients are far from their mean."""
    towards, tiny = scene.towards(), jnp.finfo(scene.rows.dtype).tiny
    spread = length(deviation(scene.rows, 0)) / jnp.maximum(length(towards), tiny)
    return (mean_over_rows(scene.rows) + strength * spread * towards)[None]


def families(aggregator: str, convention: str | None, parameters: dict[str, Any]) -> list[Family]:
    """`by_signs` and `along`, and after them all registered payloads that do not search themselves."""
    found = [Family(by_signs, (1.0,)), Family(along, (1.0,))]
    found += [Family(partial(of_payload, start.build), start.strengths) for start in starts(convention)]
    found += [Family(baruch)]
    krum = payload("fang", convention=convention, against="krum", aggregator=aggregator, **parameters)
    for made in (krum, payload("fang"), payload("mimic", direction="variance"), payload("label_flip")):
        found.append(Family(partial(of_payload, partial(_same, made))))
    rop = lambda strength: payload("rop", convention=convention, strength=strength)  # noqa: E731
    return [*found, Family(partial(of_payload, rop), (1.0,))]


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


class Lies(NamedTuple):
    """Lies that were tried.

    Attributes:
        start: index of their family.
        strength: within the family.
        towards: where they want the update to go ``[d]``.
        harm: the loss after them.
        weights: to which they lead ``[d]``.
    """

    start: Array
    strength: Array
    towards: Array
    harm: Array
    weights: Array


class ShortList(NamedTuple):
    """The best of every family, each an array ``[families]``.

    Attributes:
        strengths: within the family.
        harm: the loss after it.
        towards: ``[DIRECTED, d]``, where those of the directed families want the update to go.
    """

    strengths: Array
    harm: Array
    towards: Array

    def with_one(self, start: Array, strength: Array, towards: Array, harm: Array) -> ShortList:
        """The list with lies that may be better than those of their family."""
        better = harm > self.harm[start]
        place = jnp.minimum(start, DIRECTED - 1)
        aimed = better & (start < DIRECTED)
        return ShortList(
            self.strengths.at[start].set(jnp.where(better, strength, self.strengths[start])),
            self.harm.at[start].set(jnp.where(better, harm, self.harm[start])),
            self.towards.at[place].set(jnp.where(aimed, towards, self.towards[place])),
        )


State = tuple[Lies, Lies, Lies, Lies, Array, ShortList]


class Plan(NamedTuple):
    """What is tried, one after the other, each an array ``[attempts]``.

    Attributes:
        around: 0 for a family and a strength, 1 and 2 for factors of the best so far: by what `optimised` maximises,
            and by the loss.
        start: index of a family.
        strength: within the family, or a factor.
        turns: whether the lies are aimed anew before it.
    """

    around: NDArray[np.intp]
    start: NDArray[np.intp]
    strength: NDArray[np.float64]
    turns: NDArray[np.bool_]


def planned(lying: list[Family], evaluations: int, turns: int) -> Plan:
    """All families with all strengths, the best of them refined, and the directed ones again for each turn."""
    own = [family.strengths for family in lying]
    every, directed = tried(own, evaluations), tried(own[:DIRECTED], evaluations)
    ratio, none = ratio_of(evaluations), np.zeros(evaluations, int)
    factors = np.geomspace(1 / ratio, ratio, evaluations)
    refined = [(1, none, factors, False), (2, none, factors, False)]
    parts = [(0, *every, False), *refined, *[(0, *directed, True), refined[1]] * turns]
    sizes = [len(starts) for _, starts, _, _ in parts]
    fresh = np.zeros(sum(sizes), bool)
    fresh[[sum(sizes[:place]) for place, part in enumerate(parts) if part[3]]] = True
    return Plan(
        np.repeat([mode for mode, *_ in parts], sizes),
        np.concatenate([starts for _, starts, _, _ in parts]),
        np.concatenate([strengths for _, _, strengths, _ in parts]),
        fresh,
    )


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
    dtype, course = rows.dtype, prospect.course
    ahead = jnp.minimum(how.ahead, prospect.left)
    first_order = harm_of_update(rows)

    def lies_of(start: Array, strength: Array, rows: Array, course: Any, towards: Callable[[], Array]) -> Array:
        poisoned, key = partial(prospect.poisoned, course), prospect.key(course)
        scene = Scene(rows, key, reach, prospect.past(course), towards, poisoned, prospect.byzantine)
        return lax.switch(start, [partial(_in_full, family.told, scene) for family in lying], strength)

    def update_of(rows: Array, lies: Array) -> Array:
        mean = mean_over_rows(rows)
        server = serving(rule.beside(mean) if rule.own_samples else rule, reach)
        return server(prospect.received(jnp.where(reach.lies[:, None], lies, rows)))

    def harm_at(weights: Array, finite: Array) -> Array:
        loss = loss_at(weights)
        return arriving(finite, jnp.where(jnp.isfinite(weights).all() & jnp.isfinite(loss), loss, jnp.inf), reach)

    def repeated(update: Array) -> Array:
        """The weights after all steps if every update is this one."""
        there = prospect.moved(course, update)
        if how.ahead > 1:
            there = lax.fori_loop(1, ahead, lambda _, course: prospect.moved(course, update), there)
        return prospect.weights(there)

    def played(first: Lies, later: Lies, beside: Array | float = 0.0) -> Array:
        """The harm of lies, and then of those of a family in all later steps; ``beside`` is added to the lies."""

        def step(number: Array, state: tuple[Any, Array]) -> tuple[Any, Array]:
            course, finite = state
            now = jax.tree.map(lambda one, other: jnp.where(number == 0, one, other), first, later)
            rows, course = prospect.rows(course)
            there = prospect.weights(course)
            towards = lambda: lax.cond(number == 0, lambda: now.towards, lambda: uphill(there))  # noqa: E731
            lies = lies_of(now.start, now.strength, rows, course, towards) + beside
            return prospect.moved(course, update_of(rows, lies)), finite & jnp.isfinite(lies).all()

        there, finite = lax.fori_loop(0, ahead, step, (course, jnp.asarray(True)))
        return harm_at(prospect.weights(there), finite)

    def loss_at(weights: Array) -> Array:
        return prospect.loss(weights, how.samples).astype(dtype)

    def uphill(weights: Array) -> Array:
        slope = jax.grad(loss_at)(weights).astype(dtype)
        return jnp.where(jnp.isfinite(slope), -slope, 0)

    plan = planned(lying, how.evaluations, how.turns)
    around, starts, factors, turns = (jnp.asarray(column) for column in plan)
    factors = factors.astype(dtype)

    def attempt(index: Array, state: State) -> State:
        best, centre, sight, sight_centre, towards, short = state
        if how.turns:
            towards = lax.cond(turns[index], lambda: uphill(best.weights), lambda: towards)
        mode = around[index]
        by_sight, by_harm = sight_centre.strength * factors[index], centre.strength * factors[index]
        start = jnp.where(mode == 0, starts[index], jnp.where(mode == 1, sight_centre.start, centre.start))
        strength = jnp.where(mode == 0, factors[index], jnp.where(mode == 1, by_sight, by_harm))
        aim = jnp.where(mode == 2, centre.towards, towards)
        lies = lies_of(start, strength, rows, course, lambda: aim)
        update, finite = update_of(rows, lies), jnp.isfinite(lies).all()
        weights = repeated(update)
        harm = harm_at(weights, finite)
        best = _better(Lies(start, strength, aim, harm, weights), best)
        short = short.with_one(start, strength, aim, harm)
        seen = arriving(finite, first_order(update), reach)
        counts = (start >= DIRECTED) & (start < DIRECTED + len(STARTS) + 1)
        sight = _better(Lies(start, strength, aim, jnp.where(counts, seen, -jnp.inf), weights), sight)
        keep = lambda on, new, old: jax.tree.map(lambda one, other: jnp.where(on, one, other), new, old)  # noqa: E731
        return best, keep(mode != 2, best, centre), sight, keep(mode == 0, sight, sight_centre), towards, short

    def of_policies(short: ShortList) -> Lies:
        """The best of all families' lies from now on, and of the short list now and the best of those after it."""
        policies = _policies(lying)
        starts = jnp.asarray([*(start for start, _ in policies), *range(len(lying))])
        sizes = jnp.concatenate([jnp.asarray([size for _, size in policies], dtype), short.strengths])

        def final(index: Array, state: tuple[Lies, Lies]) -> tuple[Lies, Lies]:
            best, policy = state
            always, place = index < len(policies), jnp.minimum(starts[index], DIRECTED - 1)
            aim = jnp.where(always, now, short.towards[place])
            first = Lies(starts[index], sizes[index], aim, none.harm, none.weights)
            later = jax.tree.map(lambda own, other: jnp.where(always, own, other), first, policy)
            best = _better(first._replace(harm=played(first, later)), best)
            return best, jax.tree.map(lambda new, old: jnp.where(always, new, old), best, policy)

        return lax.fori_loop(0, len(starts), final, (none, none))[0]

    weights = prospect.weights(course)
    now = uphill(weights)
    none = Lies(starts[0], factors[0], now, jnp.asarray(-jnp.inf, dtype), weights)
    short = ShortList(
        jnp.zeros(len(lying), dtype), jnp.full(len(lying), -jnp.inf, dtype), jnp.stack([none.towards] * DIRECTED)
    )
    best, *_, short = lax.fori_loop(0, len(starts), attempt, (none, none, none, none, none.towards, short))
    if how.ahead > 1:
        best = of_policies(short)
    lies = lies_of(best.start, best.strength, rows, course, lambda: best.towards)
    if not how.ascent:
        return lies

    def harm(moved: Array) -> Array:
        return harm_at(repeated(update_of(rows, moved)), jnp.isfinite(moved).all())

    def slope(moved: Array) -> Array:
        update, back = jax.vjp(partial(update_of, rows), moved)
        return back(uphill(repeated(update)))[0]

    return climb(lies, mean_over_rows(rows), harm, slope, harm(lies), how.ascent)


def _same(made: Payload, strength: Array) -> Payload:
    return made


def _policies(lying: list[Family]) -> list[tuple[int, float]]:
    """The families and strengths that are played to the end."""
    found = []
    for place, family in enumerate(lying):
        found += [(place, size) for size in (*family.strengths, *(EXTREMES if family.strengths else (0.0,)))]
    return found


def _in_full(told: Told, scene: Scene, strength: Array) -> Array:
    return jnp.broadcast_to(told(strength, scene), scene.rows.shape).astype(scene.rows.dtype)


def _better(one: Lies, other: Lies) -> Lies:
    """The one of more harm, the other if equal."""
    return jax.tree.map(lambda new, old: jnp.where(one.harm > other.harm, new, old), one, other)


def farsighted(
    aggregator: str = "median",
    byzantine: int = 1,
    ahead: int = 1,
    evaluations: int = 16,
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

    def foreseen(rows: Array, key: Array | None, reach: Reach, prospect: Prospect) -> Array:
        assert key is not None
        return worst(rows, key, rule, reach, prospect, lying, how)

    def aimed(rows: Array, key: Array | None, reach: Reach) -> Array:
        if key is None:
            raise InputError("the farsighted payload starts from random ones too and needs a key")
        return search(rows, key, rule, reach, starts(convention), evaluations, ascent)

    def lie(rows: Array, key: Array | None = None) -> Array:
        first = jnp.arange(len(rows)) < byzantine
        return aimed(rows, key, Reach(first, None, None, byzantine, finite=False))

    return Payload(lie, scope="files", coordinatewise=False, aimed=aimed, planned=foreseen)
