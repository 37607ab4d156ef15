"""Every pattern of up to two liars at K=9, r=5: the sum comes back and exactly they are located."""

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
