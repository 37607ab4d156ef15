"""Programs that are compiled for a few calls: what compiling takes counts, how fast they run does not."""

from functools import partial

import jax

quick = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
"""``jax.jit`` without LLVM's optimisations, for formulas of a test and numbers within rounding."""
