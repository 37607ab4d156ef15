"""The tolerance of a run: what it is where none is given, and what a lie that hides under it does to the update."""

import csv
import io
from typing import Any

import numpy as np
import pytest

import aspis_sim
from aspis_sim.run.resolve import resolve
from aspis_sim.run.trying import prepared
from aspis_sim.simulation import Run
from aspis_sim.spec.grid import Grid
from tests.run.test_reference import check

TINY: dict[str, Any] = {
    "scheme": "aspis",
    "workers": 5,
    "q": 2,
    "model": "softmax",
    "samples_per_file": 1,
    "seed": 0,
    "lr": 0.1,
}
FILES, LYING_FIRST = 10, 9
"""Of the 10 triples of 5 workers, 9 begin with worker 0 or 1, the Byzantine ones."""


def cell_of(**settings):
    (group,) = prepared(Grid.of(**TINY | settings))
    return group.first


def after(cell):
    """The run of a cell when it is done."""
    job = resolve(cell)
    return Run.start(job.shape, job.feed(), cell.seed).to(cell.steps, job.decide)


def test_it_follows_the_compute_mode_unless_it_is_given():
    groups = Grid.of(**TINY, compute=("shared", "replicated")).groups()
    assert [(one.first.compute, one.first.tolerance) for one in groups] == [("shared", 0.0), ("replicated", 1e-5)]
    groups = Grid.of(**TINY, compute=("shared", "replicated"), tolerance=1e-3).groups()
    assert [one.first.tolerance for one in groups] == [1e-3, 1e-3]


def test_the_column_holds_what_was_used_and_titles_name_only_what_is_unusual():
    settings = {name: value for name, value in TINY.items() if name != "seed"}
    results = aspis_sim.sweep(**settings, seeds=0, steps=1, attack="strong", compute="shared,replicated")
    table = csv.DictReader(io.StringIO(results.to_csv()))
    assert [(row["compute"], row["tolerance"]) for row in table] == [("shared", "0.0"), ("replicated", "1e-05")]
    assert "tolerance" not in results.table()


@pytest.mark.parametrize("payload", ["alie", "constant"])
def test_without_a_tolerance_shared_copies_give_the_same_verdicts_bit_for_bit(payload):
    exact, loose = (
        after(cell_of(payload=payload, attack="strong", steps=4, tolerance=tolerance)) for tolerance in (0, 1e-5)
    )
    for one, other in zip(exact.state.trace, loose.state.trace, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(exact.state.weights, loose.state.weights)
    assert np.asarray(exact.state.trace.distorted).sum() > 0


HIDDEN = {"payload": "hidden", "attack": "weak", "momentum": 0.0, "steps": 1}


@pytest.mark.parametrize(
    ("compute", "precision", "tolerance"),
    [
        ("shared", "float32", 0.05),
        ("shared", "bfloat16", 1e-5),
        ("replicated", "float32", 1e-5),
        ("replicated", "bfloat16", 0.05),
    ],
)
def test_a_hidden_lie_is_accused_of_nothing_counted_and_slows_the_descent(compute, precision, tolerance):
    """The update is the mean over files: what it loses is the mean of tolerance · ‖g‖ over the files that lie."""
    given = {"compute": compute, "precision": precision, "detector": "none", "rule": "average"}
    honest, lying = (after(cell_of(**HIDDEN | given | {"tolerance": one})) for one in (0, tolerance))
    for run, distorted in ((honest, 0), (lying, LYING_FIRST)):
        trace = run.state.trace
        counts = (trace.distorted, trace.lost, trace.excluded_byzantine, trace.excluded_honest)
        assert [int(one[0]) for one in counts] == [distorted, 0, 0, 0]
    start = np.asarray(resolve(cell_of()).network.initial(resolve(cell_of()).feed().key, 0), np.float64)
    plain, slowed = ((start - np.asarray(run.state.weights, np.float64)) / 0.1 for run in (honest, lying))
    lost = (plain - slowed) @ plain / np.linalg.norm(plain)
    norms = np.linalg.norm(_gradients(cell_of(**HIDDEN)), axis=1)
    expected = tolerance * norms.mean() * LYING_FIRST / FILES
    if tolerance == 0.05:
        assert 0.7 * expected < lost < 1.3 * expected
    else:
        assert lost > 0
    rounding = {"float32": 1e-6, "bfloat16": 2**-8 * np.linalg.norm(plain)}  # of the update itself
    assert np.linalg.norm(plain - slowed) < 1.3 * expected + rounding[precision]


def _gradients(cell):
    """The files' gradients at the first step, [f, d]."""
    from aspis_sim.run.reference.returns import returned_by
    from aspis_sim.streams import sample_order, stream

    job = resolve(cell)
    inputs, labels = job.network.train(cell.seed)
    drawn = np.asarray(sample_order(stream(job.feed().key, "data"), len(labels), job.batch_size))
    chosen = drawn.reshape(len(job.assignment.files), -1)
    weights = job.network.initial(job.feed().key, 0)
    return np.asarray(returned_by(job.network, 1)(weights, cell.lr, inputs[chosen], labels[chosen])[1])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"detector": "certified"},
        {"detector": "none", "rule": "average"},
        {"compute": "replicated"},
        {"workers": 6, "scheme": "detox"},
    ],
    ids=str,
)
def test_the_readable_run_counts_hidden_lies_and_takes_them_too(settings):
    """Votes, verdicts, counts and updates against the run that forms every copy, in float64."""
    check(payload="hidden", attack="weak", tolerance=0.05, **settings)
