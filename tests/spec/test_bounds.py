"""What values of settings and of options of parts can be, from text and from Python."""

import jax.numpy as jnp
import pytest

import aspis_sim
from aspis_sim import aggregation, models
from aspis_sim.errors import InputError
from aspis_sim.printable import brief, message
from aspis_sim.schedules import schedule
from aspis_sim.spec.part import parse_part
from aspis_sim.spec.ranges import integers, reals


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"q": 10**5000}, "at most 2,147,483,647"),
        ({"q": "1" + "0" * 999}, "out of range"),
        ({"workers": 10**9}, "at most 10,000"),
        ({"lr": 10**400}, "not a finite number"),
        ({"memory": 10**400}, "at most 1000TB"),
        ({"devices": 10**6}, "at most 10,000"),
        ({"model": "mlp:hidden=true"}, "it is a whole number, such as 64"),
        ({"payload": "min_max:direction=3"}, "it is one of those known: std, unit, sign"),
        ({"attack": "weak:q=1"}, "q is filled in"),
    ],
)
def test_values_beyond_their_bounds_are_refused_from_python(settings, wrong):
    with pytest.raises(InputError, match=wrong):
        aspis_sim.train(**settings)


def test_options_are_typed_where_parts_are_built_from_python():
    with pytest.raises(InputError, match=r"rule 'krum': f=1\.5; it is a whole number"):
        aggregation.rule("krum", f=1.5)
    with pytest.raises(InputError, match=r"rule 'median': lower=1; it is true or false, such as False"):
        aggregation.rule("median", lower=1)
    with pytest.raises(InputError, match=r"hidden=2\.0; it is a whole number"):
        models.build("mlp", classes=10, hidden=2.0)
    assert aggregation.rule("geometric_median", nu=1, iterations=None, tolerance=1e-3)


def test_the_end_of_a_cosine_may_be_given():
    assert float(schedule("cosine", 100, steps=3)(jnp.int32(3))) == 0


@pytest.mark.parametrize("text", ["krum:f=1e400", "krum:f=nan", f"krum:f={'9' * 19}", f"krum:f=-{'9' * 400}"])
def test_numbers_in_options_are_finite_and_short(text):
    with pytest.raises(InputError, match="out of range"):
        parse_part(text)


def test_ranges_are_read_to_their_bounds_and_no_further():
    assert integers("2147483647", "`q`") == (2**31 - 1,)
    with pytest.raises(InputError, match="at most 2,147,483,647"):
        integers("2147483648", "`q`")
    assert reals("1e307,-1e-308,0e-999999999", "`lr`") == (1e307, -1e-308, 0.0)
    assert len(integers("1..100000", "`q`")) == 100_000


def test_long_values_lose_their_middle_and_messages_their_length():
    assert brief("a" * 60) == "a" * 60
    assert brief("a" * 30 + "b" * 1000 + "c" * 30) == "a" * 30 + "b" * 10 + "…" + "c" * 19
    assert brief(10**5000) == "a number of thousands of digits"
    said = message("wrong: " + "some words " * 500 + "\nand\x1b[2J\r what works")
    assert said.startswith("wrong: some words")
    assert said.endswith("\nand?[2J? what works")
    assert sum(-(-len(line) // 80) for line in said.splitlines()) == 6
