"""Min-max and min-sum: as far from the honest mean as one can go without sticking out."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.adversary.payloads.alie import deviation
from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.distances import geometry
from aspis_sim.aggregation.lengths import squared_norms
from aspis_sim.errors import InputError

Direction = Literal["std", "unit", "sign"]


def _setting(rows: Array, direction: str, ddof: int) -> tuple[Array, Array, Array, Array, Array]:
    """Mean, direction p, and the coefficients of ‖mean + γ p - x_i‖² = γ² a + 2 γ b_i + c_i."""
    mean = mean_over_rows(rows)
    if direction == "std":
        towards = -deviation(rows, ddof)
    elif direction == "unit":
        towards = -mean / jnp.sqrt(jnp.maximum(jnp.sum(jnp.square(mean)), jnp.finfo(rows.dtype).tiny))
    else:
        towards = -jnp.sign(mean)
    away = mean - rows
    return mean, towards, jnp.sum(jnp.square(towards)), away @ towards, squared_norms(away)


def _root(a: Array, b: Array, c: Array) -> Array:
    """The larger γ with a γ² + 2 b γ + c = 0 for c <= 0; 0 if the direction vanishes."""
    inside = jnp.sqrt(jnp.maximum(jnp.square(b) - a * c, 0))
    return jnp.where(a > 0, (inside - b) / jnp.where(a > 0, a, 1), 0)


def _check(direction: str) -> None:
    if direction not in ("std", "unit", "sign"):
        raise InputError(f"unknown direction {direction!r}; known: std, unit, sign")


def min_max(direction: Direction = "std", ddof: int = 0) -> Payload:
    """mean + γ p with the largest γ that leaves the lie no farther from any honest row than two of them are.

    Shejwalkar and Houmansadr, NDSS 2021, equation 8. They halve an interval for γ; each bound is a
    quadratic in γ, so that the largest one is the least of n roots, exactly.

    Args:
        direction: p: minus the standard deviation ("std"), minus the mean at length 1 ("unit"), or minus the
            signs of the mean ("sign").
        ddof: of the standard deviation.
    """
    _check(direction)

    def lie(rows: Array, key: Array | None = None) -> Array:
        seen = geometry(rows)  # its unit, a power of two, keeps the squares in range and changes no digit
        mean, towards, a, b, c = _setting(rows * seen.unit.astype(rows.dtype), direction, ddof)
        limit = jnp.max(seen.squared)
        return (mean + jnp.min(_root(a, b, jnp.minimum(c - limit, 0))) * towards) / seen.unit.astype(rows.dtype)

    return Payload(lie, scope="round", coordinatewise=False)


def min_sum(direction: Direction = "std", ddof: int = 0) -> Payload:
    """mean + γ p with the largest γ whose summed squared distances to the honest rows some row has too.

    Shejwalkar and Houmansadr, NDSS 2021, equation 9: the bound is the largest such sum among the honest
    rows. One quadratic in γ, solved exactly.

    Args:
        direction: as in `min_max`.
        ddof: of the standard deviation.
    """
    _check(direction)

    def lie(rows: Array, key: Array | None = None) -> Array:
        seen = geometry(rows)
        mean, towards, a, b, c = _setting(rows * seen.unit.astype(rows.dtype), direction, ddof)
        limit = jnp.max(seen.squared.sum(1))
        # A sum of all squares at once would be shared out among processors, which changes its last digits.
        squares = lax.optimization_barrier(c).sum()
        gamma = _root(len(rows) * a, b.sum(), jnp.minimum(squares - limit, 0))
        return (mean + gamma * towards) / seen.unit.astype(rows.dtype)

    return Payload(lie, scope="round", coordinatewise=False)
