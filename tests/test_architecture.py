"""The house: imports point one way, the library has no command line in it, and asking for help is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import aspis_sim_cli

import aspis_sim

LIBRARY = Path(aspis_sim.__file__).parent
PROGRAM = Path(aspis_sim_cli.__file__).parent
FLOORS = ("", "simulation", "experiment", "report")
"""Rooms above the parts: a file may import from its own floor and from those below it."""


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module):
    room = module.split(".")[1] if "." in module else ""
    return FLOORS.index(room) if room in FLOORS else 0


def test_imports_point_from_report_to_experiment_to_simulation_to_parts():
    files = list(LIBRARY.rglob("*.py"))
    assert len(files) > 30
    wrong = []
    for path in files:
        here = ".".join(("aspis_sim", *path.relative_to(LIBRARY).with_suffix("").parts))
        for module in imported(path):
            if module.split(".")[0] in ("typer", "rich", "click", "aspis_sim_cli"):
                wrong.append(f"{here} imports {module}")
            if module.startswith("aspis_sim.") and floor(module) > floor(here):
                wrong.append(f"{here} imports {module}")
    assert wrong == []


def test_nothing_prints_in_the_library():
    calls = [
        f"{path.name}:{node.lineno}"
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


def test_help_imports_no_jax():
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from aspis_sim_cli.app import app\n"
        "for words in (['--help'], ['sweep', '--help'], ['train', '--help'], ['data', 'fetch', '--help'],\n"
        "              ['report', '--help'], ['plot', '--help'], ['export', '--help']):\n"
        "    result = CliRunner().invoke(app, words)\n"
        "    assert result.exit_code == 0, result.output\n"
        "heavy = {'jax', 'flax', 'optax', 'networkx', 'matplotlib', 'plotly', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
