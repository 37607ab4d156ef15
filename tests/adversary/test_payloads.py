"""Every payload: one vector per call, and its formula."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import PAYLOADS, payload
from aspis_sim.adversary.payloads.alie import baruch_strength
from aspis_sim.aggregation.conventions import NAMES
from aspis_sim.errors import InputError

KEY = jax.random.key(3)


def honest(seed=0):
    random = np.random.default_rng(seed)
    return (random.normal(size=(11, 7)) + 0.5).astype(np.float32)


@functools.cache
def applied(name, jit=jax.jit, **given):
    """The compiled payload, which tests share."""
    return jit(payload(name, **given).function)


@pytest.mark.parametrize("name", PAYLOADS)
def test_one_vector_of_the_dtype(name):
    made = payload(name)
    lie = applied(name)(honest(), KEY)
    assert lie.shape == ((11, 7) if made.scope == "files" else (7,))
    assert lie.dtype == np.float32


@pytest.mark.parametrize("name", [name for name in PAYLOADS if PAYLOADS.accepts(name, "strength")])
def test_strength_may_be_traced(name):
    run = jax.jit(lambda rows, strength: payload(name, strength=strength)(rows, KEY))
    np.testing.assert_allclose(run(honest(), 2.5), applied(name, strength=2.5)(honest(), KEY), rtol=1e-5)


@pytest.mark.parametrize("name", ["reversed", "zero", "constant", "sign_flip", "rop"])
def test_one_row_is_enough(name):
    assert np.isfinite(payload(name)(jnp.asarray(honest()[:1]))).all()


@pytest.mark.parametrize("convention", NAMES)
def test_conventions_build(convention):
    for name in PAYLOADS:
        given = {"workers": 15, "byzantine": 4} if name == "alie" else {}
        assert callable(payload(name, convention=convention, **given))


def test_formulas():
    rows = honest()
    mean = rows.mean(0)
    expected = {
        payload("alie", strength=-0.5, ddof=1): mean - 0.5 * rows.std(0, ddof=1),
        payload("alie"): mean + rows.std(0),
        payload("constant", strength=3.0): np.full(7, -3.0),
        payload("mimic", index=4): rows[4],
    }
    for lie, vector in expected.items():
        np.testing.assert_allclose(lie(jnp.asarray(rows)), vector, rtol=1e-5, atol=1e-6)
    assert np.isnan(payload("nan")(jnp.asarray(rows))).all()
    assert np.isposinf(payload("inf")(jnp.asarray(rows))).all()
    assert not payload("zero")(jnp.asarray(rows)).any()


def test_gaussian_follows_its_key():
    lie = payload("gaussian", strength=2.0)
    first, again, other = (lie(jnp.asarray(honest()), jax.random.key(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(InputError, match="needs a key"):
        lie(jnp.asarray(honest()))


def test_strength_of_baruch():
    """K=50, q=24 is the worked example of the paper's table: s = 2 supporters, 24 of 26 honest workers nearer."""
    assert baruch_strength(50, 24) == pytest.approx(1.4260768722, abs=1e-9)
    rows = honest()
    lie = payload("alie", convention="baruch", workers=15, byzantine=4)(jnp.asarray(rows))
    expected = rows.mean(0) + baruch_strength(15, 4) * rows.std(0)
    np.testing.assert_allclose(lie, expected, rtol=1e-5)
    with pytest.raises(InputError, match="no strength for 8 of 15 workers"):
        baruch_strength(15, 8)
    with pytest.raises(InputError, match="needs workers"):
        payload("alie", strength=None)


@pytest.mark.parametrize("direction", ["std", "unit", "sign"])
def test_min_max_and_min_sum_reach_their_bound_and_no_farther(direction):
    rows = honest(2).astype(np.float64)
    squared = np.square(rows[:, None] - rows).sum(-1)
    with jax.enable_x64(True):
        lie = np.asarray(applied("min_max", direction=direction)(rows, None))
        assert np.square(lie - rows).sum(1).max() == pytest.approx(squared.max(), rel=1e-9)
        lie = np.asarray(applied("min_sum", direction=direction)(rows, None))
        assert np.square(lie - rows).sum() == pytest.approx(squared.sum(1).max(), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("ali", {}, "did you mean alie"),
        ("alie", {"z": 1}, "its parameters: strength"),
        ("mimic", {"index": -1}, "index of 0 or more"),
        ("min_max", {"direction": "up"}, "known: std, unit, sign"),
        ("optimised", {"byzantine": 0}, "byzantine >= 1"),
        ("optimised", {"objective": "speed"}, "known: descent, distance"),
        ("optimised", {"aggregator": "krumm"}, "did you mean krum"),
        ("farsighted", {"aggregator": "krumm"}, "did you mean krum"),
        ("farsighted", {"ahead": 0}, "ahead=0; it is a whole number, 1 or more"),
    ],
)
def test_refuses_bad_requests(name, given, message):
    with pytest.raises(InputError, match=message):
        payload(name, **given)


def test_lies_of_files():
    rows = honest()
    np.testing.assert_allclose(jax.jit(payload("reversed", strength=2.0).of_files)(rows), -2 * rows, rtol=1e-6)
    assert jax.jit(payload("alie").of_files)(rows).shape == (1, 7)
    assert jax.eval_shape(payload("optimised").of_files, rows, KEY).shape == rows.shape


def test_mimic_beyond_the_rows():
    with pytest.raises(InputError, match="index 20 is beyond the 11"):
        payload("mimic", index=20)(jnp.asarray(honest()))


@pytest.mark.parametrize("name", [name for name in PAYLOADS if payload(name).largest is not None])
def test_no_entry_exceeds_what_the_payload_says_it_may(name):
    lie, run = payload(name), jax.jit(payload(name))
    for seed, scale in enumerate((1e-3, 1.0, 1e6)):
        rows = (np.random.default_rng(seed).standard_cauchy((9, 40)) * scale).astype(np.float32)
        rows = rows[:1] if lie.scope == "file" else rows
        assert lie.largest is not None
        assert np.abs(np.asarray(run(rows, KEY))).max() <= lie.largest(jnp.abs(rows).max()) * (1 + 1e-5)


@pytest.mark.parametrize("name", [name for name in PAYLOADS if not payload(name).reads_rows])
def test_a_payload_that_does_not_read_the_rows_depends_on_nothing_but_the_width(name):
    rows = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    key, run = jax.random.key(0), jax.jit(payload(name))
    np.testing.assert_array_equal(run(rows, key), run(np.zeros((1, 40), np.float32), key))


@pytest.mark.parametrize("direction", ["std", "unit", "sign"])
@pytest.mark.parametrize("size", [1e-25, 1e-15, 1e12, 1e25])
def test_min_max_reaches_its_bound_whatever_the_size_of_the_rows(direction, size):
    rows = (honest() * size).astype(np.float32)
    exact = rows.astype(np.float64)
    squared = np.square(exact[:, None] - exact).sum(-1)
    lie = np.asarray(applied("min_max", jax.jit, direction=direction)(rows, None), np.float64)
    assert np.square(lie - exact).sum(1).max() == pytest.approx(squared.max(), rel=1e-3)
