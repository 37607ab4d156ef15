"""What is asked for of a single run: every setting has one value."""

from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.spec.grid import AXES, Grid


def one_cell(**given: Any) -> Grid:
    """The grid of one run; settings that are not given have their defaults for one.

    Raises:
        InputError: no such setting, a value that it cannot have, or several values of one.
    """
    single = {name: one.default for name, one in AXES.items() if one.several is not None}
    grid = Grid.of(**{**single, **given})
    for name in grid.varies:
        values = ", ".join(AXES[name].written(value) for value in grid[name][:6])
        raise InputError(f"`{name}` {values}: a single run takes one value of {name}; use a sweep for several")
    return grid
