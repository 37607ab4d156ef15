"""Curves made small: what is kept is true of the whole, and what is left out is left out evenly."""

from collections import Counter

import numpy as np
import pytest

from aspis_sim.analysis.bands import band_of
from aspis_sim.analysis.summary import mean_of
from aspis_sim.analysis.tables import tables_of
from aspis_sim.report.timelines import as_data, binned, dominant, from_the_start, sampled, stretches, thinned
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
    series = [(range(1, 101), [step / 100 + seed for step in range(1, 101)]) for seed in (0, 2)]
    steps, mean, low, high = thinned(band_of(series, (0.0, 9.0)), 7)
    assert steps[-1] == 100
    assert len(steps) <= 7
    for found, more in ((mean, 1), (low, 0), (high, 2)):
        assert found == pytest.approx([step / 100 + more for step in steps])


def test_a_band_is_what_summaries_say_of_each_step_and_stays_within_what_can_be():
    tops = np.random.default_rng(0).uniform(0.9, 1.0, (5, 3))
    band = band_of([((0, 10, 20), row) for row in tops.tolist()], (0.0, 1.0))
    for step in range(3):
        mean = mean_of(tops[:, step].tolist(), (0.0, 1.0))
        assert (band.mean[step], band.low[step], band.high[step]) == pytest.approx((mean.value, mean.low, mean.high))
    assert band.high.max() <= 1.0
    short = band_of([((0, 10), (1.0, 2.0)), ((10, 20), (4.0, np.inf))], (0.0, np.inf))
    assert (short.steps.tolist(), short.mean.tolist(), short.low.tolist(), short.high.tolist()) == ([10], [3], [2], [4])
    assert np.isnan(band_of([((0,), (np.inf,)), ((0,), (1.0,))], (0.0, np.inf)).mean).all()


def test_the_training_loss_begins_with_that_of_the_initial_weights():
    assert from_the_start(np.array([5.0, 4.0, 3.0])) == ([0, 1, 2], [5.0, 4.0, 3.0])
    assert from_the_start(np.array([])) == ([], [])


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
    data = as_data([run])
    assert data["byzantine"] == ([1, 21], [0, 2])
    assert data["outcome"] == ([1, 21], [2, 0])
    assert data["top1"][0] == [10, 20, 30, 40]
    assert data["train"][1] == pytest.approx(run.loss.tolist())
    assert data["train"][1] == data["train"][2] == data["train"][3]
