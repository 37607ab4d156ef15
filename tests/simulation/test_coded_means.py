"""Training on coded means: the rule meets a row a worker, however the work is cut up, and liars lie as a whole."""

import re
from typing import Any

import numpy as np
import pytest

import aspis_sim
from aspis_sim.distortion.table import distortion_rows
from aspis_sim.errors import InputError
from aspis_sim.run.figures.price import bytes_sent
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.grid import Grid
from tests.shapes import changed

SMALL: dict[str, Any] = {
    "scheme": "coded-mean",
    "workers": 7,
    "q": 0,
    "attack": "none",
    "dataset": "digits",
    "model": "softmax",
    "protocol": "files",
    "samples_per_file": 1,
    "steps": 4,
    "seed": 0,
    "lr": 0.1,
}


def job_of(**settings):
    (group,) = Grid.of(**SMALL | settings).groups()
    return resolve(group.first)


def ended(job, **ways):
    return Run.start(changed(job.shape, **ways), job.feed(), job.cell.seed).to(job.cell.steps, job.decide).state


def test_the_mean_of_honest_means_is_that_of_the_files():
    coded, plain = (ended(job_of(coding=code, rule="average")) for code in ("mean", "none"))
    np.testing.assert_allclose(coded.weights, plain.weights, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(coded.trace.loss, plain.trace.loss, rtol=1e-6)


@pytest.mark.parametrize("rule", ["median", "krum"])
def test_without_redundancy_means_are_the_gradients(rule):
    """Bit for bit: the mean of one file is its gradient."""
    given = {"q": 2, "attack": "strong", "rule": rule}
    coded, plain = (ended(job_of(**given, **own)) for own in ({"assignment": "baseline"}, {"scheme": "median"}))
    assert np.array_equal(coded.weights, plain.weights)
    assert np.asarray(coded.trace.distorted).tolist() == np.asarray(plain.trace.distorted).tolist() == [2] * 4


@pytest.mark.parametrize(
    ("rule", "payload", "way"),
    [
        ("median", "reversed", {"tile_bytes": 3000, "chunks": 3, "devices": 2}),
        ("nnm+trimmed_mean", "reversed", {"devices": 2}),
        ("nnm+trimmed_mean", "label_flip", {"chunks": 3}),
    ],
    ids=str,
)
def test_devices_tiles_and_chunks_change_nothing(rule, payload, way):
    job = job_of(q=2, attack="strong", payload=payload, rule=rule, clip_workers=1.0, model="mlp")
    usual, other = ended(job), ended(job, **way)
    np.testing.assert_allclose(other.weights, usual.weights, rtol=1e-4, atol=1e-6)
    assert np.array_equal(other.trace.distorted, usual.trace.distorted)


def test_momentum_is_kept_for_each_worker_wherever_its_columns_lie():
    job = job_of(q=2, attack="strong", worker_momentum=0.8, rule="median")
    one, two = (ended(job, devices=devices) for devices in (1, 2))
    assert {band.shape[0] for band in one.history} == {7}
    np.testing.assert_allclose(two.weights, one.weights, rtol=1e-4, atol=1e-6)


def test_a_liar_lies_in_its_only_row_whatever_the_attack_says_of_copies():
    for attack, count in (("none", 0), ("weak", 1), ("strong", 1), ("majority", 1), ("strongest", 1)):
        byzantine, distorts = job_of(q=1, attack=attack).memberships()
        assert byzantine.sum() == 1
        assert distorts.shape == (1, 7, 1)
        assert (distorts[0, :, 0] == (byzantine[0] if count else False)).all()
    assert job_of(q=2, attack="weak", assignment="cyclic").attack.byzantine.tolist() == (
        job_of(q=2, attack="weak", assignment="cyclic", scheme="average", coding="none").attack.byzantine.tolist()
    )


def test_the_rule_is_told_of_as_many_rows_as_there_are_liars():
    job = job_of(q=3, attack="strong")
    assert dict(job.rule_parameters)["f"] == 3
    assert job.distortable == 3
    assert dict(job_of(q=3, attack="strong", believed_q=2).rule_parameters)["f"] == 2


def test_a_worker_sends_one_vector_and_computes_what_it_did():
    coded, copies = job_of(), job_of(scheme="aspis")
    assert bytes_sent(coded) == 7 * 650 * 4 * 4
    assert bytes_sent(copies) == 15 * bytes_sent(coded)
    assert coded.samples_processed == copies.samples_processed
    assert bytes_sent(job_of(silent=2)) == 5 * 650 * 4 * 4


def test_a_row_says_what_came_of_the_means():
    row = aspis_sim.train(**SMALL | {"q": 2, "attack": "strong", "silent": 1}).row
    assert (row.files, row.load, row.coding) == (35, 15, "mean")
    assert (row.distortion_measured, row.lost_measured) == (2 / 7, 1 / 7)
    assert (row.distortion_theory, row.detection_rate) == (None, None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"detector": "clique"}, "returns one vector, and no two can be compared; take `detector=none`"),
        ({"compute": "replicated"}, "take `detector=none` and `compute=shared`"),
        ({"audits": 1}, "`audits=1` with detector none"),
        ({"evidence": "run"}, "`evidence=run` with detector none"),
        ({"attack": "frame-up", "q": 2}, "there are none; take none, weak, strong, majority, strongest"),
        ({"attack": "stealth", "q": 2}, "chooses which copies of a file disagree"),
        ({"permute": True, "worker_momentum": 0.5}, "take `worker_momentum=0` or `permute=false`"),
        ({"rule": "bulyan", "q": 2}, "f=2 of n=7 rows: needs n >= 4f + 3"),
    ],
)
def test_bad_input(settings, message):
    with pytest.raises(InputError, match=re.escape(message)):
        aspis_sim.train(**SMALL | settings)


def test_what_counts_votes_refuses_a_scheme_without_any():
    with pytest.raises(InputError, match="scheme coded-mean holds no vote"):
        list(distortion_rows(15, 3, [3], schemes=["coded-mean"]))
