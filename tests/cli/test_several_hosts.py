"""Two processes of four virtual devices each do what one process does."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aspis_sim.devices.hosts import join_hosts
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.grid import Grid
from tests.cli import program
from tests.cli.program import invoke, refused
from tests.quick import ENVIRONMENT

ROOT = Path(__file__).parents[2]

TRAIN = "train --workers 7 --q 3 --model softmax --steps 12 --every 12 --samples-per-file 2 --format json --quiet"


def start(*more, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "JAX_PLATFORMS")}
    environment |= {**ENVIRONMENT, "ASPIS_CACHE_DIR": "", "JAX_PLATFORMS": "cpu", **variables}
    return program.start(TRAIN, *more, env=environment)


@pytest.mark.slow
@pytest.mark.parametrize("more", ["--attack strong", "--attack weak --worker-momentum 0.8"])
def test_two_processes_of_four_devices_are_one_of_one(more):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    together = f"--devices 8 --coordinator {address} --processes 2 {more}"
    started = [start(together, f"--process {index}") for index in range(2)]
    printed = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0], printed
    assert printed[1][0] == ""
    ours = json.loads(printed[0][0])
    theirs = json.loads(invoke(TRAIN, more).stdout)
    for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome"):
        assert ours[column] == theirs[column]
    np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=1e-5)
    assert ours["row"]["loss"] == pytest.approx(theirs["row"]["loss"], rel=1e-5)
    assert ours["row"]["top1"] == theirs["row"]["top1"]


def weights(devices):
    """The parameters after a run on so many devices."""
    grid = Grid.of(scheme="aspis", q=3, lr=0.1, seed=5, workers=7, model="softmax", steps=12, samples_per_file=2)
    cell = replace(grid.groups()[0].first, devices=devices)
    run = Run.start(resolve(cell).shape, resolve(cell).feed(), cell.seed).to(cell.steps, resolve(cell).decide)
    return np.asarray(run.state.weights)


TOGETHER = """
import sys
import numpy as np
from aspis_sim.devices.hosts import join_hosts
address, process, path = sys.argv[1:]
join_hosts(address, 2, int(process), devices=8)
from tests.cli.test_several_hosts import weights
np.save(path, weights(8))
"""


@pytest.mark.slow
def test_two_processes_come_to_the_parameters_of_one(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "JAX_PLATFORMS")}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    paths = [tmp_path / "first.npy", tmp_path / "second.npy"]
    started = [
        subprocess.Popen([sys.executable, "-c", TOGETHER, address, str(index), str(path)], env=environment)
        for index, path in enumerate(paths)
    ]
    alone = weights(1)
    assert [process.wait(timeout=180) for process in started] == [0, 0]
    first, second = map(np.load, paths)
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
