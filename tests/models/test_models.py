"""Models have the layers that they say, refuse what they cannot take, and their files' gradients are the right ones."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from aspis_sim import models
from aspis_sim.devices.mesh import Axis
from aspis_sim.errors import InputError
from aspis_sim.gradients.layers import layers_of
from aspis_sim.gradients.source import Source
from aspis_sim.spec.part import parse_part
from tests.quick import jitted
from tests.weights import drawn, in_rows

IMAGES = {
    "lenet": (28, 28, 1),
    "resnet8:width=2:groups=2": (8, 8, 3),
    "resnet18:width=1:groups=1": (8, 8, 3),
}
FILES, SAMPLES = 5, 2
CASES: list[Any] = [
    ("lenet", (3, 1, 10**7)),
    pytest.param("resnet18:width=1:groups=1", (1, 2, 4000), marks=pytest.mark.slow),
]
"""Chunks of files, turns in a chunk, bytes of a tile: cuts beside those of gradients/test_gradients_reference.py, which
holds lenet and resnet8 to plain derivatives in float64. With chunks the model is compiled anew for every band, which
takes long for a deep one. ResNet-18 is as narrow as still has layers of few channels, of many, and in tiles; all other
paths of it are those of ResNet-8."""


def built(text, classes=10):
    part = parse_part(text)
    return models.build(part.name, classes, **part.options)


def parameters_of(model, shape):
    drawn = jax.eval_shape(model.initialise, jax.random.key(0), jax.ShapeDtypeStruct((1, *shape), "float32"))
    return sum(leaf.size for leaf in jax.tree.leaves(drawn))


def resnet_parameters(widths, blocks, channels=3, classes=10):
    """Convolutions without a bias, each with a norm that scales and shifts every channel; a dense layer at the end."""
    convolutions, before = [(9, channels, widths[0])], widths[0]
    for width in widths:
        convolutions += [(9, before, width), (9, width, width)] + [(9, width, width)] * 2 * (blocks - 1)
        convolutions += [(1, before, width)] * (before != width)
        before = width
    return sum(places * seen * made + 2 * made for places, seen, made in convolutions) + (before + 1) * classes


@pytest.mark.parametrize(
    ("text", "shape", "count"),
    [
        ("lenet", (28, 28, 1), 61_706),
        ("lenet", (32, 32, 3), 62_006),
        ("resnet8", (32, 32, 3), resnet_parameters((16, 32, 64), 1)),
        ("resnet18", (32, 32, 3), resnet_parameters((64, 128, 256, 512), 2)),
        ("resnet18", (32, 32, 3), 11_173_962),
        ("resnet18:norm=batch", (32, 32, 3), 11_173_962),
        ("resnet18:width=16", (28, 28, 1), resnet_parameters((16, 32, 64, 128), 2, channels=1)),
    ],
)
def test_number_of_parameters(text, shape, count):
    assert parameters_of(built(text), shape) == count


@pytest.mark.parametrize(("text", "shape"), [*IMAGES.items(), ("lenet", (32, 32, 3)), ("resnet8", (5, 7, 2))])
def test_every_sample_gets_a_score_a_class(text, shape):
    model = built(text, classes=7)
    inputs = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    scores = jax.jit(lambda key, inputs: model.scores(model.initialise(key, inputs), inputs))(jax.random.key(1), inputs)
    assert scores.shape == (2, 7)
    assert scores.dtype == jnp.float32
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("lenet", (64,), r"lenet takes images .* \[64\]; take `model=mlp`"),
        ("resnet18", (64,), "resnet18 takes images"),
        ("resnet8", (8, 8), "resnet8 takes images"),
        ("lenet", (8, 8, 1), "28x28 or 32x32, not 8x8; try resnet8"),
        ("resnet18:norm=layer", (32, 32, 3), "norm=layer; it is group or batch"),
        ("resnet18:width=20", (32, 32, 3), "width=20 .* try width=24"),
        ("resnet8:width=0", (32, 32, 3), "width=0; it is a whole number"),
        ("resnet8:groups=wide", (32, 32, 3), "groups=wide; it is a whole number"),
        ("resnet8:depth=3", (32, 32, 3), "its parameters: classes, width, norm, groups"),
    ],
)
def test_what_a_model_cannot_take_is_refused_with_what_works(text, shape, message):
    with pytest.raises(InputError, match=message):
        parameters_of(built(text), shape)


@pytest.fixture(scope="module")
def case(request):
    """A model's loss on some files, away from its initial weights, in which norms have scales of 1."""
    model, rng = built(request.param), np.random.default_rng(0)
    inputs = rng.normal(size=(FILES * SAMPLES, *IMAGES[request.param])).astype(np.float32)
    labels = rng.integers(0, 10, len(inputs))
    parameters, files = drawn(model.module, inputs, rng), np.arange(len(inputs)).reshape(FILES, SAMPLES)
    gradient = jitted(jax.vmap(jax.value_and_grad(model.loss), in_axes=(None, 0, 0)))
    losses, of_files = gradient(parameters, inputs[files], labels[files])
    return (model.loss, parameters, inputs, labels, files), in_rows(of_files, FILES), float(np.mean(losses))


@pytest.mark.parametrize(("case", "cut"), CASES, indirect=["case"])
def test_file_gradients_from_inputs_and_deltas(case, cut):
    chunks, turns, tile_bytes = cut
    (loss, parameters, inputs, labels, files), expected, mean_loss = case
    layers = layers_of(loss, parameters, inputs[files[0]], labels[files[0]])
    weights = np.asarray([0.5, 0.0, -1.0, 2.0, 0.25], np.float32)

    @jitted
    def formed(parameters, inputs, labels):
        source = Source(layers, Axis(1), chunks, tile_bytes, turns)
        found = source.gradients(parameters, inputs, labels, jnp.arange(FILES), jnp.asarray(files))
        bands = []
        for number, band in enumerate(found.layout.bands):
            tiles = lax.map(lambda tile, number=number: found.form(number, tile), jnp.arange(band.tiles))
            bands.append(jnp.moveaxis(tiles, 0, 1).reshape(FILES, -1)[:, : band.columns])
        return found.layout.join(bands), found.weighted(jnp.asarray(weights)), found.bounds, found.loss

    columns, weighted, bounds, mean = formed(parameters, inputs, labels)
    largest = np.abs(expected).max()
    np.testing.assert_allclose(columns, expected, rtol=1e-4, atol=1e-5 * largest)
    np.testing.assert_allclose(weighted, weights @ expected, rtol=1e-4, atol=1e-5 * largest)
    assert (np.asarray(bounds) >= np.linalg.norm(expected, axis=1) * (1 - 1e-5)).all()
    assert (np.asarray(bounds) <= 1e3 * np.linalg.norm(expected, axis=1)).all()
    assert mean == pytest.approx(mean_loss, rel=1e-5)
