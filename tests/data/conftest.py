"""Data folders of the tests' own: nothing of the machine's is found unless a test asks for it."""

import pytest

from aspis_sim.data import _load, search


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The only folder that is looked into besides the user's, which is empty."""
    monkeypatch.setattr(search, "SYSTEM", ())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(search.VARIABLE, str(tmp_path / "data"))
    monkeypatch.setattr(search, "_asked", [])
    _load.cache_clear()
    return tmp_path / "data"
