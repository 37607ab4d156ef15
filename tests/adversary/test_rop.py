"""Relocated orthogonal perturbation: by hand, against plain NumPy, and with a past."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import payload
from aspis_sim.errors import InputError


@functools.cache
def informed(**given):
    """The compiled payload, from rows and the past."""
    return jax.jit(lambda rows, past: payload("rop", **given).knowing(past)(rows))


ROWS = np.array([[3, -1], [1, 1]], float)
"""Their mean is (2, 0): (1, 1) less what is along it is (0, 1)."""


@pytest.mark.parametrize(
    ("given", "past", "wanted"),
    [
        ({}, (0, 0), (2, 1)),
        ({"strength": 3.0}, (0, 0), (2, 3)),
        ({"angle": 180}, (0, 0), (1, 0)),
        ({"angle": 0.0}, (0, 0), (3, 0)),
        ({"angle": 150}, (0, 0), (2 - 3**0.5 / 2, 0.5)),
        ({"relocation": 0.5, "reference": 0}, (0, 4), (1, 3)),
        ({"relocation": 0, "reference": 1}, (0, 4), (3, 0)),
        ({"relocation": 1, "reference": 1}, (0, -4), (1, -4)),
        ({"reference": 0.5}, (0, 2), (0, 2)),
        ({"reference": 0.5}, (-2, 0), (-2 + 0.5**0.5, 0.5**0.5)),
    ],
    ids=str,
)
def test_by_hand(given, past, wanted):
    """The last two: u = (1, 1) leaves nothing across it, and u = 0 leaves all of (1, 1)."""
    with jax.enable_x64(True):
        np.testing.assert_allclose(informed(**given)(ROWS, np.array(past, float)), wanted, atol=1e-12)


def test_without_a_past_the_mean_is_the_past():
    rows = jnp.asarray(ROWS)
    np.testing.assert_array_equal(payload("rop")(rows), informed()(rows, rows.mean(0)))
    np.testing.assert_array_equal(payload("rop")(rows), informed()(rows, jnp.zeros(2)))
    np.testing.assert_allclose(payload("rop")(rows[:1]), [3 + 0.1**0.5, -1 + 0.9**0.5], rtol=1e-6)
    plain = payload("alie")
    assert plain.knowing(rows.mean(0)) is plain


@pytest.mark.parametrize("given", [{}, {"strength": 7.0, "relocation": 0.2, "reference": 0.4, "angle": 100.0}], ids=str)
def test_against_numpy(given):
    options = {"strength": 1.0, "relocation": 1.0, "reference": 0.9, "angle": 90.0, **given}
    with jax.enable_x64(True):
        for seed in range(4):
            random = np.random.default_rng(seed)
            rows, past = random.normal(size=(9, 50)), random.normal(size=50)
            lie, mean = np.asarray(informed(**given)(rows, past)), np.mean(rows, axis=0)
            u = options["reference"] * past + (1 - options["reference"]) * mean
            moved = lie - options["relocation"] * past - (1 - options["relocation"]) * mean
            assert np.linalg.norm(moved) == pytest.approx(options["strength"], rel=1e-12)
            cosine = moved @ u / np.linalg.norm(moved) / np.linalg.norm(u)
            assert np.degrees(np.arccos(cosine)) == pytest.approx(options["angle"], rel=1e-10)
            ones = np.ones(50) - u.sum() / (u @ u) * u
            plane = np.stack([u, ones], axis=1)  # the perturbation is in the plane of u and (1, …, 1), on its side
            np.testing.assert_allclose(plane @ np.linalg.lstsq(plane, moved, rcond=None)[0], moved, atol=1e-12)
            assert moved @ ones > 0


@pytest.mark.parametrize("size", [1e-30, 1e-6, 1e6, 1e30])
def test_lengths_neither_overflow_nor_vanish(size):
    rows = (size * ROWS).astype(np.float32)
    np.testing.assert_allclose(informed(strength=size)(rows, np.zeros(2, np.float32)) / size, [2, 1], rtol=1e-5)


def test_what_is_not_finite_is_passed_on():
    rows = jnp.asarray(ROWS).at[0, 0].set(jnp.nan)
    assert np.isnan(payload("rop")(rows)).all()


@pytest.mark.parametrize("given", [{"relocation": 1.1}, {"reference": -0.1}, {"angle": 181}], ids=str)
def test_refuses_bad_requests(given):
    with pytest.raises(InputError, match=r"in 0\.\.1 and an angle in 0\.\.180 degrees"):
        payload("rop", **given)
