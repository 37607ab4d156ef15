"""Stragglers that are others at every step."""

from __future__ import annotations

import jax

from aspis_sim.silence.base import Silence


def random() -> Silence:
    """Every honest worker is as likely as any other to come too late, in every step anew."""
    return lambda key, step, workers: jax.random.uniform(jax.random.fold_in(key, step), (workers,))
