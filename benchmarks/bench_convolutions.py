"""What does a step of Aspis with a convolutional net cost beside torch's forward and backward pass on the same images?

``python -m benchmarks convolutions`` prints CSV. K=15, r=3, 455 files of 4 images of 32 x 32 in colour: 1,820 images.
The gradients of both are compared first, from the same weights. torch runs with images in either order in memory;
without torch our steps stand alone. Pixels are random: what a pass costs does not depend on them.
"""

import hashlib
import importlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aspis_sim.gradients.network import network_of
from aspis_sim.run.resolve import resolve
from benchmarks.bench_step import cell_of, our_step
from benchmarks.contenders import agree, installed, timed
from benchmarks.machine import machine
from benchmarks.table import print_csv
from benchmarks.torch_nets import TorchNet

STEPS = {"lenet": 8, "resnet8": 2}
"""Model -> steps of ours in a turn."""
FILES, SAMPLES = 455, 4
REPEATS, PATIENCE = 7, 30.0
TOLERANCE = 1e-3
"""Of the largest entry of the gradient: sums of two million terms in float32, in another order."""

IMAGES = 600
"""In each of six files."""


def run() -> list[dict[str, Any]]:
    """One row a contender: milliseconds (least and median), how often torch's better pass that is, and compile time."""
    with tempfile.TemporaryDirectory() as folder:
        random_images(Path(folder) / "cifar-10-batches-bin", IMAGES)
        before = os.environ.get("ASPIS_DATA_DIR")
        os.environ["ASPIS_DATA_DIR"] = folder
        try:
            return [row for model in STEPS for row in _of(model)]
        finally:
            os.environ.pop("ASPIS_DATA_DIR")
            if before is not None:
                os.environ["ASPIS_DATA_DIR"] = before


def random_images(folder: Path, images: int) -> None:
    """Write files as in the unpacked archive, each of so many random images, and their sums."""
    draws, sums = np.random.default_rng(0), []
    folder.mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        rows = draws.integers(0, 256, (images, 1 + 3 * 32 * 32), dtype=np.uint8)
        rows[:, 0] %= 10
        (folder / f"{name}.bin").write_bytes(rows.tobytes())
        sums.append(f"{hashlib.sha256(rows.tobytes()).hexdigest()}  {name}.bin\n")
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def _of(model: str) -> list[dict[str, Any]]:
    cells = {
        attack: cell_of(attack=attack, dataset="cifar10", model=model, samples_per_file=SAMPLES, steps=40)
        for attack in ("weak", "strong")
    }
    contenders: dict[str, Any] = {}
    equal: dict[str, bool] = {}
    compiling: dict[str, float] = {}
    steps = 1
    if installed("torch"):
        net = network_of(resolve(cells["weak"]).shape.settings)
        inputs, labels = (np.asarray(part[: FILES * SAMPLES]) for part in net.train(0))
        weights = net.initial(jax.random.key(0), 0)
        derivative = jax.jit(
            jax.grad(lambda weights: net.loss(net.unravel(weights), *map(jnp.asarray, (inputs, labels))))
        )
        ours = np.asarray(derivative(weights))
        images = np.asarray(net.prepared(jnp.asarray(inputs)), np.float32)
        torch: Any = importlib.import_module("torch")
        classes = torch.tensor(labels).long()
        for channels_last in (False, True):
            theirs = TorchNet(model, net.unravel(weights)["params"], channels_last)
            batch = theirs.batch(images)
            theirs.pass_through(batch, classes)
            name = f"torch, forward and backward, {'NHWC' if channels_last else 'NCHW'}"
            equal[name] = agree({"ours": ours, "torch": theirs.gradient()}, TOLERANCE)["torch"]
            contenders[name] = lambda theirs=theirs, batch=batch: theirs.pass_through(batch, classes)
    for attack, cell in cells.items():
        name = f"aspis, {attack}"
        start = time.perf_counter()
        call, steps, _ = our_step(cell, STEPS[model])
        contenders[name], compiling[name] = call, time.perf_counter() - start
    spans = timed(contenders, REPEATS, PATIENCE)
    least = {name: span[0] / (steps if name in compiling else 1) for name, span in spans.items()}
    best = min([least[name] for name in equal], default=float("nan"))
    return [
        {
            "question": f"{model}, {FILES} files of {SAMPLES} images",
            "contender": name,
            "milliseconds": round(least[name], 1),
            "median_milliseconds": round(spans[name][1] / (steps if name in compiling else 1), 1),
            "times_torch": round(least[name] / best, 2),
            "seconds_to_first_steps": round(compiling[name], 1) if name in compiling else "",
            "equal": equal.get(name, ""),
            **machine(),
            "torch": installed("torch"),
        }
        for name in contenders
    ]


def main() -> None:
    """Print the rows as CSV."""
    print_csv(run())


if __name__ == "__main__":
    main()
