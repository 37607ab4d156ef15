"""Settings of the computation: how workers are simulated, on what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aspis_sim.limits import MOST_WORKERS
from aspis_sim.spec.kinds import Named, Size, Whole, Word
from aspis_sim.spec.knob import knob

COMPUTE = "Computation"

FILLS: Mapping[str, Mapping[str, Any]] = {"shared": {"tolerance": 0.0}, "replicated": {"tolerance": 1e-5}}
"""Way to compute -> setting -> value, for the settings that it decides where no value is given.

Copies of one gradient that was computed once are equal bit for bit. Of copies that were computed apart this cannot be
relied on, whatever a single program on a single machine does.
"""

WAYS = tuple(FILLS)


def _devices(value: int) -> str | None:
    return None if value >= 1 else f"{value} devices; at least 1 is needed"


def _memory(value: int) -> str | None:
    return None if value >= 1000 else f"`memory` {value} is {value} bytes; did you mean {value}GB?"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Compute:
    """How a run is computed; the same numbers come out up to rounding."""

    compute: str = knob(
        Word("|".join(WAYS), ",".join(WAYS), words=WAYS, kind="way to compute"),
        "shared",
        "How copies are computed: shared (each file's gradient once for all its workers) or replicated (by every "
        "worker).",
        panel=COMPUTE,
        place="table",
    )
    devices: int = knob(
        Whole("N", "N,…", most=MOST_WORKERS),
        1,
        "Number of devices over which the workers are sharded (virtual devices on a CPU).",
        panel=COMPUTE,
        place="table",
        check=_devices,
    )
    memory: int = knob(
        Size("4GB", "4GB,…"),
        4 * 10**9,
        "Memory per device that a step may use; a larger step is split into tiles.",
        panel=COMPUTE,
        place="table",
        check=_memory,
        shapes=False,
    )
    cluster: str | None = knob(
        Named("NAME", "NAME,…", home="aspis_sim.clusters:CLUSTERS", optional=True),
        None,
        "Cluster for which the run time is modelled: {names}; options as in datacentre:gigabits=1. No other result "
        "depends on it.",
        panel=COMPUTE,
        place="table",
        shapes=False,
    )
