"""Verdicts on made-up results, and the choice and the file of a search for rates."""

from dataclasses import replace

import numpy as np
import pytest

from aspis_sim.errors import InputError
from aspis_sim.reproduction import preset, rate_search, regression
from aspis_sim.reproduction.comparison import BAND, Verdict, compare, conclusion, orders, points
from aspis_sim.run.rate import Validation
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.sweep import cost_of
from aspis_sim.study import StoredRun, StoredTrace

NONE = np.zeros(0)
NOTHING = StoredTrace(NONE, NONE, NONE, NONE, NONE, NONE)


@pytest.fixture(scope="module")
def study():
    """Figure 7a on the digits, which need no files."""
    found = preset.changed(preset.load("fig-7a", "small"), dataset="digits", model="mlp", lr=0.1, seed=(1, 2))
    return replace(found, series=found.series[:4])


def result(cell, values, validation=0.5, loss=1.0):
    """A run of this cell that was scored so, in percent."""
    curve = tuple((step, value / 100, 1.0) for step, value in enumerate(values, 1))
    row = row_of(resolve(cell)).replaced(top1=curve[-1][1], loss=1.0, seconds=2.5)
    return StoredRun(row, cell=cell, trace=NOTHING._replace(curve=curve), validation=Validation(validation, loss))


def told(runs, finals):
    """Results that end at these accuracies, half a point below and above for the two seeds."""
    return {
        run.group: [
            result(replace(run.group.first, seed=seed), (11, 50, final + off))
            for seed, off in zip(run.group.seeds, (-0.5, 0.5), strict=True)
        ]
        for run, final in zip(runs, finals, strict=True)
    }


def published_finals(runs):
    return [run.series.curve.final for run in runs]


def test_the_papers_own_accuracies_are_reproduced(study):
    runs = study.runs()
    found = compare(runs, told(runs, published_finals(runs)), as_published=True)
    assert [one.verdict for one in found] == [Verdict.WITHIN] * 4
    assert [one.difference for one in found] == [0.0] * 4
    assert [(one.first, one.best) for one in found] == [(11.0, max(50.0, one.published_final)) for one in found]
    assert {one.seconds for one in found} == {5.0}
    assert {one.seeds for one in found} == {"1 2"}
    assert conclusion(found, as_published=True) == [
        "Reproduced: 4 of 4 series end within 5 points of the published accuracy; "
        "2 of 2 pairs that were published more than 5 points apart in the same order."
    ]


@pytest.mark.parametrize(("off", "verdict"), [(BAND, "within"), (BAND + 0.1, "outside"), (-BAND - 0.1, "outside")])
def test_the_band(study, off, verdict):
    runs = study.runs()
    found = compare(runs, told(runs, [final + off for final in published_finals(runs)]), as_published=True)
    assert {one.verdict for one in found} == {verdict}
    assert conclusion(found, as_published=True)[0].startswith("Reproduced" if verdict == "within" else "Not reproduced")


def test_the_order_counts_beside_the_band(study):
    runs = study.runs()
    finals = published_finals(runs)
    finals[0], finals[2] = 20.0, 21.5  # Aspis and the median at q = 2
    found = compare(runs, told(runs, finals), as_published=True)
    (wrong,) = [pair for pair in orders(found) if not pair.same]
    assert (wrong.better, wrong.worse, round(wrong.published, 1), wrong.ours) == (
        "Aspis, q = 2",
        "Median, q = 2",
        44.9,
        -1.5,
    )
    last = conclusion(found, as_published=True)[-1]
    assert last == "Aspis, q = 2 against Median, q = 2: +44.9 points published, -1.5 here."


def test_another_data_set_gets_no_verdict_on_the_accuracies(study):
    runs = study.runs()
    found = compare(runs, told(runs, [90, 80, 70, 60]), as_published=False)
    assert {one.verdict for one in found} == {Verdict.ORDER_ONLY}
    (said,) = conclusion(found, as_published=False)
    assert said.startswith("Not the paper's data, model or batch: no verdict on the accuracies. 2 of 2 pairs")


def test_a_run_that_was_cut_gets_none_at_all(study):
    runs = study.runs(max_steps=2)
    found = compare(runs, told(runs, published_finals(runs)), as_published=True)
    assert {one.verdict for one in found} == {Verdict.CUT_SHORT}
    assert conclusion(found, as_published=True) == ["Cut short: no verdict. Leave `max_steps` out for one."]


def test_what_failed_is_no_success(study):
    runs = study.runs()
    results = told(runs, published_finals(runs))
    results[runs[0].group] = []
    found = compare(runs, results, as_published=True)
    assert (found[0].verdict, found[0].final, found[1].verdict) == (Verdict.FAILED, None, Verdict.WITHIN)
    assert conclusion(found, as_published=True)[0].startswith("Not reproduced: 3 of 4")


def test_curves_lie_over_the_share_of_the_run(study):
    runs = study.runs()
    found = points(runs, told(runs, published_finals(runs)))
    ours = [point for point in found if point.whose == "ours" and point.series == "Aspis, q = 2"]
    theirs = [point for point in found if point.whose == "published" and point.series == "Aspis, q = 2"]
    assert [round(point.top1, 6) for point in ours] == [11, 50, 67.6]
    assert [point.share for point in ours] == [step / runs[0].steps for step in (1, 2, 3)]
    assert (len(theirs), theirs[-1].share, theirs[-1].top1) == (22, 1.0, 67.6)


def test_the_cost_counts_every_run(study):
    groups = [run.group for run in study.runs()]
    runs, steps, samples = cost_of(groups)
    assert runs == 8
    assert steps == sum(2 * group.first.steps for group in groups)
    assert samples == sum(2 * resolve(group.first).samples_processed for group in groups)


def test_a_search_trains_every_pair_for_its_epochs(study):
    runs = rate_search.candidates(study)
    assert [(run.group.first.lr, run.series.decay) for run in runs[:8]] == [
        (x, y) for y in (0.7, 0.95) for x in (0.003, 0.01, 0.03, 0.1)
    ]
    assert len(runs) == 4 * 8
    assert {run.group.seeds for run in runs} == {(1,)}
    for run in runs:
        assert run.group.first.steps == -(-run.steps * 3 // 4)
        assert run.group.first.schedule == f"step:factor={run.series.decay}:every={run.every}"
    assert {run.group.first.steps for run in rate_search.candidates(study, max_steps=2)} == {2}
    with pytest.raises(InputError, match="fashion-mnist has no search"):
        rate_search.candidates(preset.load("fashion-mnist"))


def test_a_search_chooses_by_accuracy_then_loss_then_the_smaller_rate(study):
    study = replace(study, series=study.series[:2])
    runs = rate_search.candidates(study)
    scores = [(0.5, 1.0), (0.6, 2.0), (0.6, 1.5), (0.6, 1.5), *[(0.1, 1.0)] * 4, *[(0.2, 1.0)] * 8]
    results = {run.group: [result(run.group.first, (1,), *score)] for run, score in zip(runs, scores, strict=True)}
    del results[runs[8].group]
    found = rate_search.tries(study, runs, results)
    assert [number for number, one in enumerate(found) if one.chosen] == [2, 12]
    assert (found[2].x, found[2].y, found[2].top1) == (0.03, 0.7, 60.0)
    assert found[8].top1 is None


def test_the_rates_found_go_through_a_file(study, tmp_path):
    runs = rate_search.candidates(study)
    results = {run.group: [result(run.group.first, (1,), run.group.first.lr)] for run in runs[:16]}
    path = tmp_path / "rates.toml"
    path.write_text(rate_search.as_toml(rate_search.tries(study, runs, results), "by hand"))
    found = rate_search.with_rates(study, path)
    assert [(one.grid["lr"], one.decay) for one in found.series[:2]] == [((0.1,), 0.7)] * 2
    assert found.series[0].rate.startswith("searched: 10.0% on validation data after")
    assert found.series[0].grid["seed"] == (1, 2)
    assert found.series[2:] == study.series[2:]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('["Aspis, q = 3"]\nrates = 1\ndecay = 1\n', "unknown series 'Aspis, q = 3'; did you mean Aspis, q = "),
        ('["Aspis, q = 2"]\nrates = 1\n', "needs rates = x and decay = y"),
        ('["Aspis, q = 2"]\nrates = "a"\ndecay = 1\n', "rates of Aspis, q = 2 is 'a'; it is a number"),
        ('["Aspis, q = 2"]\nrates = 1\ndecay = 1\nrat = 1\n', "unknown key 'rat'; did you mean rate"),
        ("[", "is invalid TOML: "),
        (f"a = {'[' * 5000}", "is invalid TOML: it is nested too deeply"),
        (f"a = {'9' * 5000}", "is invalid TOML: a number is too long"),
    ],
)
def test_a_file_of_rates_that_is_not_understood(text, message, study, tmp_path):
    path = tmp_path / "rates.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        rate_search.with_rates(study, path)


def test_the_five_runs_of_the_regression_are_those_of_the_file():
    groups = [group for grid in regression.grids() for group in grid.groups()]
    assert all((len(group.rates), len(group.seeds)) == (1, 1) for group in groups)
    cells = [group.first for group in groups]
    assert [(cell.scheme, cell.attack, cell.payload, cell.q) for cell in cells] == [
        ("aspis", "strong", "alie", 4),
        ("aspis", "weak", "reversed", 4),
        ("aspis", "strong", "constant", 6),
        ("detox", "strong", "reversed", 4),
        ("median", "weak", "alie", 4),
    ]
    assert {cell.precision for cell in cells} == {"float64"}
