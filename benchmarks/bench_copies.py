"""How far apart are honest copies of one gradient, in one program and in several, and which tolerance do they need?

``python -m benchmarks copies`` prints CSV: for two models, two precisions and two sets of weights, the relative
differences ‖a - b‖ / max(‖a‖, ‖b‖) between what different programs make of the same files (35 triples of 7 workers, 4
samples a file), over all files.
"""

from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from aspis_sim.devices.mesh import Axis, on_devices
from aspis_sim.gradients.source import Source
from aspis_sim.run.resolve import Job, resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.cell import Cell
from aspis_sim.streams import sample_order, stream
from benchmarks.table import print_csv

MODELS = {
    "mlp on digits": {"model": "mlp", "dataset": "digits"},
    "resnet8 on synthetic images": {
        "model": "resnet8:width=8",
        "dataset": "synthetic:samples=1000:height=16:width=16:channels=3",
    },
}
PRECISIONS = ("float32", "bfloat16")
STEPS = (1, 100)
DEVICES = 4


def run() -> list[dict[str, Any]]:
    """A row for every pair of programs."""
    jax.config.update("jax_num_cpu_devices", DEVICES)
    rows = []
    for (name, fields), precision in product(MODELS.items(), PRECISIONS):
        told = {"model": name, "precision": precision}
        job = resolve(_cell(**fields, precision=precision, steps=STEPS[-1]))
        rows += [told | pair for pair in _pairs(job)]
    return rows


def _cell(**fields: Any) -> Cell:
    return Cell(scheme="median", assignment="subset", workers=7, redundancy=3, q=0, lr=0.05, seed=0, **fields)


def _pairs(job: Job) -> Iterator[dict[str, Any]]:
    """What the programs of a job differ in, after so many steps of its run."""
    inputs, labels = job.network.train(job.cell.seed)
    drawn = sample_order(stream(jax.random.key(1), "data"), len(labels), job.batch_size)
    given = (inputs, labels, drawn.reshape(len(job.assignment.files), -1))
    once, copies = np.arange(len(job.assignment.files)), job.assignment.worker_files.reshape(-1)
    shared = _made(job, once)
    others = {
        f"shared on {DEVICES} devices": _made(job, once, DEVICES),
        "shared in 3 chunks": _made(job, once, chunks=3),
        "replicated": _made(job, copies),
        f"replicated on {DEVICES} devices": _made(job, copies, DEVICES),
        "one file at a time": _alone(job),
    }
    run = Run.start(job.shape, job.feed(), job.cell.seed)
    for steps in STEPS:
        run = run.to(steps, job.decide)
        first = shared(run.state.weights, *given)
        for name, program in others.items():
            made = program(run.state.weights, *given)
            if len(made) == len(first):
                yield {"steps": steps, "between": f"shared and {name}"} | _compared([(first, made)])
                continue
            of_file = [made[copies == file] for file in once]
            pairs = combinations(np.stack(of_file, axis=1), 2)
            yield {"steps": steps, "between": f"copies of one file, {name}"} | _compared(list(pairs))
            ours = np.stack([one[0] for one in of_file])
            yield {"steps": steps, "between": f"shared and {name}"} | _compared([(first, ours)])


def _made(job: Job, rows: NDArray[Any], devices: int = 1, chunks: int = 1) -> Callable[..., NDArray[Any]]:
    """The gradients ``[rows, d]`` of files, as a program with these devices and chunks computes them."""
    net = job.network
    axis = Axis(devices)
    source = Source(net.layers(job.samples_per_file), axis, chunks)

    def gradients(weights: Array, inputs: Array, labels: Array, files: Array) -> Array:
        parameters = {**net.unravel(weights), **net.statistics}
        made = source.gradients(parameters, inputs, labels, jax.numpy.asarray(rows), files, whole=True)
        return axis.gather(made.form(0, 0), net.parameters)

    compiled = jax.jit(on_devices(gradients, devices))
    return lambda *given: np.asarray(compiled(*given)).astype(np.float64)


def _alone(job: Job) -> Callable[..., NDArray[Any]]:
    """The gradients ``[f, d]`` as a worker that holds one file and differentiates the loss computes them."""
    net = job.network
    one = jax.jit(jax.grad(lambda weights, inputs, labels: net.loss(net.unravel(weights), inputs, labels)))

    def gradients(weights: Array, inputs: Array, labels: Array, files: Array) -> NDArray[Any]:
        return np.stack([np.asarray(one(weights, inputs[file], labels[file])).astype(np.float64) for file in files])

    return gradients


def _compared(pairs: list[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, Any]:
    """How far the gradients of files are apart that stand in equal rows of a pair."""
    norm = np.linalg.norm
    apart = np.concatenate(
        [norm(a - b, axis=1) / np.maximum(np.maximum(norm(a, axis=1), norm(b, axis=1)), 1e-300) for a, b in pairs]
    )
    return {
        "equal in every bit": f"{np.mean(apart == 0):.3f}",
        "median difference": f"{np.median(apart):.1e}",
        "largest difference": f"{apart.max():.1e}",
    }


if __name__ == "__main__":
    print_csv(run())
