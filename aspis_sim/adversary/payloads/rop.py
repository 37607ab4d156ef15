"""Relocated orthogonal perturbation: around where the server went before, across the way that the training goes."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.adversary.payloads.hidden import normalised
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.errors import InputError


def rop(strength: float | Array = 1.0, relocation: float = 1.0, reference: float = 0.9, angle: float = 90.0) -> Payload:
    """A point between past and mean, moved by ``strength`` at an angle with the way that the training goes.

    Özfatura, Özfatura, Küpçü and Gündüz, IEEE TIFS 2024 (ROP), made for centered clipping, whose centre is what the
    server had before. With m the mean of the honest gradients and p the past, u = ``reference`` · p +
    (1 - ``reference``) · m is what the lie is angled against, and v is the part of (1, …, 1) that is orthogonal to u.
    The lie is ``relocation`` · p + (1 - ``relocation``) · m + ``strength`` · (sin(``angle``) v/‖v‖ +
    cos(``angle``) u/‖u‖).

    p is what the server last moved the weights along: its last update, or with momentum μ its velocity times 1 - μ, so
    that it is as long as a gradient. Before the first step, and outside of a run, p is m. In the paper workers send
    their momentum and p is the server's last aggregate: so it is here with `worker_momentum` and no momentum of the
    server. The formula is that of public implementations, the defaults are our own. The centered clipping of this
    package starts from 0 in every step, not from p.

    Where u is 0, v is (1, …, 1) and u/‖u‖ counts as 0, as does v/‖v‖ where (1, …, 1) is along u, to rounding. An honest
    row with NaN or Inf makes every entry NaN.

    Args:
        strength: z, the length of the perturbation, in the unit of the gradients.
        relocation: share of the past in where the lie is, 0 to 1.
        reference: share of the past in what it is angled against (λ in the paper), 0 to 1.
        angle: with u, 0 to 180 degrees: 90 is across, more than that against it.

    Raises:
        InputError: a number out of its range.
    """
    if not (0 <= relocation <= 1 and 0 <= reference <= 1 and 0 <= angle <= 180):
        raise InputError(
            "rop needs a relocation and a reference in 0..1 and an angle in 0..180 degrees, "
            f"got {relocation:g}, {reference:g} and {angle:g}"
        )
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))

    def informed(rows: Array, key: Array | None, past: Array) -> Array:
        mean = mean_over_rows(rows)
        before = jnp.where((past != 0).any(), past.astype(rows.dtype), mean)
        ahead = normalised(reference * before + (1 - reference) * mean)
        left = 1 - jnp.sum(ahead) * ahead
        rounding = 16 * jnp.finfo(rows.dtype).eps * math.sqrt(len(mean))
        across = jnp.where(jnp.sqrt(jnp.sum(jnp.square(left))) <= rounding, 0, normalised(left))
        return relocation * before + (1 - relocation) * mean + strength * (sine * across + cosine * ahead)

    def lie(rows: Array, key: Array | None = None) -> Array:
        return informed(rows, key, jnp.zeros_like(rows[0]))

    return Payload(lie, coordinatewise=False, informed=informed)
