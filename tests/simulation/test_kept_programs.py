"""Which compiled programs are kept on disk."""

import jax
import pytest
from jax._src import compilation_cache

from aspis_sim.run.resolve import resolve
from aspis_sim.simulation.program import _build
from aspis_sim.spec.grid import Grid


@pytest.mark.parametrize(("devices", "kept"), [(1, True), (2, False)])
def test_programs_of_several_devices_on_a_cpu_are_not_kept(devices, kept, monkeypatch, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    names = []
    monkeypatch.setattr(compilation_cache, "get_executable_and_time", lambda *given: (None, None))
    monkeypatch.setattr(compilation_cache, "put_executable_and_time", lambda *given: names.append(given[1]))
    cell = Grid.of(scheme="detox", model="softmax", q=1, seed=0, lr=0.1, steps=2, devices=devices).groups()[0].first
    _build(resolve(cell).shape)
    assert ("jit_advance" in names) == kept
