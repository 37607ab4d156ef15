"""Shapes of programs for tests that run rounds without a grid: a small cell, resolved."""

from dataclasses import replace

import numpy as np

from aspis_sim.run.resolve import resolve
from aspis_sim.spec.cell import Cell

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
    own = {name: settings.pop(name) for name in list(settings) if name not in Cell.__dataclass_fields__}
    return replace(resolve(cell(**settings)).shape, **own)


def changed(shape, **settings):
    """A shape with other settings."""
    return replace(shape, settings=replace(shape.settings, **settings))


def real(shape):
    """The type of the numbers that its runs are fed."""
    return np.float64 if shape.settings.precision == "float64" else np.float32
