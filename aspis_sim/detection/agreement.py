"""From the copies that reach the server to who agrees with whom: per file, then over all shared files.

The copies of a round are either `Views` (every copy is its file's honest gradient or the lie) or `Copies` (every
copy was really computed by its worker). Both answer the same three questions: which copies of a file are equal,
what a chosen copy's value is, and whether it differs from the honest gradient.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Self

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.average import mean_over_rows, sum_over_rows
from aspis_sim.detection.equality import Comparison


@dataclass(frozen=True)
class Views:
    """Copies as views of two vectors a file; ``files x redundancy x parameters`` numbers never exist.

    Attributes:
        honest: float ``[f, d]``, each file's gradient.
        lies: float ``[f, d]`` or ``[1, d]``, what a distorted copy of the file holds.
        distorts: bool ``[f, r]``, which copies are distorted.
        harmless: bool ``[f]``, where the lie is equal to the honest gradient.
    """

    honest: Array
    lies: Array
    distorts: Array
    harmless: Array

    @classmethod
    def of(cls, honest: Array, lies: Array, distorts: Array, compare: Comparison) -> Self:
        """The views of a round, each lie compared with its honest gradient once."""
        return cls(honest, lies, distorts, compare.equal(honest, lies))

    def agreement(self, compare: Comparison) -> Array:
        """Which copies of a file are equal: bool ``[f, r, r]``."""
        honest_finite = compare.finite(self.honest)[:, None, None]
        lies_finite = compare.finite(self.lies)[:, None, None]
        one, other = self.distorts[:, :, None], self.distorts[:, None, :]
        mixed = self.harmless[:, None, None]
        return jnp.where(one & other, lies_finite, jnp.where(one ^ other, mixed, honest_finite))

    def chosen(self, slot: Array) -> Array:
        """Values of one copy a file, by its slot ``[f]``: float ``[f, d]``."""
        return jnp.where(self._is_lie(slot)[:, None], self.lies, self.honest)

    def mean(self, slot: Array, kept: Array) -> Array:
        """Mean of the chosen values over the files that are kept, ``[d]``, without forming the values."""
        is_lie = self._is_lie(slot)
        honest = sum_over_rows(self.honest, kept & ~is_lie)
        if len(self.lies) > 1:
            lies = sum_over_rows(self.lies, kept & is_lie)
        else:
            count = (kept & is_lie).sum()
            lies = jnp.where(count > 0, count.astype(self.lies.dtype) * self.lies[0], 0)
        return (honest + lies) / jnp.maximum(kept.sum(), 1)

    def differs(self, slot: Array, compare: Comparison) -> Array:
        """Whether the chosen copy is not equal to the file's honest gradient: bool ``[f]``."""
        return self._is_lie(slot) & ~self.harmless

    def _is_lie(self, slot: Array) -> Array:
        return jnp.take_along_axis(self.distorts, slot[:, None], axis=1)[:, 0]


@dataclass(frozen=True)
class Copies:
    """Copies that each exist, as a real cluster returns them.

    Attributes:
        values: float ``[f, r, d]``, what the workers returned.
        honest: float ``[f, d]``, what an honest worker computed for the file.
    """

    values: Array
    honest: Array

    def agreement(self, compare: Comparison) -> Array:
        """Which copies of a file are equal: bool ``[f, r, r]``."""
        slots = [self.values[:, slot] for slot in range(self.values.shape[1])]
        agree = jnp.zeros((*self.values.shape[:2], len(slots)), bool)
        for a, values in enumerate(slots):
            agree = agree.at[:, a, a].set(compare.finite(values))
        for a, b in combinations(range(len(slots)), 2):
            same = compare.equal(slots[a], slots[b])
            agree = agree.at[:, a, b].set(same).at[:, b, a].set(same)
        return agree

    def chosen(self, slot: Array) -> Array:
        """Values of one copy a file, by its slot ``[f]``: float ``[f, d]``."""
        return jnp.take_along_axis(self.values, slot[:, None, None], axis=1)[:, 0]

    def mean(self, slot: Array, kept: Array) -> Array:
        """Mean of the chosen values over the files that are kept, ``[d]``."""
        return mean_over_rows(self.chosen(slot), kept)

    def differs(self, slot: Array, compare: Comparison) -> Array:
        """Whether the chosen copy is not equal to the file's honest gradient: bool ``[f]``."""
        return ~compare.equal(self.chosen(slot), self.honest)


def agreement_graph(agree: Array, files: Array, workers: int) -> Array:
    """The agreement graph: bool ``[K, K]``, True where two workers agree on all files that they share.

    Args:
        agree: bool ``[f, r, r]``, which copies of a file are equal.
        files: int ``[f, r]``, the workers of each file.
        workers: K.

    Workers that share no file have an edge, as in Konstantinidis et al.; the diagonal is True.
    """
    graph = jnp.ones((workers, workers), bool)
    graph = graph.at[files[:, :, None], files[:, None, :]].min(agree)
    return graph | jnp.eye(workers, dtype=bool)
