"""Sorting a few rows without a sort: Batcher's odd-even merge network, pruned to the ranks asked for.

A network is a fixed list of exchanges "the smaller of rows i and j to i, the larger to j". Written out as
minima and maxima over whole rows it becomes one fused elementwise loop that a CPU runs on its vector
units, where XLA's own sort handles one column at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import jax.numpy as jnp
from jax import Array


@cache
def odd_even_merge(rows: int) -> tuple[tuple[int, int], ...]:
    """Exchanges (i, j), i < j, that sort any ``rows`` rows (Batcher, AFIPS 1968), in order of execution."""
    exchanges = []
    block = 1
    while block < rows:
        step = block
        while step >= 1:
            for start in range(step % block, rows - step, 2 * step):
                lows = range(start, min(start + step, rows - step))
                exchanges += [(low, low + step) for low in lows if low // (2 * block) == (low + step) // (2 * block)]
            step //= 2
        block *= 2
    return tuple(exchanges)


@cache
def pruned(rows: int, ranks: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The exchanges of `odd_even_merge` that some of the 0-based ``ranks`` depends on."""
    needed = set(ranks)
    kept = []
    for low, high in reversed(odd_even_merge(rows)):
        if low in needed or high in needed:
            needed |= {low, high}
            kept.append((low, high))
    return tuple(reversed(kept))


def ranked_rows(keys: Array, ranks: Iterable[int]) -> list[Array]:
    """The rows of rank ``ranks`` (0 is the least) when each column of int ``[n, d]`` is put in order.

    Returns one ``[d]`` array a rank. Meant for n up to some dozens: the work and the compiled code grow as
    n log² n.
    """
    wanted = tuple(ranks)
    lines = list(keys)
    for low, high in pruned(len(lines), wanted):
        first, second = lines[low], lines[high]
        lines[low], lines[high] = jnp.minimum(first, second), jnp.maximum(first, second)
    return [lines[rank] for rank in wanted]
