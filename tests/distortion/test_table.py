"""The distortion table, the reduction line, and what can be planned from them."""

import itertools

import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.distortion.catalogue import buildable, plan
from aspis_sim.distortion.table import ATTACKS, COLUMNS, Reduction, distortion_rows, reduction
from aspis_sim.errors import InputError


def counts(scheme, attack, byzantine=range(8), **further):
    rows = distortion_rows(15, 3, byzantine, schemes=[scheme], attacks=[attack], **further)
    return [row.distorted_files for row in rows]


@pytest.mark.parametrize(
    ("scheme", "attack", "expected"),
    [
        ("aspis", "strong", [0, 0, 2, 10, 28, 60, 110, 182]),
        ("aspis", "weak", [0, 0, 0, 1, 4, 10, 20, 35]),
        ("aspis", "random", [0, 0, 13, 37, 70, 110, 155, 203]),
        ("byzshield", "strong", [0, 0, 1, 3, 5, 8, 12, 14]),
        ("byzshield", "weak", [0, 0, 0, 0, 0, 0, 5, 8]),
        ("detox", "strong", [0, 0, 1, 1, 2, 2, 3, 3]),
        ("detox", "weak", [0, 0, 0, 0, 0, 0, 1, 2]),
        ("median", "strong", list(range(8))),
        ("median", "weak", list(range(8))),
        ("median", "random", list(range(8))),
        ("aspis+", "strong", [0, 0, 1, 3, 6, 10, 15, 19]),
    ],
)
def test_counts_at_fifteen_workers(scheme, attack, expected):
    assert counts(scheme, attack) == expected


def test_the_rows_have_the_columns_of_the_csv():
    voting = ("byzshield", "detox", "aspis+")
    rows = list(distortion_rows(15, 3, [2, 5], schemes=["aspis", *voting, "median"], attacks=ATTACKS))
    assert len(rows) == 2 * 5 * 4
    first = [getattr(rows[0], column) for column in COLUMNS]
    assert first == ["aspis", "subset", 15, 3, 455, 91, 2, "strong", 2, 2 / 455, "closed form"]
    for row in rows:
        assert row.distortion_fraction == row.distorted_files / row.files
        assert row.redundancy == (1 if row.scheme == "median" else 3)
        assert (row.gamma is not None) == (row.scheme in voting and row.attack == "strong")
        assert row.gamma is None or row.gamma + 1e-9 >= row.distorted_files
        assert row.bound == row.distorted_files or (row.attack, row.proof) == ("worst", "bound only")
        if row.attack == "random":
            assert row.proof == "exact expectation"


def test_random_is_the_mean_over_all_byzantine_sets_of_files_with_a_majority_for_every_scheme():
    workers, q = 9, 3
    groups = {
        "aspis": build("subset", workers=workers, redundancy=3),
        "detox": build("repetition", workers=workers, redundancy=3),
        "aspis+": build("bibd", workers=workers, redundancy=3),
        "median": build("baseline", workers=workers, redundancy=1),
    }
    sets = [np.isin(np.arange(workers), chosen) for chosen in itertools.combinations(range(workers), q)]
    for row in distortion_rows(workers, 3, [q], schemes=groups, attacks=["random"]):
        files = groups[row.scheme].files
        counts = [int((one[files].sum(1) >= groups[row.scheme].majority).sum()) for one in sets]
        assert row.distorted_files == pytest.approx(np.mean(counts), rel=1e-12)


def test_beside_workers_that_are_spread_out_stands_what_they_would_distort_at_random():
    rows = {
        (row.scheme, row.q): row
        for row in distortion_rows(15, 3, [3, 5], schemes=["aspis", "byzshield", "median"], attacks=["weak"])
    }
    assert [rows["byzshield", q].distorted_files for q in (3, 5)] == [0, 0]
    assert [rows["byzshield", q].expected for q in (3, 5)] == pytest.approx([25 * 37 / 455, 25 * 110 / 455], rel=1e-12)
    assert [rows[scheme, 3].expected for scheme in ("aspis", "median")] == [None, None]
    (strong,) = distortion_rows(15, 3, [3], schemes=["byzshield"], attacks=["strong"])
    assert strong.expected is None


def test_a_fraction_that_is_no_smaller_is_no_reduction():
    higher = Reduction(9, 3, -8.1, (3, "detox"), 0.5, (2, "median"))
    assert higher.sentence == (
        "Against its rivals', Aspis's distortion fraction is 9.1 times as high (q=3, against detox) to 50.0% lower "
        "(q=2, against median) at K=9, r=3 under the strong attack."
    )
    same = Reduction(9, 3, 0.0, (3, "detox"), 0.0, (3, "detox"))
    assert "is the same (q=3, against detox) to the same (q=3, against detox) at K=9" in same.sentence


def test_another_assignment_or_parameter_for_a_scheme():
    other = {"byzshield": "ramanujan-2"}
    rows = list(distortion_rows(25, 5, [6], schemes=["byzshield"], assignments=other))
    assert [(row.assignment, row.distorted_files) for row in rows] == [("ramanujan-2", 4)]
    assert counts("aspis+", "strong", [2], parameters={"aspis+": {"pair_files": 2}}) == [2]


@pytest.mark.parametrize(
    ("further", "message"),
    [
        ({"schemes": ["aspsi"]}, "unknown scheme 'aspsi'; did you mean aspis"),
        ({"attacks": ["storng"]}, "unknown attack 'storng'; did you mean strong"),
        ({"byzantine": [8]}, "q must be 0 to 7"),
        ({"redundancy": 4}, "redundancy 4 is even"),
        ({"redundancy": 5, "schemes": ["byzshield"]}, "mols: no construction for 15 workers"),
    ],
)
def test_bad_requests_are_refused_before_any_row(further, message):
    request = {"workers": 15, "redundancy": 3, "byzantine": [2], **further}
    with pytest.raises(InputError, match=message):
        distortion_rows(request.pop("workers"), request.pop("redundancy"), request.pop("byzantine"), **request)


def test_the_reduction_spans_the_published_headline():
    found = reduction(24)
    assert (found.least_at, found.most_at) == ((11, "median"), (2, "detox"))
    assert found.sentence == (
        "Aspis reduces the distortion fraction by 17.0% (q=11, against median) to 99.2% (q=2, against detox) "
        "at K=24, r=3 under the strong attack."
    )
    with pytest.raises(InputError, match="q = 2 needs at least 5 workers"):
        reduction(4)


def test_what_can_be_built_for_24_workers():
    options = {(option.assignment, option.redundancy): option for option in buildable(24, 5)}
    assert set(options) == {
        ("baseline", 1), ("repetition", 3), ("subset", 3), ("mols", 3), ("bibd", 3), ("cyclic", 3),
        ("subset", 5), ("cyclic", 5), ("subset", 7), ("cyclic", 7),
    }  # fmt: skip
    mols = options["mols", 3]
    assert (mols.files, mols.load, mols.overhead, mols.distorted, mols.fraction) == (64, 8, 3, 8, 0.125)
    assert options["subset", 3].distorted == 200
    behind = {one.detector: one.distorted for one in buildable(24, 5, detectors=["clique", "certified"], max_load=300)
              if (one.assignment, one.redundancy) == ("subset", 3)}  # fmt: skip
    assert behind == {"clique": 128, "certified": 10}
    assert all(option.bound >= option.distorted for option in options.values())


def test_plans_are_cheapest_first_and_keep_what_they_promise():
    fitting = plan(24, 5, max_load=30, max_fraction=0.2)
    assert [(option.assignment, option.load) for option in fitting] == [("mols", 8), ("bibd", 23)]
    with pytest.raises(InputError, match=r"10 files a worker keeps ε within 0.01 at q=5; the least is 0.1250"):
        plan(24, 5, max_load=10, max_fraction=0.01)
    with pytest.raises(InputError, match="try a larger load"):
        plan(24, 5, max_load=0)
    with pytest.raises(InputError, match="fraction of 2 does not exist"):
        plan(24, 5, max_fraction=2)
    with pytest.raises(InputError, match="q must be 0 to 11"):
        buildable(24, 12)
