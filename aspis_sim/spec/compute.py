"""Settings of the computation: how workers are simulated, on what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aspis_sim.assignment import MOST_WORKERS
from aspis_sim.clusters import CLUSTERS
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


@dataclass(frozen=True, kw_only=True)
class Compute:
    """How a run is computed; the same numbers come out up to rounding."""

    compute: str = knob(
        Word("|".join(WAYS), ",".join(WAYS), words=WAYS, kind="way to compute"),
        "shared",
        "How copies come about: shared (each file's gradient once, copied logically), or replicated (every worker "
        "computes its own).",
        panel=COMPUTE,
        place="table",
    )
    devices: int = knob(
        Whole("N", "N,…", most=MOST_WORKERS),
        1,
        "Devices over which workers are sharded (virtual on a CPU).",
        panel=COMPUTE,
        place="table",
        check=_devices,
    )
    memory: int = knob(
        Size("4GB", "4GB,…"),
        4 * 10**9,
        "Memory that a step may take on a device; it is cut up to stay within.",
        panel=COMPUTE,
        place="table",
        shapes=False,
    )
    cluster: str | None = knob(
        Named("NAME", "NAME,…", registry=CLUSTERS, optional=True),
        None,
        "Cluster on which the run's time is modelled: {names}; with options as in datacentre:gigabits=1. It changes no "
        "other number.",
        panel=COMPUTE,
        place="table",
        shapes=False,
    )
