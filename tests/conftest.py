"""Eight virtual devices for every test, so that sharding runs anywhere; no user's folder, and no plugin that stays."""

import functools
import gc
import time
from pathlib import Path

import jax
import pytest
import typer
from aspis_sim_cli import cache

from aspis_sim.plugin import register
from aspis_sim.simulation import program
from tests.quick import compile_quickly, own_programs

jax.config.update("jax_num_cpu_devices", 8)
compile_quickly()

KEPT = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
"""Where JAX keeps compiled programs, and which."""

LEAST_SECONDS = 0.05
"""What a program takes to compile that is worth keeping for other tests, other workers and the next run."""

MONTH = 30 * 24 * 3600
"""Seconds after which a program is compiled anew: what nobody asks for any more goes."""

MAPS = Path("/proc/self/maps")
MANY_MAPS = 20_000
"""Pieces of memory from which compiled programs are dropped: a process gets 65,530 of Linux, and XLA crashes beyond."""


def pytest_configure(config):
    """Keep compiled programs in pytest's cache, by machine: each is compiled once, whichever worker asks for it.

    Without that cache (``-p no:cacheprovider``) every process compiles its own, ``--cache-clear`` empties it.
    """
    if not hasattr(config, "cache"):
        return
    with pytest.MonkeyPatch.context() as patch:
        folder = config.cache.mkdir("compiled")
        patch.setenv(cache.VARIABLE, str(folder))
        cache.use_compiled(True)
    if not hasattr(config, "workerinput"):
        for path in folder.glob("programs/*/*"):
            if time.time() - path.stat().st_mtime > MONTH:
                path.unlink(missing_ok=True)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)


def pytest_collection_finish():
    """What is there by now stays to the end, and is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(autouse=True, scope="session")
def _the_program_is_built_once():
    """And not for every command that a test gives: from the declarations of all options that takes longer than most."""
    built = functools.cache(typer.main.get_command)
    with pytest.MonkeyPatch.context() as patch:
        for place in ("typer.main.get_command", "typer.testing._get_command"):
            patch.setattr(place, built)
        yield


@pytest.fixture(autouse=True)
def _programs_stay_in_their_folder():
    """Also after a test that names another one."""
    before = {name: jax.config.values[name] for name in KEPT}
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(autouse=True, scope="module")
def _programs_do_not_pile_up():
    yield
    if MAPS.exists() and MAPS.read_bytes().count(b"\n") > MANY_MAPS:
        program._programs.clear()
        jax.clear_caches()


@pytest.fixture(scope="module")
def runs_of_its_own():
    """The module's runs share no program with those of others: its data sets are its own."""
    with own_programs():
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("ASPIS_CACHE_DIR", "")


@pytest.fixture(autouse=True)
def _no_plugin_stays():
    """No part of a plugin outlives its test; what was compiled does, so tests give their parts names of their own."""
    yield
    for source in set(register._sources.values()):
        register.forget(source)
