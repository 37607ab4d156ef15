"""The documentation: it builds without a warning and works from disk, every name has its page, its commands exist."""

import csv
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
from aspis_sim_cli.app import app
from aspis_sim_cli.commands.list_parts import Kind as ListedKind
from typer.testing import CliRunner

import aspis_sim
from aspis_sim import plugin
from aspis_sim.plugin.guards import KINDS
from aspis_sim.run.row import COLUMNS
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.cell import FILLED, KNOBS
from aspis_sim.spec.grid import AXES
from tests.docs.commands import give, of_pages
from tests.report.browser import BROWSER
from tests.report.driven import Browser

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


def cells_of(text):
    """The cells of every row of the tables in a page whose first cell is code."""
    return [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("| `")]


def test_a_schemes_page_has_its_method_its_assignment_and_what_can_be_lost(site_pages):
    pages = site_pages.pages()
    for name in SCHEMES:
        page = pages[f"parts/schemes/{name}.md"]
        method = page.partition("**Guarantee.**")[0].splitlines()[3:]
        assert len(" ".join(method).split()) > 8, name
        assert re.search(r"\*\*Guarantee\.\*\* \S(?s:.*)\*\*When to use it\.\*\* \S", page), name
        workers, files = map(int, re.findall(r'aria-label="(\d+) workers and (\d+) files"', page)[0])
        redundancy = 3 if ", r = 3: a row for each worker" in page else 1
        assert page.count('fill="#4051b5"') == files * redundancy, name
        assert page.count("<rect") == files * workers, name
    # as published for K=15, f=25, l=5, r=3 (Konstantinidis, Ramamoorthy 2021)
    assert "| files | 0 | 1 | 3 | 5 | 8 | 12 | 14 |" in pages["parts/schemes/byzshield.md"]
    assert "What an adversary can distort" not in pages["parts/schemes/median.md"]


def test_every_registered_name_has_a_page_of_its_kind(site_pages):
    pages = site_pages.pages()
    listed = {kind.folder: kind.parts for kind in site_pages.KINDS}
    brought = {name for name, kind in KINDS.items() if not list(kind.registry)}
    assert brought == {"metric", "callback"}, "plugins alone bring these"
    assert {id(kind.registry) for name, kind in KINDS.items() if name not in brought} <= set(map(id, listed.values()))
    assert {kind.value for kind in ListedKind} - {f"{name}s" for name in brought} <= set(listed)
    for folder, parts in listed.items():
        assert len(parts) > 1
        for name in parts:
            assert f"](../{folder}/" not in pages[f"parts/{folder}/{name}.md"]
            assert pages[f"parts/{folder}/{name}.md"].startswith(f"# {name}\n")
            assert f"[{name}]({name}.md)" in pages[f"parts/{folder}/index.md"]
    assert sum(uri.startswith("parts/") for uri in pages) == sum(len(parts) + 1 for parts in listed.values())


def test_every_column_is_described(site_pages):
    text = site_pages.pages()["reference/columns.md"]
    described = {cells[0].strip("`"): cells[1:] for cells in cells_of(text.split("## train")[0])}
    assert tuple(described) == tuple(COLUMNS)
    assert len({meaning for *_, meaning in described.values()}) > len(COLUMNS) - 3
    assert described["top1"] == ["float or none", "", COLUMNS["top1"].meaning]
    assert described["rule"] == ["str", "`rule`", COLUMNS["rule"].meaning]
    assert described["framed"][:2] == ["int or auto or none", "`framed`"]
    assert [name for name, (_, setting, _) in described.items() if setting] == [
        name for name, column in COLUMNS.items() if column.setting is not None
    ]


def test_every_setting_has_a_row_that_says_how_it_is_asked_for_wherever_it_can_be(site_pages):
    text = site_pages.pages()["reference/settings.md"]
    rows = {cells[0].strip("`"): cells[1:] for cells in cells_of(text)}
    assert set(rows) == set(AXES)
    assert len(cells_of(text)) == len(AXES)
    assert rows["rule"][:5] == ["`--aggregator`", "`aggregator`", "`aggregator`, `rule`", "`rule`", "the scheme's"]
    assert rows["seed"][:5] == [
        "`--seed` (sweep: `--seeds`)", "`seed` (sweep: `seeds`)", "`seed` (sweep: `seed`, `seeds`)", "`seed`",
        "`0` (sweep: `0,1,2`)",
    ]  # fmt: skip
    assert rows["permute"][:2] == ["`--permute`, `--no-permute`", "`permute`"]
    assert rows["epochs"][3:5] == ["", "`none`"]
    assert "[weak](../parts/attacks/weak.md)" in rows["attack"][-1]
    for panel in {one.panel for one in AXES.values()}:
        (part,) = [part for part in text.split("\n## ") if part.startswith(f"{panel}\n")]
        own = [name for name, one in AXES.items() if one.panel == panel]
        assert [cells[0] for cells in cells_of(part)] == [f"`{name}`" for name in own]


def test_the_flags_and_keywords_on_the_page_of_settings_are_those_of_the_program(site_pages):
    rows = {cells[0].strip("`"): cells[1:] for cells in cells_of(site_pages.pages()["reference/settings.md"])}
    program = typer.main.get_command(app)
    assert isinstance(program, typer.core.TyperGroup)
    known = {
        flag
        for name in ("sweep", "train")
        for parameter in program.commands[name].params
        for flag in (*parameter.opts, *parameter.secondary_opts)
    }
    keywords = {*inspect.signature(aspis_sim.sweep).parameters, *inspect.signature(aspis_sim.train).parameters}
    for name, (flags, keys, words, column, *_) in rows.items():
        assert set(re.findall(r"`(--[^`]+)`", flags)) <= known
        assert {f"--{key}" for key in re.findall(r"`([^`]+)`", keys)} <= known
        assert set(re.findall(r"`([^`]+)`", words)) - {name} <= keywords
        assert column == "" or column.strip("`") in COLUMNS


def test_the_page_of_a_scheme_shows_every_setting_that_it_fills(site_pages):
    pages = site_pages.pages()
    for name, scheme in SCHEMES.items():
        shown = {flag.strip("`"): value for flag, value, _ in cells_of(pages[f"parts/schemes/{name}.md"])}
        for setting, value in scheme.fills.items():
            assert KNOBS[setting].written(value) in re.split(r"[`\[\]]", shown[KNOBS[setting].flag])
        assert {KNOBS[one].flag for one in FILLED if KNOBS[one].filled_by == "scheme"} <= set(shown)
    assert "[median_of_means:per_lie=2](../rules/median_of_means.md)" in pages["parts/schemes/aspis-sound.md"]


@pytest.mark.slow
def test_the_commands_on_the_pages_of_parts_can_run(site_pages):
    """Up to the data: CIFAR-10 may not be here (exit status 3)."""
    pages, program = site_pages.pages(), CliRunner()
    for kind in site_pages.KINDS:
        for name in kind.parts:
            command = kind.command_of(name)
            assert f"```\n{command}\n```" in pages[f"parts/{kind.folder}/{name}.md"]
            words = shlex.split(command)[1:]
            if words[0] in ("sweep", "train"):
                result = program.invoke(app, [*words, "--dry-run"])
                assert result.exit_code in ((0, 3) if "cifar10" in words else (0,)), (words, result.output)


def test_the_counts_on_the_pages_of_assignments_are_those_of_the_program(site_pages):
    page = site_pages.pages()["parts/assignments/mols.md"]
    assert "| files | 0 | 1 | 3 | 5 | 8 | 12 | 14 |" in page
    assert "| 15 | 25 | 5 |" in page


SEARCH = """<script>addEventListener("load", () => {
  const field = document.querySelector("[data-md-component=search-query]");
  field.focus();
  field.value = "minimax";
  field.dispatchEvent(new KeyboardEvent("keyup"));
});</script></body>"""
"""A reader who looks for something."""


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_works_from_disk_with_its_search(tmp_path):
    """One test, for the site is built once; what needs a browser comes last."""
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    page = site / "parts/rules/krum.html"
    assert "Blanchard et al., NeurIPS 2017" in page.read_text()
    assert "median_length" in (site / "your-own-parts.html").read_text()
    assert not list(site.rglob("*.py"))
    linked = map(unquote, re.findall(r'(?:href|src)="([^"#]+)', (site / "index.html").read_text()))
    assert {link for link in linked if "://" not in link and not (site / link).is_file()} == set()
    if BROWSER is None:
        pytest.skip("Chromium is not here: the search was not tried")
    page.with_name("searched.html").write_text(page.read_text().replace("</body>", SEARCH))
    with Browser() as browser:
        shown = browser.opened(
            page.with_name("searched.html"), until="document.querySelector('.md-search-result__link')"
        )
    assert (shown.logged, shown.requested) == ([], [])
    found = [link.attributes["href"] for link in shown.page.all("a", class_="md-search-result__link")]
    assert (site / "minimax.html").as_uri() in found


@pytest.mark.parametrize(("page", "line"), [pytest.param(*one, id=": ".join(one)[:80]) for one in of_pages()])
def test_the_commands_of_the_documentation_can_be_given(page, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    give(line)


def test_the_commands_of_the_documentation_are_found():
    assert sum(page == "README.md" for page, _ in of_pages()) >= 2
    assert len(list(of_pages())) > 50


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
