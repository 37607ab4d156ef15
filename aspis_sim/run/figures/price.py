"""What a run costs: bytes that workers send, and the time that a cluster would take."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from aspis_sim.clusters import cluster
from aspis_sim.clusters.base import Load
from aspis_sim.coding import CODINGS
from aspis_sim.spec.part import parse_part

if TYPE_CHECKING:
    from aspis_sim.gradients.network import Network
    from aspis_sim.run.resolve import Job

BYTES = {"bfloat16": 2, "float32": 4, "float64": 8}
"""Of a number, by precision."""


def bytes_a_worker(job: Job) -> int:
    """Bytes that a worker sends in a step: a gradient for each of its files, or a mixture of them, real or complex."""
    number = BYTES[job.cell.precision]
    code = CODINGS.traits(job.cell.coding)
    vectors = 2 if code.decodes else 1 if code.mixes else job.assignment.load
    return vectors * job.network.parameters * number


def bytes_sent(job: Job) -> int:
    """Bytes that all workers send over the run, the silent ones apart."""
    cell = job.cell
    return bytes_a_worker(job) * (cell.workers - cell.silent) * cell.steps


def seconds_modelled(job: Job) -> float | None:
    """Expected seconds of the run on the cell's cluster; None without one.

    Where workers are silent because they have crashed, the server waits for all others; where they are slow, for the
    fastest K - s of all.
    """
    cell = job.cell
    if cell.cluster is None:
        return None
    part = parse_part(cell.cluster)
    each = flops_a_sample(job.network) * cell.local_steps
    waited = cell.workers - cell.silent
    load = Load(
        workers=waited if parse_part(cell.silence).name == "crash" else cell.workers,
        waited=waited,
        flops=each * job.assignment.load * job.samples_per_file,
        bytes_up=bytes_a_worker(job),
        bytes_down=job.network.parameters * BYTES[cell.precision],
        server_flops=each * job.computed_by_server * job.samples_per_file,
    )
    return cell.steps * cluster(part.name, **part.options).step_seconds(load)


@lru_cache(32)
def flops_a_sample(network: Network) -> float:
    """Floating-point operations of one sample's gradient, as XLA counts them in the program that is not optimised."""
    import jax

    def mean_loss(weights: jax.Array, inputs: jax.Array, labels: jax.Array) -> jax.Array:
        return network.loss(network.unravel(weights), inputs, labels)

    samples = 8
    train = (network.example.inputs["train"], network.example.labels["train"])
    shapes = [jax.ShapeDtypeStruct((samples, *np.shape(part)[1:]), part.dtype) for part in train]
    weights = jax.ShapeDtypeStruct((network.parameters,), network.dtype)
    counted = jax.jit(jax.grad(mean_loss)).lower(weights, *shapes).cost_analysis()
    assert counted is not None, "XLA counts operations on every backend"
    return float(counted["flops"]) / samples
