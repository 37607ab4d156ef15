"""What the environment of a process may say about numbers: nothing, or a part of what a run is known by.

JAX reads some thirty settings from environment variables and from its caller that change random numbers, types,
rounding or what is an error. Whatever computes here does so within `pinned`, where each of them has the value that this
program was made for. It is a context of the thread: the settings of the caller's process stay as they are. Rules,
payloads and the like that a caller applies to arrays of its own follow the caller's settings.

A few variables are read once, when a process starts, and cannot be set aside: `unpinned` says which of them are set. A
run is recorded with them, and they count as the code that computed it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from math import inf
from pathlib import Path

from aspis_sim.errors import InputError
from aspis_sim.files import read_text

PRNG = "threefry2x32"
"""The generator of every random number."""

PINNED: Mapping[str, bool | int | float | str | None] = {
    # random numbers
    "jax_default_prng_impl": PRNG,
    "jax_enable_custom_prng": False,
    "jax_high_dynamic_range_gumbel": False,
    "jax_legacy_prng_key": "allow",
    "jax_random_seed_offset": 0,
    "jax_threefry_gpu_kernel_lowering": False,
    "jax_threefry_partitionable": True,
    # types and shapes
    "jax_explicit_x64_dtypes": "warn",
    "jax_numpy_dtype_promotion": "standard",
    "jax_numpy_rank_promotion": "allow",
    # arithmetic and derivatives
    "jax_allow_f16_reductions": True,
    "jax_custom_vjp3": False,
    "jax_default_matmul_precision": None,
    "jax_remat3": False,
    "jax_scan3": False,
    "jax_softmax_custom_jvp": False,
    "jax_use_direct_linearize": True,
    # how programs are compiled
    "eager_constant_folding": False,
    "jax_compiler_enable_remat_pass": True,
    "jax_disable_jit": False,
    "jax_embedded_constants_max_bytes": 32,
    "jax_enable_pgle": False,
    "jax_exec_time_optimization_effort": 0.0,
    "jax_memory_fitting_effort": 0.0,
    "jax_memory_fitting_level": "O2",
    "jax_optimization_level": "UNKNOWN",
    "jax_use_shardy_partitioner": True,
    "jax_use_simplified_jaxpr_constants": False,
    # checks: NaN and Inf are attacks, and not mistakes
    "jax_debug_infs": False,
    "jax_debug_key_reuse": False,
    "jax_debug_nans": False,
    "jax_error_checking_behavior_divide": "ignore",
    "jax_error_checking_behavior_nan": "ignore",
    "jax_error_checking_behavior_oob": "ignore",
}
"""Settings of JAX that could change a number or end a run, and their values here; those of JAX 0.10 itself. Beside them
`pinned` decides ``jax_enable_x64``."""

SWITCHES = ("FLAX_FIX_RNG", "FLAX_PRESERVE_ADOPTED_NAMES", "JAX_DISABLE_MOST_OPTIMIZATIONS")
"""Variables that are on or off: how flax derives the keys of layers, how XLA compiles."""

TEXTS = ("LIBTPU_INIT_ARGS", "NVIDIA_TF32_OVERRIDE", "XLA_FLAGS")
"""Variables whose text counts."""

NO_NUMBERS = ("xla_dump_", "xla_force_host_platform_device_count")
"""How flags of XLA begin that change no number."""


LONGEST = 100_000
"""Bytes that a file of flags may have."""


@contextmanager
def pinned(precision: str = "float32") -> Iterator[None]:
    """JAX's settings in this thread, as long as something computes; 64-bit numbers in the precision "float64" only."""
    import jax
    from jax._src.config import config_states

    with ExitStack() as stack:
        for name, value in PINNED.items():
            if name in config_states:  # a later JAX may have dropped one
                stack.enter_context(config_states[name](value))
        stack.enter_context(jax.enable_x64(precision == "float64"))
        yield


def nothing_kept() -> AbstractContextManager[object]:
    """Within it no program that is compiled is kept in JAX's cache on disk."""
    from jax._src.config import config_states

    return config_states["jax_persistent_cache_min_compile_time_secs"](inf)


def check_asserts() -> None:
    """Refuse a Python that leaves out assert statements.

    Raises:
        InputError: it does, as with ``-O``; says why that cannot be.
    """
    if not __debug__:
        raise InputError(
            "Python runs without assert statements (PYTHONOPTIMIZE or -O), in which flax keeps the order of a model's "
            "layers: its models fail there; unset PYTHONOPTIMIZE"
        )


def unpinned() -> dict[str, str]:
    """The variables of the environment that are set, may change numbers and cannot be pinned, by name."""
    found = {name: os.environ[name].strip() for name in TEXTS if os.environ.get(name, "").strip()}
    if flags := " ".join(
        one for one in _flags(found.pop("XLA_FLAGS", "")) if not one.lstrip("-").startswith(NO_NUMBERS)
    ):
        found["XLA_FLAGS"] = flags
    on = ("1", "on", "t", "true", "y", "yes")
    return found | {name: "1" for name in SWITCHES if os.environ.get(name, "").lower() in on}


def _flags(text: str) -> list[str]:
    """The flags in the text of ``XLA_FLAGS``, which may name a file that holds them.

    Raises:
        InputError: XLA would read a device or a pipe, or more than flags are long.
    """
    if text and not text.startswith("-"):
        if os.path.exists(text) and not os.path.isfile(text):
            raise InputError(f"XLA_FLAGS={text} is no regular file; correct or unset XLA_FLAGS")
        try:
            text = read_text(Path(text), LONGEST, "list of flags")
        except (OSError, ValueError):
            return [text]
    return text.split()
