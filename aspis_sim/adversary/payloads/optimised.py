"""The optimised payload: it searches for the lies that harm a given rule the most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aspis_sim.adversary.payloads import PAYLOADS, payload
from aspis_sim.adversary.payloads.alie import deviation
from aspis_sim.adversary.payloads.base import Payload, Reach
from aspis_sim.aggregation import conventions
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Rule
from aspis_sim.errors import InputError

Objective = Literal["descent", "distance"]

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


def search(
    rows: Array,
    key: Array,
    rule: Rule,
    reach: Reach,
    families: list[Start],
    evaluations: int = 16,
    ascent: int = 0,
    objective: Objective = "descent",
) -> Array:
    """Search lies ``[n, d]`` that do the most harm where they replace the rows of ``reach`` among ``rows [n, d]``.

    The payloads of ``families`` are tried with their own strengths and with a geometric grid of strengths in both
    senses, and the grid is refined around the best. From there, gradient ascent through the rule changes the lie of
    every file by itself: steps of half the lies' distance from the mean, halved whenever a step does not help.

    An update with a NaN or an Inf does infinite harm: it ends the training.

    Args:
        rows: the honest gradients of all files.
        key: of the round, for payloads that are random.
        rule: the rule to harm.
        reach: which rows the lies replace, and what the server makes of them.
        families: where the search starts.
        evaluations: strengths per family in the grid, and again around the best.
        ascent: steps of gradient ascent; 0 for none.
        objective: what counts as harm, see `optimised`.
    """
    mean = mean_over_rows(rows)
    harm = _harm(rows, rule.beside(mean) if rule.own_samples else rule, reach, objective)
    built = [lambda strength, start=start: _whole(start.build(strength), rows, key) for start in families]
    half = np.geomspace(WEAKEST, STRONGEST, max(evaluations // 2, 2))
    grid, ratio = np.concatenate([-half[::-1], half]), half[1] / half[0]
    tried = [(*start.strengths, *grid) if start.strengths else (0.0,) for start in families]
    kinds = jnp.asarray(np.repeat(np.arange(len(families)), [len(one) for one in tried]))
    strengths = jnp.asarray(np.concatenate(tried), rows.dtype)
    factors = jnp.geomspace(1 / ratio, ratio, evaluations, dtype=rows.dtype)

    def attempt(index: Array, state: tuple[Lie, Lie]) -> tuple[Lie, Lie]:
        best, centre = state
        coarse = index < len(kinds)
        start = jnp.where(coarse, kinds[index], centre.start)
        strength = jnp.where(coarse, strengths[index], centre.strength * factors[index - len(kinds)])
        there = harm(lax.switch(start, built, strength))
        better = there > best.harm
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), Lie(start, strength, there), best)
        return best, jax.tree.map(lambda new, old: jnp.where(coarse, new, old), best, centre)

    first = Lie(kinds[0], strengths[0], jnp.asarray(-jnp.inf, rows.dtype))
    best, _ = lax.fori_loop(0, len(kinds) + evaluations, attempt, (first, first))
    lies = lax.switch(best.start, built, best.strength)
    return _climb(lies, mean, harm, best.harm, ascent) if ascent else lies


def _whole(lie: Payload, rows: Array, key: Array) -> Array:
    return jnp.broadcast_to(lie.of_files(rows, key), rows.shape).astype(rows.dtype)


def _harm(rows: Array, rule: Rule, reach: Reach, objective: Objective) -> Callable[[Array], Array]:
    """From lies ``[n, d]`` to the harm that they do; -inf for lies that reach nothing because they are not finite."""
    mean = mean_over_rows(rows)
    largest = jnp.max(jnp.abs(mean))
    scaled = mean / jnp.where(largest > 0, largest, 1)
    downhill = scaled / jnp.where(largest > 0, jnp.sqrt(jnp.sum(jnp.square(scaled))), 1)

    def by_rule(values: Array) -> Array:
        if rule.bounded is None:
            return rule(values, reach.kept)
        return rule.bounded(values, reach.kept, reach.distortable)

    def server(values: Array) -> Array:
        if reach.averaged is None:
            return by_rule(values)
        averaged = reach.averaged
        return lax.cond(averaged.any(), lambda: mean_over_rows(values, averaged), lambda: by_rule(values))

    def harm(lies: Array) -> Array:
        update = server(jnp.where(reach.lies[:, None], lies, rows))
        done = -jnp.sum(update * downhill) if objective == "descent" else _length(update - mean)
        done = jnp.where(jnp.isfinite(update).all(), done, jnp.inf)
        return jnp.where(jnp.asarray(reach.finite) & ~jnp.isfinite(lies).all(), -jnp.inf, done)

    return harm


def _length(vector: Array) -> Array:
    """The norm, whose gradient at 0 is 0 and whose squares neither overflow nor vanish."""
    largest = lax.stop_gradient(jnp.max(jnp.abs(vector)))
    scale = jnp.where(largest > 0, largest, 1)
    squared = jnp.sum(jnp.square(vector / scale))
    return scale * jnp.sqrt(jnp.where(squared > 0, squared, 1)) * (squared > 0)


def _climb(lies: Array, mean: Array, harm: Callable[[Array], Array], reached: Array, steps: int) -> Array:
    def climb(_: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        lies, value, size = state
        slope = jax.grad(harm)(lies)
        slope = jnp.where(jnp.isfinite(slope), slope, 0)
        length, distance = _length(slope), _length(lies - mean)
        trial = lies + size * distance / jnp.where(length > 0, length, 1) * slope
        there = harm(trial)
        better = (there > value) & jnp.isfinite(trial).all()
        return (
            jnp.where(better, trial, lies),
            jnp.where(better, there, value),
            jnp.where(better, size, size / 2),
        )

    return lax.fori_loop(0, steps, climb, (lies, reached, jnp.asarray(0.5, lies.dtype)))[0]


def optimised(
    aggregator: str = "median",
    byzantine: int = 1,
    evaluations: int = 16,
    ascent: int = 0,
    objective: Objective = "descent",
    convention: str | None = None,
    **parameters: Any,
) -> Payload:
    """The lies that do the most harm through a known rule: the attack searches them anew in every round.

    The attacker knows the rule and its options, all honest gradients, and which files' values the liars win: the votes
    and the detector's verdict are foreseen, as they will be for finite lies that differ from the honest gradients
    (none of the server's random choices is known). Other payloads, with strengths of both signs, are where the search
    starts, so that none of them does more harm in a round with its own strength (ALIE's of Baruch et al. depends on q
    and is met by the grid alone): all but ``label_flip``, which needs the samples, ``rop``, which needs the past,
    ``fang`` and the ``direction`` of ``mimic``. ByzFL's optimised ALIE and inner product search a strength along one
    direction, by the distance, with the lies appended to the honest rows; here they replace rows, as in a run.

    Args:
        aggregator: the rule as the command line takes it, ``"nnm+krum"`` too; a run fills in its own, with its options.
        byzantine: rows that lie, the first ones, where the payload is called outside of a run; in a run they are those
            that the liars win.
        evaluations: strengths per payload, and again around the best.
        ascent: steps of gradient ascent through the rule.
        objective: "descent": how far the update goes against the mean of the honest gradients,
            -⟨update, mean⟩ / ‖mean‖, the rise of the loss to first order; "distance": how far it is from that mean,
            in any direction, which may do less to the training.
        convention: of the rule and of the payloads from which the search starts.
        parameters: of the rule.
    """
    if byzantine < 1 or evaluations < 2 or ascent < 0:
        raise InputError(
            "optimised needs byzantine >= 1, evaluations >= 2 and ascent >= 0, "
            f"got {byzantine}, {evaluations}, {ascent}"
        )
    if objective not in get_args(Objective):
        raise InputError(f"unknown objective {objective!r}; known: {', '.join(get_args(Objective))}")
    rule, families = build_rule(aggregator, convention=convention, **parameters), starts(convention)

    def aimed(rows: Array, key: Array | None, reach: Reach) -> Array:
        if key is None:
            raise InputError("the optimised payload starts from random ones too and needs a key")
        return search(rows, key, rule, reach, families, evaluations, ascent, objective)

    def lie(rows: Array, key: Array | None = None) -> Array:
        first = jnp.arange(len(rows)) < byzantine
        return aimed(rows, key, Reach(first, None, None, byzantine, finite=False))

    return Payload(lie, scope="files", coordinatewise=False, aimed=aimed)
