"""Settings as they are declared: every one can be a list, is read back as it is written, and says what is wrong."""

import re
from typing import Any

import pytest

from aspis_sim.errors import InputError
from aspis_sim.spec.cell import KNOBS, Cell
from aspis_sim.spec.grid import AXES, MOST_RUNS, Grid
from aspis_sim.spec.kinds import Named, Number, Size, Whole, Word, YesNo

TWO: dict[str, tuple[Any, ...]] = {
    **{name: (2, 3) for name, one in AXES.items() if isinstance(one.kind, Whole)},
    **{name: (0.25, 0.5) for name, one in AXES.items() if isinstance(one.kind, Number)},
    **{name: (10**9, 15 * 10**8) for name, one in AXES.items() if isinstance(one.kind, Size)},
    **{name: (True, False) for name, one in AXES.items() if isinstance(one.kind, YesNo)},
    **{
        name: tuple(sorted(one.kind.names())[:2])
        for name, one in AXES.items()
        if isinstance(one.kind, Word | Named) and len(set(one.kind.names())) > 1
    },
    "x64": (True, False),
}
"""Two values of each setting."""


def test_every_setting_of_a_run_has_two_values_here():
    assert set(KNOBS) <= set(TWO)


@pytest.mark.parametrize("name", sorted(TWO))
def test_a_list_as_text_or_as_values_is_the_same_grid(name):
    kind = AXES[name].kind
    text = ",".join(kind.write(value) for value in TWO[name])
    grid = Grid.of(**{name: text})
    assert grid[name] == TWO[name]
    assert grid == Grid.of(**{name: list(TWO[name])})
    assert name in grid.varies
    assert Grid.stored(grid.specification) == grid
    assert tuple(one for value in grid[name] for one in kind.read(kind.write(value), name)) == grid[name]


@pytest.mark.parametrize("name", [name for name, one in AXES.items() if one.kind.optional])
def test_none_may_stand_in_a_list_of_an_optional_setting(name):
    value = TWO[name][0]
    assert Grid.of(**{name: f"none,{AXES[name].kind.write(value)}"})[name] == (None, value)


def test_none_is_no_value_of_the_others():
    with pytest.raises(InputError, match="'none' is not a number"):
        Grid.of(momentum="none,0.5")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rule": "median,kurm"}, "unknown rule 'kurm'; did you mean krum?"),
        ({"rule": "median,nnm+kurm"}, "'kurm'; did you mean krum?"),
        ({"detector": "clique,certifed"}, "unknown detector 'certifed'; did you mean certified?"),
        ({"scheme": "apsis"}, "unknown scheme 'apsis'; did you mean aspis or aspis+?"),
        ({"agregator": "median"}, "unknown setting 'agregator'"),
        ({"momentum": "0,1"}, "momentum 1.0; it must be in 0..1 (1 excluded)"),
        ({"samples_per_file": "2,x"}, "'x'"),
        ({"scheme": []}, "the grid is empty: no `scheme`"),
    ],
)
def test_a_wrong_item_of_a_list_is_named(given, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Grid.of(**given)


def test_more_cells_than_anyone_wants_are_refused_with_the_count_and_the_axes():
    grid = Grid.of(q="1..10", seed="0..999", lr="0.1,0.2", scheme="aspis,median", momentum="0,0.1,0.2,0.3,0.4,0.5")
    assert grid.size == 120_000
    message = "120,000 cells (2 scheme, 10 q, 1,000 seed, 6 momentum), more than 100,000; ask for them with `yes`"
    with pytest.raises(InputError, match=re.escape(message)):
        grid.check_size()
    Grid.of(q="1..10", seed="0..999", scheme="aspis", momentum=[place / MOST_RUNS for place in range(10)]).check_size()


def test_a_cell_takes_every_setting_by_name_and_nothing_else():
    cell = Cell(**{name: TWO[name][0] for name in KNOBS})
    assert all(getattr(cell, name) == TWO[name][0] for name in KNOBS)
    unknown: dict[str, Any] = {"weight_decay": 0.1}
    with pytest.raises(TypeError, match="weight_decay"):
        Cell(**unknown)
