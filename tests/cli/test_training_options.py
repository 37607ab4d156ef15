"""The options of training: listed, given all at once, and refused with one message where they cannot be."""

import json

import pytest

from tests.cli.program import invoke, one_line, refused

SMALL = (
    "train --scheme median --workers 5 --q 1 --dataset synthetic:height=4:width=4:channels=2:samples=210 "
    "--model softmax --samples-per-file 6 --format json"
)


@pytest.mark.parametrize(
    ("kind", "names"), [("schedules", {"constant", "step", "cosine"}), ("augmentations", {"none", "cifar"})]
)
def test_what_is_registered_is_listed(kind, names):
    found = json.loads(invoke("list", kind, "--format json").stdout)
    assert {one["name"] for one in found} == names
    assert all(one["kind"] == kind and one["summary"] for one in found)


def test_all_at_once():
    more = (
        "--epochs 2 --schedule step:factor=0.5:every=3:warmup=2 --clip-workers 1 --clip-server 0.5 "
        "--worker-momentum 0.5 --augment cifar:pad=1"
    )
    plain, full = (json.loads(invoke(SMALL, words).stdout) for words in ("--epochs 2", more))
    # 210 samples of which 7 tenths train: 147 of them twice, 30 a step.
    assert plain["row"]["steps"] == full["row"]["steps"] == len(full["loss"]) == 10
    assert full["row"]["status"] == "ok"
    assert plain["loss"][0] != full["loss"][0]
    assert plain["row"]["loss"] != full["row"]["loss"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--epochs 2 --steps 5", "5 steps and 2 epochs: a run takes one or the other"),
        ("--schedule stepp", "unknown schedule 'stepp'; did you mean step"),
        ("--schedule step:evry=2", "schedule 'step': got an unexpected keyword argument 'evry'"),
        ("--augment cifar", "an image of 4x4 has no 4 pixels to reflect at each edge; take cifar:pad=3 or less"),
        ("--clip-server -1", "--clip-server -1.0; a norm to clip to is a positive number"),
        ("--worker-momentum 1", "worker momentum 1.0"),
        ("--worker-momentum 0.9 --memory 2kB", "momentum at the workers keeps a history of each of 5 gradients"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(words, message):
    assert message in one_line(refused(SMALL, words))
