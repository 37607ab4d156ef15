"""Coded means: what each worker makes of its files' gradients, in tiles, as a whole, and where one is not finite."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.coding import CODINGS, returned
from aspis_sim.coding.mean import means
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.layout import Band, Layout
from aspis_sim.gradients.mixing import mixed
from aspis_sim.gradients.source import Gradients

PLACES = [("subset", 6, 3), ("cyclic", 7, 3), ("mols", 15, 3), ("repetition", 9, 3), ("bibd", 7, 3), ("baseline", 5, 1)]
GENERATOR = np.random.default_rng(0)


def rows(files, columns=7):
    return GENERATOR.normal(size=(files, columns)).astype(np.float32)


def by_hand(values, assignment):
    return np.stack([values[files].astype(np.float64).mean(0) for files in assignment.worker_files])


@pytest.mark.parametrize(("name", "workers", "redundancy"), PLACES)
def test_each_worker_returns_the_mean_of_its_files(name, workers, redundancy):
    assignment = build(name, workers=workers, redundancy=redundancy)
    values = rows(len(assignment.files))
    made = np.asarray(means(jnp.asarray(values), assignment))
    np.testing.assert_allclose(made, by_hand(values, assignment), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(made.mean(0), values.mean(0), rtol=1e-4, atol=1e-6)
    weights = np.asarray(means(jnp.eye(len(values)), assignment))
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    assert ((weights > 0) == assignment.incidence).all()
    assert returned("mean", assignment).files.tolist() == [[worker] for worker in range(workers)]


def test_no_other_code_changes_who_returns_what():
    assignment = build("subset", workers=5, redundancy=3)
    assert [name for name in CODINGS if returned(name, assignment) is not assignment] == ["mean"]


def test_a_gradient_that_is_not_finite_reaches_its_own_workers_only():
    assignment = build("cyclic", workers=7, redundancy=3)
    values = rows(7)
    plain = by_hand(values, assignment)
    values[2, 3], values[4, 0] = np.nan, np.inf
    made = np.asarray(means(jnp.asarray(values), assignment))
    bad = ~np.isfinite(made)
    held = assignment.incidence
    assert (bad[:, 3] == held[:, 2]).all()
    assert (bad[:, 0] == held[:, 4]).all()
    np.testing.assert_allclose(made[~bad], plain[~bad], rtol=1e-5, atol=1e-6)


def test_without_redundancy_nothing_is_changed_not_even_a_bit():
    assignment = build("baseline", workers=5, redundancy=1)
    values = rows(5)
    assert np.array_equal(means(jnp.asarray(values), assignment), values)


def test_means_in_16_bits_are_added_up_in_32():
    assignment = build("subset", workers=7, redundancy=3)
    values = jnp.asarray(rows(35), jnp.bfloat16)
    made = means(values, assignment)
    assert made.dtype == jnp.bfloat16
    expected = jnp.asarray(by_hand(np.asarray(values, np.float32), assignment), jnp.bfloat16)
    np.testing.assert_allclose(np.asarray(made, np.float32), np.asarray(expected, np.float32), rtol=2**-7, atol=1e-6)


LAYOUT = Layout((Band((0,), 2, 3, 5), Band((1,), 1, 2, 2)), ((1, 0, 2), (0, 0, 5)), 7)


@pytest.mark.parametrize("whole", [False, True])
def test_whatever_is_asked_of_the_rows_is_that_of_the_means(whole):
    assignment = build("subset", workers=5, redundancy=3)
    values = rows(len(assignment.files))
    bands = LAYOUT.split(jnp.asarray(values))
    norms = jnp.linalg.norm(values, axis=1)
    statistics = jnp.arange(10.0)
    gradients = Gradients(
        layout=LAYOUT,
        form=lambda band, tile: bands[band].reshape(10, LAYOUT.bands[band].tiles, -1)[:, tile],
        weighted=lambda weights: weights @ values,
        bounds=norms,
        loss=jnp.float32(2.5),
        norms=lambda: norms,
        statistics=lambda chosen: {"mean": (statistics * chosen).sum() / chosen.sum()},
    )
    expected, weights = by_hand(values, assignment), rows(5, 1)[:, 0]

    def asked():
        made = mixed(gradients, assignment, Axis(), whole)
        tiles = [
            jnp.concatenate([made.form(number, tile) for tile in range(band.tiles)], axis=1)[:, : band.columns]
            for number, band in enumerate(made.layout.bands)
        ]
        second = made.statistics(jnp.arange(5) == 1)["mean"]
        return made.layout.join(tiles), made.weighted(weights), made.bounds, made.norms(), second

    matrix, weighted, bounds, lengths, second = jax.jit(asked)()
    np.testing.assert_allclose(matrix, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(weighted, weights @ expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(lengths, np.linalg.norm(expected, axis=1), rtol=1e-4)
    assert (lengths <= bounds).all()
    assert second == statistics[assignment.incidence[1]].mean()
    made = mixed(gradients, assignment, Axis(), whole)
    assert (made.loss, made.layout.one_tile) == (2.5, whole)
