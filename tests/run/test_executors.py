"""Where the runs of a sweep are computed must not be seen in what comes out."""

import os
import pickle
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aspis_sim.errors import InputError
from aspis_sim.run.executors import EXECUTORS
from aspis_sim.run.executors.local import local
from aspis_sim.run.executors.ray_cluster import ray_cluster
from aspis_sim.run.executors.worker import Worker, WorkerLost
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.sweep import sweep
from aspis_sim.run.train import Stopped, train
from aspis_sim.spec.cell import KNOBS
from aspis_sim.spec.grid import Grid
from tests.quick import ENVIRONMENT

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


@pytest.fixture(autouse=True)
def _workers_compile_quickly(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", ENVIRONMENT["XLA_FLAGS"])


@contextmanager
def a_worker():
    worker = Worker()
    try:
        yield worker
    finally:
        worker.end()


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


def children():
    """The worker processes of this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == os.getpid() and b"executors.worker" in (path.parent / "cmdline").read_bytes():
                found.append(int(path.parent.name))
        except (OSError, ValueError):
            continue
    return found


def test_one_thread_and_three_give_the_same_rows():
    assert rows(local(1)) == rows(local(3))


in_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="workers are found in /proc")


@in_proc
def test_processes_of_which_one_is_killed_give_the_rows_of_threads():
    killed: list[int] = []

    def kill_one(event):
        if not killed and (at_work := children()) and event.steps:
            os.kill(at_work[0], signal.SIGKILL)
            killed.append(at_work[0])

    assert rows(local(2, much=0), kill_one) == rows(local(1))
    assert len(killed) == 1
    assert not children()


def test_what_fails_in_a_process_says_why_and_the_others_go_on():
    with a_worker() as worker:
        with pytest.raises(InputError, match="unknown rule"):
            worker.ask("train", replace(GROUPS[0].first, rule="medain"), None)
        there, here = worker.ask("train", GROUPS[0].first, None).trace, train(GROUPS[0].first).trace
        assert here is not None
        assert there.loss.tolist() == here.loss.tolist()


@in_proc
def test_a_process_that_is_told_to_stop_ends_at_once():
    def stop(steps):
        raise Stopped

    with a_worker() as worker:
        with pytest.raises(Stopped):
            worker.ask("train", replace(GROUPS[0].first, steps=10**5), None, tick=stop)
        assert not children()


def test_a_worker_that_is_lost_each_time_fails_its_cell(monkeypatch):
    monkeypatch.setattr("aspis_sim.run.executors.worker.MAIN", "import os; os._exit(3)  # {}")
    with local(2, much=0) as pool:
        pool.prepare((), 1)
        with pytest.raises(WorkerLost, match=r"4 worker processes were lost.*with code 3"):
            pool.submit(GROUPS[0].first, lambda steps: None).result()


def test_cells_of_several_devices_and_of_plugins_stay_in_this_process():
    with local(2, much=0) as pool:
        pool.prepare((), 1)
        assert pool.stays_here(replace(GROUPS[0].first, devices=2))
        of_plugin: Any = SimpleNamespace(devices=1, plugins=("a plugin",))
        assert pool.stays_here(of_plugin)
        assert not pool.stays_here(GROUPS[0].first)
    with local(2) as pool:
        pool.prepare((), 1)
        assert pool.stays_here(GROUPS[0].first)


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
