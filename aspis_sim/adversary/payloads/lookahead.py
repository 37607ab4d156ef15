"""The search of the farsighted payload: lies are played, and those after which the loss is highest are kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aspis_sim.adversary.payloads.attempts import (
    ANSWER,
    BEST,
    POLICY,
    SHORT,
    Family,
    Scene,
    Search,
    past_factors,
    plan_of,
)
from aspis_sim.adversary.payloads.base import Prospect, Reach
from aspis_sim.adversary.payloads.families import arriving, climb, serving
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Rule


class Lies(NamedTuple):
    """Lies that were tried.

    Attributes:
        start: index of their family.
        strength: within the family.
        towards: where they want the update to go ``[d]``.
        harm: what they do.
        weights: to which they lead ``[d]``.
    """

    start: Array
    strength: Array
    towards: Array
    harm: Array
    weights: Array

    def unless(self, other: Lies, worse: Array) -> Lies:
        """These lies, or the others where they are ``worse``."""
        return jax.tree.map(lambda own, new: jnp.where(worse, new, own), self, other)


class ShortList(NamedTuple):
    """The best of every family.

    Attributes:
        strengths: ``[families]``.
        harm: ``[families]``.
        towards: ``[directed families, d]``, where they want the update to go.
    """

    strengths: Array
    harm: Array
    towards: Array

    def with_one(self, lies: Lies, counts: Array) -> ShortList:
        """The list with lies that may be better than those of their family, if they count."""
        start, better = lies.start, counts & (lies.harm > self.harm[lies.start])
        place = jnp.minimum(start, len(self.towards) - 1)
        aimed = better & (start < len(self.towards))
        return ShortList(
            self.strengths.at[start].set(jnp.where(better, lies.strength, self.strengths[start])),
            self.harm.at[start].set(jnp.where(better, lies.harm, self.harm[start])),
            self.towards.at[place].set(jnp.where(aimed, lies.towards, self.towards[place])),
        )


class State(NamedTuple):
    """What the search knows.

    Attributes:
        best: lies so far.
        centre: of the strengths that are tried around the best.
        policy: the best lies that were played in all steps ahead.
        towards: where the lies are aimed ``[d]``.
        short: the best of every family.
        lies: those that were tried last ``[n, d]``.
    """

    best: Lies
    centre: Lies
    policy: Lies
    towards: Array
    short: ShortList
    lies: Array


def worst(rows: Array, rule: Rule, reach: Reach, prospect: Prospect, lying: Sequence[Family], how: Search) -> Array:
    """The lies ``[n, d]`` after which the loss is highest, where they replace those of ``reach`` among ``rows [n, d]``.

    The loss is that after ``how.ahead`` steps, or at the end of the run. While strengths are searched, all updates
    ahead are taken to be the same as that of this step. Policies are then played with the gradients of the samples to
    come: a family of lies with a strength in all steps, so that no policy leads to a higher loss by what is known, and
    the best lies of every family now with the best policy later.

    Args:
        rows: the honest gradients of all files.
        rule: the rule to harm.
        reach: which rows the lies replace, and what the server makes of them.
        prospect: what the lies do to the training.
        lying: families of lies.
        how: the search.
    """
    dtype = rows.dtype
    begun = prospect.rows(prospect.course)[1]
    ahead = jnp.minimum(how.ahead, prospect.left)
    aimed = sum(family.directed for family in lying)

    def update_of(rows: Array, lies: Array) -> Array:
        mean = mean_over_rows(rows)
        server = serving(rule.beside(mean) if rule.own_samples else rule, reach)
        return server(prospect.received(jnp.where(reach.lies[:, None], lies, rows)))

    def lies_of(lies: Lies, rows: Array, course: Any, towards: Array) -> Array:
        poisoned = partial(prospect.poisoned, course)
        scene = Scene(rows, prospect.key(course), reach, prospect.past(course), towards, poisoned, prospect.byzantine)
        full = lambda told, strength: jnp.broadcast_to(told(strength, scene), rows.shape).astype(dtype)  # noqa: E731
        return lax.switch(lies.start, [partial(full, family.told) for family in lying], lies.strength)

    def loss_at(weights: Array) -> Array:
        return prospect.loss(weights, how.samples).astype(dtype)

    def uphill(weights: Array) -> Array:
        slope = jax.grad(loss_at)(weights).astype(dtype)
        return jnp.where(jnp.isfinite(slope), -slope, 0)

    def repeated(update: Array, course: Any, steps: Array | int) -> Array:
        """The weights if every update after so many steps is this one."""
        if how.ahead > 1:
            course = lax.fori_loop(steps, ahead, lambda _, there: prospect.moved(there, update), course)
        return prospect.weights(course)

    def harm_at(weights: Array, finite: Array) -> Array:
        loss = loss_at(weights)
        return arriving(finite, jnp.where(jnp.isfinite(weights).all() & jnp.isfinite(loss), loss, jnp.inf), reach)

    def played(first: Lies, later: Lies, steps: Array) -> tuple[Array, Array, Array]:
        """Play lies for some steps: the weights after all, the last lies, and whether all were finite."""

        def step(number: Array, state: tuple[Any, Array, Array, Array]) -> tuple[Any, Array, Array, Array]:
            course, _, _, finite = state
            now = later.unless(first, number == 0)
            seen, course = lax.cond(number == 0, lambda: (rows, begun), lambda: prospect.rows(course))
            told = (number == 0) | (now.start >= aimed)
            towards = lax.cond(told, lambda: now.towards, lambda: uphill(prospect.weights(course)))
            lies = lies_of(now, seen, course, towards)
            update = update_of(seen, lies)
            return prospect.moved(course, update), lies, update, finite & jnp.isfinite(lies).all()

        nothing = jnp.zeros(rows.shape[1:], jax.eval_shape(update_of, rows, rows).dtype)
        course, lies, update, finite = lax.fori_loop(0, steps, step, (begun, rows, nothing, jnp.asarray(True)))
        return repeated(update, course, steps), lies, finite

    plan = plan_of(lying, how)
    modes, starts, anew = jnp.asarray(plan.mode), jnp.asarray(plan.start), jnp.asarray(plan.anew)
    strengths, past = jnp.asarray(plan.strength, dtype), jnp.asarray(past_factors(plan))
    steady = jnp.asarray([not family.strengths for family in lying])

    def attempt(index: Array, state: State) -> State:
        mode, start, strength = modes[index], starts[index], strengths[index]
        towards = lax.cond(anew[index], lambda: uphill(state.best.weights), lambda: state.towards)
        first = Lies(start, strength, towards, none.harm, none.weights)
        refined = state.centre._replace(strength=state.centre.strength * strength)
        first = first.unless(refined, mode == BEST)
        if how.ahead > 1:
            aim = state.short.towards[jnp.minimum(start, aimed - 1)]
            first = first._replace(towards=jnp.where(mode == POLICY, none.towards, first.towards))
            first = first.unless(first._replace(strength=state.short.strengths[start], towards=aim), mode == SHORT)
        first = first.unless(state.best, mode == ANSWER)
        later, far = first.unless(state.policy, mode == SHORT), (mode == POLICY) | (mode == SHORT)
        weights, lies, finite = played(first, later, jnp.where(far, ahead, 1))
        found = first._replace(harm=harm_at(weights, finite), weights=weights)
        begins = (mode == POLICY) & (index == int(np.argmax(plan.mode == POLICY)))
        best = state.best.unless(none, begins)
        best = best.unless(found, (found.harm > best.harm) & (mode != ANSWER))
        return State(
            best=best,
            centre=state.centre.unless(best, mode != BEST),
            policy=state.policy.unless(best, mode == POLICY),
            towards=towards,
            short=state.short.with_one(found, ~far),
            lies=lies,
        )

    there = prospect.weights(prospect.course)
    none = Lies(starts[0], strengths[0], uphill(there), jnp.asarray(-jnp.inf, dtype), there)
    nobody = jnp.full(len(lying), -jnp.inf, dtype)
    short = ShortList(jnp.zeros_like(nobody), nobody, jnp.stack([none.towards] * aimed))
    state = State(none, none, none, none.towards, short, rows)

    def attempt_and_go_on(at: tuple[Array, State]) -> tuple[Array, State]:
        index, state = at
        state = attempt(index, state)
        return jnp.where(steady[state.centre.start], past[index + 1], index + 1), state

    state = lax.while_loop(lambda at: at[0] < len(plan.mode), attempt_and_go_on, (jnp.int32(0), state))[1]
    if not how.ascent:
        return state.lies

    def harm(lies: Array) -> Array:
        return harm_at(after(update_of(rows, lies)), jnp.isfinite(lies).all())

    def after(update: Array) -> Array:
        return repeated(update, prospect.moved(begun, update), 1)

    def slope(lies: Array) -> Array:
        update, back = jax.vjp(partial(update_of, rows), lies)
        return back(uphill(after(update)).astype(update.dtype))[0]

    return climb(state.lies, mean_over_rows(rows), harm, slope, harm(state.lies), how.ascent)
