"""Several processes, on one host or on many, that run one program on the devices of all of them."""

import ipaddress
import os
import socket
import time
from contextlib import suppress

import jax

from aspis_sim.devices.slurm import devices_of, slurm_task
from aspis_sim.errors import InputError


def join_hosts(
    coordinator: str | None, processes: int | None, index: int | None, devices: int, seconds: int = 60
) -> None:
    """Make this process one of several that run the same program, each on its own devices; before JAX is used.

    Every process runs the same steps on all devices together, and decides on the same graphs by itself. A coordinator
    on a loopback address listens there alone; any other on all interfaces, and it knows no authentication.

    Args:
        coordinator: ``HOST:PORT`` at which process 0 listens; None for what Slurm says, or what JAX finds of Open MPI
            or a cloud.
        processes: how many there are; None with a coordinator of None.
        index: of this process, from 0; None likewise.
        devices: over all processes; on a CPU each has its share of virtual ones. Under Slurm a task takes its share of
            the GPUs as well, unless ``JAX_LOCAL_DEVICE_IDS`` names them.
        seconds: to wait for the others.

    Raises:
        InputError: a number is missing or does not fit, or the processes do not find each other.
    """
    task = slurm_task(os.environ)
    if coordinator is None and task is not None:
        coordinator, processes, index = task.coordinator, task.processes, task.index
    local: list[int] | None = None
    if coordinator is not None:
        processes = _join_at(coordinator, processes, index, devices, seconds)
        if task is not None and task.processes == processes and not os.environ.get("JAX_LOCAL_DEVICE_IDS"):
            local = devices_of(task, devices // processes, os.environ)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    started = time.monotonic()
    try:
        jax.distributed.initialize(
            coordinator,
            processes,
            index,
            local,
            cluster_detection_method=None if coordinator is None else "deactivate",  # it would take one GPU per process
            initialization_timeout=seconds,
            coordinator_bind_address=coordinator if coordinator is not None and _loopback(coordinator) else None,
        )
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        if coordinator is None and isinstance(error, ValueError):
            raise InputError(
                f"`coordinator=auto` finds nothing of Slurm, Open MPI or a cloud in the environment ({reason}): start "
                "the processes by srun or mpirun, or give `coordinator=HOST:PORT`, `processes` and `process`"
            ) from None
        raise InputError(
            f"the processes did not come together, after {time.monotonic() - started:.0f} s "
            f"(coordinator {coordinator or 'from the environment'}): {reason}"
        ) from None
    if coordinator is None:
        from jax._src.distributed import global_state  # no public name says it before the devices are counted

        _share(devices, global_state.num_processes or 1)


def _join_at(coordinator: str, processes: int | None, index: int | None, devices: int, seconds: int) -> int:
    """Check what is needed to meet there, take a share of the devices, and wait for process 0; how many there are."""
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdigit():
        raise InputError(f"`coordinator` {coordinator}: write HOST:PORT, as in 10.0.0.1:9911")
    if processes is None or index is None:
        raise InputError("`coordinator` needs `processes`, how many there are, and `process`, which one this is")
    if not 0 <= index < processes:
        raise InputError(f"`process` {index} of {processes}: they are counted from 0 to {processes - 1}")
    _share(devices, processes)
    if index:
        _await_listener(host, int(port), seconds)
    return processes


def _share(devices: int, processes: int) -> None:
    """Give this process its share of virtual devices, where it runs on a CPU."""
    if devices % processes:
        raise InputError(
            f"`devices` {devices} over {processes} processes: each has the same number; "
            f"try `devices={processes * max(1, round(devices / processes))}`"
        )
    with suppress(RuntimeError):  # JAX has started already; joining then says so
        jax.config.update("jax_num_cpu_devices", devices // processes)


def _loopback(coordinator: str) -> bool:
    host = coordinator.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _await_listener(host: str, port: int, seconds: float) -> None:
    """Wait until somebody listens there: JAX itself would end the process with a dump when nobody ever does."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, port), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > until:
                raise InputError(
                    f"`coordinator` {host}:{port} was not reached within {seconds:g} s ({error.strerror or error}); "
                    "start process 0 there"
                ) from None
        time.sleep(0.2)
