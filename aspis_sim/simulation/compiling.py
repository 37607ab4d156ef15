"""What the compiler is told on a CPU, by what it compiles."""

from functools import cache

import jax

Options = dict[str, str | bool]

ON_CPU: Options = {"xla_backend_optimization_level": "1"}
"""Of every program: more than the first level of LLVM's passes doubles its time and wins nothing."""

QUICKLY: Options = {"xla_cpu_use_fusion_emitters": False}
"""Of short runs: with the older emitter of fused loops compiling takes some two thirds of the time, and steps up to 1.4
times as long, or 1.7 where a payload tries its lies out: no run with such a payload is short. Numbers are the same, but
for last digits of some rules (`caf`, `trimmed_mean`) and, without AVX-512, of a step's recorded loss."""

SHORT_RUN = 10**9
"""Steps x samples of a step x parameters up to which a run is short: it takes less time than compiling its program."""

MEMORY_FIRST: Options = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}
"""Of large models: by default it begins as much as it can at once, on a CPU too."""


def told(work: int, turns: int, searches: bool) -> Options:
    """The compiler's options on a CPU; they depend on the run alone, so that its numbers do.

    Args:
        work: steps x samples of a step x parameters of a run.
        turns: calls of the model for the files of a step.
        searches: whether the payload tries its lies out.
    """
    quickly = QUICKLY if work <= SHORT_RUN and not searches and is_known(*QUICKLY.items()) else {}
    return ON_CPU | quickly | (MEMORY_FIRST if turns > 1 else {})


@cache
def is_known(*options: tuple[str, str | bool]) -> bool:
    """Whether the compiler knows these options: another release may not."""
    try:
        jax.jit(lambda: 0).lower().compile(dict(options))
    except jax.errors.JaxRuntimeError:
        return False
    return True
