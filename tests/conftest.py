"""Eight virtual devices for every test, so that sharding runs anywhere; no user's folder, and no plugin that stays."""

import jax
import pytest

from aspis_sim.plugin import register

jax.config.update("jax_num_cpu_devices", 8)


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
