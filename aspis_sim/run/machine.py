"""What a run was computed with."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import jax

from aspis_sim.environment import unpinned
from aspis_sim.version import __version__


@dataclass(frozen=True)
class Machine:
    """What a run ran on.

    Attributes:
        versions: of aspis-sim, jax, numpy and python, and the variables of the environment that change numbers.
        device: kind of device, as JAX names it.
        host: name of the machine.
    """

    versions: Mapping[str, str]
    device: str
    host: str


def this_machine() -> Machine:
    """The versions, the device and the host that runs of this process are recorded with."""
    versions = {"aspis-sim": __version__, "python": platform.python_version()}
    versions |= {library: version(library) for library in ("jax", "numpy")}
    return Machine(versions | unpinned(), jax.devices()[0].device_kind, platform.node())
