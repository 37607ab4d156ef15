"""What a reader sees first: means with intervals, gaps, reductions and the worst case over attacks."""

from dataclasses import replace

import numpy as np
import pytest
from aspis_sim_cli.render.sweep_table import headline
from scipy import stats

from aspis_sim.analysis.headline import at_random, gaps, only_ours, reductions, worst_over_attacks
from aspis_sim.analysis.summary import Mean, mean_of, spread_text
from aspis_sim.analysis.tables import tables_of
from aspis_sim.files import write_whole
from aspis_sim.records import as_csv, as_json
from aspis_sim.run.row import COLUMNS
from aspis_sim.schemes import family
from aspis_sim.spec.grid import Grid
from tests.rows import of_cell

GRID = Grid.of(scheme=("aspis", "median"), q=(1, 2), attack=("strong", "decoy"), seed=(0, 1), workers=7)


def row_of(cell, seed, top1, epsilon):
    measured = {"distortion_theory": epsilon, "distortion_measured": epsilon, "lost_measured": 0.0}
    unknown = {"detection_rate": None, "false_accusation_rate": None}
    return of_cell(cell, seed=seed, top1=top1, loss=1.0, samples_processed=1, **measured, **unknown)


@pytest.fixture(scope="module")
def shown():
    rows = []
    for group in GRID.groups():
        cell = group.first
        top1 = {"aspis": 0.9, "median": 0.7}[cell.scheme] - 0.1 * cell.q - 0.05 * (cell.attack == "decoy")
        epsilon = {"aspis": 0.05, "median": 0.2}[cell.scheme] * cell.q
        rows += [row_of(cell, seed, top1 + 0.02 * seed, epsilon) for seed in group.seeds]
    return tables_of(rows)


def test_intervals_are_those_of_student():
    mean = mean_of([1.0, 2.0, 3.0, 4.0])
    assert mean.value == 2.5
    assert mean.half_width == pytest.approx(3.182446305284263 * np.std([1, 2, 3, 4], ddof=1) / 2, rel=1e-12)
    many = np.random.default_rng(0).normal(size=70)
    low, high = stats.t.interval(0.95, 69, many.mean(), stats.sem(many))
    assert mean_of(many.tolist()).half_width == pytest.approx((high - low) / 2, rel=1e-12)
    assert mean_of([1.0]) == Mean(1.0)
    assert mean_of([1.0] * 60).half_width == 0


def test_figures_whose_squares_would_overflow_have_an_interval():
    one, huge = mean_of([1.0, 2.0, 3.0, 4.0]), mean_of([2.0**990 * value for value in (1, 2, 3, 4)])
    assert one.half_width is not None
    assert (huge.value, huge.half_width) == (2.0**990 * one.value, 2.0**990 * one.half_width)
    assert mean_of([0.0] * 5).half_width == 0


def test_an_interval_of_accuracies_stays_within_0_and_1():
    for values, low, high in (
        ([1.0, 1.0, 1.0, 0.9], 0.8954388, 1.0),
        ([0.0, 0.0, 0.0, 0.1], 0.0, 0.1045612),
        ([0.0, 0.0, 1.0, 1.0], 0.0, 1.0),
    ):
        mean = mean_of(values, (0.0, 1.0))
        assert (mean.low, mean.high) == pytest.approx((low, high), abs=1e-6)
        assert mean.ends == pytest.approx((mean.value - low, high - mean.value), abs=1e-6)
    assert mean_of([1.0, 1.0, 1.0, 0.9], (0.0, 1.0)).half_width is None
    assert spread_text(mean_of([1.0, 1.0, 1.0, 0.9], (0.0, 1.0))) == " [89.5, 100]"
    assert spread_text(mean_of([0.5, 0.6, 0.7, 0.8], (0.0, 1.0))) == " ±20.5"


@pytest.mark.parametrize("values", [[0.1, 0.9], [0.9, 0.1, 0.5]])
def test_fewer_than_four_seeds_have_a_range_that_is_called_one(values):
    mean = mean_of(values, (0.0, 1.0))
    assert (mean.low, mean.high, mean.ranged, mean.half_width) == (0.1, 0.9, True, None)
    assert spread_text(mean) == " (10.0–90.0)"
    assert not mean_of([*values, 0.2, 0.3], (0.0, 1.0)).ranged


def test_a_scheme_that_distorts_more_reduces_nothing(shown):
    median = shown.tables[0]
    assert [round(one.share, 6) for one in reductions(median, "median")] == [-3.0, -3.0]
    text = " ".join(headline(replace(median, schemes=("median", "aspis"))))
    assert "Against its rivals', median's distortion fraction is 4 times as high (aspis, q=" in text
    assert "lower than its rivals'" not in text
    assert "-" not in text.partition("distortion fraction")[2]


def test_where_a_rival_distorts_nothing_it_is_said_instead_of_divided(shown):
    table = shown.tables[0]
    none = {
        key: replace(entry, rows=tuple(row.replaced(distortion_measured=0.0) for row in entry.rows))
        if key[0] == "median"
        else entry
        for key, entry in table.entries.items()
    }
    better = replace(table, entries=none)
    assert reductions(better, "aspis") == ()
    assert only_ours(better, "aspis") == (("median", 1), ("median", 2))
    text = " ".join(headline(better))
    assert "aspis has distorted files where a rival has none: median at q=1, median at q=2." in text


def test_the_mean_over_random_workers_stands_beside_workers_that_are_spread_out():
    def tables(attack):
        grid = Grid.of(scheme=("aspis", "byzshield", "median"), q=(3, 5), attack=attack, seed=(0,), workers=15)
        rows = [row_of(group.first, 0, 0.5, 0.0) for group in grid.groups()]
        files = {"subset": 455, "mols": 25, "baseline": 15}
        return tables_of([row.replaced(files=files[row["assignment"]]) for row in rows]).tables[0]

    found = [(one.scheme, one.q, round(one.count, 2), one.files) for one in at_random(tables("weak"))]
    assert found == [("byzshield", 3, 2.03, 25), ("byzshield", 5, 6.04, 25)]
    assert at_random(tables("weak:placement=spread")) == at_random(tables("weak"))
    for attack in ("strong", "weak:placement=random", "weak:placement=worst", "frame-up"):
        assert at_random(tables(attack)) == ()
    assert "in more files: 2.0 of 25 for byzshield at q=3" in " ".join(headline(tables("weak")))


def test_what_diverged_is_counted_and_said(shown):
    table = shown.tables[0]
    entry = table.entries["aspis", 2]
    gone = replace(entry, rows=(entry.rows[0], entry.rows[1].replaced(status="diverged")))
    text = " ".join(headline(replace(table, entries={**table.entries, ("aspis", 2): gone})))
    assert (entry.diverged, gone.diverged) == (0, 1)
    assert "! aspis diverged: 1 of 2 at q=2 (weights that are not finite, or a loss of more than 10 times" in text
    assert "diverged" not in " ".join(headline(table))


def test_gaps_and_reductions_are_against_other_families(shown):
    strong = shown.tables[0]
    assert (strong.attack, len(shown.tables)) == ("strong", 2)
    assert [(gap.q, round(gap.points, 6), gap.rival) for gap in gaps(strong, "aspis")] == [
        (1, 20.0, "median"),
        (2, 20.0, "median"),
    ]
    assert [round(one.share, 6) for one in reductions(strong, "aspis")] == [0.75, 0.75]
    assert family("aspis-certified") == family("aspis+") == family("aspis") != family("median")


def test_the_worst_attack_is_found_for_every_scheme_and_q(shown):
    (worst,) = worst_over_attacks(shown)
    assert worst.title == "worst over attacks, payload alie 1, K=7, r=3, digits, mlp, 300 steps"
    assert {key: attack for key, (attack, _) in worst.entries.items()} == dict.fromkeys(
        [(scheme, q) for scheme in ("aspis", "median") for q in (1, 2)], "decoy"
    )
    mean = worst.entries["aspis", 2][1].top1
    assert mean is not None
    assert mean.value == pytest.approx(0.66)
    assert worst_over_attacks(tables_of(list(shown.tables[0].rows()))) == ()


def test_a_figure_that_differs_from_the_published_one_is_seen(shown):
    entry = shown.tables[0].entries["aspis", 1]
    assert entry.as_published
    off = replace(entry, rows=tuple(row.replaced(distortion_measured=0.06) for row in entry.rows))
    assert not off.as_published
    assert off.beyond_published
    unpublished = replace(off, rows=tuple(row.replaced(distortion_theory=None) for row in off.rows))
    assert (unpublished.theory, unpublished.as_published, unpublished.beyond_published) == (None, False, False)


def test_a_scheme_without_redundancy_is_trained_once_for_all_redundancies():
    both = GRID.replaced(workers=15, redundancy=(3, 5), scheme=("median", "detox"), attack="strong")
    groups = both.groups()
    assert sum(group.first.scheme == "median" for group in groups) == 2
    assert sum(group.first.scheme == "detox" for group in groups) == 4
    tables = tables_of([row_of(group.first, 0, 0.5, 0.1) for group in groups]).tables
    assert [(table.context["redundancy"], table.schemes) for table in tables] == [
        (3, ("median", "detox")),
        (5, ("median", "detox")),
    ]


def test_frames_of_a_grid_are_tried_with_the_q_that_are_larger():
    frames = GRID.replaced(q=(1, 2, 3), attack="frame-up", framed=(1, 2), scheme="aspis")
    found: dict[object, list[int]] = {}
    for group in frames.groups():
        found.setdefault(group.first.framed, []).append(group.first.q)
    assert found == {1: [2, 3], 2: [3]}


def test_rows_keep_their_precision_and_json_has_no_nan(shown):
    row = next(shown.tables[0].rows()).replaced(distortion_measured=2 / 455, loss=float("nan"))
    assert "0.004395604395604396" in as_csv([row], tuple(COLUMNS))
    assert '"loss": "nan"' in as_json([row])


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "rows.csv"
    write_whole(path, "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")
    assert path.read_text() == "old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.parametrize("count", [2, 3, 7])
def test_the_mean_of_equal_values_is_that_value_and_its_spread_is_not_negative(count):
    for numerator in range(1, 359):
        mean = mean_of([numerator / 359] * count)
        assert mean.value == numerator / 359
        assert min(mean.ends) >= 0
