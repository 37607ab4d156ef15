"""The documentation: it builds without a warning, every registered name has its page, and its commands exist."""

import csv
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from aspis_sim_cli.app import app
from aspis_sim_cli.commands.list_parts import Kind as ListedKind
from typer.testing import CliRunner

from aspis_sim import plugin
from aspis_sim.plugin.guards import KINDS
from aspis_sim.run.row import COLUMNS, Row

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLE = DOCS / "examples/my_rule.py"


@pytest.fixture(scope="module")
def site_pages():
    pytest.importorskip("mkdocs")
    sys.path.insert(0, str(DOCS / "hooks"))
    try:
        import site_pages
    finally:
        sys.path.remove(str(DOCS / "hooks"))
    return site_pages


def test_every_registered_name_has_a_page_of_its_kind(site_pages):
    pages = site_pages.pages()
    listed = {kind.folder: kind.parts for kind in site_pages.KINDS}
    assert {id(kind.registry) for kind in KINDS.values()} <= {id(parts) for parts in listed.values()}
    assert {kind.value for kind in ListedKind} <= set(listed)
    for folder, parts in listed.items():
        assert len(parts) > 1
        for name in parts:
            assert f"](../{folder}/" not in pages[f"parts/{folder}/{name}.md"]
            assert pages[f"parts/{folder}/{name}.md"].startswith(f"# {name}\n")
            assert f"[{name}]({name}.md)" in pages[f"parts/{folder}/index.md"]
    assert sum(uri.startswith("parts/") for uri in pages) == sum(len(parts) + 1 for parts in listed.values())


def test_every_column_is_described(site_pages):
    text = site_pages.pages()["reference/columns.md"]
    described = dict(re.findall(r"(?m)^\| `(\w+)` \| .* \| (.+) \|$", text.split("## train")[0]))
    assert tuple(described) == COLUMNS
    assert len(set(described.values())) > len(fields(Row)) - 3


def test_the_counts_on_the_pages_of_assignments_are_those_of_the_program(site_pages):
    page = site_pages.pages()["parts/assignments/mols.md"]
    assert "| files | 0 | 1 | 3 | 5 | 8 | 12 | 14 |" in page
    assert "| 15 | 25 | 5 |" in page


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_links_to_nothing_that_is_not_there(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "site/parts/rules/krum/index.html").read_text()
    assert "Blanchard et al., NeurIPS 2017" in page
    own = (tmp_path / "site/your-own-parts/index.html").read_text()
    assert "median_length" in own
    assert not list((tmp_path / "site").rglob("*.py"))


def commands():
    """Every command line of the documentation, with its file."""
    for path in sorted([*DOCS.glob("*.md"), ROOT / "README.md"]):
        for block in re.findall(r"(?ms)^```\n(.*?)^```$", path.read_text()):
            for line in block.splitlines():
                if line.startswith("aspis-sim "):
                    yield pytest.param(line, id=f"{path.name}: {line[:60]}")


@pytest.mark.parametrize("line", list(commands()))
def test_the_commands_of_the_documentation_are_those_of_the_program(line):
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    for word in shlex.split(line)[1:]:
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        if word.startswith("--"):
            assert word in known
        elif isinstance(command, typer.core.TyperGroup) and not word.endswith(".py"):
            command = command.commands[word]


def test_the_example_is_short_and_does_what_its_page_says(tmp_path):
    assert len(EXAMPLE.read_text().splitlines()) == 25
    assert "## A rule in 25 lines" in (DOCS / "your-own-parts.md").read_text()
    common = "--q 1 --steps 2 --seeds 0 --lr 0.03 --model softmax --format csv"
    words = ["sweep", "--plugin", str(EXAMPLE), "--scheme", "shortened,detox", *common.split()]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["scheme"], row["rule"], row["status"]) for row in rows] == [
        ("shortened", "median-length", "ok"),
        ("detox", "median", "ok"),
    ]
    listed = CliRunner().invoke(app, ["--plugin", str(EXAMPLE), "list", "rules", "--format", "csv"]).stdout
    assert "rules,median-length," in listed


def test_the_example_shortens_long_rows():
    import jax.numpy as jnp

    from aspis_sim.aggregation import rule

    plugin.load(EXAMPLE)
    rows = jnp.array([[3.0, 4.0], [0.0, 5.0], [600.0, 800.0], [0.0, 0.0], [5.0, 0.0]])
    assert rule("median-length")(rows).tolist() == pytest.approx([(3 + 3 + 5) / 5, (4 + 5 + 4) / 5])
    assert rule("median-length", factor=0.0)(rows).tolist() == [0, 0]
