"""How the parameters are cut into bands and tiles, so that the gradients need not exist all at once."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from aspis_sim.gradients.columns import Part
from aspis_sim.gradients.layers import Leaf

OWN_BAND = 512
"""A layer with as many parameters has a band of its own."""


class Band(NamedTuple):
    """Columns that are formed alike.

    Attributes:
        parts: which parts (layers) it holds.
        tiles: number of tiles.
        width: columns of a tile.
        columns: columns of the band; the last tile is filled up with zeros.
        work: multiplications for a tile of a file.
    """

    parts: tuple[int, ...]
    tiles: int
    width: int
    columns: int
    work: int = 0


@dataclass(frozen=True)
class Layout:
    """How the parameters are cut.

    Attributes:
        bands: in the order in which they are formed.
        places: for each leaf of the parameters, in the order in which they are flattened: its band and its first and
            last (exclusive) column there.
        parameters: d.
        one_tile: whether there is one tile of all parameters, in their order.
    """

    bands: tuple[Band, ...]
    places: tuple[tuple[int, int, int], ...]
    parameters: int
    one_tile: bool = False

    def join(self, bands: list[Array]) -> Array:
        """From the columns ``[..., columns]`` of every band to ``[..., d]`` in the order of the parameters."""
        return jnp.concatenate([bands[band][..., first:last] for band, first, last in self.places], axis=-1)

    def split(self, whole: Array) -> list[Array]:
        """The inverse of `join`, each band filled up with zeros to ``tiles x width`` columns."""
        bands: list[dict[int, Array]] = [{} for _ in self.bands]
        start = 0
        for band, first, last in self.places:
            bands[band][first] = whole[..., start : start + last - first]
            start += last - first
        joined = [jnp.concatenate([parts[first] for first in sorted(parts)], axis=-1) for parts in bands]
        empty = [(0, 0)] * (whole.ndim - 1)
        return [
            jnp.pad(columns, [*empty, (0, band.tiles * band.width - band.columns)])
            for columns, band in zip(joined, self.bands, strict=True)
        ]

    @property
    def probe(self) -> int:
        """The band of which one tile is the cheapest to look at and still says something: of size, with least work."""
        telling = [index for index, band in enumerate(self.bands) if band.width >= min(64, self.parameters)]
        cost = lambda index: (self.bands[index].work, self.bands[index].width)  # noqa: E731
        return min(telling or range(len(self.bands)), key=cost)


def layout_of(
    parts: list[Part], leaves: tuple[Leaf, ...], files: int, itemsize: int, tile_bytes: int, fine_bytes: int
) -> Layout:
    """Cut the parameters into bands and tiles of at most ``tile_bytes`` where a layer can be cut as finely.

    Layers of which any rows can be formed by themselves are cut finer, where `bytes_of_tile` says so.
    """
    a_column = files * itemsize
    bands: list[Band] = []
    small: list[int] = []
    for index, part in enumerate(parts):
        size = part.rows * part.columns
        if size < OWN_BAND:
            small.append(index)
            continue
        own_bytes = tile_bytes if part.step else bytes_of_tile(size * a_column, tile_bytes, fine_bytes)
        rows = _rows_a_tile(part, max(1, own_bytes // a_column))
        tiles = ceil(part.rows / rows)
        bands.append(Band((index,), tiles, rows * part.columns, size, part.work // tiles))
    if small:
        size = sum(parts[index].rows * parts[index].columns for index in small)
        bands.append(Band(tuple(small), 1, size, size, sum(parts[index].work for index in small)))
    places: dict[int, tuple[int, int, int]] = {}
    for number, band in enumerate(bands):
        start = 0
        for index in band.parts:
            part = parts[index]
            for leaf, (first, last) in part.leaves.items():
                places[leaf] = (number, start + first * part.columns, start + last * part.columns)
            start += part.rows * part.columns
    ordered = tuple(places[leaf] for leaf in range(len(leaves)))
    return Layout(tuple(bands), ordered, sum(leaf.size for leaf in leaves))


def bytes_of_tile(layer_bytes: int, tile_bytes: int, fine_bytes: int) -> int:
    """What a tile of a layer should take: one of at most two tiles is cut finer, if that makes three or more."""
    return fine_bytes if 2 * fine_bytes < layer_bytes <= 2 * tile_bytes else tile_bytes


def _rows_a_tile(part: Part, most: int) -> int:
    if part.rows * part.columns <= most * 5 // 4:
        return part.rows
    if part.step == 0:
        tiles = ceil(part.rows / max(1, most // part.columns))
        return ceil(part.rows / tiles)
    whole = part.rows // part.step
    several = [part.step * many for many in range(1, whole + 1) if whole % many == 0]
    fewer = [rows for rows in range(1, part.step + 1) if part.step % rows == 0]
    return max([rows for rows in fewer + several if rows * part.columns <= most], default=1)


def in_one(layout: Layout) -> Layout:
    """One band of one tile, in the order of the parameters."""
    places, start = [], 0
    for _, first, last in layout.places:
        places.append((0, start, start + last - first))
        start += last - first
    parts = tuple(part for band in layout.bands for part in band.parts)
    return Layout((Band(parts, 1, start, start),), tuple(places), start, one_tile=True)
