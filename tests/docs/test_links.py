"""Links of the written pages: each leads somewhere on a plain checkout, and in the site."""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.splitlines() or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
PLACES = {*TRACKED, *(str(parent) for name in TRACKED for parent in PurePosixPath(name).parents)}


@pytest.fixture(scope="module")
def hooks():
    sys.path.insert(0, str(DOCS / "hooks"))
    try:
        import site_pages
        import source_links
    finally:
        sys.path.remove(str(DOCS / "hooks"))
    return site_pages, source_links


def text_of(path):
    """A page without its blocks of code."""
    return re.sub(r"(?ms)^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"))


def links_of(text):
    """(place, heading) of every link that does not leave the project."""
    for place, _, heading in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", text)):
        if "://" not in place and not place.startswith("mailto:"):
            yield place, heading


def headings_of(path):
    """The headings of a page, as links name them."""
    titles = re.findall(r"(?m)^#+ (.*)$", text_of(path))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def joined(folder, place):
    """The place that a link leads to, without the dots; None if it leaves the project."""
    parts: list[str] = []
    for part in (PurePosixPath(folder) / place).parts:
        if part == ".." and not parts:
            return None
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts) or "."


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_to_what_a_plain_checkout_has(path):
    folder = path.parent.relative_to(ROOT).as_posix()
    for place, heading in links_of(text_of(path)):
        found = joined(folder, place) if place else path.relative_to(ROOT).as_posix()
        assert found in PLACES, f"{path.name} links to {place}"
        if heading:
            assert heading in headings_of(ROOT / found), f"{path.name} links to {place}#{heading}"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_every_link_leads_to_what_the_site_has(path, hooks):
    site_pages, source_links = hooks
    written = (one.relative_to(DOCS) for one in DOCS.rglob("*") if one.is_file())
    there = {*site_pages.pages(), *(str(one) for one in written if one.parts[0] not in ("hooks", "examples"))}
    for place, _ in links_of(source_links.in_site(text_of(path))):
        assert not place or joined(".", place) in there, f"{path.name} links to {place}"


def test_a_link_to_the_source_of_a_part_leads_to_its_page_in_the_site(hooks):
    _, source_links = hooks
    for written, expected in {
        "[strong](../aspis_sim/adversary/)": "[strong](parts/attacks/strong.md)",
        "[`alie`](../aspis_sim/adversary/payloads/)": "[`alie`](parts/payloads/alie.md)",
        "[the\nrules](../aspis_sim/aggregation/)": "[the\nrules](parts/rules/index.md)",
        "[columns](../aspis_sim/run/row.py)": "[columns](reference/columns.md)",
        "[other](../aspis_sim/errors.py)": "[other](../aspis_sim/errors.py)",
        "[tutorial](tutorial.md)": "[tutorial](tutorial.md)",
    }.items():
        assert source_links.in_site(written) == expected


def test_every_place_that_the_site_has_pages_for_is_in_the_source_and_the_pages_are_there(hooks):
    site_pages, source_links = hooks
    pages = site_pages.pages()
    for place, page in source_links.REFERENCE.items():
        assert joined("docs", place) in PLACES
        assert page in pages
    for place, folder in source_links.FOLDERS.items():
        assert joined("docs", place) in PLACES
        assert f"parts/{folder}/index.md" in pages
