"""Selection against numpy's sort, and its derivative against finite differences."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aspis_sim.aggregation import order_statistics, ranked_sums
from aspis_sim.aggregation.sorting_network import odd_even_merge, pruned

ROWS = (1, 2, 5, 15, 70)
kth = jax.jit(order_statistics.kth_smallest, static_argnums=1)
kth_traced = jax.jit(order_statistics.kth_smallest)
median = jax.jit(order_statistics.median, static_argnums=2)
sum_of_ranks = jax.jit(ranked_sums.sum_of_ranks, static_argnums=(1, 2))
sum_of_traced_ranks = jax.jit(ranked_sums.sum_of_ranks)
mean_of_nearest = jax.jit(ranked_sums.mean_of_nearest, static_argnums=2)
mean_of_traced_nearest = jax.jit(ranked_sums.mean_of_nearest)


def awkward(rows, columns, dtype, seed=0):
    """Ties, zeros of both signs, tiny and huge numbers, infinities and NaN."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, columns)).astype(dtype)
    special = np.array([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, -np.nan, np.finfo(dtype).max, 1e-7], dtype)
    return np.where(random.random(values.shape) < 0.5, random.choice(special, values.shape), values)


def middle(values):
    """numpy's median with NaN as the largest value."""
    ordered = np.sort(values, axis=0)
    low, high = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
    with np.errstate(invalid="ignore"):
        return np.where(low == high, low, 0.5 * low + 0.5 * high)


@pytest.mark.parametrize("rows", range(1, 13))
def test_the_network_sorts_every_order_of_zeros_and_ones(rows):
    for bits in itertools.product((0, 1), repeat=rows):
        lines = list(bits)
        for low, high in odd_even_merge(rows):
            lines[low], lines[high] = min(lines[low], lines[high]), max(lines[low], lines[high])
        assert lines == sorted(bits)


def test_pruning_drops_exchanges():
    assert len(pruned(15, (7,))) < len(odd_even_merge(15))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("rows", ROWS)
def test_every_rank(rows, dtype):
    values = awkward(rows, 33, dtype)
    ordered = np.sort(values, axis=0)
    with jax.enable_x64(True):
        for rank in sorted({0, rows // 2, rows - 1}):
            found = kth_traced(values, np.int32(rank))
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, ordered[rank])
        np.testing.assert_array_equal(kth(values, rows // 2), ordered[rows // 2])


@pytest.mark.parametrize("rows", ROWS)
def test_median(rows):
    values = awkward(rows, 40, np.float32)
    np.testing.assert_array_equal(median(values), middle(values))
    np.testing.assert_array_equal(median(values, None, True), np.sort(values, axis=0)[(rows - 1) // 2])


@pytest.mark.parametrize("rows", ROWS)
def test_median_of_the_kept_rows(rows):
    values = awkward(rows, 40, np.float32)
    for seed in range(4):
        kept = np.random.default_rng(seed).random(rows) < (seed + 1) / 5
        expected = middle(values[kept]) if kept.any() else np.zeros(40)
        np.testing.assert_array_equal(median(values, kept), expected)


def test_columns_in_tiles(monkeypatch):
    monkeypatch.setattr(order_statistics, "AT_ONCE", 0)
    for cached, columns in ((0, 101), (70 * 64, 101), (70 * 64, 96), (70 * 64, 33)):
        monkeypatch.setattr(order_statistics, "CACHED", cached)
        values = awkward(70, columns, np.float32)
        np.testing.assert_array_equal(jax.jit(lambda rows: order_statistics.median(rows))(values), middle(values))


@given(hnp.arrays(np.float32, (66, 3), elements=st.floats(width=32, allow_nan=True, allow_subnormal=True)))
@settings(max_examples=40, deadline=None)
def test_counting_on_any_floats(values):
    np.testing.assert_array_equal(kth(values, 33), np.sort(values, axis=0)[33])


@given(
    hnp.arrays(np.float32, (9, 4), elements=st.floats(width=32, allow_nan=True, allow_subnormal=False)),
    st.integers(1, 2**9 - 1),
)
@settings(max_examples=60, deadline=None)
def test_network_on_any_floats_and_rows(values, bits):
    # XLA flushes subnormal results of arithmetic to 0, so that a mean of middle values that small is lost.
    values = np.where(np.abs(values) < 2.0**-100, np.float32(0), values)
    kept = np.array([bits >> row & 1 for row in range(9)], bool)
    np.testing.assert_array_equal(median(values, kept), middle(values[kept]))


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("rows", [7, 40])
def test_sums_and_means(rows, rounded):
    random = np.random.default_rng(3)
    values = random.normal(size=(rows, 9))
    if rounded:
        values = np.round(values * 2)
    some = random.random(rows) < 0.8
    with jax.enable_x64(True):
        for kept in (None, some):
            present = values if kept is None else values[kept]
            number, ordered = len(present), np.sort(present, axis=0)
            centre = np.median(present, axis=0)
            if kept is None:
                total = sum_of_ranks(values, 2, number - 1)
                nearest = mean_of_nearest(values, centre, number - 2)
            else:
                total = sum_of_traced_ranks(values, 2, number - 1, kept)
                nearest = mean_of_traced_nearest(values, centre, number - 2, kept)
            np.testing.assert_allclose(total, ordered[2:-1].sum(0), rtol=1e-12, atol=1e-12)
            distance = np.sort(np.abs(present - centre), axis=0)[number - 3]
            inside, at = np.abs(present - centre) < distance, np.abs(present - centre) == distance
            shared = (number - 2 - inside.sum(0)) * (present * at).sum(0) / at.sum(0)
            np.testing.assert_allclose(nearest, ((present * inside).sum(0) + shared) / (number - 2), atol=1e-12)


@pytest.mark.parametrize("rows", [6, 7])
def test_derivatives(rows):
    random = np.random.default_rng(rows)
    values, change = random.normal(size=(2, rows, 5))
    functions = (
        lambda v: order_statistics.median(v),
        lambda v: ranked_sums.sum_of_ranks(v, 1, rows - 1),
        lambda v: ranked_sums.mean_of_nearest(v, jnp.zeros(5), rows - 2),
    )
    with jax.enable_x64(True):
        for function in functions:
            compiled, sloped = jax.jit(function), jax.jit(lambda v, c, of=function: jax.jvp(of, (v,), (c,))[1])
            slope, step = np.asarray(sloped(values, change)), 1e-6
            secant = np.asarray(compiled(values + step * change)) - np.asarray(compiled(values - step * change))
            np.testing.assert_allclose(slope, secant / (2 * step), rtol=1e-6)  # central differences


def test_inside_scan_and_vmap():
    values = np.random.default_rng(0).normal(size=(3, 70, 8)).astype(np.float32)
    expected = np.median(values, axis=1)
    batched = jax.jit(jax.vmap(order_statistics.median))(values)
    np.testing.assert_allclose(batched, expected, rtol=1e-6)
    scanned = jax.jit(lambda v: jax.lax.scan(lambda c, one: (c, order_statistics.median(one)), 0, v)[1])(values)
    np.testing.assert_allclose(scanned, expected, rtol=1e-6)
