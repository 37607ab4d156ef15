"""Lists and ranges as they are typed."""

import pytest

from aspis_sim.errors import InputError
from aspis_sim.spec.ranges import integers, names, reals


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1..7", (1, 2, 3, 4, 5, 6, 7)),
        ("3", (3,)),
        ("2..10:4", (2, 6, 10)),
        ("1,3..5,4", (1, 3, 4, 5)),
        ("5..5", (5,)),
    ],
)
def test_integers(text, values):
    assert integers(text, "--q") == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5..2:0.5", (0.5, 1.0, 1.5, 2.0)),
        ("0.1..0.3:0.1", (0.1, 0.2, 0.3)),
        ("1e-3,0.03", (0.001, 0.03)),
        ("-1", (-1.0,)),
    ],
)
def test_reals_are_exact_in_decimal(text, values):
    assert reals(text, "--lr") == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7..1", r"--q 7\.\.1: the range is reversed; did you mean 1\.\.7\?"),
        ("1..5:0", "the step 0 must be positive"),
        ("a..3", "'a' is not a number"),
        ("", "'' is not a number"),
        ("1,,2", "'' is not a number"),
        ("1.5", r"1\.5 is not a whole number"),
        ("nan", "nan is not a finite number"),
        ("1..1e9", "may have 100,000 at most"),
    ],
)
def test_bad_ranges_say_what_is_wrong(text, message):
    with pytest.raises(InputError, match=message):
        integers(text, "--q")


def test_names_come_once_and_in_order():
    assert names("aspis, detox,aspis") == ("aspis", "detox")
    with pytest.raises(InputError, match="no name in ','"):
        names(",")
