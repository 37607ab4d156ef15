"""The attacks of Fang et al.: by hand, against plain NumPy, and against the rules that they are made for."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import Reach, payload
from aspis_sim.aggregation import rule
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid

KEY = jax.random.key(5)
SMALL = np.array([[1, -2, 3, 0, 2], [2, -3, -1, 0, -1], [4, -1, 1, 0, -1]], float)
"""Means 7/3, -2, 1, 0, 0; the least of the first and third are 1 and -1, the largest of the second is -1."""


def seen(seed, n=11, columns=6):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, columns)) + random.choice([0.0, 0.3, 2.0]) * random.normal(size=columns)


@functools.cache
def against_krum(**given):
    """The compiled attack on Krum, from rows, the files that the liars win and those that are kept."""
    aimed = payload("fang", against="krum", **given).aimed
    assert aimed is not None
    return jax.jit(lambda rows, lies, kept: aimed(rows, None, Reach(lies, kept, None, 0, finite=True)))


def test_with_a_factor_of_1_it_is_the_extreme_beyond_which_no_honest_row_is():
    lie = payload("fang", factor=1.0)(jnp.asarray(SMALL), KEY)
    np.testing.assert_array_equal(lie, [1, -1, -1, 0, 0])


def test_a_draw_is_between_the_extreme_and_factor_times_as_far():
    """Below 1 towards 0, above -1 towards 0, below -1 away from 0: [1/4, 1], [-1, -1/4], [-4, -1]."""
    draw = jax.jit(jax.vmap(payload("fang", factor=4.0), in_axes=(None, 0)))
    lies = np.asarray(draw(SMALL.astype(np.float32), jax.random.split(KEY, 400)))
    for column, (low, high) in enumerate([(0.25, 1), (-1, -0.25), (-4, -1)]):
        assert low <= lies[:, column].min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < lies[:, column].max() <= high
        assert lies[:, column].mean() == pytest.approx((low + high) / 2, abs=0.05 * (high - low))
    assert not lies[:, 3:].any()
    assert abs(np.corrcoef(lies[:, 0], lies[:, 1])[0, 1]) < 0.2


@pytest.mark.parametrize("factor", [1.5, 2.0])
def test_coordinates_against_numpy(factor):
    with jax.enable_x64(True):
        lie = jax.jit(payload("fang", factor=factor))
        for seed in range(6):
            rows, key = seen(seed), jax.random.key(seed)
            share, wanted = np.asarray(jax.random.uniform(key, (6,), float)), []
            for column, part in zip(rows.T, share, strict=True):
                end = min(column) if column.mean() > 0 else max(column)
                outwards = end < 0 if column.mean() > 0 else end > 0
                wanted.append(end + part * ((end * factor if outwards else end / factor) - end))
            np.testing.assert_allclose(lie(rows, key), wanted, rtol=1e-12)


def test_the_draw_is_the_key_s_and_one_row_or_nan_is_answered():
    rows = jnp.asarray(SMALL, jnp.float32)
    first, again, other = (payload("fang")(rows, jax.random.key(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(payload("fang", factor=1)(rows[:1], KEY), rows[0])
    spoilt = rows.at[1, 2].set(jnp.nan)
    assert np.isnan(payload("fang")(spoilt, KEY)).tolist() == [False, False, True, False, False]
    assert np.isnan(against_krum()(spoilt, np.arange(3) < 1, np.ones(3, bool))).all()
    with pytest.raises(InputError, match="needs a key"):
        payload("fang")(rows)


@pytest.mark.parametrize(
    ("honest", "lies", "wanted"),
    [
        # 1 + 1 is the least honest score; the lie's is (λ + 1)² from √2 + 4 on: 5.414, 2.707, 1.354, 0.677, 0.338.
        ([1, 2, 3, 4], 2, -(2**0.5 + 4) / 16),
        # With one lie it is (λ + 1)² + (λ + 2)², never below 2: the last of 20 halvings of 1 + 4.
        ([1, 2, 3, 4], 1, -5 / 2**20),
        ([-1, -2, -3, -4], 2, (2**0.5 + 4) / 16),
        # A lie that is scored by no honest row is chosen at once: √2 + 4.
        ([1, 2, 3, 4], 3, -(2**0.5 + 4)),
        ([0, 0, 0, 0], 2, 0),
    ],
)
def test_krum_by_hand(honest, lies, wanted):
    rows = np.array([honest[0]] * lies + honest, float)[:, None]
    with jax.enable_x64(True):
        found = jax.jit(payload("fang", against="krum", byzantine=lies))(rows)
        np.testing.assert_allclose(found, [wanted], rtol=1e-12, atol=1e-300)


def krum_of(rows, f, beyond):
    """The row that Krum chooses, by loops."""
    totals = []
    for row in rows:
        squared = sorted(float(np.square(row - other).sum()) for other in rows)
        totals.append(sum(squared[1 : 1 + max(len(rows) - f - beyond, 1)]))
    return int(np.argmin(totals))


def searched(rows, lies, f, beyond):
    """λ by the paper's algorithm 1, with real copies of the lie in the rows, and the lie."""
    signs, honest, neighbours = np.sign(rows.mean(0)), rows[~lies], max(len(rows) - f - beyond, 1)
    totals = [sum(sorted(np.square(row - honest).sum(1))[1 : 1 + neighbours]) for row in honest]
    size = np.sqrt(min(totals) / max(neighbours - lies.sum() + 1, 1) / len(signs))
    size += np.linalg.norm(honest, axis=1).max() / np.sqrt(len(signs))
    for _ in range(20):
        if lies[krum_of(np.where(lies[:, None], -size * signs, rows), f, beyond)]:
            break
        size /= 2
    return -size * signs


@pytest.mark.parametrize(
    ("given", "f", "beyond"),
    [
        ({}, None, 2),
        ({"aggregator": "median"}, None, 2),
        ({"aggregator": "krum", "f": 3}, 3, 1),
        ({"aggregator": "multi_krum", "f": 2, "convention": "aspis"}, 2, 2),
    ],
)
def test_krum_against_numpy(given, f, beyond):
    kept = np.ones(11, bool)
    with jax.enable_x64(True):
        for seed in range(8):
            rows = seen(seed)
            lies = np.random.default_rng(seed).permutation(np.arange(11) < 1 + seed % 4)
            wanted = searched(rows, lies, lies.sum() if f is None else f, beyond)
            np.testing.assert_allclose(against_krum(**given)(rows, lies, kept), wanted, rtol=1e-10)


@pytest.mark.parametrize("size", [1e-20, 1.0, 1e20])
def test_krum_chooses_the_lie_and_would_not_choose_a_longer_one(size):
    aggregate, met = jax.jit(rule("krum", f=3).__call__), 0
    for seed in range(10):
        rows = (size * np.random.default_rng(seed).normal(size=(13, 6))).astype(np.float32)
        lies, kept = np.arange(13) < 3, np.arange(13) != 7
        lie = np.asarray(against_krum(aggregator="krum", f=3)(rows, lies, kept))
        chosen = [
            np.array_equal(aggregate(np.where(lies[:, None], many * lie, rows), kept), many * lie) for many in (1, 2)
        ]
        assert (np.sign(lie) == -np.sign(rows.mean(0))).all()
        assert chosen[0]
        met += not chosen[1]
    assert met >= 9


@pytest.mark.parametrize("lies", [np.zeros(11, bool), np.ones(11, bool)])
def test_rounds_that_nobody_or_everybody_lies_in_are_answered(lies):
    assert np.isfinite(against_krum()(seen(1), lies, np.ones(11, bool))).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"against": "median"}, "against=median; it is one of those known: coordinates, krum"),
        ({"factor": 0.5}, "a factor of 1 or more and byzantine >= 1, got 0.5 and 1"),
        ({"byzantine": 0}, "byzantine >= 1"),
        ({"agianst": "krum"}, "takes no option agianst; one of a rule needs the aggregator named"),
        ({"aggregator": "krum", "f": 2, "factr": 3}, "unexpected keyword argument 'factr'"),
        ({"aggregator": "krumm"}, "did you mean krum"),
    ],
)
def test_refuses_bad_requests(given, message):
    with pytest.raises(InputError, match=message):
        payload("fang", **given)


def test_a_run_fills_in_its_own_rule():
    given = {"scheme": "median", "workers": 15, "q": 3, "payload": "fang:against=krum", "steps": 60}
    job = resolve(Grid.of(**given, rule="krum:beyond=2").groups()[0].first)
    assert dict(job.payload_parameters) == {"against": "krum", "aggregator": "krum", "beyond": 2, "f": 3}
    assert job.strength is None
    assert job.build_payload().aimed is not None
    assert dict(resolve(Grid.of(**given).groups()[0].first).payload_parameters)["aggregator"] == "median"
