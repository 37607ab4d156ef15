"""What does a training step cost beside plain SGD on the same batch, and beside ByzFL doing the same?

``python -m benchmarks step`` prints CSV. ByzFL is left out if it or torch is not installed. A step is timed inside the
compiled run, as the mean over the steps between two stops; compile time is apart.
"""

import importlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax

from aspis_sim.gradients.network import network_of
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.cell import Cell
from benchmarks.contenders import byzfl, installed, timed
from benchmarks.machine import machine
from benchmarks.table import print_csv

DATA = "synthetic:dimension=784:samples=8000"
REPEATS = 7


def cell_of(**fields: Any) -> Cell:
    """K=15, r=3, q=4 on a synthetic data set of 784 inputs, but for ``fields``."""
    usual = {
        "scheme": "aspis",
        "assignment": "subset",
        "detector": "clique",
        "rule": "median",
        "workers": 15,
        "redundancy": 3,
        "q": 4,
        "attack": "strong",
        "payload": "alie",
        "samples_per_file": 2,
        "lr": 0.01,
        "seed": 0,
        "dataset": DATA,
        "model": "mlp",
    }
    return Cell(**{**usual, **fields})


def our_step(cell: Cell, steps: int) -> tuple[Callable[[], Any], int, float]:
    """A call that takes ``steps`` further steps of a run of the cell, their number, and the seconds of compiling."""
    job = resolve(cell)
    run = Run.start(job.shape, job.feed(), cell.seed).to(1, job.decide)
    jax.block_until_ready(run.state.weights)

    def go_on() -> Any:
        return jax.block_until_ready(run.to(1 + steps, job.decide).state.weights)

    go_on()
    return go_on, steps, run.program.compile_seconds


def plain_sgd(cell: Cell, steps: int) -> tuple[Callable[[], Any], int, float]:
    """SGD with momentum on the same batches, one gradient of the whole batch a step, inside one loop."""
    job = resolve(cell)
    net = network_of(job.shape.settings)
    inputs, labels = net.train(cell.seed)
    order = Run.start(job.shape, job.feed(), cell.seed).order
    optimizer = optax.sgd(cell.lr, momentum=cell.momentum)

    def step(state: tuple[Any, Any], batch: Any) -> tuple[tuple[Any, Any], Any]:
        weights, memory = state
        loss, gradient = jax.value_and_grad(lambda w: net.loss(net.unravel(w), inputs[batch], labels[batch]))(weights)
        change, memory = optimizer.update(gradient, memory)
        return (weights + change, memory), loss

    weights = net.initial(jax.random.key(cell.seed), cell.seed)
    program = jax.jit(lambda state: jax.lax.scan(step, state, order[1 : 1 + steps])[0][0])
    state = (weights, optimizer.init(weights))
    jax.block_until_ready(program(state))
    return lambda: jax.block_until_ready(program(state)), steps, float("nan")


def byzfl_step(cell: Cell, steps: int) -> tuple[Callable[[], Any], int, float] | None:
    """ByzFL's pieces put together as its own loop does: a gradient a worker in turn, the attack, the median, SGD."""
    package = byzfl()
    if package is None:
        return None
    torch: Any = importlib.import_module("torch")
    job = resolve(cell)
    net = network_of(job.shape.settings)
    data = net.samples(cell.seed)
    inputs, labels = torch.tensor(data.inputs["train"]), torch.tensor(data.labels["train"]).long()
    order = np.asarray(Run.start(job.shape, job.feed(), cell.seed).order)
    hidden = 100
    model = torch.nn.Sequential(torch.nn.Linear(784, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=cell.lr, momentum=cell.momentum)
    honest = cell.workers - cell.q
    attack = package.InnerProductManipulation(tau=-(job.strength or 1.0))
    rule = package.Median()

    def go_on() -> Any:
        for step in range(steps):
            files = order[step].reshape(cell.workers, -1)
            gradients = []
            for file in files[:honest]:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs[file]), labels[file]).backward()
                gradients.append(torch.cat([part.grad.reshape(-1) for part in model.parameters()]))
            lies = [attack(gradients)] * cell.q
            flat, start = rule([*gradients, *lies]), 0
            for part in model.parameters():
                part.grad = flat[start : start + part.numel()].view_as(part)
                start += part.numel()
            optimizer.step()

    go_on()
    return go_on, steps, float("nan")


def run() -> list[dict[str, Any]]:
    """One row a contender: milliseconds a step (least and median of the turns) and the ratio to the first."""
    mlp = {f"aspis, {attack}": our_step(cell_of(attack=attack, steps=60), 8) for attack in ("weak", "strong")}
    questions: dict[str, dict[str, Any]] = {
        "MLP 784-64-10, K=15, r=3, 455 files of 2": {"plain SGD": plain_sgd(cell_of(steps=60), 50), **mlp}
    }
    alone = {
        "assignment": "baseline",
        "scheme": "median",
        "detector": "none",
        "redundancy": 1,
        "payload": "inner_product",
    }
    cell = cell_of(**alone, strength=2.0, samples_per_file=32, model="mlp:hidden=100", steps=60)
    questions["MLP 784-100-10, K=15, r=1, 32 a worker, inner product, median"] = {"aspis-sim": our_step(cell, 50)}
    if (theirs := byzfl_step(cell, 10)) is not None:
        questions["MLP 784-100-10, K=15, r=1, 32 a worker, inner product, median"]["ByzFL"] = theirs
    for attack in ("weak", "strong"):
        regression = cell_of(
            attack=attack,
            dataset="linear-regression:samples=1000",
            model="linear",
            momentum=0.0,
            lr=1e-3,
            init="normal",
            after_detection="rule",
            steps=600,
        )
        questions[f"linear regression, n=1000, d=100, K=15, r=3, {attack}"] = {"aspis-sim": our_step(regression, 500)}
    columns = {**machine(), "torch": installed("torch"), "byzfl": installed("byzfl")}
    made = []
    for question, contenders in questions.items():
        spans = timed({name: call for name, (call, _, _) in contenders.items()}, REPEATS, patience=20.0)
        least = {name: spans[name][0] / contenders[name][1] for name in contenders}
        first = next(iter(least.values()))
        for name, (_, steps, compiling) in contenders.items():
            made.append(
                {
                    "question": question,
                    "contender": name,
                    "milliseconds": round(least[name], 3),
                    "median_milliseconds": round(spans[name][1] / steps, 3),
                    "times_first": round(least[name] / first, 2),
                    "compile_seconds": "" if np.isnan(compiling) else round(compiling, 2),
                    **columns,
                }
            )
    return made


def main() -> None:
    """Print the rows as CSV."""
    print_csv(run())


if __name__ == "__main__":
    main()
