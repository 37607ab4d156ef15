"""Eight virtual CPU devices for every test, so that sharding runs anywhere; results go to no user's folder."""

import jax
import pytest

jax.config.update("jax_num_cpu_devices", 8)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("ASPIS_CACHE_DIR", "")
