"""Keys: what differs in anything that counts differs in its key, and what does not count changes none."""

import ast
import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

import aspis_sim
from aspis_sim import plugin
from aspis_sim.errors import DataError
from aspis_sim.spec.cell import Cell
from aspis_sim.study.fingerprint import (
    COUNTED,
    OWN,
    Origin,
    cell_of,
    code_version,
    group_digest,
    group_specification,
    meaning,
    origin_of,
    run_key,
    sources,
)
from tests.study.made_up import GRID, cells

PACKAGE = Path(aspis_sim.__file__).parent


def key(cell, origin=Origin("code", "data")):  # noqa: B008
    return run_key(group_digest(cell), cell.lr, cell.seed, origin)


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "other" if value is None else f"{value}x"


@pytest.mark.parametrize("field", [field.name for field in fields(Cell)])
def test_every_field_of_a_cell_counts(field):
    cell = cells()[0]
    changed = replace(cell, **{field: other(getattr(cell, field))})
    assert key(changed) != key(cell)
    assert (group_digest(changed) == group_digest(cell)) == (field in OWN)


def test_code_and_data_count_and_fields_do_not_run_into_each_other():
    cell = cells()[0]
    keys = {
        key(cell),
        key(cell, Origin("code2", "data")),
        key(cell, Origin("code", "data2")),
        key(replace(cell, payload="a", scheme="bc")),
        key(replace(cell, payload="ab", scheme="c")),
        key(replace(cell, lr=1.0, seed=23)),
        key(replace(cell, lr=1.02, seed=3)),
    }
    assert len(keys) == 7
    assert all(len(one) == 64 for one in keys)


def test_neighbouring_floats_have_other_keys_and_equal_cells_the_same():
    cell = cells()[0]
    assert key(replace(cell, lr=0.1 + 0.2)) != key(replace(cell, lr=0.3))
    assert key(replace(cell, strength=0.1 + 0.2)) != key(replace(cell, strength=0.3))
    assert key(replace(cell)) == key(cell)


def test_a_cell_comes_back_from_its_specification():
    for cell in cells():
        assert cell_of(group_specification(cell), cell.lr, cell.seed) == cell


DIGEST = "3ac85196e3eca72e99ad6b782e2ea05f2eb72100839e00d8cbe2bcd5e28b69d4"
"""What the first cell was known by before there was a setting ``tolerance``, when it was 1e-5 of every run."""


def test_a_setting_that_a_later_version_adds_changes_no_digest_until_it_is_used():
    cell = replace(cells()[0], tolerance=1e-5)
    assert group_digest(cell) == DIGEST
    assert group_digest(replace(cell, tolerance=0.0)) != DIGEST
    specification = json.loads(group_specification(cell))
    del specification["tolerance"]
    assert cell_of(json.dumps(specification), cell.lr, cell.seed) == cell
    with pytest.raises(DataError, match="the study's cells have colour, which this aspis-sim does not know"):
        cell_of('{"colour": "red"}', 0.1, 0)


def test_comments_layout_and_docstrings_change_no_version_and_all_else_does():
    source = b'"""Doc."""\nX = "text"\n\ndef f(a: int = 1):\n    """Doc."""\n    return a + 1\n'
    same = b'"""Other."""\n# why\nX = "text"\ndef f(a: int=1):\n    # because\n    return (a\n        + 1)\n'
    assert meaning(source) == meaning(same)
    for old, new in ((b"a + 1", b"1 + a"), (b"= 1", b"= 2"), (b'"text"', b'"Text"'), (b"def f", b"def g")):
        changed = source.replace(old, new, 1)
        assert changed != source
        assert meaning(changed) != meaning(source)
    assert meaning(b'def f():\n    """Doc."""\n') == meaning(b"def f():\n    pass\n")


def test_the_code_version_covers_all_that_a_run_imports_and_the_data_beside_it():
    counted = {name for name, _ in sources(PACKAGE)}
    assert {"data/digits.npz", "assignment/designs/families.txt", "registry.py", *COUNTED} <= counted
    beside = {
        "files.py",  # reads XLA's flags where they are in a file; they count themselves
        "metrics/__init__.py",  # is measured of what a run has done
        "run/__init__.py",  # says what the room is for
        "run/machine.py",  # says where a run was computed
        "run/rate.py",  # chooses among runs
        "schemes.py",  # names parts, each of which is in the cell
        "spec/__init__.py",
        "spec/checks.py",  # refuses
        "spec/kinds.py",  # reads and writes values, which are in the cell
        "spec/knob.py",  # says what can be declared of a setting
        "spec/ranges.py",
        "spec/request.py",  # what a sweep is asked for, which makes the cells
        "version.py",  # a number
    }
    seen, todo = set(), [*COUNTED]
    while todo:
        name = todo.pop()
        if name in seen or name.startswith("plugin/") or name == "__init__.py":
            continue  # plugins count by their own source; the front door is opened when a name is first used
        seen.add(name)
        for module in imported(PACKAGE / name):
            path = module.removeprefix("aspis_sim").lstrip(".").replace(".", "/")
            todo += [one for one in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if (PACKAGE / one).is_file()]
    assert "simulation/program.py" in seen
    assert seen - counted <= beside


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.split(".")[0] == "aspis_sim")


def test_the_versions_of_the_libraries_count(monkeypatch):
    before = code_version()
    code_version.cache_clear()
    monkeypatch.setattr("aspis_sim.study.fingerprint.version", lambda library: "0.0")
    changed = code_version()
    code_version.cache_clear()
    monkeypatch.undo()
    assert changed != before == code_version()


def test_the_source_of_a_plugin_counts_for_the_cells_that_use_it(tmp_path):
    plain = cells()[0]
    codes = []
    for edge in ("min", "max"):
        path = tmp_path / edge / "own_rule.py"
        path.parent.mkdir()
        path.write_text(
            f"from aspis_sim import plugin\n@plugin.rule('edge')\ndef edge():\n    return lambda rows: rows.{edge}(0)\n"
        )
        plugin.load(path)
        codes.append(origin_of(replace(plain, rule="edge")).code)
        own = plugin.register.known("own_rule")
        assert own is not None
        plugin.register.forget(own)
    assert len({*codes, origin_of(plain).code}) == 3
    assert origin_of(plain).code == code_version()


def test_the_data_count_by_their_checksum_and_made_ones_by_their_parameters():
    plain = GRID.groups()[0].first
    small, large = (replace(plain, dataset=f"synthetic:samples={count}:dimension=4") for count in (100, 200))
    sums = {origin_of(cell).data for cell in (plain, small, large)}
    assert len(sums) == 3
    assert origin_of(small).data == origin_of(replace(small, q=2)).data
