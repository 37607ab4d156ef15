"""What Slurm tells a task of ``srun``: which one it is, how many there are, where the first listens.

JAX reads the same variables by itself, but takes one GPU per task whatever the task was given, and does not know how
many virtual devices a task on CPUs is to have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aspis_sim.errors import InputError
from aspis_sim.printable import printable

NUMBERS = ("SLURM_JOB_ID", "SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID")
NODES = "SLURM_STEP_NODELIST"

PORTS = range(61440, 65536)
"""Above the ports that Linux hands out by itself."""

VISIBLE = ("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
"""By these Slurm gives a task its own GPUs."""


@dataclass(frozen=True)
class Task:
    """One task of a step.

    Attributes:
        coordinator: ``HOST:PORT`` where task 0 listens.
        processes: tasks of the step.
        index: of this task, from 0.
        local: index of this task on its node, from 0.
    """

    coordinator: str
    processes: int
    index: int
    local: int


def slurm_task(environment: Mapping[str, str]) -> Task | None:
    """The task that this process is, None if ``srun`` did not start it.

    The port follows from job and step, so that steps at the same time rarely meet; ``JAX_COORDINATOR_PORT`` or
    ``JAX_COORDINATOR_ADDRESS`` sets another.

    Raises:
        InputError: Slurm's variables do not hold what they are documented to.
    """
    if not all(name in environment for name in (*NUMBERS, NODES)):
        return None
    job, processes, index, local = (_number(environment, name) for name in NUMBERS)
    step = _number(environment, "SLURM_STEP_ID") if "SLURM_STEP_ID" in environment else 0
    port = environment.get("JAX_COORDINATOR_PORT") or str(PORTS[(31 * job + step) % len(PORTS)])
    address = environment.get("JAX_COORDINATOR_ADDRESS") or f"{first_node(environment[NODES])}:{port}"
    return Task(address, processes, index, local)


def first_node(nodes: str) -> str:
    """The first of a list of hosts as Slurm writes it: ``gpu-a``, ``gpu-a,gpu-b``, ``gpu[007-015,020],login``.

    Raises:
        InputError: it is no such list.
    """
    found = re.match(r"([^][,\s]+)(?:\[([0-9]+)[^]]*\]([^][,\s]*))?(?:,|$)", nodes) or re.match(
        r"()\[([0-9]+)[^]]*\]([^][,\s]*)(?:,|$)", nodes
    )
    if not found:
        raise InputError(f"{NODES}={printable(nodes)[:80]} is no list of hosts as Slurm writes it")
    return "".join(part or "" for part in found.groups())


def devices_of(task: Task, each: int, environment: Mapping[str, str]) -> list[int]:
    """The indices of a task's GPUs among those that it sees, ``each`` of them.

    Where Slurm shows a task its own GPUs alone (``--gpus-per-task``) these are all of them; where all tasks of a node
    see the node's (``--gpus-per-node``), the tasks take theirs in order.
    """
    shown = [environment[name].split(",") for name in VISIBLE if environment.get(name)]
    first = 0 if shown and len(shown[0]) == each else task.local * each
    return list(range(first, first + each))


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment[name]
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise InputError(f"{name}={printable(text)[:80]}: Slurm sets a number there; was the program started by srun?")
    return int(text)
