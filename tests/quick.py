"""Programs that are compiled for a few calls: what compiling takes counts, how fast they run does not."""

from functools import partial

import jax

QUICKLY: dict[str, str | bool | int] = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
"""What the compiler is told: no optimisation of LLVM's, and fusions by the emitter that takes half as long."""

quick = partial(jax.jit, compiler_options=QUICKLY)
"""``jax.jit`` that compiles quickly, for formulas of a test and numbers within rounding."""
