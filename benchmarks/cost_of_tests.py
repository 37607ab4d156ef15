"""A plugin of pytest that writes down what each test takes of the processors: ``-p benchmarks.cost_of_tests``.

A line of JSON for each test goes to a file for each process in the folder that `FOLDER` names. A test counts with its
fixtures, all threads of its process, and the processes that it started and that have ended.
"""

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import jax.monitoring
import pytest

FOLDER = "ASPIS_COST_OF_TESTS"
"""The variable of the environment that names the folder."""

COMPILING = "/jax/core/compile/backend_compile_duration"
"""JAX's event when a program is compiled, or found among those that are kept."""

_programs: list[float] = []
"""An entry for each program of the test: what compiling it took by the clock."""


def pytest_configure() -> None:
    """Count what JAX compiles in this process, from here on."""
    jax.monitoring.register_event_duration_secs_listener(_note)


def _note(event: str, duration_secs: float, **_: str | int) -> None:
    if event == COMPILING:
        _programs.append(duration_secs)


def used() -> float:
    """Processor seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Write down what the test and its fixtures take."""
    _programs.clear()
    before = used()
    done = yield
    _write(test=item.nodeid, seconds=used() - before, programs=len(_programs))
    return done


def pytest_sessionfinish() -> None:
    """Write down what a worker took from its start: imports and collection, too."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        _write(test="", seconds=used(), programs=0)


def _write(**line: Any) -> None:
    place = Path(os.environ[FOLDER]) / f"{os.getpid()}.jsonl"
    with place.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
