"""``--coordinator auto`` under Slurm, whose variables are faked here: tasks, their devices and where they meet."""

import json
import socket
from contextlib import ExitStack

import pytest

from aspis_sim.devices.slurm import Task, devices_of, first_node, slurm_task
from aspis_sim.errors import InputError
from tests.cli.forked import Asked, forked
from tests.cli.program import invoke, refused
from tests.cli.test_several_hosts import TRAIN

STEP = {
    "SLURM_JOB_ID": "4242",
    "SLURM_STEP_ID": "0",
    "SLURM_STEP_NODELIST": "127.0.0.1",
    "SLURM_STEP_NUM_NODES": "1",
    "SLURM_NTASKS": "2",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
}


def free_ports(count):
    with ExitStack() as stack:
        free = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in free:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in free]


JOIN = """
import socket, sys
import jax
from jax._src.xla_bridge import CUDA_VISIBLE_DEVICES
from aspis_sim.devices.hosts import join_hosts
port, *given = sys.argv[1:]
coordinator, processes, index = (given[0], int(given[1]), int(given[2])) if given else (None, None, None)
join_hosts(coordinator, processes, index, devices=4)
print(CUDA_VISIBLE_DEVICES.value, len(jax.devices()))
def listens(host):
    try:
        return not socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    try:
        probe.connect(("192.0.2.254", 9))
        other = probe.getsockname()[0]
    except OSError:
        other = "127.0.0.1"
print(listens("127.0.0.1"), not other.startswith("127.") and listens(other))
"""
"""GPUs that JAX would take and devices that it has; whether loopback and another address of this host answer."""


@pytest.fixture(scope="module")
def ends():
    """How processes ended that are given Slurm's variables, or none."""
    alone = STEP | {"SLURM_NTASKS": "1"}
    by_hand = STEP | {"SLURM_NTASKS": "7", "SLURM_LOCALID": "5"}
    ports = dict(zip(("tasks", "alone", "some", "loopback", "by hand"), free_ports(5), strict=True))

    def joining(name, variables, given=""):
        return Asked(f"{ports[name]} {given}", variables | {"JAX_COORDINATOR_PORT": ports[name]}, JOIN)

    asked = {
        f"task {index}": Asked(
            f"{TRAIN} --devices 8 --coordinator auto --attack strong",
            STEP | {"SLURM_PROCID": str(index), "JAX_COORDINATOR_PORT": ports["tasks"]},
        )
        for index in range(2)
    } | {
        "alone": joining("alone", alone),
        "some": joining("some", alone | {"JAX_LOCAL_DEVICE_IDS": "2,3"}),
        "loopback": joining("loopback", alone, f"127.0.0.1:{ports['loopback']} 1 0"),
        "by hand": joining("by hand", by_hand, f"localhost:{ports['by hand']} 1 0"),
        "outside": Asked(f"{TRAIN} --devices 2 --coordinator auto"),
    }
    return dict(zip(asked, forked(list(asked.values())), strict=True))


@pytest.mark.slow
def test_two_tasks_of_srun_share_virtual_devices_and_do_what_one_process_does(ends):
    tasks = [ends["task 0"], ends["task 1"]]
    assert [one.returncode for one in tasks] == [0, 0], tasks
    assert tasks[1].stdout == ""
    ours = json.loads(tasks[0].stdout)
    theirs = json.loads(invoke(TRAIN, "--attack strong").stdout)
    for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome"):
        assert ours[column] == theirs[column]


def lines_of(end):
    assert end.returncode == 0, end.stderr
    return end.stdout.strip().splitlines()


@pytest.mark.slow
def test_one_task_per_node_takes_all_its_devices_and_a_coordinator_on_loopback_listens_there_alone(ends):
    assert lines_of(ends["alone"]) == ["0,1,2,3 4", "True False"]
    assert lines_of(ends["some"])[0] == "2,3 4"
    assert lines_of(ends["loopback"]) == ["0,1,2,3 4", "True False"]


@pytest.mark.slow
def test_processes_by_hand_within_a_job_of_slurm_take_all_that_they_see(ends):
    assert lines_of(ends["by hand"]) == ["all 4", "True False"]


def task(local=0, processes=4):
    return Task("node:1", processes, 0, local)


@pytest.mark.parametrize(
    ("local", "each", "visible", "devices"),
    [
        (0, 8, None, list(range(8))),
        (3, 1, None, [3]),
        (1, 4, "0,1,2,3,4,5,6,7", [4, 5, 6, 7]),
        (3, 1, "3", [0]),
        (1, 2, "2,3", [0, 1]),
        (0, 4, "0,1,2,3,4,5,6,7", [0, 1, 2, 3]),
    ],
)
def test_a_task_takes_its_own_gpus_of_those_that_it_sees(local, each, visible, devices):
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert devices_of(task(local), each, environment) == devices
    assert devices_of(task(local), each, {"CUDA_VISIBLE_DEVICES": "", **environment}) == devices


def test_tasks_of_a_node_share_no_gpu_and_leave_none():
    taken = [
        one for local in range(4) for one in devices_of(task(local), 2, {"CUDA_VISIBLE_DEVICES": "0,1,2,3,4,5,6,7"})
    ]
    assert taken == list(range(8))


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("gpu-a", "gpu-a"),
        ("gpu-a,gpu-b", "gpu-a"),
        ("gpu[007-015,020],login", "gpu007"),
        ("r1n[3,5-6]-ib", "r1n3-ib"),
        ("[01-04]", "01"),
        ("127.0.0.1", "127.0.0.1"),
        ("a.example.org,b[1-2]", "a.example.org"),
    ],
)
def test_the_first_node_is_where_task_0_listens(nodes, first):
    assert first_node(nodes) == first


def step(**changes):
    found = slurm_task(STEP | changes)
    assert found is not None
    return found


def test_tasks_agree_where_they_meet_and_steps_and_jobs_differ():
    tasks = [step(SLURM_PROCID=str(index)) for index in range(2)]
    assert [one.index for one in tasks] == [0, 1]
    assert tasks[0].coordinator == tasks[1].coordinator
    others = [step(SLURM_STEP_ID="1"), step(SLURM_JOB_ID="4243")]
    assert len({one.coordinator for one in [tasks[0], *others]}) == 3
    assert all(61440 <= int(one.coordinator.rpartition(":")[2]) < 65536 for one in [*tasks, *others])
    assert step(JAX_COORDINATOR_ADDRESS="10.0.0.1:7").coordinator == "10.0.0.1:7"
    assert slurm_task({name: value for name, value in STEP.items() if name != "SLURM_STEP_NODELIST"}) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SLURM_NTASKS": "2(x3)"}, "SLURM_NTASKS=2(x3): Slurm sets a number there"),
        ({"SLURM_PROCID": "9" * 5000}, "SLURM_PROCID=999"),
        ({"SLURM_STEP_NODELIST": "]x\x1b["}, "SLURM_STEP_NODELIST=]x?[ is no list of hosts"),
        ({"SLURM_PROCID": "2"}, "2 of 2: they are counted from 0 to 1"),
        ({"SLURM_NTASKS": "3"}, "--devices 9"),
    ],
)
def test_what_does_not_fit_is_one_message(change, says):
    (line,) = refused(f"{TRAIN} --devices 8 --coordinator auto", **STEP | change).splitlines()
    assert says in line
    assert len(line) < 400


def test_outside_of_slurm_auto_says_what_would_work_and_names_no_time_that_it_did_not_wait(ends):
    assert ends["outside"].returncode == 2
    (line,) = ends["outside"].stderr.splitlines()
    assert "--coordinator auto finds nothing of Slurm, Open MPI or a cloud" in line
    assert "give --coordinator HOST:PORT, --processes and --process" in line
    assert "60 s" not in line


def test_a_malformed_list_is_an_input_error():
    with pytest.raises(InputError, match="no list of hosts"):
        first_node("")
