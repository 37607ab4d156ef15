"""From the copies that reach the server to who agrees with whom: per file, then over all shared files.

The copies of a round are either `Views` (every copy is its file's honest gradient or the lie) or `Copies` (every
copy was really computed by its worker). Both answer the same three questions: which copies of a file are equal,
what a chosen copy's value is, and whether it differs from the honest gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.detection.equality import equal, finite


@dataclass(frozen=True)
class Comparison:
    """How vectors are compared: the tolerance, and how sums and maxima cross the devices of an axis.

    Attributes:
        tolerance: relative, 0 for exact equality.
        total: sums a scalar per file over the devices that hold the other slices of the parameters.
        largest: takes the maximum over the same devices.
        chunk: files compared at a time, None for all at once; bounds the temporaries of the comparison.
    """

    tolerance: float = 0.0
    total: Callable[[Array], Array] = lambda x: x
    largest: Callable[[Array], Array] = lambda x: x
    chunk: int | None = None

    def equal(self, first: Array, second: Array) -> Array:
        """Bool ``[...]`` for vectors ``[..., d]``."""
        return equal(first, second, self.tolerance, self.total, self.largest)

    def finite(self, vectors: Array) -> Array:
        """Bool ``[...]`` for vectors ``[..., d]``."""
        return finite(vectors, self.largest)

    def per_file(self, function: Callable[..., Array], *rows: Array) -> Array:
        """Map ``function`` over arrays with a leading axis of files, at most ``chunk`` files at a time."""
        if self.chunk is None or self.chunk >= len(rows[0]):
            return jax.vmap(function)(*rows)
        return jax.lax.map(lambda row: function(*row), rows, batch_size=self.chunk)


@dataclass(frozen=True)
class Views:
    """Copies as views of two vectors a file; ``files x redundancy x parameters`` numbers never exist.

    Attributes:
        honest: float ``[f, d]``, each file's gradient.
        lies: float ``[f, d]`` or ``[1, d]``, what a distorted copy of the file holds.
        distorts: bool ``[f, r]``, which copies are distorted.
    """

    honest: Array
    lies: Array
    distorts: Array

    def agreement(self, compare: Comparison) -> Array:
        """Which copies of a file are equal: bool ``[f, r, r]``."""
        same = self._lie_is_honest(compare)
        honest_finite = compare.finite(self.honest)[:, None, None]
        lies_finite = compare.finite(self.lies)[:, None, None]
        one, other = self.distorts[:, :, None], self.distorts[:, None, :]
        return jnp.where(one & other, lies_finite, jnp.where(one ^ other, same[:, None, None], honest_finite))

    def chosen(self, slot: Array) -> Array:
        """Values of one copy a file, by its slot ``[f]``: float ``[f, d]``."""
        return jnp.where(self._is_lie(slot)[:, None], self.lies, self.honest)

    def differs(self, slot: Array, compare: Comparison) -> Array:
        """Whether the chosen copy is not equal to the file's honest gradient: bool ``[f]``."""
        return self._is_lie(slot) & ~self._lie_is_honest(compare)

    def _is_lie(self, slot: Array) -> Array:
        return jnp.take_along_axis(self.distorts, slot[:, None], axis=1)[:, 0]

    def _lie_is_honest(self, compare: Comparison) -> Array:
        lies = jnp.broadcast_to(self.lies, self.honest.shape)
        return compare.per_file(compare.equal, self.honest, lies)


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
        return compare.per_file(partial(_pairwise, compare), self.values)

    def chosen(self, slot: Array) -> Array:
        """Values of one copy a file, by its slot ``[f]``: float ``[f, d]``."""
        return jnp.take_along_axis(self.values, slot[:, None, None], axis=1)[:, 0]

    def differs(self, slot: Array, compare: Comparison) -> Array:
        """Whether the chosen copy is not equal to the file's honest gradient: bool ``[f]``."""
        return ~compare.per_file(compare.equal, self.chosen(slot), self.honest)


def _pairwise(compare: Comparison, copies: Array) -> Array:
    redundancy = len(copies)
    agree = jnp.diag(compare.finite(copies))
    for one, other in combinations(range(redundancy), 2):
        same = compare.equal(copies[one], copies[other])
        agree = agree.at[one, other].set(same).at[other, one].set(same)
    return agree


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
