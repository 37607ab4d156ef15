"""Which compiled programs are kept in memory."""

from types import SimpleNamespace
from typing import Any

from aspis_sim.simulation import program


def test_only_the_programs_used_last_are_kept(monkeypatch):
    built = []

    def build(shape):
        built.append(shape)
        return SimpleNamespace(compile_seconds=0.0)

    monkeypatch.setattr(program, "_build", build)
    monkeypatch.setattr(program, "_programs", {})
    monkeypatch.setattr(program, "_locks", {})
    monkeypatch.setattr(program, "MOST", 2)
    before = program.compilations()
    shapes: tuple[Any, ...] = ("one", "two", "one", "three", "one", "two")
    for shape in shapes:
        program.compiled(shape)
    assert built == ["one", "two", "three", "two"]
    assert list(program._programs) == ["one", "two"]
    assert program.compilations() == before + 4
