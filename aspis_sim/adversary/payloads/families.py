"""Families of lies with a strength, the search among them, and gradient ascent: for payloads that search their lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from aspis_sim.adversary.payloads import PAYLOADS, payload
from aspis_sim.adversary.payloads.alie import deviation
from aspis_sim.adversary.payloads.base import Payload, Reach
from aspis_sim.aggregation import conventions
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Rule

STARTS = (
    *("alie", "constant", "gaussian", "hidden", "inf", "inner_product", "mimic"),
    *("min_max", "min_sum", "nan", "reversed", "sign_flip", "zero"),
)
"""The payloads from which the search starts, in the order in which it tries them; one more would change every run."""

WEAKEST, STRONGEST = 0.05, 100.0
"""The range of the strengths that are tried, in both senses, before the search is refined around the best."""


@dataclass(frozen=True)
class Start:
    """A family of lies from which the search starts.

    Attributes:
        build: from a strength, which may be traced, to the payload.
        strengths: those that the payload has by itself and under the convention; none for one without a strength.
    """

    build: Callable[[Array], Payload]
    strengths: tuple[float, ...] = ()


class Lie(NamedTuple):
    """A lie that was tried.

    Attributes:
        start: index of its family.
        strength: within the family.
        harm: what it does.
    """

    start: Array
    strength: Array
    harm: Array


def against_signs(strength: float | Array) -> Payload:
    """mean - strength · sign(mean) · std: ALIE that knows at each coordinate which way the training goes.

    With a large strength it does as much to the descent as any finite lie under a rule that works by coordinate and
    does not fall where a row rises, such as the median and the trimmed mean.
    """

    def lie(rows: Array, key: Array | None = None) -> Array:
        mean = mean_over_rows(rows)
        return mean - strength * jnp.sign(mean) * deviation(rows, 0)

    return Payload(lie)


def starts(convention: str | None = None) -> list[Start]:
    """`against_signs`, and the payloads of `STARTS`."""
    found = [Start(against_signs, (1.0,))]
    for name in STARTS:
        if PAYLOADS.accepts(name, "strength"):
            usual = conventions.defaults(conventions.PAYLOADS, convention, name).get("strength")
            own = {PAYLOADS.default(name, "strength"), usual} - {None}
            found.append(Start(partial(_of_strength, name, convention), tuple(sorted(own))))
        else:
            found.append(Start(partial(_of_no_strength, payload(name, convention=convention))))
    return found


def _of_strength(name: str, convention: str | None, strength: Array) -> Payload:
    return payload(name, convention=convention, strength=strength)


def _of_no_strength(built: Payload, strength: Array) -> Payload:
    return built


def whole(lie: Payload, rows: Array, key: Array) -> Array:
    """The lies ``[n, d]`` of a payload for all ``rows``, in their type."""
    return jnp.broadcast_to(lie.of_files(rows, key), rows.shape).astype(rows.dtype)


def tried(families: Sequence[tuple[float, ...]], evaluations: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The families and strengths of a grid: the own strengths of each family, and a geometric grid in both senses."""
    half = np.geomspace(WEAKEST, STRONGEST, max(evaluations // 2, 2))
    grid = np.concatenate([-half[::-1], half])
    each = [(*own, *grid) if own else (0.0,) for own in families]
    return np.repeat(np.arange(len(families)), [len(one) for one in each]), np.concatenate(each)


def ratio_of(evaluations: int) -> float:
    """The ratio of neighbours in the grid."""
    half = np.geomspace(WEAKEST, STRONGEST, max(evaluations // 2, 2))
    return float(half[1] / half[0])


def strongest(
    families: Sequence[tuple[float, ...]],
    lies_of: Callable[[Array, Array], Array],
    harm: Callable[[Array], Array],
    evaluations: int,
    like: Array,
) -> tuple[Array, Array]:
    """The lies ``[n, d]`` of the family and strength that do the most harm, of several the first, and that harm.

    Every family is tried with its own strengths and with a geometric grid of strengths in both senses, and the grid is
    refined around the best. One loop does it all, up to the answer: the program has the families and the rule once.

    Args:
        families: the own strengths of each; none for one without a strength.
        lies_of: of a family, by its index, at a strength.
        harm: of lies.
        evaluations: strengths per family in the grid, and again around the best.
        like: an array of the shape and type of the lies.
    """
    indices, numbers = tried(families, evaluations)
    kinds, strengths = jnp.asarray(indices), jnp.asarray(numbers, like.dtype)
    ratio = ratio_of(evaluations)
    factors = jnp.geomspace(1 / ratio, ratio, evaluations, dtype=like.dtype)
    last = len(kinds) + evaluations

    def attempt(index: Array, state: tuple[Lie, Lie, Array]) -> tuple[Lie, Lie, Array]:
        best, centre, _ = state
        coarse = index < len(kinds)
        factor = jnp.where(index == last, 1, factors[index - len(kinds)])
        around = jax.tree.map(lambda found, middle: jnp.where(index == last, found, middle), best, centre)
        start = jnp.where(coarse, kinds[index], around.start)
        strength = jnp.where(coarse, strengths[index], around.strength * factor)
        lies = lies_of(start, strength)
        there = harm(lies)
        better = there > best.harm
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), Lie(start, strength, there), best)
        return best, jax.tree.map(lambda new, old: jnp.where(coarse, new, old), best, centre), lies

    first = Lie(kinds[0], strengths[0], jnp.asarray(-jnp.inf, like.dtype))
    best, _, lies = lax.fori_loop(0, last + 1, attempt, (first, first, like))
    return lies, best.harm


def serving(rule: Rule, reach: Reach) -> Callable[[Array], Array]:
    """From the rows ``[n, d]`` that reach the server to its update ``[d]``."""

    def by_rule(values: Array) -> Array:
        if rule.bounded is None:
            return rule(values, reach.kept)
        return rule.bounded(values, reach.kept, reach.distortable)

    def server(values: Array) -> Array:
        if reach.averaged is None:
            return by_rule(values)
        averaged = reach.averaged
        return lax.cond(averaged.any(), lambda: mean_over_rows(values, averaged), lambda: by_rule(values))

    return server


def arriving(finite: Array, harm: Array, reach: Reach) -> Array:
    """The harm of lies; -inf for those that reach nothing because they are not finite."""
    return jnp.where(jnp.asarray(reach.finite) & ~finite, -jnp.inf, harm)


def length(vector: Array) -> Array:
    """The norm, whose gradient at 0 is 0 and whose squares neither overflow nor vanish."""
    largest = lax.stop_gradient(jnp.max(jnp.abs(vector)))
    scale = jnp.where(largest > 0, largest, 1)
    squared = jnp.sum(jnp.square(vector / scale))
    return scale * jnp.sqrt(jnp.where(squared > 0, squared, 1)) * (squared > 0)


def climb(
    lies: Array,
    mean: Array,
    harm: Callable[[Array], Array],
    uphill: Callable[[Array], Array],
    reached: Array,
    steps: int,
) -> Array:
    """Ascent of ``harm`` along ``uphill`` from lies ``[n, d]`` of harm ``reached``: every file's lie changes by itself.

    Steps are of half the lies' distance from the mean, halved whenever a step does not help.
    """

    def step(_: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        lies, value, size = state
        slope = uphill(lies)
        slope = jnp.where(jnp.isfinite(slope), slope, 0)
        steepness, distance = length(slope), length(lies - mean)
        trial = lies + size * distance / jnp.where(steepness > 0, steepness, 1) * slope
        there = harm(trial)
        better = (there > value) & jnp.isfinite(trial).all()
        return (
            jnp.where(better, trial, lies),
            jnp.where(better, there, value),
            jnp.where(better, size, size / 2),
        )

    return lax.fori_loop(0, steps, step, (lies, reached, jnp.asarray(0.5, lies.dtype)))[0]
