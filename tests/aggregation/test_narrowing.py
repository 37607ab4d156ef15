"""Looking for a rank in bytes first, against numpy's sort: on rows that suit it and on rows chosen against it."""

from functools import partial

import jax
import numpy as np
import pytest

from aspis_sim.aggregation import order_statistics
from aspis_sim.aggregation.counting import count, digit_of_rank
from aspis_sim.aggregation.narrowing import OUTER, below_and_upto_zero, narrowed
from aspis_sim.simulation.compiling import ON_CPU
from tests.quick import AS_FOR_USERS, jitted

COLUMNS = 40
RANDOM = np.random.default_rng(7)


def plain(rows):
    return RANDOM.normal(size=(rows, COLUMNS))


def behind_a_relu(rows):
    """Many zeros of both signs, some with near neighbours: what a tile of gradients looks like."""
    zeros = RANDOM.random((rows, COLUMNS)) < np.linspace(0, 1, COLUMNS)
    return np.where(zeros, RANDOM.choice([0.0, -0.0], (rows, COLUMNS)), plain(rows) ** 5)


def far_apart(rows):
    """Two crowds, of which the larger changes from column to column."""
    return np.where(RANDOM.random((rows, COLUMNS)) < np.linspace(0.3, 0.7, COLUMNS), 1e30, 1e-3) * plain(rows)


def of_all_sizes(rows):
    """No range of them is even: nothing is settled by a look at evenly spaced buckets."""
    return RANDOM.choice([-1, 1], (rows, COLUMNS)) * 10.0 ** RANDOM.uniform(-30, 30, (rows, COLUMNS))


def neighbours(rows):
    """Numbers next to each other in float32."""
    return (
        1 + RANDOM.integers(-5, 5, (rows, COLUMNS)) * 2.0**-23 + np.where(np.arange(COLUMNS) % 2, 0, 1e-3 * plain(rows))
    )


def equal(rows):
    return np.broadcast_to(RANDOM.choice([0, 1, -3.5, 1e-35], COLUMNS), (rows, COLUMNS))


def not_finite(rows):
    special = RANDOM.choice([np.inf, -np.inf, np.nan, -np.nan], (rows, COLUMNS))
    return np.where(RANDOM.random((rows, COLUMNS)) < np.linspace(0, 1, COLUMNS), special, plain(rows))


KINDS = (plain, behind_a_relu, far_apart, of_all_sizes, neighbours, equal, not_finite)


@pytest.fixture(autouse=True)
def whatever_the_size(monkeypatch):
    monkeypatch.setattr(order_statistics, "WORTH_NARROWING", 0)


def selections(compiled=jitted):
    """Compiled anew, since the sizes from which on ways are taken are patched."""
    kth = compiled(lambda values, rank, kept: order_statistics.kth_smallest(values, rank, kept))
    fixed = compiled(lambda values, rank: order_statistics.kth_smallest(values, rank), static_argnums=1)
    return kth, fixed, compiled(lambda values, kept: order_statistics.median(values, kept))


def middle(values):
    ordered = np.sort(values, axis=0)
    low, high = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
    with np.errstate(invalid="ignore"):
        return np.where(low == high, low, np.float32(0.5) * low + np.float32(0.5) * high)


@pytest.mark.parametrize(("rows", "few"), [(65, 0), (200, 3), (65, 32)])
def test_any_rank_of_any_rows(rows, few, monkeypatch):
    as_in_a_run = few == order_statistics.FEW
    monkeypatch.setattr(order_statistics, "FEW", few)
    kth, fixed, median = selections(partial(jax.jit, compiler_options=ON_CPU | AS_FOR_USERS) if as_in_a_run else jitted)
    everything = np.ones(rows, bool)
    some = np.random.default_rng(rows).random(rows) < 0.7
    for kind in KINDS:
        values = kind(rows).astype(np.float32)
        ordered, kept = np.sort(values, axis=0), np.sort(values[some], axis=0)
        for rank in (0, 1, rows // 3, rows // 2, rows - 1):
            np.testing.assert_array_equal(kth(values, rank, everything), ordered[rank], err_msg=kind.__name__)
        for rank in (0, rows // 4, len(kept) - 1):
            np.testing.assert_array_equal(kth(values, rank, some), kept[rank], err_msg=kind.__name__)
        for rank in (rows // 2,) if as_in_a_run else (0, rows // 2):  # a program each
            np.testing.assert_array_equal(fixed(values, rank), ordered[rank], err_msg=kind.__name__)
        for chosen in (everything, some, ~some, np.arange(rows) > 1, np.arange(rows) == 3):
            np.testing.assert_array_equal(median(values, chosen), middle(values[chosen]), err_msg=kind.__name__)


def test_what_float32_cannot_tell_apart_in_float64():
    with jax.enable_x64(True):
        _, fixed, _ = selections()
        for values in (1 + 1e-12 * plain(90), 1e200 * plain(90), 1e-200 * plain(90), of_all_sizes(90)):
            np.testing.assert_array_equal(fixed(values, 45), np.sort(values, axis=0)[45])


look = jitted(lambda values, rank: narrowed(values, rank, 0.5))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_called_settled_is_right(kind):
    for rows in (66, 301):
        values = kind(rows).astype(np.float32)
        found = look(values, np.full(COLUMNS, rows // 2, np.int32))
        settled = np.asarray(found.settled)
        np.testing.assert_array_equal(np.asarray(found.value)[settled], np.sort(values, axis=0)[rows // 2][settled])
        assert settled.all() or kind not in (plain, equal)


def test_absent_rows_are_at_the_end_that_is_asked_for():
    values = plain(80).astype(np.float32)
    values[:10] = np.nan
    ends = np.r_[np.full(4, -OUTER), np.full(6, OUTER), np.zeros(70)].astype(np.int8)
    found = jitted(narrowed)(values, np.full(COLUMNS, 34, np.int32), ends=ends)
    assert np.asarray(found.settled).all()
    np.testing.assert_array_equal(found.value, np.sort(values[10:], axis=0)[30])


@pytest.mark.parametrize("rows", [70, 33_000, 66_000])
def test_where_zeros_are_is_counted_in_one_pass(rows):
    values = behind_a_relu(rows).astype(np.float32)
    values[:4] = [[np.nan], [-np.nan], [np.inf], [-np.inf]]
    ends = np.r_[np.zeros(rows - 30), np.full(10, -OUTER), np.full(20, OUTER)].astype(np.int8)
    present, below = values[:-30], 10
    for given, seen, less in ((None, values, 0), (ends, present, below)):
        found = jitted(lambda values, given=given: below_and_upto_zero(values, given))(values)
        np.testing.assert_array_equal(found[0], (seen < 0).sum(0) + less)
        np.testing.assert_array_equal(found[1], (seen <= 0).sum(0) + less)


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
@pytest.mark.parametrize("rows", [1, 5, 16, 17, 65, 455, 3_500, 33_000])
def test_digits_are_found_and_counted(rows, dtype):
    limits = np.iinfo(dtype)
    digits = np.random.default_rng(rows).integers(limits.min, limits.max + 1, (rows, 12)).astype(dtype)
    digits[:, 0], digits[:, 1] = limits.max, limits.min
    look = jitted(digit_of_rank)
    for rank in {0, rows // 2, rows - 1}:
        found, below = look(digits, np.full(12, rank, np.int32))
        expected = np.sort(digits, axis=0)[rank]
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(below, (digits < expected).sum(0))
    np.testing.assert_array_equal(jitted(lambda rows: count(rows, lambda row: row >= 0))(digits), (digits >= 0).sum(0))
