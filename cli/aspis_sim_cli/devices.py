"""The devices of a run, made available before JAX starts, and why it does not start."""

import os
import subprocess
import sys
from contextlib import suppress

from aspis_sim.errors import InputError
from aspis_sim.printable import printable
from aspis_sim_cli.output import keep_stdout_for_results

SECONDS = 90
"""How long JAX may take to start."""

UNKNOWN_FLAG = "Unknown flag"
"""How XLA's message begins when it ends the process."""

LONGEST = 200
"""Characters that are quoted of a message."""

MOST_VIRTUAL = 64
"""Devices that one CPU stands for; with hundreds of them threads wait for each other without end."""


def use_devices(
    devices: int, coordinator: str | None = None, processes: int | None = None, process: int | None = None
) -> bool:
    """Make this many devices available before JAX starts: on a CPU they are virtual; False if another process speaks.

    Raises:
        InputError: JAX finds fewer accelerators or does not start, or several processes do not come together.
    """
    from aspis_sim.environment import check_asserts

    check_asserts()
    check_flags()
    if coordinator is None and (processes, process) != (None, None):
        raise InputError("`processes` and `process` need `coordinator=HOST:PORT`, the same for all of them")
    if coordinator is not None:
        from aspis_sim.devices.hosts import join_hosts

        join_hosts(None if coordinator == "auto" else coordinator, processes, process, devices)
        keep_stdout_for_results()  # the transport between CPUs announces its connections there
    import jax

    if coordinator is None and devices > 1:
        with suppress(RuntimeError):  # JAX has started already, and has the devices that it has
            jax.config.update("jax_num_cpu_devices", min(devices, MOST_VIRTUAL))
    try:
        found = jax.devices()
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"JAX does not start: {cause(str(error))}; {remedy()}") from None
    if len(found) < devices:
        raise InputError(
            f"{devices} devices asked for, JAX finds {len(found)} ({jax.default_backend()}); "
            f"take `devices={len(found)}` or fewer"
        )
    return jax.process_index() == 0


def check_flags() -> None:
    """Refuse flags that XLA does not know: it would end the process, so another one is asked, if any are set.

    Raises:
        InputError: it names the flag.
    """
    from aspis_sim.environment import unpinned

    if "XLA_FLAGS" not in unpinned():
        return
    program = [sys.executable, "-c", "import jax; jax.devices()"]
    quiet = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    try:
        done = subprocess.run(program, capture_output=True, text=True, timeout=SECONDS, check=False, env=quiet)
    except (subprocess.TimeoutExpired, OSError):
        return
    if done.returncode and UNKNOWN_FLAG in done.stderr:
        raise InputError(f"JAX does not start: {cause(done.stderr)}; {remedy()}")


def cause(told: str) -> str:
    """The line of what JAX or XLA wrote that says why it does not start, without time, place and advice."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    named = next((line for line in lines if UNKNOWN_FLAG in line), "")
    if named:
        return printable(named[named.index(UNKNOWN_FLAG) :])[:LONGEST]
    last = lines[-1] if lines else "no message"
    if last in ("AssertionError", "no message") and (platforms := os.environ.get("JAX_PLATFORMS")):
        return f"no device of JAX_PLATFORMS={printable(platforms)[:40]} is here"
    return printable(last.split(" (set JAX_PLATFORMS")[0].rstrip("."))[:LONGEST]


def remedy() -> str:
    """What to do about a JAX that does not start, by what the environment asks of it."""
    names = [name for name in ("JAX_PLATFORMS", "XLA_FLAGS") if os.environ.get(name)]
    if names:
        return f"correct or unset {' and '.join(names)}"
    return "make the versions of jax and jaxlib equal (pip install -U jax jaxlib); python -c 'import jax' says more"
