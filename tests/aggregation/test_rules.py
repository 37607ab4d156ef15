"""One conformance suite over the registries of rules and preaggregations."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.aggregation import PREAGGREGATIONS, RULES, preaggregation, rule
from aspis_sim.aggregation.conventions import NAMES
from aspis_sim.errors import InputError

N, D = 13, 6
F = {"bulyan": 2}
PARAMETERS: dict[str, dict[str, Any]] = {
    "median_of_means": {"buckets": 13},
    "centered_clipping": {"tau": 3.0, "iterations": 5},
}
STEPS: dict[str, dict[str, Any]] = {"bucketing": {"size": 2}, "clipping": {"radius": 2.0}}

UNROBUST = {"average"}
NOT_THE_VALUE = {"sign_majority"}
SPOILT_BY_ONE = {"average"}


def parameters(name, registry=RULES):
    f = {"f": F.get(name, 3)} if registry.accepts(name, "f") else {}
    return {**f, **(PARAMETERS | STEPS).get(name, {})}


@functools.cache
def applied(name):
    """The compiled rule, which tests share."""
    return jax.jit(rule(name, **parameters(name)).__call__)


def apply(name, values):
    return np.asarray(applied(name)(values))


def honest(seed=0, rows=N, dtype=np.float32):
    random = np.random.default_rng(seed)
    return (random.normal(size=(rows, D)) + np.arange(D)).astype(dtype)


@pytest.mark.parametrize("name", RULES)
def test_shape_dtype_and_one_compilation(name):
    with jax.enable_x64(True):
        wide = jax.jit(rule(name, **parameters(name)).__call__)(honest(dtype=np.float64))
        assert wide.shape == (D,)
        assert wide.dtype == np.float64
    narrow = apply(name, honest())
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, wide, rtol=1e-4, atol=1e-4)  # the dtype decides no choice here
    before = applied(name)._cache_size()
    apply(name, honest(1))
    assert applied(name)._cache_size() == before


@pytest.mark.parametrize("name", RULES)
def test_order_of_rows(name):
    if not rule(name, **parameters(name)).order_free:
        pytest.skip("declared to depend on the order")
    values = honest(2)
    shuffled = values[np.random.default_rng(3).permutation(N)]
    np.testing.assert_allclose(apply(name, values), apply(name, shuffled), rtol=1e-4, atol=1e-5)  # order of sums


@pytest.mark.parametrize("name", RULES)
def test_equal_rows_come_back(name):
    values = np.tile(honest()[:1], (N, 1))
    expected = np.sign(values[0]) if name in NOT_THE_VALUE else values[0]
    # Clipping approaches the common row by its radius each time, Weiszfeld from 0 in one step.
    np.testing.assert_allclose(apply(name, values), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [10.0, 1e4, -1e4, 1e18])
@pytest.mark.parametrize("name", RULES)
def test_stands_its_f(name, size):
    """f colluders far away move the result no farther than a few times the spread of the honest rows."""
    if name in UNROBUST | NOT_THE_VALUE:
        pytest.skip("claims nothing about values")
    values, f = honest(4), F.get(name, 3)
    liars = [1, 5, 9][:f] if name in ("monna", "fltrust") else [0, 4, 8][:f]
    values[liars] = size
    good = np.delete(values, liars, axis=0)
    spread = np.linalg.norm(good - good.mean(0), axis=1).max()
    assert np.linalg.norm(apply(name, values) - good.mean(0)) <= 2 * spread


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", RULES)
def test_answer_to_nan_and_inf(name, bad):
    values, f = honest(5), F.get(name, 3)
    liars = [1, 5, 9][:f]
    values[liars] = bad
    found = apply(name, values)
    if name in SPOILT_BY_ONE:
        assert not np.isfinite(found).any()
    else:
        assert np.isfinite(found).all()
        good = np.delete(values, liars, axis=0)
        if name not in NOT_THE_VALUE:
            assert np.linalg.norm(found - good.mean(0)) <= 2 * np.linalg.norm(good - good.mean(0), axis=1).max()


@pytest.mark.parametrize("name", RULES)
def test_rows_not_kept_are_as_if_absent(name):
    made = rule(name, **parameters(name))
    kept = np.ones(N, bool)
    kept[[2, 7]] = False
    if not made.takes_kept:
        with pytest.raises(InputError, match="cannot be left out"):
            made(jnp.asarray(honest()), jnp.asarray(kept))
        return
    values = honest(6)
    alone = np.asarray(jax.jit(made.function)(values[kept], None))
    values[~kept] = np.nan
    found = jax.jit(made.__call__)(values, kept)
    np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in RULES if RULES.accepts(name, "f")])
def test_refuses_more_than_it_tolerates(name):
    made = rule(name, f=3)
    assert made.tolerance is not None
    least = made.tolerance.least_rows(3)
    made.tolerance.check(least)
    with pytest.raises(InputError, match=r"f=3 of n=\d+ rows: needs .* because"):
        made(jnp.zeros((least - 1, 2)))
    with pytest.raises(InputError, match="f must be 0 or more"):
        rule(name, f=-1)


@pytest.mark.parametrize("name", [name for name in RULES if RULES.accepts(name, "f")])
def test_without_byzantine_rows(name):
    found = np.asarray(jax.jit(rule(name, f=0).function)(honest(), None))
    if name not in ("krum", "monna"):
        np.testing.assert_allclose(found, honest().mean(0), rtol=1e-5, atol=1e-6)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("convention", NAMES)
@pytest.mark.parametrize("name", RULES)
def test_every_convention_builds_every_rule(name, convention):
    assert callable(rule(name, convention=convention, **parameters(name)))


@pytest.mark.parametrize("name", PREAGGREGATIONS)
def test_preaggregation(name):
    step = preaggregation(name, **parameters(name, PREAGGREGATIONS))
    values = honest(7)
    compiled = jax.jit(step)
    made = np.asarray(compiled(values))
    assert made.dtype == np.float32
    assert made.shape[1] == D
    values[3] = np.nan
    rows = np.asarray(compiled(values))
    assert np.isfinite(rows).all(axis=1).sum() >= len(rows) - 1
    small = np.tile(honest()[:1] / 10, (N, 1))
    again = compiled(small)
    np.testing.assert_allclose(again, np.broadcast_to(small[0], made.shape), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", PREAGGREGATIONS)
def test_preaggregation_of_kept_rows(name):
    step = preaggregation(name, **parameters(name, PREAGGREGATIONS))
    values = honest(8)
    kept = np.arange(N) < N - 2
    alone = np.asarray(jax.jit(step)(values[kept]))
    values[~kept] = np.nan
    rows, present = jax.jit(step.apply)(values, kept)
    np.testing.assert_allclose(np.asarray(rows)[np.asarray(present)], alone, rtol=1e-5, atol=1e-5)


def test_composition():
    values = honest(9)
    composed = jax.jit(rule("nnm+trimmed_mean", f=3))(values)
    by_hand = jax.jit(rule("trimmed_mean", f=3))(jax.jit(preaggregation("nnm", f=3))(values))
    np.testing.assert_allclose(composed, by_hand, rtol=1e-6)
    two = jax.jit(rule("clipping+bucketing+median", radius=4.0, size=2))(values)
    clipped = jax.jit(preaggregation("clipping", radius=4.0))(values)
    by_hand = jax.jit(rule("median"))(jax.jit(preaggregation("bucketing", size=2))(clipped))
    np.testing.assert_allclose(two, by_hand, rtol=1e-6)
    # Seven buckets of two cannot stand three liars under Krum.
    with pytest.raises(InputError, match=r"f=3 of n=7 rows: needs n >= 2f \+ 3"):
        rule("bucketing+krum", f=3, size=2)(jnp.asarray(values))


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("krumm", {}, "did you mean krum"),
        ("nn+krum", {"f": 1}, "unknown preaggregation 'nn'; did you mean nnm"),
        ("krum+median", {"f": 1}, "unknown preaggregation 'krum'"),
        ("nnm+krum", {"f": 1, "tau": 2}, "no step of 'nnm\\+krum' takes the parameter 'tau'"),
        ("krum", {"q": 1}, "its parameters: f"),
        ("krum", {"f": 1, "beyond": 3}, "beyond must be 1"),
        ("median", {"convention": "byzf"}, "unknown convention 'byzf'; did you mean byzfl"),
        ("geometric_median", {"nu": 0.0}, "nu must be more than 0"),
        ("geometric_median", {"iterations": 0}, "iterations must be at least 1"),
        ("centered_clipping", {"tau": -1.0}, "tau must be a finite number more than 0"),
        ("centered_clipping", {"iterations": 0}, "iterations must be at least 1"),
        ("median_of_means", {"buckets": 0}, "at least 1"),
        ("dnc", {"f": 1, "iterations": 0}, "dnc needs iterations"),
    ],
)
def test_refuses_bad_requests(name, given, message):
    with pytest.raises(InputError, match=message):
        rule(name, **given)


def test_smea_says_when_there_are_too_many_subsets():
    with pytest.raises(InputError, match=r"n=60, f=20 means .* subsets.* use fewer rows, caf"):
        rule("smea", f=20)(jnp.zeros((60, 2)))
