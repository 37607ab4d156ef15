"""What the code published with Aspis does under names that others use too, against plain NumPy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import PAYLOADS, payload
from aspis_sim.aggregation import rule
from aspis_sim.errors import InputError
from tests.aggregation import reference_rules as reference


def rows(seed, n=15, columns=7):
    values = np.random.default_rng(seed).normal(size=(n, columns))
    values[1:4:2] += 3
    return values


@functools.cache
def published(name, f):
    return jax.jit(rule(name, convention="aspis", f=f).__call__)


@pytest.mark.parametrize("f", [0, 1, 2, 4])
def test_multi_krum_averages_as_many_rows_as_it_counts_neighbours(f):
    with jax.enable_x64(True):
        for seed in range(4):
            values = rows(seed)
            scores = reference.krum_scores(reference.squared_distances(values.astype(np.longdouble)), f, 2)
            wanted = values[np.argsort(scores)[: 15 - f - 2]].mean(0)
            np.testing.assert_allclose(published("multi_krum", f)(values), wanted, rtol=1e-9)


@pytest.mark.parametrize(("n", "f"), [(15, 0), (15, 2), (14, 2), (15, 4), (9, 2)])
def test_bulyan_selects_once_and_averages_the_middle_ranks(n, f):
    with jax.enable_x64(True):
        for seed in range(4):
            values = rows(seed, n)
            scores = reference.krum_scores(reference.squared_distances(values.astype(np.longdouble)), f, 2)
            size = n - f - 2
            chosen = np.sort(values[np.argsort(scores)[:size]], axis=0)
            np.testing.assert_allclose(published("bulyan", f)(values), chosen[f : size - f].mean(0), rtol=1e-9)


def test_bulyan_refuses_rows_of_which_trimming_leaves_nothing():
    with pytest.raises(InputError, match=r"f=2 of n=8 rows: needs n >= 3f \+ 3"):
        published("bulyan", 2)(rows(0, 8))


def test_multi_krum_refuses_a_number_of_rows_beside_how_many_are_left_out():
    with pytest.raises(InputError, match="not both"):
        rule("multi_krum", f=2, chosen=3, spared=2)
    with pytest.raises(InputError, match="spared must be 0, 1 or 2"):
        rule("multi_krum", f=2, spared=3)


def test_buckets_of_shuffled_votes():
    """The rule asks for an order; in the order that it is given, it is the median of the means of numpy.array_split."""
    made = rule("median_of_means", convention="aspis", buckets=4)
    assert made.shuffles
    assert not rule("median_of_means", buckets=4).shuffles
    assert rule("nnm+median_of_means", convention="aspis", buckets=4, f=2).shuffles
    values, kept = rows(5).astype(np.float32), np.arange(15) != 3
    order = np.random.default_rng(6).permutation(15)
    found = jax.jit(lambda values, order: made.in_order(order)(values))(values, order)
    wanted = np.median([part.mean(0) for part in np.array_split(values[order], 4)], axis=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    found = jax.jit(lambda values, order, kept: made.in_order(order)(values, kept))(values, order, kept)
    left = values[order][kept[order]]
    np.testing.assert_allclose(
        found, np.median([part.mean(0) for part in np.array_split(left, 4)], axis=0), rtol=1e-5, atol=1e-6
    )
    adapts = rule("median_of_means", convention="aspis", per_lie=2).in_order(jnp.asarray(order))
    wanted = np.median([part.mean(0) for part in np.array_split(values[order], 5)], axis=0)
    assert adapts.bounded is not None
    np.testing.assert_allclose(adapts.bounded(values, None, 2), wanted, rtol=1e-5, atol=1e-6)


def test_inner_product_turns_the_mean_over_honest_copies_around():
    values, copies = rows(7, 6), np.array([3, 1, 0, 2, 2, 3])
    each = np.concatenate([np.tile(row, (number, 1)) for row, number in zip(values, copies, strict=True)])
    with jax.enable_x64(True):
        lie = payload("inner_product", convention="aspis").of_copies(jnp.asarray(copies))
        np.testing.assert_allclose(jax.jit(lie)(values), -100 * each.mean(0), rtol=1e-12)
        plain = payload("inner_product").of_copies(jnp.asarray(copies))
        np.testing.assert_allclose(plain(values), -100 * values.mean(0), rtol=1e-12)


@pytest.mark.parametrize("name", PAYLOADS)
def test_only_inner_product_counts_copies(name):
    assert (payload(name, convention="aspis").counted is not None) == (name == "inner_product")
