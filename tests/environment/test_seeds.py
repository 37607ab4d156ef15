"""Seeds: all 64 bits count in every stream, and a seed beyond them is refused."""

from typing import Any

import jax
import numpy as np
import pytest

import aspis_sim
from aspis_sim import InputError, data
from aspis_sim.environment import PRNG, pinned
from aspis_sim.run.reference import reference_run
from aspis_sim.run.trying import prepared
from aspis_sim.spec.single import one_cell
from aspis_sim.streams import root_key
from tests.cli.program import refused

SMALL: dict[str, Any] = {"q": 1, "workers": 5, "model": "softmax", "steps": 3, "samples_per_file": 2}
LARGE = (2**32, 2**32 + 1, 2**63, 2**64 - 1)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 428, 2**31, 2**32 - 1])
def test_seeds_of_32_bits_have_the_keys_that_jax_gives_them(seed, wide):
    with jax.enable_x64(wide):
        expected = jax.random.key_data(jax.random.key(np.uint32(seed), impl=PRNG))
        assert np.array_equal(jax.random.key_data(root_key(seed)), expected)


def test_seeds_that_agree_in_their_low_bits_have_keys_of_their_own_in_every_precision():
    seeds = (0, 1, 2**32 - 1, *LARGE)
    found = []
    for precision in ("float32", "float64"):
        with pinned(precision):
            found.append([tuple(map(int, jax.random.key_data(root_key(seed)))) for seed in seeds])
    assert found[0] == found[1]
    assert len(set(found[0])) == len(seeds)


def test_seeds_that_agree_in_their_low_bits_are_two_runs():
    rows = aspis_sim.sweep(**SMALL, scheme="median", seeds=(0, 2**32, 2**64 - 1)).rows
    assert [row.status for row in rows] == ["ok"] * 3
    assert len({row.loss for row in rows}) == 3
    (group,) = prepared(one_cell(**SMALL, seed=2**32, precision="float64"))
    weights, rounds = reference_run(group.first)
    trace = aspis_sim.train(**SMALL, seed=2**32, precision="float64").trace
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(trace.loss, [one.loss for one in rounds], rtol=1e-6)


def test_a_data_set_that_is_drawn_for_every_run_differs_too():
    def drawn(seed):
        return data.as_run("linear-regression", (("dimension", 3), ("samples", 20)), seed).inputs["train"]

    assert np.array_equal(drawn(7), np.random.RandomState(7).normal(size=(20, 3)))
    assert not np.array_equal(drawn(7), drawn(7 + 2**32))


@pytest.mark.parametrize("seed", [2**64, 10**30])
def test_a_seed_beyond_64_bits_is_refused(seed):
    with pytest.raises(InputError, match=rf"seed {seed} has more than 64 bits; seeds are 0 to 2\*\*64 - 1"):
        aspis_sim.train(**SMALL, seed=seed)
    message = refused(f"sweep --q 1 --seeds 0,{seed}")
    assert message == f"error: seed {seed} has more than 64 bits; seeds are 0 to 2**64 - 1\n"
    with pytest.raises(InputError, match=rf"seed {seed}; seeds are 0 to 2\*\*64 - 1"):
        root_key(seed)
    with pytest.raises(InputError, match="seed -1; seeds are 0"):
        root_key(-1)
