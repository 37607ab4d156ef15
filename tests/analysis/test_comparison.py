"""Comparing runs: the tests against scipy and brute force, who is paired with whom, and what may be said."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aspis_sim.analysis.comparison import DERIVED, compare
from aspis_sim.analysis.pairs import pair
from aspis_sim.analysis.statistics import LEVEL, holm, least_p, p_sign_flip, paired, pairs_needed
from aspis_sim.errors import InputError
from aspis_sim.run.row import COLUMNS, METRICS, SETTINGS
from aspis_sim.spec.cell import KNOBS
from aspis_sim.study import StoredRun
from aspis_sim.study.reading import having, split
from tests.rows import MEDIAN, ROW, seeds

FEW = settings(max_examples=60, deadline=None)
VALUES = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 3))


def runs(*groups):
    return [StoredRun(row) for group in groups for row in group]


def only(comparison):
    (group,) = comparison.groups
    return group


@FEW
@given(st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=12))
def test_the_t_test_and_its_interval_are_those_of_scipy(pairs):
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    found = paired(a, b)
    if np.ptp(a - b) < 1e-9:
        assert found.p_t is None
        assert found.half_width == 0
        return
    assert found.half_width is not None
    expected = stats.ttest_rel(a, b)
    low, high = expected.confidence_interval(0.95)
    assert found.p_t == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-300)
    assert found.mean - found.half_width == pytest.approx(low, rel=1e-6, abs=1e-6)
    assert found.mean + found.half_width == pytest.approx(high, rel=1e-6, abs=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [2.0**990, 2.0**-990])
def test_figures_whose_squares_would_overflow_or_vanish_are_compared_as_others_are(unit):
    first, second = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0.5, 2.5, 1.0, 0.0])
    found, expected = paired(unit * first, unit * second), paired(first, second)
    assert (found.p_t, found.p_sign_flip) == (expected.p_t, expected.p_sign_flip)
    assert (found.mean, found.half_width) == (unit * expected.mean, unit * expected.half_width)


def test_few_pairs_have_the_range_of_their_differences_and_shares_no_interval_beyond_1():
    def spread(ours, theirs):
        group = only(compare(runs(seeds(ROW, ours)), runs(seeds(MEDIAN, theirs))))
        return group.low, group.high, group.ranged

    assert spread([1.0, 0.5], [0.0, 0.4]) == (pytest.approx(0.1), 1.0, True)
    assert spread([0.9, 0.8, 0.7], [0.5, 0.5, 0.5]) == (pytest.approx(0.2), pytest.approx(0.4), True)
    low, high, ranged = spread([1.0, 1.0, 1.0, 0.4], [0.0, 0.0, 0.0, 0.0])
    assert (low, high, ranged) == (pytest.approx(0.3727, abs=1e-4), 1.0, False)
    assert spread([1.0], [0.0]) == (None, None, False)


@FEW
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9))
def test_the_sign_flip_test_is_a_count_over_all_signs(differences):
    seen = abs(sum(differences))
    sums = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    assert p_sign_flip(np.array(differences, float)) == sum(abs(one) >= seen for one in sums) / len(sums)


def test_the_sign_flip_test_is_that_of_scipy_and_ties_survive_rounding():
    generator = np.random.default_rng(5)
    differences = generator.normal(0.5, 1, 10)
    expected = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    ).pvalue
    assert p_sign_flip(differences) == pytest.approx(expected)
    # in tenths, all four signs of 0.1 + 0.2 - 0.3 tie with a sum of 0; in floating point they do not
    assert paired([0.1, 0.2, 0.0], [0.0, 0.0, 0.3]).p_sign_flip == 1.0
    assert p_sign_flip(np.ones(40)) == least_p(40)


def test_equal_differences_leave_t_nothing_to_judge_by():
    found = paired([0.3, 0.4, 0.6], [0.2, 0.3, 0.5])  # 0.1 each, but for the last bits
    assert found.p_t is None
    assert found.p_sign_flip == 0.25
    assert found.mean == pytest.approx(0.1)
    assert paired([0.5], [0.25]) == (0.25, None, None, 1.0)
    assert paired([0.5] * 50, [0.25] * 50).p_sign_flip == least_p(50)
    assert paired(range(50), [0.25] * 50).p_sign_flip is None


@FEW
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p):
    """The adjusted p of a hypothesis: the largest Bonferroni p over all sets of hypotheses with it in them."""
    every = range(len(p))
    sets = [chosen for size in every for chosen in itertools.combinations(every, size + 1)]
    for index, found in enumerate(holm(p)):
        largest = max(min(1.0, len(one) * min(p[i] for i in one)) for one in sets if index in one)
        assert found == pytest.approx(largest)


def test_holm_by_hand_and_the_seeds_that_a_comparison_needs():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    for tests in (1, 2, 7, 100):
        needed = pairs_needed(tests)
        assert tests * least_p(needed) <= LEVEL < tests * least_p(needed - 1)


def test_schemes_pair_by_seed_whatever_follows_from_the_scheme():
    a = [*seeds(ROW, [0.9, 0.8, 0.85]), *seeds(ROW, [0.7, 0.71, 0.75], q=2, lr=0.03)]
    b = [*reversed(seeds(MEDIAN, [0.8, 0.71, 0.74])), *seeds(MEDIAN, [0.7, 0.7, 0.7], q=2)]
    found = compare(*split(runs(a, b), "scheme", ("aspis", "median")))
    assert list(found.pairing.compared) == ["scheme", "assignment", "redundancy", "detector", "after_detection"]
    first, second = found.groups
    assert (first.settings["q"], second.settings["q"], first.seeds) == (1, 2, 3)
    assert (first.settings["scheme"], first.settings["rule"]) == (None, "median")
    assert first.difference == pytest.approx(0.1)
    assert first.p_t == pytest.approx(stats.ttest_rel([0.9, 0.8, 0.85], [0.8, 0.71, 0.74]).pvalue)
    assert first.verdict == "better"
    assert second.verdict == "no difference shown"
    said = "scheme=aspis assignment=subset redundancy=3 lr=0.03 detector=clique after_detection=published"
    assert second.first == said
    assert [first.p_holm, second.p_holm] == pytest.approx(holm([first.p_t or 0.0, second.p_t or 0.0]))
    assert found.pairing.unpaired == ()


def test_the_direction_of_better_is_that_of_the_metric():
    far = seeds(ROW, [0.9, 0.91, 0.92], loss=0.1, seconds=9.0)
    near = seeds(ROW, [0.5, 0.512, 0.521], loss=0.2, seconds=1.0)
    near = [row.replaced(loss=0.9 + row.seed / 100, seconds=1 + row.seed / 10) for row in near]
    found = compare(runs(far), runs(near), ("top1", "loss", "seconds"))
    assert [group.verdict for group in found.groups] == ["better", "better", "worse"]
    assert set(METRICS) <= set(COLUMNS)


def test_a_count_that_no_seed_changes_is_not_tested_but_equal_accuracies_are():
    a, b = seeds(ROW, [0.9, 0.9, 0.9]), seeds(MEDIAN, [0.8, 0.8, 0.8])
    accuracy, count = compare(runs(a), runs(b), ("top1", "distortion_measured")).groups
    assert (accuracy.p_t, accuracy.p_holm, accuracy.verdict) == (None, 0.25, "no difference shown")
    assert (count.p_holm, count.verdict) == (None, "better")
    one = compare(runs(a[:1]), runs(b[:1]), ("distortion_measured",))
    assert (only(one).verdict, only(one).p_holm, only(one).low) == ("no difference shown", 1.0, None)


def test_the_sign_flip_test_says_nothing_with_five_seeds_and_something_with_six():
    for count, verdict in ((5, "no difference shown"), (6, "better")):
        a = seeds(ROW, [0.9 + seed / 100 for seed in range(count)])
        b = seeds(ROW, [0.5 + seed / 500 for seed in range(count)])
        group = only(compare(runs(a), runs(b), test="sign-flip"))
        assert (group.verdict, group.p_holm) == (verdict, least_p(count))
        assert only(compare(runs(a), runs(b))).verdict == "better"


def test_rows_that_are_the_same_bit_for_bit_are_said_so():
    rows = [*seeds(ROW, [0.9, 0.8]), *seeds(MEDIAN, [0.9, 0.8], loss=math.nan)]
    again = [row.replaced(seconds=7.0) for row in rows]
    found = compare(runs(rows), runs(again))
    assert [group.verdict for group in found.groups] == ["identical", "identical"]
    assert (found.pairs, found.identical_rows) == (4, 4)
    other = [row.replaced(loss=0.1) for row in again]
    found = compare(runs(rows), runs(other))
    assert [group.verdict for group in found.groups] == ["no difference shown"] * 2
    assert found.identical_rows == 0
    # another scheme that computes the same
    label = [row.replaced(scheme="aspis-certified", detector="certified", rule="median_of_means") for row in rows[:2]]
    assert only(compare(runs(rows[:2]), runs(label))).verdict == "identical"


def test_cells_without_a_partner_are_named():
    a = [*seeds(ROW, [0.9, 0.8, 0.7]), *seeds(ROW, [0.5], q=3)]
    b = [*seeds(ROW, [0.8, 0.8], steps=600), *seeds(MEDIAN, [0.8], steps=600)]
    found = pair(runs(a), runs(b))
    assert found.compared == {"steps": ((300,), (600,))}
    assert [(one.side, one.settings["scheme"], one.settings["q"], one.seeds) for one in found.unpaired] == [
        (0, "aspis", 1, (2,)),
        (0, "aspis", 3, (0,)),
        (1, "median", 1, (0,)),
    ]
    assert [len(group.rows) for group in found.groups] == [2]


def test_a_scheme_without_redundancy_pairs_with_every_redundancy():
    a = [*seeds(ROW, [0.9, 0.8]), *seeds(ROW, [0.7, 0.6], redundancy=5, files=21)]
    found = pair(runs(a), runs(seeds(MEDIAN, [0.5, 0.4])))
    assert [group.first["redundancy"] for group in found.groups] == [3, 5]
    assert found.unpaired == ()
    both = pair(runs(a[:2], seeds(MEDIAN, [0.5, 0.4])), runs(a[2:], seeds(MEDIAN, [0.5, 0.4])))
    assert [group.first["scheme"] for group in both.groups] == ["aspis", "median"]


def test_rates_tell_cells_apart_only_where_there_are_several():
    a = [*seeds(ROW, [0.9, 0.8]), *seeds(ROW, [0.7, 0.6], lr=0.01)]
    found = pair(runs(a), runs(a))
    assert [(group.first["lr"], group.second["lr"]) for group in found.groups] == [(0.1, 0.1), (0.01, 0.01)]
    found = pair(runs(a[:2]), runs(a[2:], seeds(ROW, [0.5, 0.4], lr=0.001)))
    assert [(group.first["lr"], group.second["lr"]) for group in found.groups] == [(0.1, 0.01), (0.1, 0.001)]


def test_failed_and_infinite_results_are_neither_hidden_nor_averaged():
    a, b = seeds(ROW, [0.9, 0.8, None]), seeds(ROW, [0.9, 0.7, 0.6], loss=math.inf)
    found = compare(runs(a), runs(b), ("top1", "loss"))
    top1, loss = found.groups
    assert (top1.seeds, found.without) == (2, 1)
    assert (loss.verdict, loss.difference, loss.p_holm) == ("not finite", None, None)
    assert loss.mean_second == math.inf


def test_what_cannot_be_compared_is_refused():
    a = seeds(ROW, [0.9, 0.8])
    with pytest.raises(InputError, match="unknown metric 'top2'; did you mean top1"):
        compare(runs(a), runs(a), ("top2",))
    with pytest.raises(InputError, match="unknown test 'u'"):
        compare(runs(a), runs(a), test="u")
    with pytest.raises(InputError, match="no cell has a partner: the seeds are 0, 1 in the first and 5 in the second"):
        compare(runs(a), runs([a[0].replaced(seed=5)]))
    with pytest.raises(InputError, match="the nearest differ in steps; compare with `across=steps`"):
        compare(
            runs(a, seeds(MEDIAN, [0.9], steps=9)), runs(seeds(MEDIAN, [0.9], steps=300), seeds(ROW, [0.9], steps=9))
        )
    several = [seeds(ROW, [0.9], q=q) for q in (1, 2, 3, 4)]
    with pytest.raises(InputError, match="not clear: q is 1, 2 in the first and 3, 4 in the second"):
        compare(runs(*several[:2]), runs(*several[2:]))
    with pytest.raises(InputError, match=r"two results for one cell: scheme=aspis .* seed=0"):
        compare(runs(a, seeds(ROW, [0.5])), runs(a))
    with pytest.raises(InputError, match="no pair has a figure for detection_rate"):
        compare(runs(seeds(MEDIAN, [0.5])), runs(seeds(MEDIAN, [0.5])), ("detection_rate",))
    with pytest.raises(InputError, match="50 pairs are too many for the exact sign-flip test"):
        compare(runs(seeds(ROW, range(50))), runs(seeds(ROW, [0.5] * 50)), test="sign-flip")
    with pytest.raises(InputError, match="unknown setting 'stepz'; did you mean steps"):
        compare(runs(a), runs(a), across=("stepz",))


def test_across_lets_partners_differ_where_some_agree():
    a = seeds(ROW, [0.9, 0.8], rule="krum")
    b = [*seeds(ROW, [0.9, 0.7]), *seeds(ROW, [0.9, 0.7], rule="krum", q=2)]
    with pytest.raises(InputError, match="the nearest differ in rule; compare with `across=rule`"):
        pair(runs(a), runs(b))
    (group,) = pair(runs(a), runs(b), across=("rule",)).groups
    assert (group.first["rule"], group.second["rule"]) == ("krum", "median")


def test_runs_are_compared_in_every_setting_that_a_row_tells():
    a, b = seeds(ROW, [0.9, 0.8], momentum=0.5), seeds(ROW, [0.7, 0.65])
    found = compare(runs(a), runs(b))
    assert found.pairing.compared == {"momentum": ((0.5,), (0.9,))}
    assert (only(found).first, only(found).second) == ("momentum=0.5", "momentum=0.9")
    assert only(found).settings["momentum"] is None
    assert only(found).settings["detector"] == "clique"
    with pytest.raises(InputError, match=r"momentum is 0.5, 0.7 in the first and 0.9, 0.99 in the second"):
        pair(runs(a, seeds(ROW, [0.5], momentum=0.7)), runs(b, seeds(ROW, [0.5], momentum=0.99)))


def test_choices_are_written_as_they_are_shown():
    rows = runs(seeds(ROW, [0.9]), seeds(ROW, [0.8], lr=0.03), seeds(MEDIAN, [0.5]))
    assert [run.row.lr for run in having(rows, "lr", ["0.030"])] == [0.03]
    assert [run.row.scheme for run in having(rows, "redundancy", ["none"])] == ["median"]
    with pytest.raises(InputError, match="unknown value of scheme, 'medain'; did you mean median"):
        having(rows, "scheme", ["aspis", "medain"])
    with pytest.raises(InputError, match="two different values"):
        split(rows, "scheme", ["aspis"])


def test_every_column_is_a_setting_or_follows_from_one_or_is_a_result():
    results = {"distortion_theory", "status", *METRICS}
    assert {*SETTINGS, *DERIVED, "seed", *results} == set(COLUMNS)
    assert tuple(ROW) == tuple(COLUMNS)
    assert COLUMNS.keys() >= {one.column for one in KNOBS.values()}
