"""Timing contenders against each other in one process, and finding the libraries to compare with."""

import importlib
import importlib.metadata
import statistics
import sys
import time
import types
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from benchmarks.machine import machine

Answer = Callable[[], Any]

LONG = 50.0
"""Milliseconds from which on a call is a turn by itself."""

CALLS_A_TURN = 3


class _Placeholder(types.ModuleType):
    """A module in the place of one that is imported but never used: every attribute is an empty class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda self, *given, **named: None})


def byzfl() -> Any:
    """ByzFL's package, or None if it or torch is not installed.

    It imports modules for data sets and plots that no aggregation rule needs; those not installed are replaced
    by placeholders in this process.
    """
    try:
        importlib.import_module("torch")
    except ImportError:
        return None
    unneeded = ["torchvision", "torchvision.datasets", "torchvision.transforms", "torchvision.models"]
    unneeded += ["matplotlib", "matplotlib.pyplot", "seaborn"]
    for name in unneeded:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = _Placeholder(name)
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, sys.modules[name])
    try:
        return importlib.import_module("byzfl")
    except ImportError:
        return None


def installed(package: str) -> str:
    """The version of a package, or nothing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def compiled(function: Callable[..., Any], *arguments: Any) -> tuple[Answer, float]:
    """The compiled call, ready to be timed, and the seconds that compiling took."""
    start = time.perf_counter()
    program = jax.jit(function).lower(*arguments).compile()
    seconds = time.perf_counter() - start
    return lambda: jax.block_until_ready(program(*arguments)), seconds


def agree(answers: Mapping[str, Any], tolerance: float) -> dict[str, bool]:
    """Whether each answer is the first one, up to ``tolerance`` times its largest entry."""
    reference = np.asarray(next(iter(answers.values())))
    limit = tolerance * np.abs(reference).max()
    return {name: bool(np.abs(np.asarray(answer) - reference).max() <= limit) for name, answer in answers.items()}


def timed(contenders: Mapping[str, Answer], repeats: int, patience: float = 4.0) -> dict[str, tuple[float, float]]:
    """Least and middle milliseconds of each contender, taken turn by turn so that all see the same machine.

    A turn of calls that take less than `LONG` milliseconds begins with one that is not counted: the threads of some
    libraries go on spinning for a while after the turn before. A contender gets no further turn once it has taken
    ``patience`` seconds in all.
    """
    spans: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, answer in contenders.items():
            if sum(spans[name]) > patience * 1e3:
                continue
            turn = [_milliseconds(answer)]
            if turn[0] < LONG:
                turn = [_milliseconds(answer) for _ in range(CALLS_A_TURN)]
            spans[name] += turn
    return {name: (min(span), statistics.median(span)) for name, span in spans.items()}


def _milliseconds(answer: Answer) -> float:
    start = time.perf_counter()
    answer()
    return (time.perf_counter() - start) * 1e3


def rows(
    question: str,
    shape: tuple[int, ...],
    contenders: Mapping[str, Answer],
    compile_seconds: Mapping[str, float],
    tolerance: float | None,
    repeats: int = 15,
) -> list[dict[str, Any]]:
    """One row a contender; the first is ours and the one that the others are compared with.

    Args:
        question: what is computed.
        shape: of the input.
        contenders: name -> call without arguments that returns the vector, as a numpy or jax array.
        compile_seconds: of those that were compiled.
        tolerance: relative, for the check that all return the same; None if they cannot be expected to.
        repeats: turns.
    """
    answers = {name: answer() for name, answer in contenders.items()}
    same = None if tolerance is None else agree(answers, tolerance)
    spans = timed(contenders, repeats)
    first = next(iter(spans))
    columns = {**machine(), "torch": installed("torch"), "byzfl": installed("byzfl")}
    return [
        {
            "question": question,
            "contender": name,
            "shape": "x".join(map(str, shape)),
            "milliseconds": round(least, 3),
            "median_milliseconds": round(middle, 3),
            "times_ours": round(least / spans[first][0], 1),
            "compile_seconds": round(compile_seconds[name], 2) if name in compile_seconds else "",
            "equal": "not comparable" if same is None else same[name],
            **columns,
        }
        for name, (least, middle) in spans.items()
    ]
