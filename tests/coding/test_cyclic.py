"""The cyclic code: its matrix, its precision, mixed lies, other sizes, what it reports, and what nobody could see."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspis_sim.assignment.cyclic import cyclic
from aspis_sim.coding.cyclic import cyclic_code
from aspis_sim.errors import InputError

SIZES = [(9, 5), (15, 3), (7, 7), (10, 5), (10, 9), (5, 3), (6, 5), (24, 7), (4, 1), (1, 1)]
KINDS = ("constant", "reversed", "small", "same shift", "huge", "nan", "inf")
CODE = cyclic_code(9, 5)
encode, decode = jax.jit(CODE.encode), jax.jit(CODE.decode)


def lie(kind, row, rng):
    return {
        "constant": lambda: np.full_like(row, -100),
        "reversed": lambda: -100 * row,
        "small": lambda: row + 1e-3 * rng.normal(size=row.shape),
        "same shift": lambda: row + 1e-3,
        "huge": lambda: 1e6 * rng.normal(size=row.shape),
        "nan": lambda: np.full_like(row, np.nan),
        "inf": lambda: np.where(np.arange(len(row)) == 3, -np.inf * 1j, row),
    }[kind]()


def batch(workers, seed, size=40):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(workers, size)).astype(np.float32), rng


def error(total, gradients):
    exact = gradients.astype(np.float64).sum(0)
    return np.linalg.norm(np.asarray(total, np.float64) - exact) / np.linalg.norm(exact)


@pytest.mark.parametrize(("workers", "redundancy"), SIZES)
def test_the_matrix_has_the_assignments_supports_and_the_checks_annihilate_it(workers, redundancy):
    code = cyclic_code(workers, redundancy)
    assert np.array_equal(abs(code.matrix) > 0, cyclic(workers, redundancy).incidence)
    plain = code.phases.conj()[:, None] * code.matrix
    np.testing.assert_allclose(plain.sum(0), 1, atol=1e-12)
    assert code.checks.shape == (redundancy - 1, workers)
    np.testing.assert_allclose(code.checks @ plain, 0, atol=1e-12)
    np.testing.assert_allclose(code.checks @ code.checks.conj().T, np.eye(redundancy - 1), atol=1e-12)


@pytest.mark.parametrize(("workers", "redundancy"), [(9, 5), (15, 3), (7, 7), (10, 5)])
def test_all_ones_is_in_the_span_of_any_rows_left_by_2s_erasures(workers, redundancy):
    code = cyclic_code(workers, redundancy)
    for erased in combinations(range(workers), redundancy - 1):
        left = np.delete(code.matrix, erased, axis=0)
        weights = np.linalg.lstsq(left.T, np.ones(workers), rcond=None)[0]
        np.testing.assert_allclose(weights @ left, 1, atol=1e-9)


@pytest.mark.parametrize(("workers", "redundancy"), [(9, 5), (15, 3), (15, 5), (10, 5), (12, 7)])
def test_neighbours_are_the_hardest_to_tell_apart(workers, redundancy):
    code = cyclic_code(workers, redundancy)
    smallest = min(
        np.linalg.svd(code.checks[:, columns], compute_uv=False)[-1]
        for columns in combinations(range(workers), code.errors)
    )
    assert code.amplification == pytest.approx(1 / smallest)


def test_encoding_is_the_matrix_product_and_takes_copies_in_the_assignments_order():
    gradients, rng = batch(9, 0)
    np.testing.assert_allclose(encode(gradients), CODE.matrix @ gradients, atol=1e-5)
    files = cyclic(9, 5).files
    copies = rng.normal(size=(9, 5, 40)).astype(np.float32)
    expected = np.zeros((9, 40), complex)
    for file, holders in enumerate(files):
        for slot, worker in enumerate(holders):
            expected[worker] += CODE.matrix[worker, file] * copies[file, slot]
    np.testing.assert_allclose(encode(copies), expected, atol=1e-5)
    same = np.broadcast_to(gradients[:, None], copies.shape)
    np.testing.assert_array_equal(encode(same), encode(gradients))


def test_a_gradient_that_is_not_finite_reaches_its_holders_only():
    gradients, _ = batch(9, 0)
    gradients[2, 5] = np.nan
    spoilt = ~np.isfinite(np.asarray(encode(gradients))).all(1)
    assert np.flatnonzero(spoilt).tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(("workers", "redundancy"), [(15, 3), (7, 7), (10, 3), (4, 1)])
def test_every_pattern_of_liars_at_other_sizes(workers, redundancy):
    code = cyclic_code(workers, redundancy)
    step = jax.jit(code.decode)
    patterns = [p for q in range(code.errors + 1) for p in combinations(range(workers), q)]
    for number, liars in enumerate(patterns):
        gradients, rng = batch(workers, number)
        returned = np.array(code.encode(gradients))
        for worker in liars:
            returned[worker] = lie(KINDS[number % len(KINDS)], returned[worker], rng)
        found = step(jnp.asarray(returned), jax.random.key(number))
        assert bool(found.ok)
        assert np.flatnonzero(found.located).tolist() == list(liars)
        assert error(found.total, gradients) <= 1e-6


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.integers(0, 8), st.sampled_from(KINDS), max_size=2),
    st.integers(0, 2**31 - 1),
    st.sampled_from([1e-8, 1.0, 1e8]),
    st.sampled_from([0.0, 10.0]),
)
def test_any_two_lies_of_different_kinds_at_any_scale(liars, seed, scale, common):
    gradients, rng = batch(9, seed)
    gradients = gradients + np.float32(common)
    returned = np.array(encode(gradients))
    for worker, kind in liars.items():
        returned[worker] = lie(kind, returned[worker], rng)
    returned.view(np.float32)[:] *= np.float32(scale)
    found = decode(jnp.asarray(returned), jax.random.key(seed))
    assert bool(found.ok)
    assert set(np.flatnonzero(found.located)) == set(liars)
    assert error(np.asarray(found.total, np.float64) / np.float32(scale), gradients) <= 1e-6


@pytest.mark.parametrize("size", [1e-7, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 1e-3, 1e-2])
def test_lies_near_rounding_are_harmless_whether_located_or_not(size):
    """Deviations below some 1e-4 of a return pass as rounding or not; gradients share a part, as in training."""
    for number, liars in enumerate(combinations(range(9), 2)):
        gradients, rng = batch(9, number)
        gradients = gradients + rng.normal(size=40).astype(np.float32)
        returned = np.array(encode(gradients))
        for worker in liars:
            returned[worker] += size * rng.normal(size=40)
        found = decode(jnp.asarray(returned), jax.random.key(number))
        assert bool(found.ok)
        assert set(np.flatnonzero(found.located)) <= set(liars)
        assert error(found.total, gradients) <= 1e-5
        if size >= 1e-4:
            assert np.flatnonzero(found.located).tolist() == list(liars)


def none_accused(dtype, rounds):
    drawn = []
    for number in range(rounds):
        rng = np.random.default_rng(number)
        heavy = np.exp(number % 3 * 4 * rng.normal(size=(9, 1)))
        drawn.append((heavy * rng.normal(size=(9, 40))).astype(dtype))
    keys = jax.vmap(jax.random.key)(jnp.arange(rounds))
    step = jax.jit(lambda *given: jax.lax.map(lambda one: CODE.decode(CODE.encode(one[0]), one[1]), given))
    found = step(jnp.asarray(drawn), keys)
    assert np.asarray(found.ok).shape == (rounds,)
    assert np.asarray(found.ok).all()
    assert not np.asarray(found.located).any()


def test_honest_returns_are_never_accused():
    none_accused(np.float32, 600)
    with jax.enable_x64(True):
        none_accused(np.float64, 600)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("q", [3, 4])
def test_more_liars_than_s_are_reported(q, kind):
    for number, liars in enumerate(combinations(range(9), q)):
        gradients, rng = batch(9, number)
        returned = np.array(encode(gradients))
        for worker in liars:
            returned[worker] = lie(kind, returned[worker], rng)
        assert not bool(decode(jnp.asarray(returned), jax.random.key(number)).ok)


def test_non_finite_rows_spend_the_budget_of_errors():
    gradients, _ = batch(9, 1)
    honest = np.array(encode(gradients))
    returned = honest.copy()
    returned[0], returned[4] = np.inf, 1e25  # the second is finite, its square is not
    found = decode(jnp.asarray(returned), jax.random.key(0))
    assert bool(found.ok)
    assert np.flatnonzero(found.located).tolist() == [0, 4]
    assert error(found.total, gradients) <= 1e-6
    returned[7] *= 2
    assert not bool(decode(jnp.asarray(returned), jax.random.key(0)).ok)
    returned[:] = np.nan
    assert not bool(decode(jnp.asarray(returned), jax.random.key(0)).ok)


def test_zero_gradients_are_a_word_of_the_code():
    returned = np.zeros((9, 40), np.complex64)
    found = decode(jnp.asarray(returned), jax.random.key(0))
    assert bool(found.ok)
    assert not found.located.any()
    returned[3] = 1e-3
    found = decode(jnp.asarray(returned), jax.random.key(0))
    assert bool(found.ok)
    assert np.flatnonzero(found.located).tolist() == [3]
    assert not np.asarray(found.total).any()


def test_s_plus_one_holders_of_a_file_who_agree_are_believed_as_in_any_vote():
    """Three of a file's five holders mix the same false gradient: the honest two look like the liars."""
    gradients, _ = batch(9, 2)
    false = gradients.copy()
    false[2] += 1
    returned = np.array(encode(gradients))
    returned[[3, 4, 6]] = np.asarray(encode(false))[[3, 4, 6]]
    found = decode(jnp.asarray(returned), jax.random.key(0))
    assert bool(found.ok)
    assert np.flatnonzero(found.located).tolist() == [2, 5]
    assert error(found.total, false) <= 1e-6


def test_long_vectors_and_slices_of_them():
    gradients, rng = batch(9, 3, 33_001)
    lies = np.array(encode(gradients))
    lies[1], lies[2] = lie("small", lies[1], rng), lie("huge", lies[2], rng)
    returned = jnp.asarray(lies)

    @jax.jit
    def by_slices(left, right):
        parts = CODE.sketch(left, jax.random.key(1)), CODE.sketch(right, jax.random.key(2))
        found = CODE.locate(jax.tree.map(jnp.add, *parts))
        return found, jnp.concatenate([CODE.combine(left, found), CODE.combine(right, found)])

    found, total = by_slices(returned[:, :-40], returned[:, -40:])
    assert np.flatnonzero(found.workers).tolist() == [1, 2]
    assert bool(found.ok)
    assert error(total, gradients) <= 1e-6


def test_runs_inside_a_scan_and_compiles_once():
    gradients, rng = batch(9, 4)
    returned = np.tile(np.asarray(encode(gradients)), (9, 1, 1))
    for number in range(9):
        returned[number, [number, (number + 1) % 9]] = lie("huge", returned[0, :2], rng)
    traces = []

    def step(carry, given):
        traces.append(1)
        found = CODE.decode(*given)
        return carry + found.total, found

    keys = jax.random.split(jax.random.key(0), 9)
    total, found = jax.jit(lambda *given: jax.lax.scan(step, jnp.zeros(40), given))(jnp.asarray(returned), keys)
    assert len(traces) == 1
    assert found.ok.all()
    assert found.located.sum(1).tolist() == [2] * 9
    assert error(total / 9, gradients) <= 1e-6


def test_float64_reaches_its_own_precision():
    with jax.enable_x64(True):
        rng = np.random.default_rng(5)
        gradients = rng.normal(size=(9, 40))
        returned = np.array(jax.jit(CODE.encode)(gradients))
        assert returned.dtype == np.complex128
        returned[3] += 1e-9 * rng.normal(size=40)
        returned[4] = 1e6
        found = jax.jit(CODE.decode)(jnp.asarray(returned), jax.random.key(0))
        assert np.flatnonzero(found.located).tolist() == [3, 4]
        assert found.total.dtype == np.float64
        assert error(found.total, gradients) <= 2e-15
        single = jax.eval_shape(CODE.encode, jnp.asarray(gradients, jnp.float32))
        assert single.dtype == np.complex64
        assert jax.eval_shape(CODE.decode, single, jax.random.key(0)).total.dtype == np.float32


def test_even_redundancy_is_refused():
    with pytest.raises(InputError, match="redundancy 4 is even"):
        cyclic_code(9, 4)
