"""Small designs developed from base blocks modulo m, possibly with a fixed point: a table found by search."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]


class Family(NamedTuple):
    """Base blocks of a design on Z_m, or on Z_m and a fixed point.

    Attributes:
        pair_files: its λ.
        modulus: m; the fixed point, if any, is number m.
        short: how often the m/k translates of {0, m/k, 2m/k, ...} are taken.
        short_fixed: the same for blocks of k - 1 residues and the fixed point.
        base: base blocks; one of k - 1 residues is completed by the fixed point.
    """

    pair_files: int
    modulus: int
    short: int
    short_fixed: int
    base: tuple[tuple[int, ...], ...]


@lru_cache(maxsize=1)
def families() -> dict[tuple[int, int], Family]:
    """The table of ``families.txt`` by (v, k)."""
    table = {}
    for line in Path(__file__).with_name("families.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            *numbers, blocks = line.split(maxsplit=6)
            v, k, pair_files, modulus, short, short_fixed = map(int, numbers)
            base = tuple(tuple(map(int, block.split(","))) for block in blocks.split())
            table[v, k] = Family(pair_files, modulus, short, short_fixed, base)
    return table


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
