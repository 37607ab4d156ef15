"""Shapes of programs, and what they are fed, for tests that run rounds without a grid: a small cell, resolved."""

from dataclasses import replace

import jax
import numpy as np

from aspis_sim.adversary.targeting import target
from aspis_sim.assignment import build
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Feed
from aspis_sim.spec.cell import KNOBS, Cell

SMALL = Cell(
    scheme="median", assignment="baseline", workers=3, redundancy=1, q=0, attack="none", payload="alie",
    model="softmax", samples_per_file=2, steps=6,
)  # fmt: skip


def cell(**settings):
    """The small cell with these settings."""
    return replace(SMALL, **settings)


def shape(**settings):
    """What the program of the small cell with these settings is compiled for.

    ``chunks``, ``tile_bytes``, ``turns`` and other fields of a `RunShape` may be given as well.
    """
    own = {name: settings.pop(name) for name in list(settings) if name not in KNOBS}
    return replace(resolve(cell(**settings)).shape, **own)


def changed(shape, **settings):
    """A shape with other settings, or other fields of its own; what follows from the settings stays as it was."""
    own = {name: settings.pop(name) for name in list(settings) if name not in KNOBS}
    return replace(shape, settings=replace(shape.settings, **settings), **own)


def fed(shape, attack="none", q=0, seed=0, rate=0.1, strength=1.0):
    """What a run of the shape is fed under an attack by q workers that stay where they are."""
    settings = shape.settings
    chosen = target(attack, build(settings.assignment, workers=settings.workers, redundancy=settings.redundancy), q)
    real = np.float64 if settings.precision == "float64" else np.float32
    return Feed(jax.random.key(seed), real(rate), real(strength), chosen.byzantine[None], chosen.distorts[None])
