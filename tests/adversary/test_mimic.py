"""Mimic along the direction of most variance: by hand, and against the singular vectors of NumPy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import payload
from aspis_sim.errors import InputError


@functools.cache
def farthest():
    """The compiled payload, which tests share."""
    return jax.jit(payload("mimic", direction="variance"))


@pytest.mark.parametrize(
    ("rows", "which"),
    [
        ([[0, 0], [1, 0.1], [-5, 0], [3, 0]], 2),  # on the other side than most
        ([[0, 0], [0, 9], [10, 4], [20, 4], [-11, 4]], 3),  # the mean is (3.8, 4.2)
        ([[0, 0], [1, 0], [-1, 0], [0, 0.5], [0, -0.5]], 1),  # as far as the next: the first
        ([[2, 1], [2, 1], [2, 1]], 0),
        ([[7, -3]], 0),
        ([[0, 0], [0, 0]], 0),
        ([[0, 0], [np.nan, 9], [10, 4], [np.inf, 4], [-11, 4]], 4),
        ([[np.nan, 0], [0, np.inf]], 0),
    ],
    ids=str,
)
def test_by_hand(rows, which):
    rows = np.array(rows, float)
    with jax.enable_x64(True):
        np.testing.assert_array_equal(farthest()(rows, None), rows[which])


@pytest.mark.parametrize("shape", [(3, 40), (15, 7), (40, 3), (60, 200)])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_against_numpy(shape, offset):
    for seed in range(5):
        random = np.random.default_rng(seed)
        rows = random.normal(size=shape) * np.geomspace(3, 0.3, shape[1]) + offset
        centred = rows - rows.mean(0)
        out = np.abs(centred @ np.linalg.svd(centred)[2][0])
        with jax.enable_x64(True):
            lie = np.asarray(farthest()(rows, None))
        np.testing.assert_array_equal(lie, rows[np.argmax(out)])


@pytest.mark.parametrize("size", [1e-25, 1e25])
def test_the_size_of_the_rows_does_not_matter(size):
    rows = np.array([[0, 0], [0, 9], [10, 4], [20, 4], [-11, 4]])
    scaled = (size * rows).astype(np.float32)
    np.testing.assert_array_equal(farthest()(scaled, None), scaled[3])


def test_it_does_not_work_by_coordinate_and_the_index_does():
    assert payload("mimic").coordinatewise
    assert not payload("mimic", direction="variance").coordinatewise
    np.testing.assert_array_equal(payload("mimic", index=1)(jnp.eye(3)), [0, 1, 0])
    with pytest.raises(InputError, match="an index or a direction, not both: leave out index=2"):
        payload("mimic", index=2, direction="variance")
    with pytest.raises(InputError, match="direction=mean; it is one of those known: variance"):
        payload("mimic", direction="mean")
