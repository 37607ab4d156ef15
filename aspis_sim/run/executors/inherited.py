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

ONE_THREAD = {"NPROC": "1"}
"""What XLA takes for the number of processors: with more it splits every operation between threads that all workers
want at the same time."""


def has_cache() -> bool:
    """Whether compiled programs are kept on disk."""
    return getattr(jax.config, "jax_compilation_cache_dir", None) is not None


def variables() -> dict[str, str]:
    """The settings of JAX, the folder of data sets, and the variables that change numbers, where they are set.

    A worker has one thread. What is compiled for that has a folder of its own in the cache.
    """
    found = {name.upper(): str(value) for name in SETTINGS if (value := getattr(jax.config, name)) is not None}
    if has_cache():
        found["JAX_COMPILATION_CACHE_DIR"] += f"{os.sep}one-thread"
    found[search.VARIABLE] = str(search.folders()[0])
    return found | ONE_THREAD | {name: os.environ[name] for name in (*SWITCHES, *TEXTS) if name in os.environ}
