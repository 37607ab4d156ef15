"""Whether a few vertices touch every edge of a small graph, decided exactly inside a compiled program."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax


class _Search(NamedTuple):
    """A stack of open cases: which vertices are left, and how many may still be removed."""

    left: Array
    budget: Array
    top: Array
    found: Array


def has_cover(edges: Array, left: Array, budget: Array | int, most: int) -> Array:
    """Whether at most ``budget`` vertices touch all edges among the vertices ``left``; bool ``[]``.

    Take a vertex of the most edges: either it is in the cover, or all its neighbours are. A vertex with a
    single edge never needs to be in, since its neighbour does as well; a case with more edges than budget
    · (most edges at a vertex) is hopeless. The cases grow like 1.47^budget at worst, whatever the number of
    vertices.

    Args:
        edges: bool ``[n, n]``, symmetric, False on the diagonal.
        left: bool ``[n]``.
        budget: may be traced.
        most: a static upper bound of ``budget``.
    """
    vertices = len(edges)
    adjacency = edges.astype(jnp.float32)

    def open_cases(search: _Search) -> Array:
        return (search.top >= 0) & ~search.found

    def examine(search: _Search) -> _Search:
        left, budget = search.left[search.top], search.budget[search.top]
        present = left.astype(jnp.float32)
        degrees = (adjacency @ present) * present
        highest = degrees.max()
        solved = (highest == 0) & (budget >= 0)
        hopeless = (budget <= 0) | (degrees.sum() > 2 * budget * highest)
        leaf = jnp.argmax(degrees == 1)
        has_leaf = (degrees == 1).any() & (highest > 1)
        hub = jnp.argmax(degrees)
        vertex = jnp.where(has_leaf, jnp.argmax(edges[leaf] & left), hub)
        without_vertex = left & (jnp.arange(vertices) != vertex)
        neighbours = edges[vertex] & left
        without_neighbours = left & ~neighbours
        cost = neighbours.sum(dtype=jnp.int32)
        second = ~has_leaf & (highest > 1) & (cost <= budget)
        go_on = ~solved & ~hopeless
        lefts = search.left.at[search.top].set(jnp.where(second, without_neighbours, without_vertex))
        budgets = search.budget.at[search.top].set(jnp.where(second, budget - cost, budget - 1))
        above = search.top + 1
        lefts = lefts.at[above].set(without_vertex)
        budgets = budgets.at[above].set(budget - 1)
        top = search.top + jnp.where(go_on, jnp.where(second, 1, 0), -1)
        return _Search(lefts, budgets, top, search.found | solved)

    depth = most + 3
    start = _Search(
        jnp.zeros((depth, vertices), bool).at[0].set(left),
        jnp.zeros(depth, jnp.int32).at[0].set(budget),
        jnp.int32(0),
        jnp.bool_(False),
    )
    return lax.while_loop(open_cases, examine, start).found
