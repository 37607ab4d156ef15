"""Whether JAX starts here, and on what: asked of another process, since it may crash or hang."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from aspis_sim_cli.devices import SECONDS, UNKNOWN_FLAG, cause, remedy
from aspis_sim_cli.doctor.finding import Finding, State

PROBE = """
import json, sys
import jax, jax.numpy as jnp
import numpy as np

def sums(kind):
    values = jnp.arange(64, dtype=kind).reshape(8, 8)
    product = jax.jit(lambda x: x @ x.T)(values)
    return str(values.dtype), bool((np.asarray(product) == np.asarray(values) @ np.asarray(values).T).all())

single = sums("float32")
try:
    with jax.enable_x64(True):
        double = sums("float64")
except Exception as error:
    double = str(error), False
found = [(d.platform, d.device_kind, (d.memory_stats() or {}).get("bytes_limit")) for d in jax.local_devices()]
json.dump({"backend": jax.default_backend(), "devices": found, "single": single, "double": double}, sys.stdout)
"""


def devices() -> Iterator[Finding]:
    """The processors, the devices that JAX finds, and whether they compute in both precisions."""
    yield Finding("devices", "processors", f"{_processors()} of {os.cpu_count()} usable by this process")
    answer = _asked()
    if isinstance(answer, str):
        yield Finding("devices", "jax", answer, State.WRONG, remedy())
        return
    yield Finding("devices", "jax", f"starts, on {answer['backend']}")
    kinds: dict[tuple[str, str, int | None], int] = {}
    for platform, kind, memory in answer["devices"]:
        kinds[platform, kind, memory] = kinds.get((platform, kind, memory), 0) + 1
    for (platform, kind, memory), count in kinds.items():
        size = "" if memory is None else f", {memory / 1e9:.1f} GB each"
        yield Finding("devices", platform, f"{count} × {kind}{size}")
    for name, (kind, right), options in (
        ("float32", answer["single"], ""),
        ("float64", answer["double"], "leave out --precision float64 and --x64"),
    ):
        fine = right and kind == name
        text = "computes" if fine else f"does not compute ({kind})"
        yield Finding("devices", name, text, State.OK if fine else State.WRONG, "" if fine else options)


def _asked() -> dict[str, Any] | str:
    """What JAX says in a process of its own, or in one sentence why it says nothing."""
    sparing = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false", "JAX_TRACEBACK_FILTERING": "off"}
    program = [sys.executable, "-c", PROBE]
    try:
        done = subprocess.run(program, capture_output=True, text=True, timeout=SECONDS, check=False, env=sparing)
    except subprocess.TimeoutExpired:
        return f"does not start within {SECONDS} seconds"
    except OSError as error:
        return f"could not be asked: {error.strerror}"
    if done.returncode < 0 and UNKNOWN_FLAG not in done.stderr:
        return f"crashes when it starts (signal {-done.returncode})"
    if done.returncode:
        return f"does not start: {cause(done.stderr)}"
    try:
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return "does not answer as expected"
    return answer


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
