"""When a run has diverged: its weights are not finite, or its loss exploded."""

from dataclasses import replace

import numpy as np
import pytest

from aspis_sim.run.figures.columns import EXPLODED
from aspis_sim.run.rate import Validation
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import COLUMNS, row_of
from aspis_sim.run.train import Result
from aspis_sim.simulation import Score, Trace
from aspis_sim.spec.grid import Grid


def ended(dataset="digits", top1=0.1, loss=1.0, first=2.3, finite=True):
    """A run that ended with this score."""
    (group,) = Grid.of(scheme="median", q=1, attack="none", seed=0, dataset=dataset).groups()
    steps = np.zeros(3, np.int64)
    trace = Trace(np.array([first, first, loss]), *(steps,) * 5)
    return Result(group.first, Validation(top1, loss), trace=trace, finite=finite, test=Score(top1, loss))


def status(result):
    return row_of(resolve(result.cell), result)["status"]


@pytest.mark.parametrize("loss", [1.7e6, 10.001 * np.log(10), float("inf"), float("nan")])
@pytest.mark.parametrize("top1", [0.0, 0.1, 0.9])
def test_a_loss_that_exploded_is_diverged_whatever_the_accuracy(loss, top1):
    assert status(ended(loss=loss, top1=top1)) == "diverged"


def test_a_loss_up_to_ten_times_that_of_chance_is_none():
    assert EXPLODED == 10
    for loss in (0.0, np.log(10), 9.999 * np.log(10)):
        assert status(ended(loss=loss)) == "ok"
    assert status(ended(finite=False)) == "diverged"


def test_without_classes_the_loss_before_the_first_step_counts():
    regression = ended("linear-regression:samples=300:dimension=5", top1=None, loss=49.0, first=5.0)
    assert status(regression) == "ok"
    assert status(replace(regression, test=Score(None, 51.0))) == "diverged"
    assert status(replace(regression, test=Score(None, float("nan")))) == "diverged"


def test_a_run_that_failed_has_failed_and_one_to_come_is_ok():
    failed = replace(ended(), failure="x", test=None, trace=None)
    assert status(failed) == "failed: x"
    assert row_of(resolve(failed.cell))["status"] == "ok"


def test_the_column_says_what_the_factor_is():
    assert "a loss of more than 10 times that of chance: log(classes)" in COLUMNS["status"].meaning
