"""Runs batch: the program of a run under vmap gives each run what it gets alone."""

import jax
import jax.numpy as jnp
import numpy as np

from aspis_sim import assignment
from aspis_sim.gradients.network import network
from aspis_sim.simulation import compiled
from aspis_sim.simulation.assembly import step_of
from aspis_sim.simulation.steps import advance_by
from tests.shapes import fed, shape

STEPS, SEEDS = 5, (0, 1, 2)


def test_seeds_rates_and_strengths_batch_under_vmap():
    ours = shape(assignment="repetition", workers=9, redundancy=3, steps=STEPS)
    groups = assignment.build("repetition", workers=9, redundancy=3)
    train = network("digits", "softmax").train(0)
    net = network("digits", "softmax")
    built = compiled(ours)
    runs = [fed(ours, "strong", 3, seed=seed, rate=0.05 * (1 + seed), strength=seed) for seed in SEEDS]
    alone = [
        built.advance(built.begin(run.key, 0), run, built.order(run.key), None, np.int32(STEPS), *train) for run in runs
    ]
    stack = lambda trees: jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *trees)  # noqa: E731
    batched = jax.vmap(advance_by(step_of(ours, groups, net)), in_axes=(0, 0, 0, None, None, None, None))
    together = jax.jit(batched)(
        stack([built.begin(run.key, 0) for run in runs]),
        stack(runs),
        jnp.stack([built.order(run.key) for run in runs]),
        None,
        np.int32(STEPS),
        *train,
    )
    assert together.step.tolist() == [STEPS] * len(SEEDS)
    for index, one in enumerate(alone):
        np.testing.assert_allclose(together.weights[index], one.weights, rtol=1e-4, atol=1e-6)
        assert np.array_equal(together.trace.distorted[index], one.trace.distorted)
    assert len({float(one.weights.sum()) for one in alone}) == len(SEEDS)
