"""The house: who may import whom, how large a room may be, what asking for help costs, and words that stay out."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import aspis_sim_cli
import networkx
import pytest

import aspis_sim

LIBRARY = Path(aspis_sim.__file__).parent
PROGRAM = Path(aspis_sim_cli.__file__).parent

FLOOR = {"environment", "errors", "printable", "registry", "files", "limits", "records", "streams", "version"}
PARTS = {
    *("adversary", "aggregation", "assignment", "augmentations", "coding", "data", "detection", "distortion", "game"),
    *("audits", "clusters", "evidence", "models", "partitions", "schedules", "optimizers"),
    *("silence", "devices", "metrics", "callbacks", "schemes"),
}
UP_TO_SPEC = FLOOR | PARTS | {"plugin", "spec"}
UP_TO_RUN = UP_TO_SPEC | {"gradients", "simulation", "run"}
UP_TO_ANALYSIS = UP_TO_RUN | {"study", "analysis"}

MAY_IMPORT = {
    **dict.fromkeys(FLOOR, FLOOR),
    "assignment": FLOOR,
    "audits": FLOOR,
    "clusters": FLOOR,
    "augmentations": FLOOR,
    "evidence": FLOOR,
    "coding": FLOOR | {"assignment"},
    "callbacks": FLOOR,
    "metrics": FLOOR,
    "models": FLOOR,
    "optimizers": FLOOR,
    "partitions": FLOOR,
    "schedules": FLOOR,
    "silence": FLOOR,
    "data": FLOOR,
    "devices": FLOOR,
    "aggregation": FLOOR,
    "detection": FLOOR | {"aggregation", "assignment"},
    "game": FLOOR | {"aggregation", "assignment", "detection"},
    "distortion": FLOOR | {"assignment", "coding", "detection", "game", "schemes"},
    "adversary": FLOOR | {"assignment", "aggregation", "detection", "distortion"},
    "schemes": FLOOR,
    "plugin": FLOOR | PARTS,
    "spec": FLOOR | PARTS | {"plugin"},
    "gradients": UP_TO_SPEC,
    "simulation": UP_TO_SPEC | {"gradients"},
    "run": UP_TO_SPEC | {"gradients", "simulation"},
    "trials": UP_TO_SPEC,
    "study": UP_TO_RUN,
    "analysis": UP_TO_RUN | {"study"},
    "battery": UP_TO_ANALYSIS,
    "reproduction": UP_TO_ANALYSIS,
    "report": UP_TO_ANALYSIS | {"trials"},
    "front": UP_TO_ANALYSIS | {"battery", "report"},
    "": {"front"},
}
"""Room -> the rooms that its files may import beside its own; the rooms of the first line stand below all others."""

WIDE = {"aggregation", "commands", "data", "payloads", "presets", "render"}
"""Packages of which every file is a method, a command or a figure by itself."""


def _name(path):
    root, top = (PROGRAM, "aspis_sim_cli") if path.is_relative_to(PROGRAM) else (LIBRARY, "aspis_sim")
    parts = (top, *path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_name(path): path for root in (LIBRARY, PROGRAM) for path in root.rglob("*.py")}


def _modules_in(path):
    """Modules that a file imports, anywhere, for type checkers too, or names in a text as ``module:attribute``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (one if one in FILES else node.module for one in below)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            module = node.value.partition(":")[0]
            if module in FILES and module not in ("aspis_sim", "aspis_sim_cli"):
                yield module


IMPORTS = {name: {module for module in _modules_in(path) if module != name} for name, path in FILES.items()}


def _room(module):
    return module.split(".")[1] if "." in module else ""


def test_imports_of_the_library_go_along_the_arrows():
    wrong = []
    for here, modules in IMPORTS.items():
        if not here.startswith("aspis_sim."):
            continue
        allowed = MAY_IMPORT[_room(here)] | {_room(here)}
        wrong += [f"{here} imports {one}" for one in modules if one in FILES and _room(one) not in allowed]
    assert len(FILES) > 200
    assert wrong == []


def test_the_table_of_arrows_names_every_room_and_has_no_circle_itself():
    rooms = {path.stem if path.suffix == ".py" else path.name for path in LIBRARY.iterdir()}
    rooms -= {"__init__", "__pycache__", "py.typed"}
    assert rooms == set(MAY_IMPORT) - {""}
    upper = networkx.DiGraph((one, other) for one in MAY_IMPORT for other in MAY_IMPORT[one] - FLOOR)
    assert list(networkx.simple_cycles(upper)) == []


def test_the_library_knows_no_command_line():
    for here, modules in IMPORTS.items():
        if here.split(".")[0] == "aspis_sim":
            assert not {one.split(".")[0] for one in modules} & {"typer", "rich", "click", "aspis_sim_cli"}, here


def test_no_circle_among_modules():
    edges = ((here, one) for here, modules in IMPORTS.items() for one in modules if one in FILES)
    graph = networkx.DiGraph((here, one) for here, one in edges if not here.startswith(f"{one}."))
    assert [sorted(group) for group in networkx.strongly_connected_components(graph) if len(group) > 1] == []


def test_a_module_that_is_named_in_a_text_counts_as_imported(tmp_path):
    file = tmp_path / "lazy.py"
    file.write_text('NAMES = {"sweep": "aspis_sim.front:sweep"}\n')
    assert list(_modules_in(file)) == ["aspis_sim.front"]
    assert "aspis_sim.front" in IMPORTS["aspis_sim"]


def test_no_package_and_no_file_is_too_large():
    folders = {path.parent for path in FILES.values()}
    full = {
        folder.name: count
        for folder in folders
        if (count := sum(one.name != "__init__.py" for one in folder.glob("*.py"))) > 14 and folder.name not in WIDE
    }
    tests = Path(__file__).parent.rglob("*.py")
    long = {
        str(path): count
        for path in (*FILES.values(), *tests)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert (full, long) == ({}, {})


def test_nothing_prints_in_the_library():
    calls = [
        f"{path.name}:{node.lineno}"
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


def _texts(tree):
    """The texts of a file that are no docstrings."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told | loose:
            yield node.value


def test_messages_of_the_library_name_settings_and_not_flags():
    found = {
        f"{name}: {text}"
        for name, path in FILES.items()
        if name.startswith("aspis_sim.")
        for text in _texts(ast.parse(path.read_text()))
        if re.search(r"(?<![\w-])--[a-z][a-z-]+", text)
    }
    assert found == set()


@pytest.mark.parametrize(
    "code",
    [
        "import aspis_sim",
        "import aspis_sim; aspis_sim.InputError; dir(aspis_sim)",
    ],
)
def test_the_front_door_imports_next_to_nothing(code):
    check = f"import sys; before = set(sys.modules); {code}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert {one for one in loaded if one.startswith("aspis_sim")} <= {
        "aspis_sim",
        "aspis_sim.errors",
        "aspis_sim.version",
    }
    assert not {"jax", "numpy", "flax", "optax", "networkx", "typer"} & set(loaded)


def test_help_imports_no_numpy():
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from aspis_sim_cli.app import app\n"
        "for words in (['--help'], ['sweep', '--help'], ['train', '--help'], ['data', 'fetch', '--help'],\n"
        "              ['report', '--help'], ['plot', '--help'], ['export', '--help'], ['reproduce', '--help'],\n"
        "              ['compare', '--help'], ['verify', '--help'], ['--version'], ['distortion', '--help'],\n"
        "              ['worst-case', '--help'], ['plan', '--help'], ['detect', '--help'], ['list', '--help']):\n"
        "    result = CliRunner().invoke(app, words)\n"
        "    assert result.exit_code == 0, result.output\n"
        "heavy = {'numpy', 'rich.console', 'jax', 'flax', 'optax', 'networkx', 'matplotlib', 'plotly', 'pyarrow'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
