"""The report as it is laid out: wide and narrow, light and dark, nothing lies on or beyond anything, keys reach all."""

import pytest

from aspis_sim.analysis.statistics import holm, paired
from aspis_sim.report.page import page
from tests.report.browser import needs_browser
from tests.report.studies import row_of, rows_of, study_of

pytestmark = needs_browser

TEXTS = """(() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const add = (text, box) => { if (text && box.width > 1 && box.height > 1)
    found.push([text.slice(0, 30), box.left, box.top + scrollY, box.right, box.bottom + scrollY]); };
  while (walk.nextNode()) {
    const node = walk.currentNode, owner = node.parentElement, text = node.data.trim();
    if (!text || owner.closest("script, style, svg, option, noscript") || !owner.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) add(text, box);
  }
  for (const one of document.querySelectorAll("svg text, .modebar-btn svg, select"))
    if (one.checkVisibility() && !one.closest(".hoverlayer, .legend"))
      add(one.tagName === "text" ? one.textContent : one.tagName, one.getBoundingClientRect());
  return found;
})()"""
"""Boxes of all text that is seen, of the buttons over figures and of choices, in pixels of the page."""

CONTROLS = """[...document.querySelectorAll("a[href], button, select, input, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility() && !one.disabled)"""


@pytest.fixture(scope="module")
def study():
    rows = [
        *rows_of(("aspis", "detox", "median"), payloads=("alie", "constant"), q=(0, 1, 4), seeds=(0, 1, 2, 3)),
        *(row_of(momentum=0.5, clip_workers=1.0, q=q, seed=seed, top1=0.6) for q in (0, 1, 4) for seed in range(4)),
        *(row_of(precision="float64", seed=seed) for seed in range(2)),
    ]
    return study_of(rows, commands=("aspis-sim sweep --scheme aspis,detox,median --q 0,1,4 --payload alie,constant",))


@pytest.fixture(scope="module")
def report(study, tmp_path_factory):
    path = tmp_path_factory.mktemp("looks") / "report.html"
    path.write_text(page(study), encoding="utf-8")
    return path


def overlaps(boxes, slack=2.0):
    """Pairs of texts whose boxes share more than ``slack`` pixels both ways."""
    boxes = sorted(boxes, key=lambda box: box[2])
    for place, (text, left, top, right, bottom) in enumerate(boxes):
        for other, its_left, its_top, its_right, its_bottom in boxes[place + 1 :]:
            if its_top > bottom - slack:
                break
            if min(right, its_right) - max(left, its_left) > slack and min(bottom, its_bottom) - its_top > slack:
                yield text, other, round(top)


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (1400, True), (420, False), (420, True)])
def test_no_text_lies_on_another_or_beyond_the_page(width, dark, report, browser):
    browser.show(report, width, dark=dark)
    boxes = browser.ask(TEXTS)
    assert len(boxes) > 200
    assert list(overlaps(boxes)) == []
    assert [box for box in boxes if box[1] < 0 or box[3] > width] == []
    assert browser.ask("document.documentElement.scrollWidth") == width
    background = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(22, 23, 26)" if dark else "rgb(255, 255, 255)")


def test_boxes_that_overlap_are_found():
    assert list(overlaps([["a", 0, 0, 10, 10], ["b", 5, 5, 20, 20], ["c", 9, 30, 20, 40]])) == [("a", "b", 0)]


def test_everything_is_reached_by_tab_and_acts_on_enter(report, browser):
    browser.show(report, 420, fragment="q=4")
    browser.ask("document.getElementById('filter-box').open = true")
    wanted = browser.ask(f"{CONTROLS}.length")
    assert wanted > 80
    browser.ask(f"{CONTROLS}.forEach((one, k) => {{ one.dataset.place = k; }}); document.activeElement.blur()")
    reached = set()
    for _ in range(wanted + 10):
        browser.press("Tab")
        reached.add(browser.ask("document.activeElement.dataset.place"))
    assert reached >= {str(place) for place in range(wanted)}
    browser.ask("document.querySelector('#results thead button').focus()")
    browser.press("Enter")
    assert browser.ask("document.querySelector('#results th').getAttribute('aria-sort')") == "descending"
    browser.ask("document.querySelector('#accuracy-plot [data-title=\"Zoom in\"]').focus()")
    before = browser.ask("document.getElementById('accuracy-plot').layout.xaxis.range.join()")
    browser.press("Enter")
    assert browser.ask("document.getElementById('accuracy-plot').layout.xaxis.range.join()") != before


def test_the_page_opens_with_the_settings_then_cost_and_finds_the_order_that_python_finds(study, report, browser):
    browser.show(report, 1400, fragment="precision=float32&momentum=0.9")
    order = browser.ask("[...document.querySelectorAll('body > header > dl, main > section')].map((one) => one.id)")
    assert order[:5] == ["settings", "", "cost", "accuracy", "heat"]
    assert browser.ask("document.getElementById('choice-precision').selectedOptions[0].text") == "float32"
    tops = {
        scheme: [min(row.top1 for row in study.rows if (row.scheme, row.q, row.seed, row.momentum, row.precision) ==
                     (scheme, 4, seed, 0.9, "float32")) for seed in range(4)]
        for scheme in ("aspis", "detox", "median")
    }  # fmt: skip
    assert paired(tops["aspis"], tops["detox"]).p_t is None  # made up: the same difference for every seed
    assert " ~ detox " in browser.ask("document.getElementById('headline').textContent")


def test_the_tests_of_the_page_are_those_of_python(tmp_path, browser):
    first, second = (0.9, 0.92, 0.91, 0.93, 0.9), (0.8, 0.81, 0.85, 0.8, 0.83)
    third = (0.79, 0.86, 0.8, 0.82, 0.81)
    rows = [
        row_of(scheme=scheme, seed=seed, top1=top1)
        for scheme, tops in (("aspis", first), ("aspis+", second), ("aspis-sound", third))
        for seed, top1 in enumerate(tops)
    ]
    path = tmp_path / "tests.html"
    path.write_text(page(study_of(rows)), encoding="utf-8")
    browser.show(path, 1400)
    steps = [paired(first, second).p_t or 0.0, paired(second, third).p_t or 0.0]
    expected = [" > " if p <= 0.05 else " ~ " for p in holm(steps)]
    assert expected == [" > ", " ~ "]
    said = browser.ask("document.getElementById('headline').textContent")
    names = said.partition(": ")[2]
    assert [names.index(sign) for sign in expected] == sorted(names.index(sign) for sign in expected)
    told = browser.ask("document.getElementById('headline').dataset.p").split(",")
    assert [float(p) for p in told] == pytest.approx(holm(steps), rel=1e-6)
