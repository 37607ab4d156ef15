"""The gradient-equality kernel against its definition, on views and on copies that exist."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspis_sim.assignment import build
from aspis_sim.detection.agreement import Copies, Views, agreement_graph, agreement_of_copies, agreement_of_views
from aspis_sim.detection.equality import Comparison

TOLERANCE = 1e-5
compare = jax.jit(lambda a, b: Comparison(TOLERANCE).rows(a, b).equal)


def defined(a, b, tolerance=TOLERANCE):
    a, b = np.asarray(a, np.longdouble), np.asarray(b, np.longdouble)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    return bool(np.linalg.norm(a - b) <= tolerance * max(np.linalg.norm(a), np.linalg.norm(b)))


def test_equal_follows_the_definition_on_ordinary_rows():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(200, 7)).astype(np.float32)
    b = a * (1 + rng.choice([0, 1e-7, 1e-6, 3e-5, 1e-3], size=(200, 1)).astype(np.float32))
    found = np.asarray(compare(a, b))
    assert found.tolist() == [defined(x, y) for x, y in zip(a, b, strict=True)]
    assert 0 < found.sum() < 200


@pytest.mark.parametrize("scale", [1e-37, 1e-30, 1e-20, 1.0, 1e18, 1e25, 3e37])
def test_neither_overflow_nor_underflow_decides(scale):
    a = np.array([[1, 2, -1], [1, 2, -1], [0, 0, 0]], np.float32) * np.float32(scale)
    b = np.array([[1, 2, -1], [1, 2, 1], [0, 0, 1]], np.float32) * np.float32(scale)
    assert np.asarray(compare(a, b)).tolist() == [True, False, False]


def test_zero_equals_zero_and_a_tiny_row_does_not_equal_a_huge_one():
    a = np.array([[0, 0], [0, -0.0], [1e-20, 0], [1e-30, 1e-30]], np.float32)
    b = np.array([[0, 0], [0, 0], [1e20, 0], [0, 0]], np.float32)
    assert np.asarray(compare(a, b)).tolist() == [True, True, False, False]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("tolerance", [0.0, TOLERANCE])
def test_a_non_finite_row_equals_nothing_not_even_itself(bad, tolerance):
    rows = np.array([[1, bad], [1, 2], [bad, bad]], np.float32)
    other = np.array([[1, 2], [1, 2], [1, bad]], np.float32)
    found = Comparison(tolerance).rows(rows, rows)
    assert np.asarray(found.equal).tolist() == [False, True, False]
    assert np.asarray(found.first_finite).tolist() == [False, True, False]
    found = Comparison(tolerance).rows(rows, other)
    assert np.asarray(found.equal).tolist() == [False, True, False]
    assert np.asarray(found.second_finite).tolist() == [True, True, False]


def test_tolerance_zero_means_every_bit():
    a = np.array([[1.0, 1e-12], [1.0, 1e-12]], np.float32)
    b = np.array([[1.0, 1e-12], [1.0, 2e-12]], np.float32)
    assert np.asarray(Comparison(0.0).rows(a, b).equal).tolist() == [True, False]
    assert np.asarray(compare(a, b)).tolist() == [True, True]


@pytest.mark.parametrize("tolerance", [0.0, TOLERANCE])
@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_slices_one_after_the_other_change_nothing(scale, tolerance):
    rng = np.random.default_rng(1)
    a = (scale * rng.normal(size=(10, 6))).astype(np.float32)
    b = np.where(rng.random((10, 1)) < 0.5, a, 2 * a)
    b[3, 5] = np.nan

    def fold(measure, join):
        parts = [measure(a[:, part], b[:, part]) for part in (slice(0, 2), slice(2, 4), slice(4, 6))]
        return jax.tree.map(lambda *leaves: join(join(leaves[0], leaves[1]), leaves[2]), *parts)

    whole, sliced = Comparison(tolerance).rows(a, b), Comparison(tolerance).slices(fold)
    assert all(np.array_equal(one, other) for one, other in zip(whole, sliced, strict=True))
    assert 0 < np.asarray(whole.equal).sum() < 10
    assert np.asarray(whole.second_finite).tolist() == [row != 3 for row in range(10)]


kernel = Comparison(TOLERANCE)


@jax.jit
def by_views(honest, lies, distorts, slot):
    views = Views(honest, lies, distorts)
    agreement = agreement_of_views(distorts, kernel.rows(honest, lies))
    return agreement.agree, views.chosen(slot), agreement.differs(slot)


@jax.jit
def by_copies(values, honest, distorts, slot):
    copies = Copies(values, honest)
    agreement = agreement_of_copies(distorts, copies, kernel)
    return agreement.agree, copies.chosen(slot), agreement.differs(slot)


def test_the_mean_of_views_is_the_mean_of_their_values():
    rng = np.random.default_rng(2)
    honest, lie = rng.normal(size=(8, 3)), rng.normal(size=(1, 3))
    distorts = rng.random((8, 3)) < 0.5
    slot, kept = jnp.asarray(rng.integers(3, size=8)), jnp.asarray(rng.random(8) < 0.7)
    for lies in (lie, np.broadcast_to(lie, honest.shape)):
        views = Views(jnp.asarray(honest), jnp.asarray(lies), jnp.asarray(distorts))
        np.testing.assert_allclose(
            views.mean(slot, kept), np.asarray(views.chosen(slot))[np.asarray(kept)].mean(0), rtol=1e-5
        )
    spoiled = Views(jnp.asarray(honest), jnp.full((1, 3), jnp.nan), jnp.zeros((8, 3), bool))
    np.testing.assert_allclose(spoiled.mean(slot, kept), honest[np.asarray(kept)].mean(0), rtol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["round", "file"]))
def test_views_and_copies_agree_on_everything(seed, scope):
    rng = np.random.default_rng(seed)
    groups = build("subset", workers=6, redundancy=3)
    files, (f, r) = groups.files, groups.files.shape
    honest = rng.normal(size=(f, 4)).astype(np.float32)
    lies = rng.normal(size=(1 if scope == "round" else f, 4)).astype(np.float32)
    if rng.random() < 0.3:
        lies[rng.integers(len(lies))] = np.nan
    if rng.random() < 0.3:
        honest[rng.integers(f)] = np.inf
    if scope == "file":
        lies[0] = honest[0]
    distorts = rng.random((f, r)) < 0.3
    slot = rng.integers(r, size=f)
    values = np.where(distorts[:, :, None], np.broadcast_to(lies, honest.shape)[:, None], honest[:, None])
    agree, chosen, differs = map(np.asarray, by_views(honest, lies, distorts, slot))
    agree_copies, chosen_copies, differs_copies = map(np.asarray, by_copies(values, honest, distorts, slot))
    assert np.array_equal(agree, agree_copies)
    for j, a, b in np.ndindex(f, r, r):
        assert agree[j, a, b] == defined(values[j, a], values[j, b])
    assert np.array_equal(chosen, chosen_copies, equal_nan=True)
    finite = np.isfinite(honest).all(1)
    assert np.array_equal(differs[finite], differs_copies[finite])
    graph = np.asarray(agreement_graph(jnp.asarray(agree), jnp.asarray(files), 6))
    for one, other in np.ndindex(6, 6):
        shared = [(j, list(g).index(one), list(g).index(other)) for j, g in enumerate(files) if {one, other} <= set(g)]
        assert graph[one, other] == (one == other or all(agree[where] for where in shared))


def test_workers_that_share_no_file_have_an_edge():
    groups = build("repetition", workers=6, redundancy=3)
    nothing_agrees = jnp.zeros((2, 3, 3), bool)
    graph = np.asarray(agreement_graph(nothing_agrees, jnp.asarray(groups.files), 6))
    assert graph[0, 3]
    assert graph[0, 0]
    assert not graph[0, 1]
