"""Programs that are compiled for a few calls: what compiling takes counts, how fast they run does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import pytest

QUICKLY: dict[str, str | bool | int] = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""What the compiler is told: no optimisation of LLVM's, fusions by the emitter that takes half as long, and all code
in one module for one thread, which saves half of the rest where a program is as large as that of a run."""

quick = partial(jax.jit, compiler_options=QUICKLY)
"""``jax.jit`` that compiles quickly, for formulas of a test and numbers within rounding."""

PROGRAMS: dict[Any, Any] = {}
"""The programs of runs that were compiled quickly in this process, apart from those compiled as for users."""


@contextmanager
def quick_runs(programs: dict[Any, Any] = PROGRAMS) -> Iterator[None]:
    """Within it, runs are those of ``programs``: the same computations, compiled as `quick` does.

    A program holds the data that it was made for: where data sets are not those of everybody, give a dict of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aspis_sim.simulation.program.ON_CPU", QUICKLY)
        patch.setattr("aspis_sim.simulation.program._programs", programs)
        patch.setattr("aspis_sim.simulation.program._locks", {})
        yield
