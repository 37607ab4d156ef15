"""Workers that have crashed before the run."""

from __future__ import annotations

import jax

from aspis_sim.silence.base import Silence


def crash() -> Silence:
    """The same workers return nothing in all steps, drawn from the run's seed."""
    return lambda key, step, workers: jax.random.uniform(key, (workers,))
