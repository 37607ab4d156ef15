"""The least share of forged weight that any update can promise after one graph: a matrix game, solved by its LP."""

from math import comb

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.minimax import hypotheses_of


def least_share(disagreement: NDArray[np.bool_], q: int, assignment: Assignment) -> tuple[float, bool] | None:
    """Solve what the server can promise after the worst copies that make this graph.

    The server puts weights of sum 1 on values; one hypothesis is the truth, and the values that it holds alone are
    forged. The least, over all weights, of the most forged weight is a linear program. Copies that split a file leave
    the server two values with fewer workers behind each, of which every hypothesis that holds the whole file holds
    both: a split never helps it. So the worst copies split all files that the graph allows to be split; in a file
    that can be split in several ways the server is given no value, and the figure is an upper bound.

    Args:
        disagreement: bool ``[K, K]``; some copies make it.
        q: Byzantine workers.
        assignment: f files of r workers each.

    Returns:
        The share, and whether no file can be split in several ways; None if the hypotheses are too many to list.
    """
    explain = hypotheses_of(disagreement, q)
    if explain is None:
        return None
    rows, plain = [], True
    for group in assignment.files:
        apart = disagreement[np.ix_(group, group)]
        splits = [part for part in _halves(len(group)) if np.all(apart[np.ix_(part, ~part)])]
        plain &= len(splits) <= 1
        if len(splits) > 1:
            continue
        parts = [splits[0], ~splits[0]] if splits else [np.ones(len(group), bool)]
        rows += [np.all(explain[:, group[part]], axis=1) for part in parts]
    if not rows:
        return 1.0, plain
    held = np.unique(np.array(rows), axis=0)
    if not held.any(axis=1).all():
        return 0.0, plain
    return _value(held), plain


def share_of_subset(workers: int, q: int, redundancy: int) -> float:
    """The greatest `least_share` on the subset assignment, C(q, r) / C(K, r): proven for the detector `minimax`."""
    return comb(q, redundancy) / comb(workers, redundancy)


def _halves(size: int) -> list[NDArray[np.bool_]]:
    """The ways to cut 0 to size - 1 in two, as the part without 0."""
    places = np.arange(size)
    return [(mask << 1 >> places & 1).astype(bool) for mask in range(1, 2 ** (size - 1))]


def _value(held: NDArray[np.bool_]) -> float:
    """Least t with weights w >= 0 of sum 1 and, for every hypothesis, held weight of at most t."""
    from scipy.optimize import linprog

    values, hypotheses = held.shape
    solved = linprog(
        np.r_[np.zeros(values), 1.0],
        A_ub=np.hstack([held.T.astype(float), -np.ones((hypotheses, 1))]),
        b_ub=np.zeros(hypotheses),
        A_eq=np.r_[np.ones(values), 0.0][None],
        b_eq=[1.0],
        method="highs",
    )
    return float(solved.fun)
