"""What a reader sees first, in README and on the first page: the picture, the finding, how to read the table."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README, FIRST, SWEEPS = (
    (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/index.md", "docs/sweeps.md")
)


@pytest.fixture(scope="module")
def picture():
    sys.path.insert(0, str(ROOT / "docs/hooks"))
    try:
        import method_picture
    finally:
        sys.path.remove(str(ROOT / "docs/hooks"))
    return method_picture


def test_the_picture_of_the_method_is_what_its_script_draws(picture):
    drawn = picture.svg()
    assert picture.FILE.read_text(encoding="utf-8") == drawn
    assert "10 of 10 files honest" in drawn
    assert "3 of 10 files are lies" in drawn
    assert drawn.count(" excluded<") == 2


def accuracies(page, q):
    """The accuracies of a row of the table that a sweep printed: scheme -> text."""
    block = page[page.index("attack strong, payload alie 1, K=15") :]
    (names,) = re.findall(r"(?m)^ +(.*)\n q +[\d,]+ samples", block[: block.index("───")])
    (row,) = re.findall(rf"(?m)^ {q} +([\d. ]+)$", block[: block.index("top-1 %")])
    return dict(zip(names.split(), row.split(), strict=True))


def test_the_finding_is_that_of_the_tables():
    rows = re.findall(r"(?m)^\| (file|step) \| (.*) \| [^|]*\|$", README)
    assert rows == re.findall(r"(?m)^\| (file|step) \| (.*) \| [^|]*\|$", FIRST)
    shown = {kind: [cell.strip("* ") for cell in cells.split("|")] for kind, cells in rows}
    for kind, page in (("file", README), ("step", SWEEPS)):
        found = accuracies(page, 5)
        assert shown[kind] == [found[scheme] for scheme in ("aspis", "byzshield", "detox", "median")]
    best = {kind: max(range(4), key=lambda one: float(cells[one])) for kind, cells in shown.items()}
    assert best == {"file": 0, "step": 2}
    for q in range(1, 8):
        found = accuracies(SWEEPS, q)
        assert min(found, key=lambda scheme: float(found[scheme])) == "aspis"


def test_the_first_sentence_at_the_table_says_that_the_schemes_see_different_numbers_of_samples():
    (section,) = re.findall(r"(?ms)^## A sweep and how to read it\n\n(.*?)\.\s", README)
    assert "1,820 distinct samples" in " ".join(section.split())
    assert "1,820 distinct" in README[README.index("Protocol files:") :]
