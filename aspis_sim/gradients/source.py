"""The gradients of a round's files: a matrix ``files x parameters`` that is asked for in tiles and need not exist.

The parameters are cut into bands (a large layer, or several small ones), a band into tiles of equal width. A tile is
formed when it is asked for, by every device for its own files, and handed over so that each device holds all files
and its slice of the tile's columns. Sums of chosen files never form a tile: they are one product a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.augmentations import Augmentation
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.columns import Part, parts_of
from aspis_sim.gradients.layers import Layers, Passed, pass_through
from aspis_sim.gradients.layout import Band, Layout, in_one, layout_of

TILE_BYTES = 5_600_000
"""What a tile should take on a CPU: 455 files x 3,076 parameters in float32. Of wider tiles not even two fit into the
caches, as they must for runs beside each other."""

CACHED_BYTES = 600_000
"""What it should take of a small dense layer, whose tiles cost little to form: 455 files x 329 parameters in float32.
It then stays in the second-level cache of a core from when it is formed to when the rule is done with it. One core
works on it: of larger layers wide tiles, which several can share, take less time where a run is alone."""


Poison = Callable[[Array, Array], tuple[Array, Array]]
"""From inputs ``[n, samples a file, ...]`` and labels ``[n, samples a file]`` to those of an adversary."""


@dataclass(frozen=True)
class Gradients:
    """The gradients of the files of a round.

    Attributes:
        layout: of the columns.
        form: (band, tile) -> float ``[f, width / devices]``, this device's slice of the tile.
        weighted: weights float ``[f]`` -> the sum of the gradients with these weights, ``[d]``, in float32 at least.
        bounds: float ``[f]``: no file's norm is larger; not finite where a gradient may not be.
        loss: mean loss of the files.
        norms: float ``[f]``, the norms of the gradients; forms every tile.
        statistics: bool ``[f]`` -> mean over the chosen files of the running statistics after them, empty without any.
    """

    layout: Layout
    form: Callable[[int, Array | int], Array]
    weighted: Callable[[Array], Array]
    bounds: Array
    loss: Array
    norms: Callable[[], Array]
    statistics: Callable[[Array], Any] = lambda chosen: {}


@dataclass(frozen=True)
class Source:
    """Where the gradients of files come from.

    Attributes:
        layers: of the model.
        axis: the devices.
        chunks: in how many parts the files go through the model. With one part, what went through is kept and every
            tile is formed from it; with more, the files go through again for every tile, and no more than one part's
            inputs and deltas exist.
        tile_bytes: what a tile may take.
        turns: with one part, how often the model is called for it, each time on as many files: what only the way
            through the model needs exists for the files of one turn.
        augment: what happens to a sample before it goes through the model, None for nothing.
    """

    layers: Layers
    axis: Axis
    chunks: int = 1
    tile_bytes: int = TILE_BYTES
    turns: int = 1
    augment: Augmentation | None = None

    @property
    def parameters(self) -> int:
        """d, the number of parameters."""
        return sum(leaf.size for leaf in self.layers.leaves)

    def gradients(
        self,
        parameters: Any,
        inputs: Array,
        labels: Array,
        rows: Array,
        files: Array,
        whole: bool = False,
        key: Array | None = None,
        poison: Poison | None = None,
    ) -> Gradients:
        """The gradients of the files ``rows``, of which every device passes its share through the model.

        Args:
            parameters: of the model.
            inputs: all samples ``[samples, ...]``.
            labels: of the samples.
            rows: int ``[n]``, indices into ``files``.
            files: int ``[f, samples a file]``, the samples of each file.
            whole: form the matrix at once, in one tile.
            key: of the round's augmentation; a sample is changed with this key folded by its index, wherever it is
                computed.
            poison: what becomes of the samples between augmentation and model, None for nothing.
        """
        axis, count = self.axis, len(rows)
        here = axis.rows_here(count)
        a_chunk = ceil(here / self.chunks)
        chunks = ceil(here / a_chunk)
        turns = min(self.turns, here) if chunks == 1 else 1
        a_chunk += -a_chunk % turns
        mine = axis.first_row(count) + jnp.arange(chunks * a_chunk)
        real = (jnp.arange(chunks * a_chunk) < here) & (mine < count)
        chosen = rows[jnp.where(real, mine, 0)]

        def through(chosen: Array) -> Passed:
            samples = files[chosen]
            given, classes = inputs[samples], labels[samples]
            if self.augment is not None and key is not None:
                given = augmented(self.augment, key, samples, given)
            if poison is not None:
                given, classes = poison(given, classes)
            return pass_through(self.layers, parameters, given, classes)

        if chunks == 1:
            passed = through(chosen) if turns == 1 else _in_turns(through, chosen, turns)
            parts = parts_of(self.layers, passed)
            of_parts = lambda function: function(parts)  # noqa: E731
            losses, statistics = passed.losses, passed.statistics
            layout = self._layout(parts, count)
        else:
            layout = self._layout_without_passing(through, chosen[:a_chunk], count)

            def of_parts(function: Callable[[list[Part]], Array]) -> Array:
                one = lambda chosen: function(parts_of(self.layers, through(chosen)))  # noqa: E731
                made = lax.map(one, chosen.reshape(chunks, a_chunk))
                return made.reshape(-1, *made.shape[2:])

            def look(some: Array) -> tuple[Array, Any]:
                passed = through(some)
                return passed.losses, passed.statistics

            found = lax.map(look, chosen.reshape(chunks, a_chunk))
            losses, statistics = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), found)

        def form(band: int, tile: Array | int) -> Array:
            made = of_parts(lambda parts: _tile(parts, layout.bands[band], tile))
            return axis.to_columns(made[:here], count)

        shown = layout
        if whole:
            shown = in_one(layout)
            matrix = axis.to_columns(of_parts(lambda parts: _matrix(parts, layout))[:here], count)
            form = lambda band, tile: matrix  # noqa: E731

        def weighted(weights: Array) -> Array:
            own = jnp.where(real, weights[jnp.minimum(mine, count - 1)], 0)
            if chunks == 1:
                return axis.total(_weighted(parts, layout, own))

            def add(total: Array, some: tuple[Array, Array]) -> tuple[Array, None]:
                own_parts = parts_of(self.layers, through(some[0]))
                return total + _weighted(own_parts, layout, some[1]), None

            start = jnp.zeros(layout.parameters, losses.dtype)
            some = (chosen.reshape(chunks, a_chunk), own.reshape(chunks, a_chunk))
            return axis.total(lax.scan(add, start, some)[0])

        def averaged(files: Array) -> Any:
            own = real & files[jnp.minimum(mine, count - 1)]
            return jax.tree.map(lambda leaf: axis.total(_total(leaf, own)) / files.sum(), statistics)

        return Gradients(
            layout=shown,
            form=form,
            weighted=weighted,
            bounds=axis.gather(of_parts(_bound)[:here], count),
            loss=axis.total(jnp.sum(jnp.where(real, losses, 0))) / count,
            norms=lambda: axis.gather(of_parts(lambda parts: _norms(parts, layout))[:here], count),
            statistics=averaged,
        )

    def _layout(self, parts: list[Part], count: int) -> Layout:
        itemsize = jnp.dtype(parts[0].bound.dtype).itemsize
        fine = fine_bytes(self.tile_bytes, self.axis.size) if self.chunks == 1 else self.tile_bytes
        return layout_of(parts, self.layers.leaves, count, itemsize, self.tile_bytes, fine)

    def _layout_without_passing(self, through: Callable[[Array], Passed], chosen: Array, count: int) -> Layout:
        found: list[Layout] = []

        def look(chosen: Array) -> Array:
            found.append(self._layout(parts_of(self.layers, through(chosen)), count))
            return chosen

        jax.eval_shape(look, chosen)
        return found[0]


def fine_bytes(tile_bytes: int, devices: int) -> int:
    """What a tile of a small dense layer should take, each device holding its slice of it."""
    return min(tile_bytes, CACHED_BYTES * devices) if jax.default_backend() == "cpu" else tile_bytes


def augmented(augment: Augmentation, key: Array, samples: Array, inputs: Array) -> Array:
    """Samples ``[n, samples a file, ...]``, each changed with a key of its own."""
    one = lambda sample, given: augment(jax.random.fold_in(key, sample), given)  # noqa: E731
    return jax.vmap(jax.vmap(one))(samples, inputs)


def _in_turns(through: Callable[[Array], Passed], chosen: Array, turns: int) -> Passed:
    """What went through, the files taken in turns of equal size."""
    made = lax.map(through, chosen.reshape(turns, -1))
    return jax.tree.map(lambda part: part.reshape(-1, *part.shape[2:]), made)


def _tile(parts: list[Part], band: Band, tile: Array | int) -> Array:
    if band.tiles > 1:
        (index,) = band.parts
        rows = band.width // parts[index].columns
        return parts[index].form(tile * rows, rows)
    formed = [parts[index].form(0, parts[index].rows) for index in band.parts]
    return formed[0] if len(formed) == 1 else jnp.concatenate(formed, axis=1)


def _matrix(parts: list[Part], layout: Layout) -> Array:
    """All columns of this device's files, in the order of the parameters."""
    return layout.join([_tile(parts, band._replace(tiles=1), 0) for band in layout.bands])


def _norms(parts: list[Part], layout: Layout) -> Array:
    """The norms of this device's files, added up tile by tile; scaled by their bounds, so that no square overflows."""
    bound = _bound(parts)
    scale = jnp.where((bound > 0) & jnp.isfinite(bound), bound, 1)

    def squares(band: Band, tile: Array | int) -> Array:
        made = _tile(parts, band, tile) / scale[:, None]
        return jnp.einsum("fd,fd->f", made, made)

    total = jnp.zeros(bound.shape, bound.dtype)
    for band in layout.bands:
        one = lambda tile, total, band=band: total + squares(band, tile)  # noqa: E731
        total = one(0, total) if band.tiles == 1 else lax.fori_loop(0, band.tiles, one, total)
    return scale * jnp.sqrt(total)


def _total(values: Array, chosen: Array) -> Array:
    return jnp.sum(jnp.where(chosen.reshape(-1, *[1] * (values.ndim - 1)), values, 0), axis=0)


def _weighted(parts: list[Part], layout: Layout, weights: Array) -> Array:
    bands = [[parts[index].weighted(weights) for index in band.parts] for band in layout.bands]
    return layout.join([jnp.concatenate(band) for band in bands])


def _bound(parts: list[Part]) -> Array:
    return jnp.sqrt(sum(jnp.square(part.bound) for part in parts))
