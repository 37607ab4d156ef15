"""From the copies that reach the server to who agrees with whom: per file, then over all shared files.

The copies of a round are either views (every copy is its file's honest gradient or the lie) or copies that exist, each
computed by its worker. Of both the same is asked: which copies of a file are equal, what the chosen copies' values
are, and whether they differ from the honest gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple, Self

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.average import sum_over_rows
from aspis_sim.detection.equality import Compared, Comparison


class Views(NamedTuple):
    """Copies as views of two vectors a file; ``files x redundancy x parameters`` numbers never exist.

    Attributes:
        honest: float ``[f, d]``, each file's gradient.
        lies: float ``[f, d]`` or ``[1, d]``, what a distorted copy of the file holds.
        distorts: bool ``[f, r]``, which copies are distorted.
    """

    honest: Array
    lies: Array
    distorts: Array

    def chosen(self, slot: Array) -> Array:
        """Values of one copy a file, by its slot ``[f]``: float ``[f, d]``."""
        return jnp.where(is_lie(self.distorts, slot)[:, None], self.lies, self.honest)

    def corrected(self, audited: Array) -> Self:
        """The same with what the server computed itself in the place of all copies of the files ``[f]`` audited."""
        return self._replace(distorts=self.distorts & ~audited[:, None])

    def mean(self, slot: Array, kept: Array) -> Array:
        """Mean of the chosen values over the files kept, ``[d]`` in float32 at least, without forming the values."""
        lying = is_lie(self.distorts, slot)
        honest = sum_over_rows(self.honest, kept & ~lying)
        if len(self.lies) > 1:
            lies = sum_over_rows(self.lies, kept & lying)
        else:
            count = (kept & lying).sum()
            lies = jnp.where(count > 0, count.astype(honest.dtype) * self.lies[0], 0)
        return (honest + lies) / jnp.maximum(kept.sum(), 1)


class Copies(NamedTuple):
    """Copies that each exist, as a real cluster returns them.

    Attributes:
        values: float ``[f, r, d]``, what the workers returned.
        honest: float ``[f, d]``, what an honest worker computed for the file.
    """

    values: Array
    honest: Array

    def chosen(self, slot: Array) -> Array:
        """Values of one copy a file, by its slot ``[f]``: float ``[f, d]``."""
        return jnp.take_along_axis(self.values, slot[:, None, None], axis=1)[:, 0]

    def corrected(self, audited: Array) -> Self:
        """The same with what the server computed itself in the place of all copies of the files ``[f]`` audited."""
        return self._replace(values=jnp.where(audited[:, None, None], self.honest[:, None], self.values))

    def mean(self, slot: Array, kept: Array) -> Array:
        """Mean of the chosen values over the files that are kept, ``[d]`` in float32 at least."""
        return sum_over_rows(self.chosen(slot), kept) / jnp.maximum(kept.sum(), 1)


@dataclass(frozen=True)
class Agreement:
    """What the equality kernel found out about the copies of a round.

    Attributes:
        agree: bool ``[f, r, r]``, which copies of a file are equal.
        differs: from the chosen slots ``[f]`` to whether that copy is a lie, bool ``[f]``: distorted, and not in every
            entry the file's honest gradient. A lie that passes for equal is one.
        refuted: which copies an audit shows to be false, bool ``[f, r]``: they are not equal to what the server
            computes itself; no copy of a file whose own gradient is not finite.
        finite: which files' own gradients are finite, bool ``[f]``; both are computed where they are asked for.
    """

    agree: Array
    differs: Callable[[Array], Array]
    refuted: Callable[[], Array]
    finite: Callable[[], Array]

    def received(self, files: Array, silent: Array) -> Self:
        """The agreement of the copies that have arrived: one that has not is equal to nothing, and never refuted."""
        return replace(
            self,
            agree=self.agree & ~erased(silent, files),
            refuted=lambda: self.refuted() & ~silent[files],
        )

    def corrected(self, audited: Array) -> Self:
        """The agreement once the server has computed the files ``[f]`` audited itself; finite ones are all equal."""
        right = jnp.broadcast_to(self.finite()[:, None, None], self.agree.shape)
        return replace(
            self,
            agree=jnp.where(audited[:, None, None], right, self.agree),
            differs=lambda slot: self.differs(slot) & ~audited,
        )


def agreement_of_views(distorts: Array, lies: Compared) -> Agreement:
    """Agreement of views, from the comparison of each file's honest gradient (first) with its lie (second)."""
    one, other = distorts[:, :, None], distorts[:, None, :]
    honest, lying, mixed = (part[:, None, None] for part in (lies.first_finite, lies.second_finite, lies.equal))
    agree = jnp.where(one & other, lying, jnp.where(one ^ other, mixed, honest))
    return Agreement(
        agree,
        differs=lambda slot: is_lie(distorts, slot) & ~lies.identical,
        refuted=lambda: distorts & (lies.first_finite & ~lies.equal)[:, None],
        finite=lambda: lies.first_finite,
    )


def agreement_of_copies(distorts: Array, copies: Copies, compare: Comparison) -> Agreement:
    """Agreement of copies that exist, of which ``distorts`` says which are lies: r (r - 1) / 2 comparisons a file."""
    slots = [copies.values[:, slot] for slot in range(copies.values.shape[1])]
    agree = jnp.zeros((*copies.values.shape[:2], len(slots)), bool)
    if len(slots) == 1:
        agree = agree.at[:, 0, 0].set(compare.rows(slots[0], slots[0]).first_finite)
    for a, b in combinations(range(len(slots)), 2):
        pair = compare.rows(slots[a], slots[b])
        agree = agree.at[:, a, b].set(pair.equal).at[:, b, a].set(pair.equal)
        agree = agree.at[:, a, a].set(pair.first_finite).at[:, b, b].set(pair.second_finite)
    exact = replace(compare, tolerance=0.0)

    def differs(slot: Array) -> Array:
        return is_lie(distorts, slot) & ~exact.rows(copies.chosen(slot), copies.honest).identical

    def finite() -> Array:
        return compare.rows(copies.honest, copies.honest).first_finite

    def refuted() -> Array:
        equal = jnp.stack([compare.rows(copies.honest, one).equal for one in slots], axis=1)
        return finite()[:, None] & ~equal

    return Agreement(agree, differs, refuted, finite)


def agreement_graph(agree: Array, files: Array, workers: int, silent: Array | None = None) -> Array:
    """The agreement graph: bool ``[K, K]``, True where two workers agree on all files that they share.

    Args:
        agree: bool ``[f, r, r]``, which copies of a file are equal.
        files: int ``[f, r]``, the workers of each file.
        workers: K.
        silent: bool ``[K]``, workers of whom nothing has arrived: they disagree with nobody; None for none.

    Workers that share no file have an edge, as in Konstantinidis et al.; the diagonal is True.
    """
    graph = jnp.ones((workers, workers), bool)
    if silent is not None:
        agree = agree | erased(silent, files)
    graph = graph.at[files[:, :, None], files[:, None, :]].min(agree)
    return graph | jnp.eye(workers, dtype=bool)


def erased(silent: Array, files: Array) -> Array:
    """Bool ``[f, r, r]``: one of the two copies has not arrived."""
    copies = silent[files]
    return copies[:, :, None] | copies[:, None, :]


def is_lie(distorts: Array, slot: Array) -> Array:
    """Whether the copy in each file's slot ``[f]`` is distorted: bool ``[f]`` from bool ``[f, r]``."""
    return jnp.take_along_axis(distorts, slot[:, None], axis=1)[:, 0]
