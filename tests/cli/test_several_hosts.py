"""Two processes of four virtual devices each do what one process does."""

import json
import socket
from dataclasses import replace

import numpy as np
import pytest

from aspis_sim.devices.hosts import join_hosts
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.grid import Grid
from tests.cli.forked import Asked, forked
from tests.cli.program import invoke, refused

TRAIN = "train --workers 7 --q 3 --model softmax --steps 12 --every 12 --samples-per-file 2 --format json --quiet"


def weights(devices):
    """The parameters after a run on so many devices."""
    grid = Grid.of(scheme="aspis", q=3, lr=0.1, seed=5, workers=7, model="softmax", steps=12, samples_per_file=2)
    cell = replace(grid.groups()[0].first, devices=devices)
    run = Run.start(resolve(cell).shape, resolve(cell).feed(), cell.seed).to(cell.steps, resolve(cell).decide)
    return np.asarray(run.state.weights)


SETTINGS = ("--attack strong", "--attack weak --worker-momentum 0.8")

TOGETHER = """
import sys
import numpy as np
from aspis_sim_cli.app import main
from tests.cli.test_several_hosts import SETTINGS, TRAIN, weights

*joining, path = sys.argv[1:]
for more in SETTINGS:
    sys.argv = ["aspis-sim", *TRAIN.split(), "--devices", "8", *joining, *more.split()]
    joining = []  # once it has joined, all devices are there
    try:
        main()
    except SystemExit as leaving:
        assert not leaving.code, leaving
np.save(path, weights(8))
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What two processes have printed of each setting, and the parameters that they came to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    paths = [tmp_path_factory.mktemp("weights") / "weights.npy" for _ in range(2)]
    words = f"--coordinator {address} --processes 2 --process"
    ended = forked([Asked(f"{words} {index} {path}", code=TOGETHER) for index, path in enumerate(paths)])
    assert [one.returncode for one in ended] == [0, 0], ended
    assert ended[1].stdout == ""
    return dict(zip(SETTINGS, values_of(ended[0].stdout), strict=True)), [np.load(path) for path in paths]


def values_of(text):
    """The values of JSON that stand one after the other."""
    while text := text.lstrip():
        value, end = json.JSONDecoder().raw_decode(text)
        yield value
        text = text[end:]


@pytest.mark.slow
@pytest.mark.parametrize("more", SETTINGS)
def test_two_processes_of_four_devices_are_one_of_one(both, more):
    ours = both[0][more]
    theirs = json.loads(invoke(TRAIN, more).stdout)
    for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome"):
        assert ours[column] == theirs[column]
    np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=1e-5)
    assert ours["row"]["loss"] == pytest.approx(theirs["row"]["loss"], rel=1e-5)
    assert ours["row"]["top1"] == theirs["row"]["top1"]


@pytest.mark.slow
def test_two_processes_come_to_the_parameters_of_one(both):
    _, (first, second) = both
    alone = weights(1)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, alone, rtol=1e-4, atol=1e-6)
    assert np.abs(alone).max() > 0.01


def test_nobody_listening_is_said():
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9 was not reached within 0 s .*start process 0"):
        join_hosts("127.0.0.1:9", 2, 1, devices=2, seconds=0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--processes 2", "need --coordinator"),
        ("--coordinator here --processes 2 --process 0", "HOST:PORT"),
        ("--coordinator 127.0.0.1:9", "needs --processes"),
        ("--coordinator 127.0.0.1:9 --processes 2 --process 2 --devices 2", "counted from 0 to 1"),
        ("--coordinator 127.0.0.1:9 --processes 2 --process 0 --devices 3", "--devices 4"),
    ],
)
def test_what_does_not_fit_is_said_before_any_work(words, says):
    assert says in refused(TRAIN, words)
