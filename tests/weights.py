"""Weights of models and gradients of files, in NumPy: JAX compiles every operation that is not in a program."""

from math import prod
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray


def drawn(model: Any, images: NDArray[Any], rng: np.random.Generator) -> Any:
    """Variables of a flax module on images: kernels about as large as initial ones, scales and variances near 1.

    All others are near 0, but none is 0. Running statistics are those before the first step, of the type of the images.
    """

    def draw(path: tuple[Any, ...], leaf: jax.ShapeDtypeStruct) -> NDArray[Any]:
        name = path[-1].key
        made = np.ones(leaf.shape) if name in ("scale", "var") else np.zeros(leaf.shape)
        if path[0].key == "params":
            made = made + 0.1 * rng.normal(size=leaf.shape)
        if name == "kernel":
            made = made + rng.normal(size=leaf.shape) / prod(leaf.shape[:-1]) ** 0.5
        return made.astype(images.dtype)

    return jax.tree_util.tree_map_with_path(draw, jax.eval_shape(model.init, jax.random.key(0), images[:1]))


def in_rows(gradients: Any, files: int) -> NDArray[Any]:
    """Gradients of files ``[f, d]`` from one array ``[f, ...]`` a leaf, in the order of the leaves."""
    return np.concatenate([np.asarray(leaf).reshape(files, -1) for leaf in jax.tree.leaves(gradients)], axis=1)


def in_tree(flat: NDArray[Any], template: Any) -> Any:
    """Weights ``[d]`` as a tree of arrays of these shapes: the inverse of putting its leaves in one row."""
    leaves, structure = jax.tree.flatten(template)
    parts = np.split(flat, np.cumsum([leaf.size for leaf in leaves])[:-1])
    return jax.tree.unflatten(structure, [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)])
