"""Programs that are compiled for a few calls: what compiling takes counts, how fast they run does not."""

from functools import partial

import jax

quick = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False})
"""``jax.jit`` without LLVM's optimisations, for formulas of a test and numbers within rounding.

Nor with XLA's newer way of emitting loops: its older one takes a third of the time to compile.
"""
