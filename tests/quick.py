"""Programs that are compiled quickly and run for a few steps: the same numbers, in half of the time.

XLA reads its flags once in a process. Those of a process of the tests leave LLVM at the level that runs have anyway,
use the emitter of fusions that takes half as long, and put all code into one module for one thread.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import jax
import pytest

from aspis_sim.simulation import compiling, program

FLAGS = (
    "--xla_backend_optimization_level=1",
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_cpu_parallel_codegen_split_count=1",
)

ENVIRONMENT = {"XLA_FLAGS": " ".join(FLAGS)}
"""For a process that a test starts, where that process says nothing of flags, or nobody looks."""

AS_FOR_USERS = {"xla_cpu_use_fusion_emitters": True, "xla_cpu_parallel_codegen_split_count": 32}
"""What undoes them, for one program: as long runs of users are compiled."""

jitted = partial(jax.jit, compiler_options={"xla_backend_optimization_level": "0"})
"""`jax.jit` for large programs that run a few times: the passes of LLVM would take longer than they save."""


def compile_quickly() -> None:
    """Start JAX in this process with these flags, which are not in the environment afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLA_FLAGS", " ".join([*os.environ.get("XLA_FLAGS", "").split(), *FLAGS]))
        jax.devices()


@contextmanager
def as_for_users() -> Iterator[None]:
    """Within it, programs of runs are compiled anew, as those of long runs are for users."""
    with own_programs(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "ON_CPU", compiling.ON_CPU | AS_FOR_USERS)
        patch.setattr(compiling, "QUICKLY", {})
        yield


@contextmanager
def own_programs() -> Iterator[None]:
    """Within it, runs share no program with others: one holds the data that it was made for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "_programs", {})
        patch.setattr(program, "_locks", {})
        yield
