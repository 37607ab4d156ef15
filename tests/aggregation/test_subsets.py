"""mda, smea and caf against listing all subsets, and against numpy's eigenvalues."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.aggregation import rule, smea
from aspis_sim.aggregation.cover import has_cover
from aspis_sim.aggregation.distances import geometry
from aspis_sim.aggregation.mda import least_diameter
from aspis_sim.aggregation.smea import least_spread, subset_of_rank

diameter_subset = jax.jit(least_diameter, static_argnums=1)
spread_subset = jax.jit(least_spread, static_argnums=2)
SIZES = [(3, 1), (6, 2), (8, 3), (10, 4)]


def squared_distances(rows):
    return np.square(rows[:, None] - rows).sum(-1)


def clouds(n, f, number):
    """Points in 1 to 4 dimensions: spread out, on a grid (many ties), and with f of them together far away."""
    for seed in range(number):
        random = np.random.default_rng(seed)
        rows = random.normal(size=(n, 1 + seed % 4))
        if seed % 3 == 1:
            rows = np.round(rows * 2)
        if seed % 3 == 2:
            rows[:f] = 3 + 0.1 * rows[:f]
        yield rows


@pytest.mark.parametrize(("n", "f"), SIZES)
def test_mda_is_the_first_subset_of_least_diameter(n, f):
    with jax.enable_x64(True):
        for rows in clouds(n, f, 30):
            squared = squared_distances(rows)
            best = min(itertools.combinations(range(n), n - f), key=lambda s: squared[np.ix_(s, s)].max())
            assert tuple(np.flatnonzero(diameter_subset(squared, f))) == best


def spread(rows):
    return np.linalg.eigvalsh(np.atleast_2d(np.cov(rows.T, ddof=0)))[-1]


@pytest.mark.parametrize("batch", [7, 1024])
@pytest.mark.parametrize(("n", "f"), [(6, 2), (10, 4)])
def test_smea_has_the_least_top_eigenvalue(n, f, batch, monkeypatch):
    monkeypatch.setattr(smea, "BATCH", batch)
    search = jax.jit(lambda squared, usable: least_spread(squared, usable, f))
    with jax.enable_x64(True):
        for rows in clouds(n, f, 9):
            best = min(spread(rows[list(s)]) for s in itertools.combinations(range(n), n - f))
            chosen = np.asarray(search(squared_distances(rows), np.ones(n, bool)))
            assert chosen.sum() == n - f
            np.testing.assert_allclose(spread(rows[chosen]), best, rtol=1e-8, atol=1e-12)


def test_subsets_come_in_lexicographic_order_of_what_is_left_out():
    kept = np.asarray(subset_of_rank(jnp.arange(35), 7, 3))
    left_out = [tuple(np.flatnonzero(~kept[:, rank])) for rank in range(35)]
    assert left_out == list(itertools.combinations(range(7), 3))


@pytest.mark.parametrize("strength", [1.5, 100.0, 1e4])
def test_caf_follows_exact_eigenvectors(strength):
    random = np.random.default_rng(1)
    rows = random.normal(size=(12, 20))
    rows[:3] = rows[3:].mean(0) + strength * rows[3:].std(0)
    weights, least, expected = np.ones(12), np.inf, np.zeros(20)
    while weights.sum() > 6:
        mean = weights @ rows / weights.sum()
        away = rows - mean
        values, vectors = np.linalg.eigh(away.T @ (weights[:, None] * away) / weights.sum())
        if values[-1] < least:
            least, expected = values[-1], mean
        along = np.where(weights > 0, np.square(away @ vectors[:, -1]), 0)
        weights = weights * (1 - along / along.max())
        weights[weights < 1e-13] = 0
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(rule("caf", f=3))(rows), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_cover_against_listing(seed):
    random = np.random.default_rng(seed)
    n = 9
    edges = np.triu(random.random((n, n)) < (seed + 1) / 10, 1)
    edges = edges | edges.T
    decide = jax.jit(has_cover, static_argnums=3)

    def covered(size):
        for chosen in itertools.combinations(range(n), size):
            left = np.setdiff1d(np.arange(n), chosen)
            if not edges[np.ix_(left, left)].any():
                return True
        return False

    for budget in range(6):
        assert bool(decide(edges, np.ones(n, bool), budget, 6)) == covered(budget)


def test_cover_of_many_cycles():
    """Disjoint triangles need two vertices each, which a search that only counts edges does not see at once."""
    edges = np.kron(np.eye(6), 1 - np.eye(3)).astype(bool)
    decide = jax.jit(has_cover, static_argnums=3)
    assert not decide(edges, np.ones(18, bool), 11, 12)
    assert decide(edges, np.ones(18, bool), 12, 12)


@pytest.mark.parametrize("far", [1e3, 1e6])
def test_distances_keep_their_digits_far_from_the_origin(far):
    """In float32, rows a distance 1 apart and ``far`` from 0, and liars on the other side."""
    random = np.random.default_rng(0)
    offset = far * np.ones(50)
    rows = random.normal(size=(9, 50)).astype(np.float32)
    shifted = (rows + offset).astype(np.float32)
    shifted[:3] = -shifted[:3]
    seen = jax.jit(geometry)(shifted)
    found = np.asarray(seen.squared / seen.unit**2)
    exact = squared_distances(shifted.astype(np.float64))
    np.testing.assert_allclose(found[3:, 3:], exact[3:, 3:], rtol=1e-5, atol=1e-5)
    assert (np.diagonal(found) == 0).all()


def test_equal_rows_are_at_distance_zero():
    rows = np.random.default_rng(0).normal(size=(8, 1000)).astype(np.float32)
    rows[3:6] = rows[2]
    found = np.asarray(geometry(jnp.asarray(rows)).squared)
    assert (found[2:6, 2:6] == 0).all()
