"""What a process that runs cells for another takes over from it, as variables of the environment."""

import os

import jax

from aspis_sim.data import search
from aspis_sim.environment import SWITCHES, TEXTS

SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
    "jax_num_cpu_devices",
)
"""Settings of JAX that a worker takes over."""


def variables() -> dict[str, str]:
    """The settings of JAX, the folder of data sets, and the variables that change numbers, where they are set."""
    found = {name.upper(): str(value) for name in SETTINGS if (value := getattr(jax.config, name)) is not None}
    found[search.VARIABLE] = str(search.folders()[0])
    return found | {name: os.environ[name] for name in (*SWITCHES, *TEXTS) if name in os.environ}
