"""Small designs developed from base blocks modulo m, possibly with a fixed point: a table found by search."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]


class Family(NamedTuple):
    """Base blocks of a design on Z_m, or on Z_m and a fixed point.

    Attributes:
        modulus: m; the fixed point, if any, is number m.
        short: how often the m/k translates of {0, m/k, 2m/k, ...} are taken.
        short_fixed: the same for blocks of k - 1 residues and the fixed point.
        base: base blocks; one of k - 1 residues is completed by the fixed point.
    """

    modulus: int
    short: int
    short_fixed: int
    base: tuple[tuple[int, ...], ...]


def develop(size: int, family: Family) -> Table:
    """Blocks ``[b, k]`` of the family: all translates of its base blocks, and its short orbits."""
    modulus = family.modulus
    blocks = [_translates(residues, modulus, modulus, size) for residues in family.base]
    for times, length in ((family.short, size), (family.short_fixed, size - 1)):
        for _ in range(times):
            step = modulus // length
            blocks.append(_translates(tuple(range(0, modulus, step)), modulus, step, size))
    return np.concatenate(blocks)


def _translates(residues: tuple[int, ...], modulus: int, count: int, size: int) -> Table:
    moved = (np.arange(count)[:, None] + np.array(residues)) % modulus
    return moved if len(residues) == size else np.hstack([moved, np.full((count, 1), modulus)])
