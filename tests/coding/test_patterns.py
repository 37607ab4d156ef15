"""Every pattern of up to two liars at K=9, r=5: the sum comes back and exactly they are located."""

from functools import partial
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.coding.cyclic import cyclic_code

CODE = cyclic_code(workers=9, redundancy=5)
decode = jax.jit(CODE.decode)
LIES = {
    "constant": lambda rows, rng: np.full_like(rows, -100),
    "reversed": lambda rows, rng: -100 * rows,
    "small": lambda rows, rng: rows + 0.1 * rng.normal(size=rows.shape),
    "huge": lambda rows, rng: rows + 1e6,
    "nan": lambda rows, rng: np.full_like(rows, np.nan),
}


def round_of(liars, lie, rng):
    gradients = rng.normal(size=(9, 40)).astype(np.float32)
    returned = np.array(CODE.encode(jnp.asarray(gradients)))
    rows = list(liars)
    if rows:
        returned[rows] = LIES[lie](returned[rows], rng)
    return gradients.sum(0), jnp.asarray(returned)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("q", [0, 1, 2])
def test_the_sum_comes_back_for_every_pattern_of_liars(lie, q):
    rng = np.random.default_rng(q)
    for number, liars in enumerate(combinations(range(9), q)):
        total, returned = round_of(liars, lie, rng)
        found = decode(returned, jax.random.key(number))
        assert bool(found.ok)
        assert np.flatnonzero(found.located).tolist() == list(liars)
        assert np.linalg.norm(found.total - total) <= 1e-5 * np.linalg.norm(total)


@pytest.mark.parametrize("q", [3, 4])
def test_more_liars_are_reported(q):
    rng = np.random.default_rng(q)
    for number, liars in enumerate(combinations(range(9), q)):
        for lie in ("constant", "reversed", "nan"):
            _, returned = round_of(liars, lie, rng)
            assert not bool(decode(returned, jax.random.key(number)).ok)


@pytest.mark.parametrize(("q", "missing"), [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2)])
def test_the_sum_comes_back_beside_every_pattern_of_silent_workers(q, missing):
    rng, step = np.random.default_rng(q), jax.jit(partial(CODE.decode, missing=missing))
    lies = list(LIES)
    for liars in combinations(range(9), q):
        for number, gone in enumerate(combinations(sorted(set(range(9)) - set(liars)), missing)):
            total, returned = round_of(liars, lies[number % len(lies)], rng)
            silent = np.isin(np.arange(9), gone)
            returned = jnp.where(silent[:, None], jnp.nan, returned)
            found = step(returned, jax.random.key(number), silent=jnp.asarray(silent))
            assert bool(found.ok)
            assert np.flatnonzero(found.located).tolist() == list(liars)
            assert np.linalg.norm(found.total - total) <= 1e-5 * np.linalg.norm(total)


@pytest.mark.parametrize(("q", "missing"), [(2, 1), (2, 2), (1, 3)])
def test_more_liars_than_silence_leaves_room_for_are_reported(q, missing):
    rng, step = np.random.default_rng(q), jax.jit(partial(CODE.decode, missing=missing))
    for number, liars in enumerate(combinations(range(9), q)):
        gone = rng.permutation(sorted(set(range(9)) - set(liars)))[:missing]
        for lie in ("constant", "reversed", "nan"):
            _, returned = round_of(liars, lie, rng)
            silent = jnp.asarray(np.isin(np.arange(9), gone))
            assert not bool(step(returned, jax.random.key(number), silent=silent).ok)


def test_nothing_is_recovered_where_more_are_silent_than_the_code_has_checks():
    silent = jnp.arange(9) < 5
    _, returned = round_of((), "nan", np.random.default_rng(0))
    assert not bool(CODE.decode(returned, jax.random.key(0), silent, 5).ok)
    assert not bool(cyclic_code(9, 1).decode(returned, jax.random.key(0), jnp.arange(9) < 1, 1).ok)
