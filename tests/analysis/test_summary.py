"""What a reader sees first: means with intervals, gaps, reductions and the worst case over attacks."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from aspis_sim.analysis.headline import gaps, reductions, worst_over_attacks
from aspis_sim.analysis.summary import mean_of
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
    assert mean_of([1.0]).half_width is None
    assert mean_of([1.0] * 60).half_width == 0


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
