"""Workers that take several steps of their own: a file returns the change of the weights, not one gradient.

From the round's weights w and with the round's learning rate η, E steps of plain SGD on the loss of a file's samples,
all of them in each step: ``w_0 = w``, ``w_{k+1} = w_k - η ∇F_i(w_k)``. The file returns ``(w - w_E) / η``, the sum of
the E gradients on its way, which is also how it is computed, so that a rate of 0 divides nothing; with E = 1 it is the
gradient. A mean of what files return, taken as a gradient by a server without momentum, gives the mean of the files'
own weights: federated averaging (McMahan, Moore, Ramage, Hampson and Agüera y Arcas, AISTATS 2017) with all files in
every round and weights alike. What differs: a client there goes through all of its data in minibatches, for so many
epochs, and clients weigh as much as they have samples; here a file is a draw of the round as without local steps, its
samples are one batch, and equal files weigh the same. Nothing corrects the drift of files with different data.

The change has no structure by layers, so the matrix ``files x parameters`` exists, each device holding its own files'
rows, and tiles are cut out of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.lengths import norms
from aspis_sim.augmentations import Augmentation
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.convolution import in_quick_convolutions
from aspis_sim.gradients.layout import Band, Layout, bytes_of_tile
from aspis_sim.gradients.momentum import ROUNDED
from aspis_sim.gradients.network import Network
from aspis_sim.gradients.source import TILE_BYTES, Gradients, Poison, augmented, fine_bytes


@dataclass(frozen=True)
class LocalSteps:
    """Where the changes of files come from, in the place of `aspis_sim.gradients.source.Source`.

    Attributes:
        network: the model on its data, without batch norms.
        steps: E, local steps of a file.
        axis: the devices.
        chunks: in how many parts the files take their steps; the files of one part take them at once.
        tile_bytes: what a tile may take.
        augment: what happens to a sample before it goes through the model, None for nothing.
    """

    network: Network
    steps: int
    axis: Axis
    chunks: int = 1
    tile_bytes: int = TILE_BYTES
    augment: Augmentation | None = None

    @property
    def parameters(self) -> int:
        """d, the number of parameters."""
        return self.network.parameters

    def changes(
        self,
        weights: Array,
        rate: Array,
        inputs: Array,
        labels: Array,
        rows: Array,
        files: Array,
        whole: bool = False,
        key: Array | None = None,
        poison: Poison | None = None,
    ) -> Gradients:
        """What the files ``rows`` return, of which every device computes its share.

        Args:
            weights: float ``[d]``, of the round.
            rate: η of the round, the server's own.
            inputs: all samples ``[samples, ...]``.
            labels: of the samples.
            rows: int ``[n]``, indices into ``files``.
            files: int ``[f, samples a file]``, the samples of each file.
            whole: hand the matrix out in one tile.
            key: of the round's augmentation; a sample is changed once a round, as without local steps.
            poison: what becomes of the files' samples before all local steps; None for nothing.

        Returns:
            Rows ``(w - w_E) / η`` in the precision of gradients; they are added up in that of the weights. The loss is
            that at the round's weights, before any local step.
        """
        axis, count = self.axis, len(rows)
        here = axis.rows_here(count)
        a_chunk = ceil(here / self.chunks)
        chunks = ceil(here / a_chunk)
        mine = axis.first_row(count) + jnp.arange(chunks * a_chunk)
        real = (jnp.arange(chunks * a_chunk) < here) & (mine < count)
        chosen = rows[jnp.where(real, mine, 0)]

        def of_chunk(chosen: Array) -> tuple[Array, Array]:
            samples = files[chosen]
            given, classes = inputs[samples], labels[samples]
            if self.augment is not None and key is not None:
                given = augmented(self.augment, key, samples, given)
            if poison is not None:
                given, classes = poison(given, classes)
            return jax.vmap(lambda own, named: self._of_file(weights, rate, own, named))(given, classes)

        found = lax.map(of_chunk, chosen.reshape(chunks, a_chunk))
        losses, changes = (part.reshape(-1, *part.shape[2:])[:here] for part in found)
        real, mine = real[:here], mine[:here]
        layout = self._layout(count, changes.dtype.itemsize, whole)
        (band,) = layout.bands
        padded = jnp.pad(changes, ((0, 0), (0, band.tiles * band.width - band.columns)))

        def form(_: int, tile: Array | int) -> Array:
            return axis.to_columns(lax.dynamic_slice_in_dim(padded, tile * band.width, band.width, axis=1), count)

        if band.tiles == 1:
            matrix = axis.to_columns(changes, count)
            form = lambda _, tile: matrix  # noqa: E731

        def weighted(weights: Array) -> Array:
            own = jnp.where(real, weights[jnp.minimum(mine, count - 1)], 0)
            wide = changes.astype(losses.dtype)
            return axis.total(jnp.einsum("f,fd->d", own.astype(wide.dtype), jnp.where(own[:, None] == 0, 0, wide)))

        lengths = axis.gather(norms(changes), count)
        return Gradients(
            layout=layout,
            form=form,
            weighted=weighted,
            bounds=(ROUNDED * lengths).astype(lengths.dtype),
            loss=axis.total(jnp.sum(jnp.where(real, losses, 0))) / count,
            norms=lambda: lengths,
        )

    def _of_file(self, weights: Array, rate: Array, inputs: Array, labels: Array) -> tuple[Array, Array]:
        """The loss of a file at ``weights`` ``[d]``, and what the file returns."""

        def loss(own: Array) -> Array:
            with in_quick_convolutions():
                return self.network.loss(self.network.unravel(own), inputs, labels)

        def step(total: Array, _: None) -> tuple[Array, Array]:
            value, gradient = jax.value_and_grad(loss)(weights - rate * total)
            return total + gradient, value

        total, losses = lax.scan(step, jnp.zeros_like(weights), length=self.steps)
        return losses[0], total.astype(self.network.kind)

    def _layout(self, files: int, itemsize: int, whole: bool) -> Layout:
        """One band of all parameters in their order, cut into as many tiles as the bytes of one demand."""
        size = self.parameters
        matrix, fine = size * files * itemsize, fine_bytes(self.tile_bytes, self.axis.size)
        tiles = 1 if whole else ceil(matrix / bytes_of_tile(matrix, self.tile_bytes, fine))
        width = ceil(size / tiles)
        return Layout((Band((0,), ceil(size / width), width, size),), ((0, 0, size),), size, one_tile=whole)
