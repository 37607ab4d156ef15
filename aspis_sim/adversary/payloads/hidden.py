"""Hidden under the tolerance: a lie that the server takes for the honest gradient."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.detection.equality import Comparison
from aspis_sim.errors import InputError

Direction = Literal["mean", "sign", "own"]

OCTAVES, HALVINGS = 16, 14
"""The search covers 2^-16 to 2^16 times the reach among real numbers, to 2^(32 / 2^14): 0.14%."""


def normalised(row: Array) -> Array:
    """A row ``[d]`` at length 1, however small or large; 0 if it is 0."""
    peak = jnp.max(jnp.abs(row))
    scaled = row / jnp.where(peak > 0, peak, 1)
    length = jnp.sqrt(jnp.sum(jnp.square(scaled)))
    return scaled / jnp.where(length > 0, length, 1)


def hidden(tolerance: float = 1e-5, direction: Direction = "mean", margin: float = 1e-3) -> Payload:
    """g + a u, with the largest a for which the server's comparison still takes the lie for the file's gradient g.

    Two vectors are equal if ‖x - y‖ ≤ tolerance · max(‖x‖, ‖y‖), so a = tolerance · ‖g‖, or a little more where the
    lie is the longer of the two. Liars and honest workers then agree on every file: no detector sees anything, and the
    vote takes the copy in the file's lowest slot, which may be a liar's. The lie is what is left after rounding to the
    type of the gradients, and is checked by the server's own comparison. Where the type is too coarse for the formula
    (always in bfloat16, below 1e-4 in float32), a is found by bisection; of a tolerance below the type's precision
    only those entries change that use up the least of it for what they move. Where no lie passes the lie is g itself:
    of a gradient of zeros or one that is not finite, and with a tolerance of 0.

    Found for this project; no published attack looks below the tolerance.

    Args:
        tolerance: of the server's comparison, from 0 to below 1; that of the run unless given.
        direction: u, at length 1: minus the mean of the files' gradients, which slows the descent most ("mean"), minus
            the signs of that mean ("sign"), or minus g ("own").
        margin: share of the tolerance that is left unused, for sums that the server may form in another order; more of
            it where honest copies differ among themselves.

    Raises:
        InputError: an unknown direction, or a number out of its range.
    """
    if direction not in ("mean", "sign", "own"):
        raise InputError(f"unknown direction {direction!r}; known: mean, sign, own")
    if not 0 <= tolerance < 1:
        raise InputError(f"hidden needs a tolerance of 0 or more and below 1, got {tolerance:g}")
    if not 0 < margin <= 1:
        raise InputError(f"hidden needs a margin above 0 and up to 1, got {margin:g}")
    aimed, server = tolerance * (1 - margin), Comparison(tolerance * (1 - margin / 2))

    def lie(rows: Array, key: Array | None = None) -> Array:
        if not aimed:
            return rows[0]
        kind = jnp.finfo(rows.dtype)
        wide = rows.astype(jnp.promote_types(rows.dtype, jnp.float32))
        own, towards = wide[0], -wide[0]
        if direction != "own" and len(rows) > 1:
            towards = -mean_over_rows(wide[1:])
        unit = normalised(jnp.sign(towards) if direction == "sign" else towards)
        reach = _reach(own, unit, aimed)

        def rounded(distance: Array) -> Array:
            return lax.reduce_precision(own + distance * unit, kind.nexp, kind.nmant).astype(rows.dtype)

        def passes(distance: Array) -> Array:
            return server.rows(rows[:1], rounded(distance)[None]).equal[0]

        if aimed * margin < kind.eps:  # rounding moves g by up to eps / 2 of its length

            def halved(_: int, octaves: tuple[Array, Array]) -> tuple[Array, Array]:
                low, high = octaves
                middle = (low + high) / 2
                fits = passes(reach * 2**middle)
                return jnp.where(fits, middle, low), jnp.where(fits, high, middle)

            ends = jnp.full_like(reach, -OCTAVES), jnp.full_like(reach, OCTAVES)
            reach = reach * 2 ** lax.fori_loop(0, HALVINGS, halved, ends)[0]
        return jnp.where(passes(reach), rounded(reach), rows[0])

    return Payload(lie, scope="file and mean", coordinatewise=False, exact=True)


def _reach(own: Array, unit: Array, tolerance: float) -> Array:
    """The largest a ≤ t max(‖g‖, ‖g + a u‖), t below 1: t ‖g‖, or the root of a = t ‖g + a u‖ if that is more."""
    peak = jnp.max(jnp.abs(own))
    scaled = own / jnp.where(peak > 0, peak, 1)
    square, along = jnp.sum(jnp.square(scaled)), jnp.sum(scaled * unit)
    left = 1 - tolerance**2
    root = (tolerance**2 * along + tolerance * jnp.sqrt((tolerance * along) ** 2 + left * square)) / left
    return peak * jnp.maximum(tolerance * jnp.sqrt(square), root)
