"""Rules know no scale: in float32, rows of size 1e-30 to 1e36 are chosen and weighed as rows of size 1 are."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.aggregation import PREAGGREGATIONS, RULES, lengths, preaggregation, rule
from aspis_sim.aggregation.distances import geometry
from aspis_sim.aggregation.lengths import norms

N, D = 13, 6
F = {"bulyan": 2}
LENGTHS = {
    "centered_clipping": "tau",
    "geometric_median": "nu",
    "geometric_median to convergence": "nu",
    "clipping": "radius",
}
"""Options that are lengths, and so grow with the rows: another length is another program."""
SELECT = ("krum", "multi_krum", "bulyan", "mda", "smea", "monna", "cge", "aksel", "medoid", "caf", "dnc")
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "geometric_median to convergence": ("geometric_median", {"iterations": None}),
    "krum of fourth powers": ("krum", {"f": 3, "power": 4}),
    "dnc of samples": ("dnc", {"f": 3, "dimensions": 3, "iterations": 2}),
    "median_of_means": ("median_of_means", {"buckets": 5}),
    "ctma on medians": ("ctma", {"base": "median"}),
    "bucketing": ("bucketing", {"size": 2}),
}
SCALES = (-100, -66, -33, -1, 40, 80, 117)
"""Exponents of 2: 7.9e-31 to 1.7e35, entries being up to ten times as large."""


@functools.cache
def compiled(name, size):
    part, given = VARIANTS.get(name, (name, {}))
    registry, build = (PREAGGREGATIONS, preaggregation) if part in PREAGGREGATIONS else (RULES, rule)
    given = dict(given)
    if registry.accepts(part, "f"):
        given.setdefault("f", F.get(name, 3))
    if name in LENGTHS:
        given[LENGTHS[name]] = 2.0 * size
    return jax.jit(build(part, **given).__call__)


def applied(name, size=1.0):
    """The compiled rule or preaggregation for rows of about ``size``: one program for all sizes but for `LENGTHS`."""
    return compiled(name, size if name in LENGTHS else 1.0)


def rows(seed=0, far=8.0):
    """Honest rows of size 1, f colluders together ``far`` away, among them no entry below 1e-3."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(N, D))
    values = np.where(np.abs(values) < 1e-3, 1e-3, values)
    values[[0, 4, 8]] = far + 0.1 * values[[0, 4, 8]]
    return values.astype(np.float32)


EVERY = [
    *(name for name in (*RULES, *PREAGGREGATIONS) if name not in ("median_of_means", "bucketing", "ctma")),
    *VARIANTS,
]


@pytest.mark.parametrize("name", EVERY)
def test_scaling_by_a_power_of_two_scales_the_result_exactly(name):
    values = rows()
    once = np.asarray(applied(name)(values))
    for exponent in SCALES:
        size = 2.0**exponent
        scaled = np.asarray(applied(name, size)(np.ldexp(values, exponent)))
        factor = 0 if name == "sign_majority" else exponent
        np.testing.assert_array_equal(scaled, np.ldexp(once, factor), err_msg=f"at 2^{exponent}")


@pytest.mark.parametrize("size", [1e-30, 1e-25, 1e-20, 1e-10, 1e10, 1e20, 1e25, 1e30])
@pytest.mark.parametrize("name", [*SELECT, "geometric_median to convergence"])
def test_no_scale_lets_the_outliers_in(name, size):
    values = rows(1)
    liars = [0, 4] if name == "bulyan" else [1, 4, 8]
    good = np.delete(values, [0, 4, 8], axis=0)
    values = rows(1, far=0)
    values[[0, 4, 8]] = good[:3] + 0.1
    values[liars] = 50.0
    exact = values.astype(np.float64)
    found = np.asarray(applied(name, size)(exact.astype(np.float32) * np.float32(size)))
    good = np.delete(exact, liars, axis=0)
    assert np.linalg.norm(found / size - good.mean(0)) <= 2 * np.linalg.norm(good - good.mean(0), axis=1).max()


@pytest.mark.parametrize("liar", [1e-37, 1e30, 3e38])
@pytest.mark.parametrize("size", [1e-20, 1e-10, 1.0, 1e20])
@pytest.mark.parametrize("name", SELECT)
def test_a_liar_of_another_scale_does_not_choose_the_scale(name, size, liar):
    """f rows of a size far from the honest one, in the same direction or the other."""
    values = np.random.default_rng(2).normal(1, 0.5, size=(N, D))
    liars = [1, 5] if name == "bulyan" else [1, 5, 9]
    good = np.delete(values, liars, axis=0)
    values = (values * size).astype(np.float32)
    values[liars[0]] = liar
    values[liars[1:]] = -liar
    found = np.asarray(applied(name)(values)) / size
    assert np.linalg.norm(found - good.mean(0)) <= 3 * np.linalg.norm(good - good.mean(0), axis=1).max()


@pytest.mark.parametrize("name", ["krum", "multi_krum", "mda", "smea", "caf", "dnc"])
@pytest.mark.parametrize("liar", [1e-30, 1e30])
def test_most_rows_are_equal_and_a_liar_is_tiny_or_huge(name, liar):
    """The median length is then 0, and the unit that of the typical row that is away from it."""
    values = np.zeros((N, D), np.float32)
    values[2:7] = 1 + rows(3)[2:7] / 8
    values[[1, 5, 9]] = -liar
    found = np.asarray(applied(name)(values))
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1.5


@pytest.mark.parametrize("name", SELECT)
def test_two_rows_at_the_edge_of_float32(name):
    """Their squared lengths are finite, the sum of the two is not."""
    values = np.random.default_rng(4).normal(size=(N, D)).astype(np.float32)
    values[[1, 5]] = 1.8e19 / np.sqrt(D)
    found = np.asarray(applied(name)(values))
    assert np.abs(found).max() < 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_norms_over_the_whole_range(dtype):
    sizes = np.array([0, 1e-37, 1e-30, 1e-19, 1e-12, 1, 1e18, 1e25, 1e37]).astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        values = sizes[:, None] * np.array([3, -4, 0], dtype)
        found = jax.jit(norms)
        np.testing.assert_allclose(found(values), 5 * sizes, rtol=4 * np.finfo(dtype).eps)
        np.testing.assert_allclose(np.asarray(found(values, values[5]))[[0, 1, 5]], [5, 5, 0], rtol=1e-6)
        bad = np.array([[np.nan, 1], [np.inf, 1], [-np.inf, 1], [np.finfo(dtype).max] * 2, [2, 0]], dtype)
        assert found(bad).tolist() == [np.inf] * 4 + [2]


def test_a_distance_is_right_whatever_its_size():
    values = rows(5, far=2.0)
    exact = np.linalg.norm(values[:, None].astype(np.float64) - values, axis=-1)
    seen_by = jax.jit(geometry)
    for size in (1e-36, 1e-22, 1e-12, 1.0, 1e12, 1e22, 1e36):
        seen = seen_by(values * np.float32(size))
        assert np.asarray(seen.usable).all()
        found = np.sqrt(np.asarray(seen.squared, np.float64)) / np.asarray(seen.unit, np.float64) / size
        np.testing.assert_allclose(found, exact, rtol=1e-4)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
@pytest.mark.parametrize("name", [*SELECT, "geometric_median to convergence", "nnm", "arc", "clipping"])
def test_short_floats_keep_their_type_and_choose_as_float32_does(name, dtype):
    values = rows(6, far=30.0).astype(dtype)
    short = compiled(name, 1.0)(values)
    assert short.dtype == dtype
    long = np.asarray(applied(name)(values.astype(np.float32)))
    np.testing.assert_allclose(np.asarray(short, np.float32), long, atol=0.05, rtol=0.02)  # 8 bits of mantissa


@pytest.mark.parametrize("dimension", [64, 101])
def test_long_rows_are_folded_before_they_are_summed(dimension, monkeypatch):
    monkeypatch.setattr(lengths, "LONG", 64)
    random = np.random.default_rng(dimension)
    values, centre = random.normal(size=(5, dimension)), random.normal(size=dimension)
    values[0] = centre + 1e-3 * values[0]
    expected = np.linalg.norm(values - centre, axis=1)
    far = jax.jit(lambda values, centre: norms(values, centre))  # for the size that is patched
    for size in (1e-30, 1e-12, 1.0, 1e12, 1e30):
        found = far((size * values).astype(np.float32), (size * centre).astype(np.float32))
        np.testing.assert_allclose(found, size * expected, rtol=1e-4)
    values[1, -1], values[2, 3] = np.nan, np.inf
    found = np.asarray(far(values.astype(np.float32), centre.astype(np.float32)))
    np.testing.assert_array_equal(np.isinf(found), [False, True, True, False, False])
    np.testing.assert_allclose(found[[0, 3, 4]], expected[[0, 3, 4]], rtol=1e-4)
