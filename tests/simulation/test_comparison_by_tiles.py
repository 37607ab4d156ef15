"""Where copies agree: settled on one tile where that proves a difference, on all of them where it does not."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import aggregation, assignment, data
from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.detection.agreement import Views
from aspis_sim.detection.equality import Comparison
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.source import Band, Gradients, Layout, Source
from aspis_sim.simulation.round import Round

FILES, FIRST, LAST = 6, 200, 80
LAYOUT = Layout((Band((0,), 2, 100, FIRST), Band((1,), 1, LAST, LAST)), ((0, 0, FIRST), (1, 0, LAST)), FIRST + LAST)
HONEST = np.random.default_rng(0).normal(size=(FILES, FIRST + LAST)).astype(np.float32)
BOUNDED = Payload(lambda rows, key: rows[0], largest=lambda entry: entry)


def compared(lies, payload=BOUNDED, involved=range(FILES), bounds=None, tolerance=1e-5, rows=HONEST):
    """What is found out about lies ``[f, d]``, and which tiles were looked at outside of the branch for all tiles."""
    one_round = Round(
        assignment.build("baseline", workers=FILES, redundancy=1),
        Source(None, Axis()),  # type: ignore[arg-type]
        lambda weights: weights,
        data.load("digits"),
        Comparison(tolerance),
        aggregation.rule("median"),
    )
    norms = np.linalg.norm(rows, axis=1) * 3 if bounds is None else bounds

    def part(matrix, band, tile):
        if band:
            return jnp.asarray(matrix)[:, FIRST:]
        return jnp.take(jnp.asarray(matrix), tile * 100 + jnp.arange(100), axis=1)

    form = lambda band, tile: part(rows, band, tile)  # noqa: E731
    honest = Gradients(LAYOUT, form, lambda weights: weights, jnp.asarray(norms), jnp.float32(0), lambda: norms)
    distorts = jnp.asarray(np.isin(np.arange(FILES), list(involved)))[:, None]
    views = lambda band, tile: Views(honest.form(band, tile), part(lies, band, tile), distorts)  # noqa: E731
    return one_round._compared(honest, views, distorts, payload)


def test_the_probe_is_the_narrow_band():
    assert LAYOUT.probe == 1


@pytest.mark.parametrize("tolerance", [0.0, 1e-5])
def test_lies_that_differ_in_the_probe_or_elsewhere_or_nowhere(tolerance):
    lies = HONEST.copy()
    lies[:3] += 1
    found = compared(lies, tolerance=tolerance)
    assert np.asarray(found.equal).tolist() == [False] * 3 + [True] * 3
    lies = HONEST.copy()
    lies[0, 150] += 1e-3
    found = compared(lies, tolerance=tolerance)
    assert np.asarray(found.equal).tolist() == [False] + [True] * 5


def test_files_without_a_lie_do_not_hold_the_probe_up():
    lies = HONEST.copy()
    lies[:3, FIRST:] += 1
    found = compared(lies, involved=range(3))
    assert not np.asarray(found.equal)[:3].any()
    assert np.asarray(found.first_finite).all()


def test_a_lie_that_is_not_finite_outside_of_the_probe_is_seen_if_it_may_be():
    lies = HONEST + 1
    lies[:, 3] = np.inf
    assert not np.asarray(compared(lies, replace(BOUNDED, largest=None)).second_finite).any()
    grows = replace(BOUNDED, largest=lambda entry: entry * jnp.float32(1e38) * 1e10)
    assert not np.asarray(compared(lies, grows).second_finite).any()


def test_bounds_that_are_not_finite_ask_for_all_tiles():
    bounds = np.full(FILES, np.inf, np.float32)
    found = compared(HONEST + 1, bounds=bounds)
    assert not np.asarray(found.equal).any()
    broken = HONEST + np.where(np.arange(FIRST + LAST) == 0, np.nan, 1)
    assert not np.asarray(compared(broken, bounds=bounds).second_finite).any()


def test_an_honest_gradient_that_is_not_finite_is_seen_whatever_the_lie_may_be():
    rows, bounds = HONEST.copy(), np.linalg.norm(HONEST, axis=1)
    rows[4, 3] = bounds[4] = np.inf
    none = replace(BOUNDED, largest=jnp.zeros_like)
    found = compared(np.zeros_like(rows), none, involved=range(3), bounds=bounds, rows=rows)
    assert np.asarray(found.first_finite).tolist() == [True] * 4 + [False, True]


def test_a_slice_proves_no_more_than_it_can():
    compare = Comparison(1e-2)
    rows = jnp.asarray(HONEST)
    norms = jnp.linalg.norm(rows, axis=1)
    near, far = rows * (1 + 5e-3), rows * 1.1
    assert not compare.apart(rows, near, norms).any()
    assert compare.apart(rows, far, norms).all()
    assert not compare.apart(rows[:, :2], far[:, :2], 100 * norms).any()
    assert not compare.apart(rows, rows * jnp.nan, norms).any()
