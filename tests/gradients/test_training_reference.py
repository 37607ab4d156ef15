"""Training of a convolutional network within a small memory, against plain SGD on one `jax.grad` per file.

The memory decides how the work is cut up. In float64, so that nothing but rounding is left.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import assignment
from aspis_sim.data import load
from aspis_sim.detection import DETECTORS
from aspis_sim.gradients.network import network_of
from aspis_sim.simulation import Run
from tests.shapes import fed, shape
from tests.weights import in_rows, in_tree

WORKERS, SAMPLES, STEPS, RATE, CLIP, AT_WORKERS, AT_SERVER = 5, 2, 2, 0.01, 12.5, 0.6, 0.9
GROUPS = assignment.build("subset", workers=WORKERS, redundancy=3)
FILES = len(GROUPS.files)
IMAGES = {"channels": 1, "height": 28, "samples": 100, "width": 28}
SETTINGS = {
    "assignment": "subset",
    "workers": WORKERS,
    "redundancy": 3,
    "detector": "clique",
    "rule": "average",
    "samples_per_file": SAMPLES,
    "steps": STEPS,
    "precision": "float64",
    "model": "lenet",
    "memory": 20_000_000,
    "clip_workers": CLIP,
    "worker_momentum": AT_WORKERS,
    "momentum": AT_SERVER,
}


def decide(graph):
    return DETECTORS["clique"](graph, max_byzantine=1, assignment=GROUPS), 0


def by_hand(run):
    """Weights after plain SGD, from the initial weights and the order of the samples of a run."""
    samples, net = load("synthetic", **IMAGES), network_of(run.program.shape.settings)
    with jax.enable_x64(True):

        def loss(own, inputs, labels):
            scores = net.model.module.apply(own, inputs)
            picked = jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
            return jnp.mean(jax.scipy.special.logsumexp(scores, axis=1) - picked)

        derivative = jax.jit(jax.grad(loss))
        weights, norms = np.array(run.state.weights), []
        template = jax.eval_shape(net.unravel, run.state.weights)
        history, speed = np.zeros((FILES, len(weights))), np.zeros(len(weights))
        for row in np.asarray(run.order)[:STEPS]:
            own, rows = in_tree(weights, template), []
            for file in row.reshape(FILES, SAMPLES):
                inputs = samples.prepared(samples.inputs["train"][file]).astype(float)
                rows.append(in_rows(derivative(own, inputs, samples.labels["train"][file]), 1)[0])
            norms.append(np.linalg.norm(rows, axis=1))
            clipped = np.array(rows) * np.minimum(1, CLIP / norms[-1])[:, None]
            history = AT_WORKERS * history + (1 - AT_WORKERS) * clipped
            speed = AT_SERVER * speed + history.mean(0)
            weights = weights - RATE * speed
    return weights, np.array(norms)


@pytest.mark.slow
def test_weights_are_those_of_plain_descent():
    dataset = "synthetic" + "".join(f":{name}={value}" for name, value in IMAGES.items())
    ours = shape(**SETTINGS, dataset=dataset)
    assert ours.chunks > 2
    assert ours.tile_bytes < FILES * 8 * network_of(ours.settings).parameters / 4
    run = Run.start(ours, fed(ours, rate=RATE))
    weights, norms = by_hand(run)
    assert (norms > CLIP).any()
    assert (norms < CLIP).any()
    after = run.to(STEPS, decide)
    np.testing.assert_allclose(after.state.weights, weights, rtol=0, atol=1e-12)
