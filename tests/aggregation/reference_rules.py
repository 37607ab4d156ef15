"""Every rule and preaggregation written out from its paper's formula, in NumPy's longdouble, to be read.

Each takes float rows ``[n, d]`` and returns ``[d]`` (a preaggregation ``[m, d]``). Options are those that the rules
have by themselves. What the papers leave open is decided as docs/conventions.md says: a row that holds NaN or Inf is
infinitely far from all others, and of equal candidates the first counts.
"""

from itertools import combinations

import numpy as np

Long = np.longdouble


def norm(vector):
    return np.sqrt(sum(entry * entry for entry in vector))


def finite(rows):
    return np.isfinite(rows).all(axis=1)


def squared_distances(rows):
    usable, n = finite(rows), len(rows)
    squared = np.full((n, n), np.inf, Long)
    for i in range(n):
        squared[i, usable & usable[i]] = np.square(rows[usable] - rows[i]).sum(axis=1) if usable[i] else np.inf
        squared[i, i] = 0
    return squared


def mean_of(rows, chosen):
    """The mean of the rows chosen, NaN if one of them holds a number that is not finite."""
    return rows[chosen].sum(axis=0) / Long(len(rows[chosen])) if finite(rows)[chosen].all() else rows[0] * np.nan


def first(keys, number):
    """The places of the ``number`` least keys; of equal ones the first."""
    return np.argsort(keys, kind="stable")[:number]


def upwards(column):
    """In ascending order, NaN above +Inf."""
    return np.sort(column)


def average(rows):
    return rows.sum(axis=0) / Long(len(rows))


def middle(column):
    ordered, n = upwards(column), len(column)
    low, high = ordered[(n - 1) // 2], ordered[n // 2]
    return low if low == high or n % 2 else (low + high) / 2


def median(rows):
    """Yin et al. 2018, definition 1."""
    return np.array([middle(column) for column in rows.T])


def trimmed_mean(rows, f):
    """Yin et al. 2018, definition 2."""
    n = len(rows)
    return np.array([upwards(column)[f : n - f].sum() / Long(n - 2 * f) for column in rows.T])


def meamed(rows, f):
    """Xie et al. 2018: per coordinate the n - f values nearest to the median; what is equally far shares the places."""
    found = []
    for column in rows.T:
        away = np.abs(column - middle(column))
        away[~np.isfinite(away)] = np.inf
        reach = np.sort(away)[len(column) - f - 1]
        inside, tied = column[away < reach], column[away == reach]
        places = len(column) - f - len(inside)
        found.append((inside.sum() + tied.mean() * places) / Long(len(column) - f))
    return np.array(found)


def sign_majority(rows):
    """Bernstein et al. 2019, algorithm 1."""
    return np.array([np.sign(Long((column > 0).sum()) - Long((column < 0).sum())) for column in rows.T])


def median_of_means(rows, buckets):
    """Rajput et al. 2019."""
    return median(np.array([average(bucket) for bucket in np.array_split(rows, buckets)]))


def krum_scores(squared, f, beyond):
    """Blanchard et al. 2017: the sum over the n - f - ``beyond`` nearest others."""
    n, scores = len(squared), []
    for i in range(n):
        others = np.sort(np.delete(squared[i], i))
        scores.append(others[: max(n - f - beyond, 1)].sum())
    return np.array(scores)


def krum(rows, f):
    return mean_of(rows, first(krum_scores(squared_distances(rows), f, 1), 1))


def multi_krum(rows, f, beyond=1, chosen=None):
    scores = krum_scores(squared_distances(rows), f, beyond)
    return mean_of(rows, first(scores, len(rows) - f if chosen is None else chosen))


def bulyan(rows, f):
    """El Mhamdi et al. 2018, algorithm 2."""
    left, squared = list(range(len(rows))), squared_distances(rows)
    committee: list[int] = []
    while len(committee) < len(rows) - 2 * f:
        scores = krum_scores(squared[np.ix_(left, left)], f, 2)
        committee.append(left.pop(int(first(scores, 1)[0])))
    return meamed(rows[np.sort(committee)], 2 * f)


def subsets(n, f):
    return (np.array(subset) for subset in combinations(range(n), n - f))


def diameter(squared, subset):
    return squared[np.ix_(subset, subset)].max()


def mda(rows, f):
    """El Mhamdi et al. 2020, equation 4."""
    squared = squared_distances(rows)
    return mean_of(rows, min(subsets(len(rows), f), key=lambda subset: diameter(squared, subset)))


def covariance(rows, weights):
    """The weighted covariance ``[d, d]`` in float64, of rows scaled by the power of two that is returned with it."""
    away = rows - (weights[:, None] * rows).sum(axis=0) / weights.sum()
    largest = np.abs(away[weights > 0]).max()
    shift = int(np.frexp(largest)[1]) if largest else 0
    away = np.where(weights[:, None] > 0, np.ldexp(away, -shift), 0)
    return (away.T @ (weights[:, None] * away) / weights.sum()).astype(np.float64), shift


def spread(rows, subset):
    """The top eigenvalue of the covariance of a subset, Inf if it holds a row that is not finite."""
    if not finite(rows)[subset].all():
        return Long(np.inf)
    matrix, shift = covariance(rows[subset], np.ones(len(subset), Long))
    return np.ldexp(Long(np.linalg.eigvalsh(matrix)[-1]), 2 * shift)


def smea(rows, f):
    """Allouah et al. 2023, definition of SMEA."""
    return mean_of(rows, min(subsets(len(rows), f), key=lambda subset: spread(rows, subset)))


def caf(rows, f):
    """Allouah et al. 2025, algorithm 2, with the maximum over the rows that still weigh."""
    weights = finite(rows).astype(Long)
    rows = np.where(finite(rows)[:, None], rows, 0)
    least, best = Long(np.inf), rows[0] * np.nan
    while weights.sum() > len(rows) - 2 * f:
        mean = (weights[:, None] * rows).sum(axis=0) / weights.sum()
        matrix, shift = covariance(rows, weights)
        values, vectors = np.linalg.eigh(matrix)
        if (value := np.ldexp(Long(values[-1]), 2 * shift)) < least:
            least, best = value, mean
        along = np.where(weights > 0, np.square(np.ldexp(rows - mean, -shift) @ vectors[:, -1].astype(Long)), 0)
        if along.max() == 0:
            break
        weights = weights * (1 - along / along.max())
        weights[weights < 1e-13] = 0
    return best


def monna(rows, f):
    """Farhadkhani et al. 2023, equation 4, the trusted row being the first."""
    return mean_of(rows, first(squared_distances(rows)[0], len(rows) - f))


def lengths(rows, centre=None):
    away = rows if centre is None else rows - centre
    return np.array([norm(row) if np.isfinite(row).all() else Long(np.inf) for row in away])


def cge(rows, f):
    """Gupta, Liu and Vaidya 2021, as a mean."""
    return mean_of(rows, first(lengths(rows), len(rows) - f))


def aksel(rows, f):
    """Boussetta et al. 2020, all but f rows."""
    return mean_of(rows, first(lengths(rows, median(rows)), len(rows) - f))


def fltrust(rows):
    """Cao et al. 2021, equations 1 to 3; the server's own row is the first."""
    own, total, found = rows[0], Long(0), np.zeros_like(rows[0])
    if not finite(rows)[0]:
        return own * np.nan
    for row in rows[1:][finite(rows)[1:]]:
        if norm(row) > 0 and norm(own) > 0:
            trust = max(Long(0), (row * own).sum() / (norm(row) * norm(own)))
            total, found = total + trust, found + trust * norm(own) * row / norm(row)
    return found / total if total > 0 else found


def ctma(rows, f):
    """Dahan and Levy 2024, algorithm 1, on the geometric median."""
    return mean_of(rows, first(lengths(rows, geometric_median(rows)), len(rows) - f))


def medoid(rows):
    """Kaufman and Rousseeuw 1987, of a single cluster."""
    usable = finite(rows)
    sums = np.array([np.sqrt(row[usable]).sum() for row in squared_distances(rows)])
    return rows[first(np.where(usable, sums, np.inf), 1)[0]]


def dnc_scores(rows):
    """The squared projections of the centred rows on their top right singular vector, Inf for rows not finite."""
    usable = finite(rows)
    matrix, shift = covariance(np.where(usable[:, None], rows, 0), usable.astype(Long))
    top = np.linalg.eigh(matrix)[1][:, -1].astype(Long)
    centred = np.ldexp(rows - average(rows[usable]), -shift)
    return np.array([np.square(row @ top) if good else Long(np.inf) for row, good in zip(centred, usable, strict=True)])


def dnc(rows, f):
    """Shejwalkar and Houmansadr 2021, algorithm 2, one iteration over all coordinates."""
    return mean_of(rows, np.sort(first(-dnc_scores(rows), len(rows))[f:]))


def geometric_median(rows, nu=0.1, iterations=3):
    """Pillutla et al. 2022, algorithm 2, from 0."""
    good = rows[finite(rows)]
    centre = np.zeros(rows.shape[1], Long)
    for _ in range(iterations):
        weights = [1 / max(norm(row - centre), Long(nu)) for row in good]
        centre = sum(weight * row for weight, row in zip(weights, good, strict=True)) / sum(weights)
    return centre


def centered_clipping(rows, tau=100.0):
    """Karimireddy et al. 2021, equation 3, from 0; a row that is not finite moves nothing."""
    moves = [row * min(Long(1), tau / max(norm(row), Long(tau))) for row in rows[finite(rows)]]
    return sum(moves) / Long(len(rows))


def nnm(rows, f):
    """Allouah et al. 2023, algorithm 1."""
    squared = squared_distances(rows)
    return np.array([mean_of(rows, first(np.where(finite(rows), row, np.inf), len(rows) - f)) for row in squared])


def bucketing(rows, size):
    """Karimireddy et al. 2022, algorithm 1, in the order in which the rows come."""
    return np.array([average(rows[start : start + size]) for start in range(0, len(rows), size)])


def shortened(rows, radius):
    found = np.zeros_like(rows)
    for place, size in enumerate(lengths(rows)):
        if size < np.inf:
            found[place] = rows[place] if size <= radius else rows[place] * (radius / size)
    return found


def clipping(rows, radius=2.0):
    return shortened(rows, Long(radius))


def arc(rows, f):
    """Allouah et al. 2025, algorithm 1: the floor(2 f (n - f) / n) longest are cut to the next length."""
    n = len(rows)
    longest = 2 * f * (n - f) // n
    return shortened(rows, np.sort(lengths(rows))[n - longest - 1])
