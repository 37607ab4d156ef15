"""Curves made small: what is kept is true of the whole, and what is left out is left out evenly."""

from collections import Counter

import numpy as np
import pytest

from aspis_sim.analysis.tables import tables_of
from aspis_sim.report.timelines import as_data, binned, dominant, sampled, stretches, thinned
from tests.report.studies import row_of, rows_of, timeline_of


@pytest.mark.parametrize(("length", "most"), [(1, 5), (5, 5), (7, 3), (100, 9), (3, 10)])
def test_means_of_equal_stretches_have_the_mean_of_the_whole(length, most):
    values = np.random.default_rng(length).normal(size=length)
    ends, means = binned(values, most)
    sizes = np.diff([0, *ends])
    assert len(means) == min(most, length)
    assert ends[-1] == length
    assert sizes.max() - sizes.min() <= 1
    assert np.dot(sizes, means) / length == pytest.approx(values.mean(), abs=1e-12)


def rebuilt(starts, values, length):
    return np.repeat(values, np.diff([*starts, length + 1]))


def test_stretches_are_exact_while_they_are_few():
    values = np.array([0, 0, 3, 3, 3, 0, 1])
    starts, heights = stretches(values)
    assert starts == [1, 3, 6, 7]
    assert rebuilt(starts, heights, 7).tolist() == values.tolist()
    codes, names = dominant(values)
    assert rebuilt(codes, names, 7).tolist() == values.tolist()


def test_many_stretches_become_means_and_names_the_most_frequent():
    values = np.arange(200) % 2
    starts, means = stretches(values, 10)
    assert len(starts) == 10
    assert means == [0.5] * 10
    codes = np.where(np.arange(200) % 5 == 0, 1, 4)
    starts, names = dominant(codes, 10)
    assert (len(starts), set(names)) == (10, {4})


def test_a_thinned_curve_ends_where_the_curve_ends():
    curve = tuple((step, step / 100, 1.0) for step in range(1, 101))
    steps, top1, loss = thinned(curve, 7)
    assert steps[-1] == 100
    assert len(steps) <= 7
    assert top1 == [step / 100 for step in steps]
    assert loss == [1.0] * len(steps)
    assert thinned(()) == [[], [], []]


def test_empty_series_give_empty_data():
    none = np.array([])
    assert (binned(none), stretches(none), dominant(none.astype(int))) == (([], []),) * 3


def test_a_seed_of_every_result_comes_first():
    rows = rows_of(seeds=(0, 1, 2))
    tables = tables_of(rows)
    results = 2 * 2 * 3
    assert [rows[index].seed for index in sampled(tables, results)] == [0] * results
    assert sampled(tables, 3 * results) == list(range(len(rows))) == sampled(tables, 1000)
    more = [rows[index].seed for index in sampled(tables, results + 4)]
    assert (more.count(0), more.count(1), more.count(2)) == (results, 4, 0)


def test_a_study_that_does_not_fit_is_shown_in_whole_figures_from_the_ends_of_q():
    rows = rows_of(schemes=("aspis", "detox", "byzshield"), attacks=[f"a{n}" for n in range(8)], q=(1, 2, 3, 4))
    tables = tables_of(rows)
    for most in (3, 10, 24, 40, 50):
        kept = [rows[index] for index in sampled(tables, most)]
        assert most - 3 < len(kept) <= most
        figures = Counter((row.attack, row.q) for row in kept)
        assert set(figures.values()) == {3}
        assert {row.q for row in kept} == ({4} if most <= 24 else {4, 1})
    assert sampled(tables, 2) == []


def test_a_run_as_data_is_the_run():
    run = timeline_of(row_of(q=2))
    data = as_data(run)
    assert data["byzantine"] == ([1, 21], [0, 2])
    assert data["outcome"] == ([1, 21], [2, 0])
    assert data["curve"][0] == [10, 20, 30, 40]
    assert data["train"][1] == pytest.approx(run.loss.tolist())
