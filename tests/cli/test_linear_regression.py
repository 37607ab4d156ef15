"""The authors' linear regression through the ordinary command, loss by loss."""

import json
from pathlib import Path

import numpy as np
import pytest

from aspis_sim import assignment
from aspis_sim.reproduction.regression import ATTACKS, SCHEMES
from tests.cli.program import invoke, refused

REFERENCE = json.loads(Path(__file__).with_name("linear_regression.json").read_text())
"""Losses after every step of the authors' algorithm, written with nine digits."""


def train(case, *more):
    words = (
        f"train --dataset linear-regression --samples {case['samples']} --dimension {case['dimension']} "
        f"--workers {case['workers']} --redundancy {case['redundancy']} --scheme {SCHEMES[case['scheme']]} "
        f"--aggregator median --after-detection rule --attack {ATTACKS[case['scheme'], case['distort']]} "
        f"--payload {case['payload']} --q {case['adversaries']} --lr {case['learning_rate']} "
        f"--steps {case['iterations']} --seed {case['seed']} --init normal --format json"
    )
    if case["payload"] != "alie":
        words += f" --strength {case['constant']}"
    return json.loads(invoke(words, *more).stdout)


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"{case['scheme']}-{case['distort']}-{case['payload']}")
def test_every_loss_of_the_authors_code(case):
    losses = train(case, "--x64")["loss"]
    assert [float(f"{loss:.9g}") for loss in losses] == pytest.approx(case["loss"], rel=1e-9, abs=0)


def test_another_size_and_seed_against_numpy():
    """Weak reversed gradients on Aspis: everything is detected, the median is over honest files without the lost."""
    case = REFERENCE[1] | {"samples": 1333, "dimension": 7, "seed": 5, "iterations": 9, "learning_rate": 2e-3}
    record = train(case, "--x64")
    draws = np.random.RandomState(5)
    inputs, hidden, weights = (draws.normal(size=size) for size in ((1333, 7), (7, 1), (7, 1)))
    outputs = inputs @ hidden
    files = assignment.build("subset", workers=15, redundancy=3).files
    kept = ~(files < 4).all(1)
    losses = []
    for _ in range(9):
        parts = zip(np.array_split(inputs, 455), np.array_split(outputs, 455), strict=True)
        gradients = np.array([x.T @ (x @ weights - y) for x, y in parts])[kept]
        weights = weights - 2e-3 * np.median(gradients, axis=0)
        losses.append(float(np.square(outputs - inputs @ weights).sum() / (2 * 1333)))
    assert record["loss"] == pytest.approx(losses, rel=1e-11, abs=0)
    assert record["row"]["top1"] is None
    assert record["row"]["lost_measured"] == 4 / 455


def test_float32_is_near_and_no_accuracy_is_claimed():
    record = train(REFERENCE[0])
    assert record["loss"] == pytest.approx(REFERENCE[0]["loss"], rel=2e-4)
    assert all(point["top1"] is None for point in record["curve"])


def test_a_sweep_of_it_is_refused():
    said = refused("sweep --dataset linear-regression:samples=100:dimension=5 --q 2 --workers 7", lines=1)
    assert "a sweep compares accuracies, and linear-regression has no accuracy; use aspis-sim train" in said
