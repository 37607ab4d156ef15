"""Every rule and preaggregation against its paper's formula in longdouble, over inputs made to go wrong.

In float64 the results are equal to 1e-9 of the size of what is averaged. In float32 rounding may choose another row:
then the result must be what rows chosen by a criterion within rounding of the best would give.
"""

import functools
from itertools import combinations

import jax
import numpy as np
import pytest

from aspis_sim.aggregation import PREAGGREGATIONS, RULES, preaggregation, rule
from tests.aggregation import reference_rules as reference

N, D, F = 11, 5, 2
OPTIONS = {"median_of_means": {"buckets": 5}, "bucketing": {"size": 2}}
MANY = {"bucketing": (101, 5), "bulyan": (65, 3), "smea": (40, 2), "mda": (225, 1), "caf": (225, 5)}
"""Rows and f of the largest input, where 225 rows and f=15 would take long to compile or run: of 221 and more, rows are
counted in blocks of the largest size."""
NAMES = (*RULES, *PREAGGREGATIONS)
registry = {name: RULES if name in RULES else PREAGGREGATIONS for name in NAMES}


def takes_f(name):
    return registry[name].accepts(name, "f")


def options(name, f):
    return OPTIONS.get(name, {}) | ({"f": f} if takes_f(name) else {})


@functools.cache
def applied(name, f, jit=jax.jit):
    build = rule if name in RULES else preaggregation
    return jit(build(name, **options(name, f)).__call__)


def in_float32(name, values):
    """The result as it is compiled for a run."""
    return np.asarray(applied(name, F, jax.jit)(values)).astype(np.longdouble)


def drawn(seed, rows=N, columns=D):
    return np.random.default_rng(seed).normal(size=(rows, columns))


def attacked(seed, rows=N, columns=D, f=F):
    values = drawn(seed, rows, columns)
    values[1 : 2 * f : 2] = 4 + 0.1 * values[1 : 2 * f : 2]
    return values


def spoilt(*numbers):
    values = drawn(7)
    for place, number in zip((1, 6), numbers, strict=True):
        values[place] = number
    return values


def one_entry(number):
    values = drawn(8)
    values[3, 2] = number
    return values


INPUTS = {
    "colluders": lambda: attacked(0),
    "ties": lambda: np.round(1.5 * drawn(1)),
    "many ties": lambda: np.sign(drawn(2)),
    "duplicates": lambda: attacked(3)[[0, 1, 2, 2, 2, 5, 5, 7, 8, 9, 1]],
    "all equal": lambda: np.tile(drawn(4)[:1], (N, 1)),
    "zeros but three": lambda: attacked(5) * (np.arange(N) < 3)[:, None],
    "NaN": lambda: spoilt(np.nan, np.nan),
    "Inf": lambda: spoilt(np.inf, -np.inf),
    "NaN and Inf": lambda: spoilt(np.nan, np.inf),
    "one NaN": lambda: one_entry(np.nan),
    "one -Inf": lambda: one_entry(-np.inf),
    "1e-30": lambda: attacked(9) * 1e-30,
    "1e30": lambda: attacked(10) * 1e30,
    "huge liars": lambda: drawn(11) * np.where(np.arange(N) % 5 == 1, 1e12, 1)[:, None] * (np.arange(N) != 6)[:, None],
    "offset": lambda: attacked(12) + 1e6,
    "offset and ties": lambda: np.round(drawn(13)) + 1e6,
}
WIDE = {"1e-250": lambda: attacked(9) * 1e-250, "1e250": lambda: attacked(10) * 1e250}


def expected(name, values, f):
    with np.errstate(all="ignore"):
        return getattr(reference, name)(values.astype(np.longdouble), **options(name, f))


def size_of(values):
    """The size of the entries of each column, which rounding is relative to."""
    return np.abs(np.where(np.isfinite(values), values, 0)).max(axis=0) + 1e-300


def compare_in_float64(name, values, f=F):
    with jax.enable_x64(True):
        found = np.asarray(applied(name, f)(values))
    wanted = expected(name, values, f)
    assert found.dtype == np.float64
    assert (np.isfinite(found) == np.isfinite(wanted)).all()
    honest = size_of(np.where(np.abs(values) < 1e9 * np.median(np.abs(values)), values, 0)) if f else size_of(values)
    np.testing.assert_allclose((found / honest).astype(float), (wanted / honest).astype(float), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_float64(name):
    for kind, make in (INPUTS | WIDE).items():
        try:
            compare_in_float64(name, make())
        except AssertionError as wrong:
            raise AssertionError(f"on {kind}: {wrong}") from wrong


@pytest.mark.parametrize("name", NAMES)
def test_the_least_rows_for_f_in_one_dimension(name):
    build = rule if name in RULES else preaggregation
    limits = build(name, **options(name, F)).tolerance
    rows = limits.least_rows(F) if limits is not None else 2 * F + 1
    for seed in range(4):
        compare_in_float64(name, attacked(seed, rows, 1))


@pytest.mark.parametrize("name", NAMES)
def test_many_rows(name):
    rows, f = MANY.get(name, (225, 15))
    compare_in_float64(name, attacked(20, rows, D, f), f)


# In float32 --------------------------------------------------------------------------------------------------------


def rounding(values):
    """What a squared distance may be wrong by: some units in the last place of the longest row seen from the median."""
    good = values[np.isfinite(values).all(axis=1)].astype(np.longdouble)
    away = np.square(good - np.median(good, axis=0)).sum(axis=1)
    return 64 * np.finfo(np.float32).eps * away.max()


def means_within_rounding(rows, keys, number, slack):
    """The means of ``number`` rows, for every choice that keys wrong by ``slack`` allow."""
    cut = np.sort(keys)[number - 1]
    sure, open_ = np.flatnonzero(keys < cut - slack), np.flatnonzero(np.abs(keys - cut) <= slack)
    for more in combinations(open_, number - len(sure)):
        yield reference.mean_of(rows, np.array([*sure, *more], int))


def chosen_by(name, rows):
    """Keys, of which the least choose, how many they choose, and how many rounded distances a key adds up."""
    squared, n = reference.squared_distances(rows), len(rows)
    if name in ("krum", "multi_krum"):
        return reference.krum_scores(squared, F, 1), 1 if name == "krum" else n - F, n
    if name == "monna":
        return squared[0], n - F, 1
    if name == "cge":
        return np.square(reference.lengths(rows)), n - F, 1
    if name in ("aksel", "ctma"):
        centre = reference.median(rows) if name == "aksel" else reference.geometric_median(rows)
        return np.square(reference.lengths(rows, centre)), n - F, 1
    return None


def candidates(name, rows, slack):
    """The results that are right within rounding, for a rule that chooses whole rows."""
    if (choice := chosen_by(name, rows)) is not None:
        keys, number, terms = choice
        if name == "cge":
            slack = 64 * np.finfo(np.float32).eps * keys[np.isfinite(keys)].max()
        yield from means_within_rounding(rows, keys, number, terms * slack)
    else:
        squared = reference.squared_distances(rows)
        measure = {
            "mda": lambda subset: reference.diameter(squared, subset),
            "smea": lambda subset: reference.spread(rows, subset),
        }[name]
        measured = [(measure(subset), subset) for subset in reference.subsets(len(rows), F)]
        least = min(value for value, _ in measured)
        yield from (reference.mean_of(rows, subset) for value, subset in measured if value <= least + slack)


def same(found, wanted, size):
    return np.allclose(
        (found / size).astype(float), (wanted / size).astype(float), rtol=1e-5, atol=2e-6, equal_nan=True
    )


@pytest.mark.parametrize("name", ["krum", "multi_krum", "monna", "cge", "aksel", "ctma", "mda", "smea"])
def test_float32_chooses_within_rounding_of_the_best(name):
    for kind, make in INPUTS.items():
        values = make().astype(np.float32)
        rows, found = values.astype(np.longdouble), in_float32(name, values)
        size = size_of(rows)
        with np.errstate(all="ignore"):
            right = any(same(found, one, size) for one in candidates(name, rows, rounding(values)))
        assert right, f"on {kind}: {found} is the mean of no choice that rounding allows"


CONTINUOUS = ("average", "median", "trimmed_mean", "median_of_means", "sign_majority", "geometric_median", "fltrust")
CLIPPING = ("centered_clipping", "clipping", "arc", "bucketing")


@pytest.mark.parametrize("name", [*CONTINUOUS, *CLIPPING])
def test_float32_of_what_chooses_no_rows(name):
    for kind, make in INPUTS.items():
        values = make().astype(np.float32)
        found, wanted = in_float32(name, values), expected(name, values, F)
        assert same(found, wanted, size_of(values.astype(np.longdouble))), f"on {kind}: {found}, not {wanted}"


@pytest.mark.parametrize("kind", INPUTS)
def test_float32_nnm_mixes_within_rounding_of_the_nearest(kind):
    values = INPUTS[kind]().astype(np.float32)
    rows, found = values.astype(np.longdouble), in_float32("nnm", values)
    squared, usable = reference.squared_distances(rows), reference.finite(rows)
    for place in range(N):
        keys = np.where(usable, squared[place], np.inf)
        if not np.isfinite(np.sort(keys)[N - F - 1]):
            assert np.isnan(found[place]).all()
            continue
        allowed = means_within_rounding(rows, keys, N - F, rounding(values))
        assert any(same(found[place], one, size_of(rows)) for one in allowed)


DEFINITE = ("colluders", "NaN", "Inf", "NaN and Inf", "one NaN", "one -Inf", "1e-30", "1e30", "all equal")
"""Inputs on which no two candidates are within rounding of each other."""


@pytest.mark.parametrize("kind", DEFINITE)
@pytest.mark.parametrize("name", ["bulyan", "meamed", "caf", "dnc", "medoid"])
def test_float32_where_one_choice_is_best_by_more_than_rounding(name, kind):
    values = INPUTS[kind]().astype(np.float32)
    found, wanted = in_float32(name, values), expected(name, values, F)
    np.testing.assert_allclose(
        (found / size_of(values)).astype(float), (wanted / size_of(values)).astype(float), rtol=1e-4, atol=1e-5
    )
