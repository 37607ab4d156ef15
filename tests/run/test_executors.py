"""Where the runs of a sweep are computed must not be seen in what comes out."""

import os
import pickle
import signal
import time
from pathlib import Path

import pytest

from aspis_sim.errors import InputError
from aspis_sim.run.executors import EXECUTORS
from aspis_sim.run.executors.ray_cluster import ray_cluster
from aspis_sim.run.executors.local import local
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.sweep import sweep
from aspis_sim.spec.cell import KNOBS
from aspis_sim.spec.grid import Grid

GROUPS = Grid.of(scheme=("detox", "median"), q=(1, 2), seed=(0, 1), lr=(0.1,), steps=150, model="softmax").groups()


def rows(executor, watch=lambda event: None):
    found = []
    for event in sweep(GROUPS, executor):
        watch(event)
        if event.settled is not None:
            result = event.result
            assert result is not None
            assert not result.failure
            assert result.trace
            assert result.cell == event.settled
            row = row_of(resolve(result.cell), result).replaced(seconds=None)
            found.append((row, result.trace.loss.tolist()))
    return sorted(found, key=lambda one: (one[0].scheme, one[0].q, one[0].seed))


def workers_at_work():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"ray::_train_cell" in path.read_bytes():
                yield int(path.parent.name)
        except OSError:
            continue


def test_a_cell_travels_without_what_was_made_from_it():
    cell = GROUPS[0].first
    job = resolve(cell)
    assert job.network is not None
    assert {"network", "cell"} <= vars(job).keys()
    travelled = pickle.loads(pickle.dumps(cell))
    assert travelled == cell
    assert vars(travelled).keys() == vars(cell).keys() == KNOBS.keys()


def test_one_thread_and_three_give_the_same_rows():
    assert rows(local(1)) == rows(local(3))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="workers are found in /proc")
def test_a_ray_cluster_that_loses_a_worker_gives_the_rows_of_this_process():
    pytest.importorskip("ray")
    killed: list[int] = []
    machines = []

    def kill_one(event):
        if event.result is not None:
            machines.append(event.result.machine)
        if not killed:
            at_work = list(workers_at_work())
            if at_work:
                os.kill(at_work[0], signal.SIGKILL)
                killed.append(at_work[0])
        time.sleep(0.01)

    assert rows(ray_cluster(workers=2), kill_one) == rows(local())
    assert len(killed) == 1
    assert all(machine is not None and machine.host for machine in machines)


def test_a_cluster_that_is_not_there_is_said():
    pytest.importorskip("ray")
    with pytest.raises(InputError, match=r"no Ray cluster at 127\.0\.0\.1:9"), ray_cluster("127.0.0.1:9"):
        pass


def test_executors_are_named():
    with pytest.raises(InputError, match="did you mean ray"):
        EXECUTORS.check("rya")
