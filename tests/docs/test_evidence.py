"""The page of what is proven, measured and assumed: every line names evidence, and all of it is there and can run."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from tests.docs.commands import give

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/evidence.md").read_text()
NAMED = re.compile(r"`(tests/[^`]+\.py)::([^`]+)`")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ") and " | " in line]
CLAIMS = [row for row in ROWS if row[0] not in ("claim", "assumption")]
COMMANDS = sorted(set(re.findall(r"`(aspis-sim [^`]+)`", PAGE)))
SCRIPTS = sorted(set(re.findall(r"`(python -m benchmarks[^`]+)`", PAGE)))


def test_every_line_names_a_test_or_a_command():
    assert len(CLAIMS) > 50
    for row in CLAIMS:
        evidence = row[-1]
        shown = NAMED.search(evidence) or "`aspis-sim " in evidence or "`python -m benchmarks" in evidence
        assert shown or evidence == "the same", row
    assert CLAIMS[0][-1] != "the same"


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED.findall(PAGE)}))
def test_every_test_that_is_named_exists(path):
    there = {node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)}
    named = {name for other, name in NAMED.findall(PAGE) if other == path}
    assert all(name.startswith("test_") for name in named)
    assert named <= there, f"{path} has no {', '.join(sorted(named - there))}"


def test_files_that_hold_the_proofs_have_them():
    files = re.findall(r"proof: `([^`]+)`", PAGE)
    assert len(files) >= 4
    for file in files:
        assert "Claim `" in (ROOT / file).read_text() or "so nobody honest is flagged" in (ROOT / file).read_text()


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_given(line):
    """Sweeps and single runs are planned; of the others every option and value is read."""
    give(line)


@pytest.mark.parametrize("line", SCRIPTS)
def test_every_benchmark_is_there(line):
    module, *words = line.removeprefix("python -m ").split()
    if module == "benchmarks":
        assert words
        found = [importlib.util.find_spec(f"benchmarks.bench_{word}") for word in words]
    else:
        found = [importlib.util.find_spec(module)]
        assert found[0] is not None
        text = Path(str(found[0].origin)).read_text()
        assert all(f'"{word}"' in text for word in words if word.startswith("--"))
    assert None not in found
