"""Gradients of convolutional and residual networks in tiles, chunks and turns against one `jax.grad` per file.

In float64, so that nothing but rounding is left. What honest workers make of their gradients, clipping and momentum,
is written out in NumPy, step by step.
"""

import math
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from aspis_sim import models
from aspis_sim.devices.mesh import COLUMNS, Axis, on_devices, zeros_by_columns
from aspis_sim.gradients.clipping import clip_each
from aspis_sim.gradients.layers import Layers, layers_of
from aspis_sim.gradients.layout import Layout
from aspis_sim.gradients.momentum import accumulate, shapes
from aspis_sim.gradients.source import Source
from tests.quick import jitted
from tests.weights import drawn, in_rows

FILES, SAMPLES, CLASSES, STEPS, BETA = 5, 2, 4, 2, 0.7
WEIGHTS = np.array([0.5, 0.0, -1.0, 2.0, 0.25])
CHOSEN = np.array([True, False, True, True, False])

MODELS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "lenet": ({}, (28, 28, 1)),
    "resnet8 group": ({"width": 2, "groups": 2}, (6, 6, 2)),
    "resnet8 batch": ({"width": 2, "norm": "batch"}, (6, 6, 2)),
}
"""Options, and the shape of an image. Of the residual networks' layers one is large: with chunks, the whole network is
compiled anew for each that is."""


class Cut(NamedTuple):
    """How the work is cut up: tiles take at most a share of 1 / ``tiles`` of the matrix of all gradients."""

    chunks: int
    turns: int
    tiles: int
    devices: int = 1

    def source(self, layers: Layers, axis: Axis) -> Source:
        """Where gradients come from under this cut."""
        matrix = FILES * 8 * sum(leaf.size for leaf in layers.leaves)
        return Source(layers, axis, self.chunks, matrix // self.tiles, self.turns)


CUTS = [Cut(1, 1, 100), Cut(1, 2, 15), Cut(3, 1, 6), Cut(2, 1, 6, 2)]
CASES = [
    *(("lenet", cut) for cut in CUTS),
    ("resnet8 group", CUTS[0]),
    *(("resnet8 batch", cut) for cut in CUTS[1::2]),
]
"""Chunks and turns hand on what passed through a model, of whatever layers; running statistics as well, if any."""


class Case(NamedTuple):
    """A model on random images, what each step is given, and what plain derivatives make of it.

    Attributes:
        layers: of the model.
        images: float64 ``[n, ...]``.
        labels: int ``[n]``.
        parameters: of each step, with running statistics where there are any.
        files: of each step, int ``[f, samples]``.
        losses: of each step, float64 ``[f]``.
        gradients: of each step, float64 ``[f, d]``.
        statistics: of each step, running ones after each file, one array a leaf ``[f, ...]``.
    """

    layers: Layers
    images: np.ndarray
    labels: np.ndarray
    parameters: list[Any]
    files: list[np.ndarray]
    losses: list[np.ndarray]
    gradients: list[np.ndarray]
    statistics: list[list[np.ndarray]]


@cache
def case_of(name: str) -> Case:
    options, shape = MODELS[name]
    rng = np.random.default_rng(len(name))
    with jax.enable_x64(True):
        model = models.build(name.split()[0], CLASSES, **options)
        images = rng.normal(size=(2 * FILES * SAMPLES, *shape))
        labels = rng.integers(0, CLASSES, len(images))
        first = drawn(model.module, images, rng)
        running = {name: first[name] for name in first if name != "params"}

        def loss(own, images, labels):
            scores, after = model.module.apply({"params": own, **running}, images, mutable=["batch_stats"])
            picked = jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
            return jnp.mean(jax.scipy.special.logsumexp(scores, axis=1) - picked), after

        derivative = jitted(jax.value_and_grad(loss, has_aux=True))
        layers = layers_of(model.loss, first, images[:SAMPLES], labels[:SAMPLES])
        found = Case(layers, images, labels, [], [], [], [], [])
        for _ in range(STEPS):
            own = drawn(model.module, images, rng)["params"]
            files = rng.permutation(len(images))[: FILES * SAMPLES].reshape(FILES, SAMPLES)
            of_files = [derivative(own, images[file], labels[file]) for file in files]
            found.parameters.append({"params": own, **running})
            found.files.append(files)
            found.losses.append(np.array([value for (value, _), _ in of_files]))
            found.gradients.append(np.concatenate([in_rows(gradient, 1) for _, gradient in of_files]))
            leaves = zip(*(jax.tree.leaves(after) for (_, after), _ in of_files), strict=True)
            found.statistics.append([np.stack(leaf) for leaf in leaves])
    return found


@cache
def layout_of(name: str, tiles: int) -> Layout:
    """How the columns are cut, which is the same on any number of devices, in any number of chunks and turns."""
    case, found = case_of(name), []
    source = Cut(1, 1, tiles).source(case.layers, Axis())

    def look(*given):
        found.append(source.gradients(*given).layout)

    with jax.enable_x64(True):
        jax.eval_shape(look, case.parameters[0], case.images, case.labels, np.arange(FILES), case.files[0])
    return found[0]


def program(case: Case, cut: Cut) -> Any:
    """One step of honest workers, compiled: the history of their momentum after it, and all that is read off it."""
    axis = Axis(cut.devices)
    source = cut.source(case.layers, axis)

    def columns(gradients):
        """All tiles of all bands, side by side in the order of the parameters."""
        bands = []
        for number, band in enumerate(gradients.layout.bands):
            one = lambda tile, number=number, band=band: axis.gather(gradients.form(number, tile), band.width)  # noqa: E731
            tiles = jax.lax.map(one, jnp.arange(band.tiles))
            bands.append(jnp.moveaxis(tiles, 0, 1).reshape(FILES, -1)[:, : band.columns])
        return gradients.layout.join(bands)

    def step(history, parameters, images, labels, files, radius):
        own = source.gradients(parameters, images, labels, jnp.arange(FILES), files)
        norms = own.norms()
        own = replace(own, norms=lambda: norms)  # looked at here and by the clipping, compiled once
        clipped = clip_each(own, radius)
        history, returned = accumulate(history, clipped, BETA, axis)
        return history, {
            "loss": own.loss,
            "norms": norms,
            "bounds": own.bounds,
            "clipped weighted": clipped.weighted(jnp.asarray(WEIGHTS)),
            "returned": columns(returned),
            "returned weighted": returned.weighted(jnp.asarray(WEIGHTS)),
            "returned norms": returned.norms(),
            "returned bounds": returned.bounds,
            "statistics": jax.tree.leaves(own.statistics(jnp.asarray(CHOSEN))),
        }

    return jitted(on_devices(step, cut.devices, (COLUMNS, *[P()] * 5), (COLUMNS, P())))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "cut"), CASES, ids=str)
def test_what_workers_return_is_what_plain_derivatives_give(name, cut):
    if cut.devices > 1:  # XLA crashes when it runs this program as loaded from a cache, so that none is kept
        jax.config.update("jax_persistent_cache_min_compile_time_secs", math.inf)
    case = case_of(name)
    with jax.enable_x64(True):
        layout = layout_of(name, cut.tiles)
        assert max(band.tiles for band in layout.bands) > 2
        run = program(case, cut)
        history = zeros_by_columns(shapes(layout, FILES, Axis(cut.devices)), jnp.float64, cut.devices)
        past = np.zeros_like(case.gradients[0])
        for step, plain in enumerate(case.gradients):
            norms = np.linalg.norm(plain, axis=1)
            radius = np.median(norms) if step else np.inf  # in the first step, sums are those of plain gradients
            clipped = plain * np.minimum(1, radius / norms)[:, None]
            past = BETA * past + (1 - BETA) * clipped
            given = (case.parameters[step], case.images, case.labels, case.files[step])
            history, found = run(history, *given, radius)
            expected = {
                "loss": case.losses[step].mean(),
                "norms": norms,
                "clipped weighted": WEIGHTS @ clipped,
                "returned": past,
                "returned weighted": WEIGHTS @ past,
                "returned norms": np.linalg.norm(past, axis=1),
            }
            for name, value in expected.items():
                largest = np.abs(value).max()
                np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-11 * largest, err_msg=name)
            assert (np.asarray(found["bounds"]) >= norms * (1 - 1e-12)).all()
            assert (np.asarray(found["returned bounds"]) >= expected["returned norms"] * (1 - 1e-12)).all()
            assert len(found["statistics"]) == len(case.statistics[step])
            for ours, theirs in zip(found["statistics"], case.statistics[step], strict=True):
                np.testing.assert_allclose(ours, theirs[CHOSEN].mean(0), rtol=0, atol=1e-12)
