"""Clipping at the server as in the code of Aspis: every copy, the liars' too, before the copies are compared."""

from typing import Any

import jax
import numpy as np
import pytest

from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.layout import Band, Layout
from aspis_sim.run.reference import reference_run
from aspis_sim.run.trying import prepared
from aspis_sim.simulation.server.clipping import shrinking
from aspis_sim.spec.grid import Grid

BANDS = (Band((0,), tiles=3, width=4, columns=12), Band((1,), tiles=1, width=5, columns=5))


def only(**given):
    (group,) = prepared(Grid.of(**{name: value for name, value in given.items() if value is not None}))
    return group.first


def test_rows_in_tiles_are_measured_whole():
    rows = np.random.default_rng(0).normal(size=(6, 17)).astype(np.float32)
    rows[0] *= 1e-3
    rows[1] *= 1e30
    rows[2] *= 1e-30
    rows[3] = 0
    rows[4, 7], rows[5, 15] = np.nan, np.inf
    layout = Layout(BANDS, ((0, 0, 12), (1, 0, 5)), 17)

    @jax.jit
    def measured(rows, radius):
        def form(band, tile):
            return rows[:, 12:] if band else jax.lax.dynamic_slice_in_dim(rows[:, :12], tile * 4, 4, axis=1)

        return shrinking(form, layout, Axis(), radius)[:, 0]

    for radius in (0.5, 1e-32, 1e20):
        found = np.asarray(measured(rows, radius))
        norms = np.linalg.norm(rows[:4].astype(np.float64), axis=1)
        wanted = np.where(norms > radius, radius / np.maximum(norms, 1e-200), 1)
        reached = np.where(wanted < 1e-37, 0, wanted)  # subnormal factors count as zero
        np.testing.assert_allclose(found[:4], reached, rtol=1e-5)
        assert (found[4:] == 1).all()  # a copy that is not finite stays so


@pytest.mark.parametrize(
    "settings",
    [
        {"rule": "median_of_means:buckets=3"},
        {"payload": "inner_product"},
        {"clip_server": 0.05, "payload": "constant"},
    ],
    ids=str,
)
def test_the_convention_changes_a_run(settings):
    """The readable run, which the fast one equals (tests/run/test_reference.py), follows the convention."""
    usual = {"rule": "average", "detector": "none", "attack": "weak", "model": "softmax", "samples_per_file": 1}
    given = usual | {"scheme": "aspis", "q": 2, "workers": 5, "steps": 2, "precision": "float64"} | settings
    finals = []
    for convention in ("aspis", None):
        cell = only(**given, convention=convention)
        finals.append(reference_run(cell)[0])
    assert np.isfinite(finals).all()
    assert not np.allclose(finals[0], finals[1], rtol=1e-6)


def test_clipped_liars_cannot_push_farther_than_the_radius():
    """Two of five liars, no defence: the mean of ten files is at most the radius, wherever the lies point."""
    given: dict[str, Any] = {
        "scheme": "aspis",
        "rule": "average",
        "detector": "none",
        "attack": "weak",
        "model": "softmax",
    }
    given |= {
        "payload": "constant",
        "q": 2,
        "workers": 5,
        "steps": 1,
        "lr": 1.0,
        "momentum": 0.0,
        "precision": "float64",
    }
    start = reference_run(only(**given | {"lr": 1e-30}))[0]
    for radius in (0.01, 0.1):
        cell = only(**given, convention="aspis", clip_server=radius)
        moved = np.linalg.norm(reference_run(cell)[0] - start)
        cell = only(**given, clip_server=radius)
        bounded = np.linalg.norm(reference_run(cell)[0] - start)
        assert 0 < moved < 0.999 * radius  # ten clipped rows do not point the same way
        np.testing.assert_allclose(bounded, radius, rtol=1e-6)  # the update alone is clipped: the lies decide it
