"""The hidden payload: as far as the server's own comparison lets it, in every type and at every size of numbers."""

import functools
from itertools import cycle, repeat

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import payload
from aspis_sim.detection.equality import Comparison
from aspis_sim.errors import InputError

SCALES = (1e-20, 1e-6, 1.0, 1e6, 1e20)
TOLERANCES = (1e-6, 1e-5, 1e-3, 1e-1)
ROUNDED = 1.003
"""What the comparison's own rounding may let pass: 2 in 1,000 at 1e-6, which is 17 units in the last place."""


def pairs(dtype):
    """A file's gradient and the mean of all, at every scale: [scales, 2, d]; entries over several orders."""
    random = np.random.default_rng(4)
    rows = random.normal(size=(2, 400)) * 10 ** random.uniform(-3, 1, size=(2, 400))
    return (np.array(SCALES)[:, None, None] * rows).astype(dtype)


@functools.cache
def applied(**given):
    """The compiled payload, which tests share."""
    return jax.jit(payload("hidden", **given))


def distance(one, other):
    """The relative difference of the definition, in float64, of two vectors near some scale."""
    one, other = (np.asarray(part).astype(np.float64) for part in (one, other))
    return np.linalg.norm(one - other) / max(np.linalg.norm(one), np.linalg.norm(other))


@functools.cache
def equal(tolerance):
    """The comparison as it is compiled for a server."""
    return jax.jit(lambda a, b: Comparison(tolerance).rows(a, b).equal)


@pytest.mark.parametrize(
    ("dtype", "least", "tolerance", "direction"),
    [
        *zip(repeat(jnp.float32), repeat(0.97), TOLERANCES, cycle(["mean", "sign"])),
        *zip(repeat(jnp.bfloat16), repeat(0.3), TOLERANCES, cycle(["sign", "mean"])),
    ],
)
def test_it_passes_the_comparison_and_uses_up_the_tolerance(dtype, least, tolerance, direction):
    rows = pairs(dtype)
    lies = np.asarray(jax.jit(jax.vmap(payload("hidden", tolerance=tolerance, direction=direction)))(rows))
    assert lies.dtype == dtype
    for of_file, lie in zip(rows, lies, strict=True):
        assert equal(tolerance)(of_file[:1], lie[None]).all()
        assert least * tolerance < distance(of_file[0], lie) < ROUNDED * tolerance
        own, mean, moved = (np.asarray(part, np.float64) for part in (*of_file, lie))
        assert (moved - own) @ mean < 0


def test_in_float32_it_is_the_formula():
    own, noise = pairs(jnp.float32)[2]
    mean = own + noise
    rows = np.stack([own, mean])
    lie = np.asarray(applied(tolerance=0.05, margin=1e-3)(rows), np.float64)
    unit = -np.asarray(mean, np.float64) / np.linalg.norm(mean)
    reach = 0.05 * (1 - 1e-3)
    expected = np.asarray(own, np.float64) + reach * np.linalg.norm(own) * unit
    assert np.linalg.norm(expected) < np.linalg.norm(own)
    np.testing.assert_allclose(lie, expected, rtol=1e-4, atol=1e-5)
    shrunk = np.asarray(applied(tolerance=0.05, direction="own")(rows))
    np.testing.assert_allclose(shrunk, (1 - reach) * np.asarray(own), rtol=1e-5)


@pytest.mark.parametrize("tolerance", [0.01, 0.5, 0.9])
def test_a_lie_longer_than_the_truth_has_the_longer_norm_to_hide_under(tolerance):
    """Away from minus g, a = t ‖g + a g/‖g‖‖ gives a = t / (1 - t) ‖g‖."""
    own = pairs(jnp.float32)[2, 0]
    lie = applied(tolerance=tolerance, margin=1e-3)(np.stack([own, -own]))
    aimed = tolerance * (1 - 1e-3)
    np.testing.assert_allclose(lie, own / (1 - aimed), rtol=1e-4)
    assert distance(own, lie) < tolerance


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_where_nothing_can_be_hidden_it_is_the_gradient_itself(dtype):
    rows = pairs(dtype)[2]
    zero, bad, endless = np.zeros_like(rows[0]), rows.copy(), rows.copy()
    bad[0, 3], endless[1, 3] = np.nan, np.inf
    for tolerance, of_file in (
        (0.0, rows),
        (0.1, np.stack([zero, rows[1]])),
        (0.1, np.stack([rows[0], zero])),
        (0.1, bad),
        (0.1, endless),
    ):
        lie = applied(tolerance=tolerance)(of_file)
        np.testing.assert_array_equal(np.asarray(lie, np.float32), np.asarray(of_file[0], np.float32))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"direction": "up"}, "direction=up; it is one of those known: mean, sign, own"),
        ({"tolerance": 1.0}, "a tolerance of 0 or more and below 1, got 1"),
        ({"margin": 0.0}, "a margin above 0 and up to 1, got 0"),
    ],
)
def test_refuses_bad_requests(given, message):
    with pytest.raises(InputError, match=message):
        payload("hidden", **given)
