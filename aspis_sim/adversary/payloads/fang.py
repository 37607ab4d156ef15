"""The attacks of Fang et al.: against the way the training goes, as far as one kind of rule lets pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.adversary.payloads.base import Payload, Reach
from aspis_sim.aggregation import conventions, steps_of
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.distances import Geometry, geometry, places
from aspis_sim.aggregation.krum import scores
from aspis_sim.aggregation.lengths import squared_norms
from aspis_sim.errors import InputError

Against = Literal["coordinates", "krum"]

HALVINGS = 20
"""How often λ is halved at most, to a millionth of where it starts."""


class Scored(NamedTuple):
    """How the Krum that is attacked scores rows; see `aspis_sim.aggregation.krum.krum`.

    Attributes:
        f: Byzantine rows that it reckons with; None for as many as there are lies.
        beyond: n - f - ``beyond`` neighbours are counted.
        power: of the distances that are summed.
    """

    f: int | None = None
    beyond: int = 2
    power: int = 2


def fang(
    against: Against = "coordinates",
    factor: float = 2.0,
    byzantine: int = 1,
    aggregator: str | None = None,
    convention: str | None = None,
    **parameters: Any,
) -> Payload:
    """Directed deviation: the lie that turns each coordinate around as far as a rule of one kind lets it.

    Fang, Cao, Jia and Gong, USENIX Security 2020, with full knowledge; m is the mean of the honest gradients.

    Against rules that work by coordinate (their attack on the trimmed mean, which is that on the median too): where
    m > 0 the lie is below the least honest gradient a, drawn uniformly between a and ``factor`` · a, or a / ``factor``
    if a is positive; where m < 0 it is above the largest one likewise. Where m is 0 it is 0.

    Against Krum: -λ sign(m). λ starts from the bound of their theorem 1 and is halved until Krum chooses the lie among
    the rows that the server will have, at most 20 times; the last λ is taken where it never does, as where the honest
    gradients are much closer to each other than to 0: the lie is then next to 0.

    They send the model w after a step where a gradient g is sent here. As w moves along -g, what is above the largest
    gradient stands for what is below the least model; their reference point in the attack on Krum, the model w before
    the step, is the gradient 0, and the λ of a model is that of a gradient times the learning rate. What differs: the
    signs are those of the mean, where they take the update of the rule itself; colluders send one vector, where they
    draw one for each (and move the copies against Krum apart by a little); λ ends after 20 halvings, not below 1e-5.

    There is no strength: what is beyond all honest rows counts alike for those rules, and λ is found. A NaN in an
    honest row is one in the lie, and against Krum in all of it.

    Args:
        against: "coordinates" (draws, so that it needs a key) or "krum".
        factor: b of the paper, 1 or more; 1 for the extreme itself.
        byzantine: rows that lie, the first ones, where the attack on Krum is called outside of a run; in a run they are
            those that the liars win.
        aggregator: the rule as the command line takes it, of which that on Krum takes how rows are scored if it is
            ``krum`` or ``multi_krum`` (steps before it are not foreseen); otherwise Krum is as published, with f the
            number of the lies. A run fills in its own, with its options.
        convention: of the rule.
        parameters: of the rule.

    Raises:
        InputError: an unknown ``against``, a number out of its range, or options that the rule does not take.
    """
    if against not in get_args(Against):
        raise InputError(f"unknown kind of rule against={against!r}; known: {', '.join(get_args(Against))}")
    if factor < 1 or byzantine < 1:
        raise InputError(f"fang needs a factor of 1 or more and byzantine >= 1, got {factor:g} and {byzantine}")
    scored = _scored(aggregator, convention, parameters)
    if against == "coordinates":
        return Payload(_beyond_all(factor), coordinatewise=False, largest=lambda entry: entry * factor)

    def aimed(rows: Array, key: Array | None, reach: Reach) -> Array:
        return _chosen_by_krum(rows, reach.lies, reach.kept, scored)

    def lie(rows: Array, key: Array | None = None) -> Array:
        return _chosen_by_krum(rows, jnp.arange(len(rows)) < byzantine, None, scored)

    return Payload(lie, coordinatewise=False, aimed=aimed)


def _scored(aggregator: str | None, convention: str | None, parameters: Mapping[str, Any]) -> Scored:
    """How rows are scored by the last step of a rule, as published by one that has no such scores."""
    if aggregator is None:
        if parameters:
            raise InputError(f"fang takes no option {', '.join(parameters)}; one of a rule needs the aggregator named")
        return Scored()
    build_rule(aggregator, convention=convention, **parameters)
    registry, last = steps_of(aggregator)[-1]
    if not all(registry.accepts(last, option) for option in Scored._fields):
        return Scored()
    given = {**conventions.defaults(conventions.RULES, convention, last), **parameters}
    return Scored(*(given[one] if one in given else registry.default(last, one) for one in Scored._fields))


def _beyond_all(factor: float) -> Callable[[Array, Array | None], Array]:
    def lie(rows: Array, key: Array | None = None) -> Array:
        if key is None:
            raise InputError("the fang payload against coordinates is random and needs a key")
        mean = mean_over_rows(rows)
        extreme = jnp.where(mean > 0, rows.min(0), rows.max(0))
        towards_0 = (extreme > 0) == (mean > 0)  # all honest rows are on one side of 0, and the lie lies before them
        far = jnp.where(towards_0, extreme / factor, extreme * factor)
        share = jax.random.uniform(key, rows.shape[1:], rows.dtype)
        return jnp.where(mean == 0, 0, extreme + share * (far - extreme))

    return lie


def _chosen_by_krum(rows: Array, lies: Array, kept: Array | None, scored: Scored) -> Array:
    """-λ times the signs of the mean of all rows ``[n, d]``, of which the liars win ``lies [n]``."""
    seen = geometry(rows, kept)
    lies = lies if kept is None else lies & kept
    honest, number = seen.usable & ~lies, lies.sum()
    f = number if scored.f is None else scored.f
    scaled = rows * seen.unit.astype(rows.dtype)  # a power of two, as in the distances
    signs = jnp.sign(mean_over_rows(scaled))
    squares = jnp.maximum(jnp.sum(jnp.square(signs)), 1)
    along, lengths = scaled @ signs, squared_norms(scaled)
    both = lies[:, None] & lies

    def chosen(size: Array) -> Array:
        away = jnp.where(honest, lengths + 2 * size * along + squares * size**2, jnp.inf)
        squared = jnp.where(lies, away[:, None], jnp.where(lies[:, None], away, seen.squared))
        shown = seen._replace(usable=honest | lies, squared=jnp.where(both, 0, jnp.maximum(squared, 0)))
        return lies[jnp.argmin(scores(shown, f, scored.beyond, scored.power))]

    def halve(state: tuple[Array, Array]) -> tuple[Array, Array]:
        return state[0] / 2, state[1] + 1

    neighbours = jnp.maximum(seen.number - f - scored.beyond, 1)
    start = _bound(seen, honest, lengths, squares, neighbours, number, scored.power)
    going_on = lambda state: (state[1] < HALVINGS) & ~chosen(state[0])  # noqa: E731
    size, _ = lax.while_loop(going_on, halve, (start, jnp.int32(0)))
    return (-size * signs / seen.unit.astype(rows.dtype)).astype(rows.dtype)


def _bound(
    seen: Geometry, honest: Array, lengths: Array, squares: Array, neighbours: Array, lies: Array, power: int
) -> Array:
    """No larger λ is chosen where honest rows have enough honest neighbours (theorem 1); 0 without an honest row.

    Of the ``neighbours`` that the lie is scored by, all but the other ``lies`` are honest, and none is nearer than λ √d
    less the longest honest row. For it to be chosen its score must be below the least one of an honest row among
    honest rows. d counts the coordinates that the lie moves.
    """
    among = jnp.where(honest[:, None] & honest, seen.squared, jnp.inf)
    near = (places(among) <= neighbours) & jnp.isfinite(among)
    totals = jnp.sum(jnp.where(near, among, 0) ** (power / 2), axis=1)
    least = jnp.min(jnp.where(honest, totals, jnp.inf))
    apart = (least / jnp.maximum(neighbours - lies + 1, 1)) ** (1 / power)
    longest = jnp.sqrt(jnp.max(jnp.where(honest, lengths, 0)))
    return jnp.where(jnp.isfinite(least), (apart + longest) / jnp.sqrt(squares), 0)
