"""Gradients of files from layers: every column, any sum, and a bound of every norm, however the work is cut up."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.columns import Part
from aspis_sim.gradients.layers import Leaf, layers_of
from aspis_sim.gradients.layout import layout_of
from aspis_sim.gradients.source import CACHED_BYTES, TILE_BYTES, Source
from aspis_sim.models.base import Model
from tests.weights import drawn, in_rows

FILES, SAMPLES = 12, 2


class Mixed(nn.Module):
    """Strides, paddings, biases, a norm, a layer used twice, and a module with parameters of its own."""

    @nn.compact
    def __call__(self, inputs):
        hidden = nn.relu(nn.GroupNorm(2)(nn.Conv(4, (3, 3), strides=2)(inputs)))
        hidden = nn.relu(nn.Conv(8, (3, 3), use_bias=False, padding="VALID")(hidden))
        hidden = nn.relu(nn.Conv(8, (1, 1), padding=1)(hidden)).reshape(len(inputs), -1)
        twice = nn.Dense(20)
        hidden = nn.relu(twice(nn.relu(twice(nn.Dense(20)(hidden)))))
        return nn.Dense(5)(Gain()(hidden))


class Gain(nn.Module):
    @nn.compact
    def __call__(self, inputs):
        gain = self.param("gain", nn.initializers.normal(), (inputs.shape[-1],))
        return inputs * (1 + gain) + nn.Dense(inputs.shape[-1])(inputs)


@pytest.fixture(scope="module")
def case():
    model = Model(Mixed())
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40, 9, 9, 3)).astype(np.float32)
    labels = rng.integers(0, 5, 40)
    parameters = drawn(model.module, inputs, rng)
    files = rng.permutation(40)[: FILES * SAMPLES].reshape(FILES, SAMPLES)
    by_file = jax.jit(jax.vmap(jax.grad(model.loss), (None, 0, 0)))(parameters, inputs[files], labels[files])
    layers = layers_of(model.loss, parameters, inputs[files[0]], labels[files[0]])
    return layers, (parameters, inputs, labels, np.arange(FILES), files), in_rows(by_file, FILES)


@pytest.mark.parametrize(("chunks", "tile_bytes"), [(1, 10**6), (1, 5000), (3, 20_000)])
def test_columns_sums_and_bounds(case, chunks, tile_bytes):
    layers, given, expected = case

    def look(*given):
        gradients = Source(layers, Axis(), chunks, tile_bytes).gradients(*given)
        bands = []
        for index, band in enumerate(gradients.layout.bands):
            tiles = jax.lax.map(lambda tile, index=index: gradients.form(index, tile), jnp.arange(band.tiles))
            bands.append(jnp.moveaxis(tiles, 0, 1).reshape(FILES, -1)[:, : band.columns])
        weights = jnp.arange(FILES) % 3 / 2
        return gradients.layout.join(bands), gradients.weighted(weights), gradients.bounds, gradients.loss

    matrix, total, bounds, loss = jax.jit(look)(*given)
    np.testing.assert_allclose(matrix, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(total, (np.arange(FILES) % 3 / 2) @ expected, rtol=1e-4, atol=1e-5)
    norms = np.linalg.norm(expected, axis=1)
    assert (bounds >= norms * (1 - 1e-5)).all()
    assert (bounds <= 20 * norms).all()
    assert 0.5 < float(loss) < 5


def test_tiles_are_small_and_cover_every_parameter_once(case):
    layers, given, expected = case
    found = []
    jax.eval_shape(lambda *given: found.append(Source(layers, Axis(), 1, 5000).gradients(*given).layout), *given)
    (layout,) = found
    assert layout.parameters == expected.shape[1] == sum(band.columns for band in layout.bands)
    assert all(band.width * FILES * 4 <= 5000 for band in layout.bands if band.tiles > 1)
    whole = np.arange(layout.parameters, dtype=np.float32)
    np.testing.assert_array_equal(jax.jit(lambda whole: layout.join(layout.split(whole)))(whole), whole)


@pytest.mark.parametrize(
    ("rows", "step", "tiles", "width"),
    [(65, 0, 13, 320), (10, 0, 1, 640), (785, 0, 17, 3008), (64, 64, 2, 2048)],
    ids=["small: narrow tiles", "three narrow tiles or none", "large", "a convolution"],
)
def test_tiles_of_small_dense_layers_stay_in_a_cache(rows, step, tiles, width):
    """Layers with 64 outputs, of 455 files: two wide tiles at most are cut into narrow ones, if they can be."""
    nothing = jnp.zeros(455)
    part = Part({0: (0, rows)}, rows, 64, step, lambda *_: nothing, lambda _: nothing, nothing)
    (band,) = layout_of([part], (Leaf((), "kernel", (rows, 64)),), 455, 4, TILE_BYTES, CACHED_BYTES).bands
    assert (band.tiles, band.width) == (tiles, width)


def test_a_file_left_out_does_no_harm_even_if_it_is_not_finite(case):
    layers, (parameters, inputs, labels, rows, files), _ = case
    broken = inputs.copy()
    broken[files[0, 0]] = np.inf

    @jax.jit
    def look(*given):
        gradients = Source(layers, Axis()).gradients(*given)
        return gradients.bounds, gradients.form(0, 0)

    bounds, form = map(np.asarray, look(parameters, broken, labels, rows, files))
    assert not np.isfinite(bounds[0])
    assert np.isfinite(bounds[1:]).all()
    assert not np.isfinite(form[0]).all()
    assert np.isfinite(form[1:]).all()
