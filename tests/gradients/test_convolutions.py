"""Our convolutions and their derivatives against those of XLA, in float64: windows, strides, edges, few channels."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array, lax

from aspis_sim.gradients import patches
from aspis_sim.gradients.convolution import convolve, in_quick_convolutions
from aspis_sim.gradients.geometry import Geometry, geometry_of

FILES, SAMPLES, FEATURES = 7, 2, 2


class Case(NamedTuple):
    """A convolution: window, strides, edges, size of the images, channels."""

    window: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    edges: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    size: tuple[int, int] = (9, 11)
    channels: int = 5

    @property
    def geometry(self) -> Geometry:
        """As our functions take it."""
        return Geometry(self.window, self.strides, self.edges, self.size, self.channels, FEATURES)


CASES = {
    "as in a residual block": Case((3, 3), edges=((1, 1), (1, 1))),
    "with strides": Case((3, 3), (2, 2), ((1, 1), (1, 1))),
    "with strides that leave inputs out": Case((3, 2), (3, 3), size=(12, 7)),
    "a shortcut": Case((1, 1), (2, 2), size=(8, 8)),
    "uneven edges": Case((2, 4), (1, 2), ((2, 0), (1, 3))),
    "few channels": Case((3, 3), edges=((1, 1), (1, 1)), channels=3),
    "few channels, wide": Case((5, 5), channels=1, size=(12, 13)),
    "few channels, strides": Case((5, 5), (2, 2), channels=3),
}


def _arrays(case: Case) -> tuple[Array, Array, Array]:
    draws = np.random.default_rng(0)
    sizes = (
        (FILES, SAMPLES, *case.size, case.channels),
        (*case.window, case.channels, FEATURES),
        (FILES, SAMPLES, *case.geometry.out, FEATURES),
    )
    inputs, kernel, deltas = (jnp.asarray(draws.normal(size=size)) for size in sizes)
    return inputs, kernel, deltas


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_outputs_and_derivatives_are_those_of_xla(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all files, those of two or three at once and one or none left over."""
    geometry = case.geometry
    with jax.enable_x64(True):
        inputs, kernel, deltas = _arrays(case)
        a_file = SAMPLES * geometry.out[0] * geometry.out[1] * geometry.rows * 8
        monkeypatch.setattr(patches, "PATCH_BYTES", 3 * a_file)

        def plain(inputs: Array, kernel: Array) -> Array:
            named = ("NHWC", "HWIO", "NHWC")
            return lax.conv_general_dilated(inputs, kernel, case.strides, case.edges, dimension_numbers=named)

        def theirs(inputs: Array, deltas: Array) -> tuple[Array, Array, Array]:
            made, derivatives = jax.vjp(plain, inputs, kernel)
            return made, *derivatives(deltas)

        def ours(inputs: Array, deltas: Array) -> tuple[Array, Array, Array]:
            made, derivatives = jax.vjp(lambda *given: convolve(*given, geometry), inputs, kernel)
            return made, *derivatives(deltas)

        wanted, found = (jax.jit(jax.vmap(made))(inputs, deltas) for made in (theirs, ours))
        for got, one in zip(found, wanted, strict=True):
            np.testing.assert_allclose(got, one, rtol=1e-11, atol=1e-11)
        of_files = np.asarray(wanted[2]).reshape(FILES, geometry.rows, FEATURES)
        numbers = sorted({1, case.channels, case.channels * case.window[1], geometry.rows})

        def looked_at(inputs: Array, deltas: Array, firsts: list[int]) -> tuple[Array, list[Array]]:
            starts = zip(firsts, numbers, strict=True)
            some = [patches.formed(inputs, deltas, geometry, first, number) for first, number in starts]
            return patches.added(inputs, deltas, geometry), some

        firsts = [geometry.rows - number for number in numbers]
        added, formed = jax.jit(looked_at)(inputs, deltas, firsts)
        np.testing.assert_allclose(added, of_files.sum(0), rtol=1e-11, atol=1e-11)
        for first, got in zip(firsts, formed, strict=True):
            np.testing.assert_allclose(got, of_files[:, first:], rtol=1e-11, atol=1e-11)


def test_flax_calls_ours_where_they_are_plain() -> None:
    """A convolution with a bias makes the same outputs within `in_quick_convolutions`, by other operations."""
    images = jnp.asarray(np.random.default_rng(0).normal(size=(4, 8, 8, 3)), jnp.float32)
    module = nn.Conv(6, (5, 5), padding="SAME")
    parameters = module.init(jax.random.key(0), images)
    wanted = module.apply(parameters, images)

    def within(images: Array) -> Any:
        with in_quick_convolutions():
            return module.apply(parameters, images)

    np.testing.assert_allclose(within(images), wanted, rtol=1e-5, atol=1e-5)
    assert geometry_of(module, images.shape).in_blocks
    shapes = [one.aval.shape for one in jax.make_jaxpr(within)(images).jaxpr.outvars]
    assert shapes == [(4, 8, 8, 6)]
    assert "custom_vjp" in str(jax.make_jaxpr(within)(images))


@pytest.mark.parametrize("option", [{"feature_group_count": 3}, {"kernel_dilation": 2}, {"padding": "CIRCULAR"}])
def test_other_convolutions_are_left_to_flax(option: dict[str, Any]) -> None:
    """Groups, dilation and edges that wrap around."""
    images = jnp.ones((2, 8, 8, 3))
    module = nn.Conv(6, (3, 3), **option)
    parameters = module.init(jax.random.key(0), images)

    def within(images: Array) -> Any:
        with in_quick_convolutions():
            return module.apply(parameters, images)

    assert "custom_vjp" not in str(jax.make_jaxpr(within)(images))
