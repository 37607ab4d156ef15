"""The report in a real browser: it draws, filters, follows its address, logs nothing, asks the network for nothing."""

import re
from urllib.parse import quote

import pytest

from aspis_sim.report.page import page
from tests.report.browser import needs_browser
from tests.report.studies import HOSTILE, row_of, rows_of, study_of

pytestmark = needs_browser
PLOTS = (
    "accuracy-plot",
    "accuracy-facets",
    "distortion-facets",
    "diagonal-plot",
    "heat-adversaries-plot",
    "heat-q-plot",
    "curves-plot",
    "timeline-plot",
    "cost-plot",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(
        page(study_of(commands=("aspis-sim sweep --q 1..3",), made_by={"jax": {"0.10": 24}})), encoding="utf-8"
    )
    return path


def traces(shown, plot, kind="scatter"):
    return list(shown.page.by_id(plot).all("g", class_=f"{kind}layer"))


def count(shown, plot, kind="trace"):
    return len(list(shown.page.by_id(plot).all("g", class_=kind)))


def legend(shown, plot):
    found = [item.text for item in shown.page.by_id(f"{plot}-keys").all("li")]
    return [text for text in found if not text.startswith("chance")]


def settings(shown):
    block = shown.page.by_id("settings")
    return dict(zip((term.text for term in block.all("dt")), (said.text for said in block.all("dd")), strict=True))


def quiet(shown):
    assert shown.logged == []
    assert shown.requested == []


def hovered(browser, plot, curve, point):
    """What the reader sees who points at a point of a figure."""
    place = f"{{ curveNumber: {curve}, pointNumber: {point} }}"
    browser.ask(f"Plotly.Fx.hover('{plot}', [{place}]), new Promise((done) => setTimeout(done, 300))")
    return browser.ask(f"document.querySelector('#{plot} .hoverlayer').textContent")


def without_policy(path):
    """A copy of the page with its policy taken off."""
    text, found = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", path.read_text(encoding="utf-8"))
    assert found == 1
    copy = path.with_name("unguarded.html")
    copy.write_text(text, encoding="utf-8")
    return copy


def test_every_figure_is_drawn_and_nothing_is_logged_or_requested(report, browser):
    shown = browser.opened(report)
    quiet(shown)
    assert shown.page.one("body").attributes["data-ready"] == "12"
    for plot in PLOTS:
        assert list(shown.page.by_id(plot).all("svg", class_="main-svg")), plot
    assert legend(shown, "accuracy-plot") == ["aspis", "detox"]
    assert count(shown, "accuracy-plot") == 1 + 2
    assert count(shown, "accuracy-plot", "errorbar") == 6
    assert count(shown, "accuracy-facets") == 2 * (1 + 2)
    assert count(shown, "distortion-facets") == 2 * 2 * 2
    assert count(shown, "curves-plot") == 2 * (1 + 2 * 2)
    assert count(shown, "diagonal-plot") == 1 + 2
    assert count(shown, "heat-adversaries-plot", "hm") == 1
    numbers = [node.text for node in shown.page.by_id("heat-q-plot").all("text") if "▼" in node.text]
    assert sorted(numbers) == ["35.5 ▼", "65.5 ▼"]
    assert (
        "Top-1 % at q=3, each under its worst of 2 adversaries: aspis 65.5 (65.0–66.0) ~ detox 35.5"
        in shown.page.by_id("headline").text
    )
    assert len(list(shown.page.by_id("results").one("tbody").all("tr"))) == 12
    assert "aspis-sim sweep --q 1..3" in shown.page.by_id("made").text


def test_the_address_filters(report, browser):
    shown = browser.opened(report, "scheme=detox&attack=weak&q=2&theme=dark")
    quiet(shown)
    assert shown.page.one("body").attributes["data-ready"] == "3"
    assert shown.page.one("html").attributes["data-theme"] == "dark"
    assert count(shown, "accuracy-plot") == 1 + 1
    assert "hidden" in shown.page.by_id("accuracy-each").attributes
    assert "hidden" in shown.page.by_id("heat-adversaries").attributes
    assert shown.page.by_id("headline").text.startswith("Top-1 % at q=2: detox 75.5")
    cells = [[cell.text for cell in row.all("td")] for row in shown.page.by_id("results").one("tbody").all("tr")]
    assert [row[:4] for row in cells] == [["detox", "weak", "alie 1", str(q)] for q in (1, 2, 3)]
    assert "No steps of a scheme with detection" in shown.page.by_id("timeline-plot").text


def test_an_address_that_asks_for_what_is_not_there_says_so(report, browser):
    shown = browser.opened(report, "scheme=aspsi&colour=red&q=9")
    quiet(shown)
    assert shown.page.one("body").attributes["data-ready"] == "0"
    assert "not in this study: aspsi, colour" in shown.page.by_id("status").text
    assert shown.page.by_id("headline").text == "Nothing is left by these filters."


def test_a_reader_can_filter_sort_hover_and_show_all(report, browser):
    browser.show(report, 1280, 2000)
    browser.ask("document.querySelector('#filter-scheme input').click()")
    assert browser.ask("location.hash") == "#scheme=detox"
    browser.ask("document.querySelector('#results th:nth-child(5) button').click()")
    first = browser.ask("document.querySelector('#results tbody tr').textContent")
    assert first.startswith("detoxstrongalie 1335.5 (35.0–36.0)")
    hover = hovered(browser, "accuracy-plot", 1, 2)
    assert hover.startswith("detox, q=3strong, alie 1top-1 35.5 (35.0–36.0) % (2 seeds)")
    shown = browser.seen()
    quiet(shown)
    assert shown.page.one("body").attributes["data-ready"] == "6"
    plot = shown.page.by_id("accuracy-plot")
    buttons = "|".join(one.attributes["data-title"] for one in plot.all(class_="modebar-btn"))
    assert "Zoom" in buttons
    assert not re.search("[Ss]hare|[Cc]loud|[Ll]ink", buttons)


def test_hostile_labels_are_shown_and_nothing_else(tmp_path, browser):
    schemes = HOSTILE
    rows = rows_of(schemes=schemes, attacks=HOSTILE[:3], payloads=HOSTILE[2:4], q=(1, 2), seeds=(0,))
    rows = (*rows, row_of(scheme=HOSTILE[0], top1=None, loss=None, status=f"failed: {HOSTILE[1]}", seed=9))
    path = tmp_path / "hostile.html"
    study = study_of(rows, HOSTILE[1], commands=HOSTILE, made_by={HOSTILE[0]: {HOSTILE[1]: 3}})
    path.write_text(page(study), encoding="utf-8")
    plain = browser.opened(path)
    quiet(plain)
    hover = hovered(browser, "accuracy-plot", 3, 1)
    played = browser.seen()
    assert played.logged == []
    assert HOSTILE[2] in hover
    for shown in (plain, played):
        assert next(shown.page.one("head").all("title")).text == f"{HOSTILE[1]} · aspis-sim"
        for tag in ("img", "a", "b", "iframe", "object"):
            assert [
                node.attributes for node in shown.page.all(tag) if node.attributes.get("class") != "modebar-btn"
            ] == []
    assert len(list(plain.page.all("script"))) == 3
    assert sorted(legend(plain, "accuracy-plot")) == sorted(schemes)
    options = [label.text for label in plain.page.by_id("filter-scheme").all("label")]
    assert options == list(schemes)
    assert plain.page.one("h1").text == HOSTILE[1]
    assert HOSTILE[1] in plain.page.by_id("failures").text


def test_the_policy_of_the_page_stops_scripts_and_requests(report, tmp_path, browser):
    text = report.read_text(encoding="utf-8")
    added = '<img src="http://127.0.0.1:9/x.png"><script>document.title = "owned"</script><script src="x.js"></script>'
    path = tmp_path / "added.html"
    path.write_text(text.replace("</body>", f"{added}</body>"), encoding="utf-8")
    shown = browser.opened(path)
    assert next(shown.page.one("head").all("title")).text == "first · aspis-sim"
    assert shown.page.one("body").attributes["data-ready"] == "12"
    assert len(shown.logged) == 3
    assert all("Content Security Policy" in line or "violates" in line for line in shown.logged)
    assert shown.requested == []
    without = browser.opened(without_policy(path))
    browser.ask("setTimeout(() => { throw new Error('heard') }), new Promise((done) => setTimeout(done, 100))")
    assert any("heard" in line for line in browser.seen().logged)
    assert "http://127.0.0.1:9/x.png" in without.requested
    assert next(without.page.one("head").all("title")).text == "owned"


def test_rows_alone_have_no_curves_and_a_scheme_that_met_fewer_adversaries_is_named(tmp_path, browser):
    path = tmp_path / "rows.html"
    rows = [row for row in rows_of() if (row.scheme, row.attack) != ("detox", "weak")]
    path.write_text(page(study_of(rows, traced=False)), encoding="utf-8")
    shown = browser.opened(path)
    quiet(shown)
    for section in ("curves", "timeline"):
        assert "hidden" in shown.page.by_id(section).attributes
    assert "hidden" not in shown.page.by_id("accuracy").attributes
    assert "Not all ran against all: detox against 1." in shown.page.by_id("headline").text


def test_several_settings_are_shown_one_at_a_time(tmp_path, browser):
    rows = (
        *rows_of(),
        *rows_of(("aspis",), attacks=("strong",)),
        *(row_of(precision="float64", seed=seed) for seed in range(3)),
    )
    path = tmp_path / "settings.html"
    path.write_text(page(study_of(rows)), encoding="utf-8")
    first, second = browser.opened(path), browser.opened(path, "setting=2")
    for shown, results in ((first, "12"), (second, "1")):
        quiet(shown)
        assert shown.page.one("body").attributes["data-ready"] == results
    assert len(list(first.page.by_id("context").all("option"))) == 2
    assert "precision" not in settings(first)
    assert settings(second) == {**settings(first), "precision": "float64"}
    assert "6 rows are of a run that is there again" in first.page.one("header").text


def options(shown, filter_):
    return [label.text for label in shown.page.by_id(f"filter-{filter_}").all("label")]


@pytest.mark.parametrize(
    ("column", "values"),
    [("momentum", ("0.9", "0.5")), ("detector", ("clique", "unanimous")), ("rule", ("median", HOSTILE[0]))],
)
def test_variants_of_a_scheme_have_their_labels_and_a_filter_that_the_address_knows(column, values, tmp_path, browser):
    kind = type(row_of()[column])
    rows = [
        row_of(**{column: kind(text)}, q=q, seed=seed, top1=0.9 - 0.2 * place - 0.1 * q)
        for place, text in enumerate(values)
        for q in (1, 2)
        for seed in (0, 1)
    ]
    path = tmp_path / "variants.html"
    path.write_text(page(study_of(rows)), encoding="utf-8")
    names = [f"aspis ({column}={text})" for text in values]
    shown = browser.opened(path)
    quiet(shown)
    assert shown.page.one("body").attributes["data-ready"] == "4"
    assert legend(shown, "accuracy-plot") == names
    assert options(shown, "scheme") == names
    assert options(shown, column) == list(values)
    assert "hidden" not in shown.page.by_id(f"filter-{column}").attributes
    assert "hidden" in shown.page.by_id("filter-attack").attributes
    assert f"{names[0]} 70.0" in shown.page.by_id("headline").text
    one = browser.opened(path, f"{column}={quote(values[1], safe='')}")
    quiet(one)
    assert one.page.one("body").attributes["data-ready"] == "2"
    assert one.page.by_id("headline").text.startswith(f"Top-1 % at q=2: {names[1]} 50.0")
    assert list(one.page.all("img")) == []
    unknown = browser.opened(path, f"{column}=nothing")
    assert "not in this study: nothing" in unknown.page.by_id("status").text


def test_a_filter_that_is_not_of_schemes_is_played_and_kept_in_the_address(tmp_path, browser):
    rows = [row_of(momentum=value, adversary_window=window) for value in (0.9, 0.5) for window in (None, 7)]
    path = tmp_path / "played.html"
    path.write_text(page(study_of(rows)), encoding="utf-8")
    browser.show(path, 1280, 2000)
    browser.ask("document.querySelector('#filter-momentum input').click()")
    browser.ask("document.querySelectorAll('#filter-adversary_window input')[1].click()")
    assert browser.ask("location.hash") == "#adversary_window=none&momentum=0.5"
    shown = browser.seen()
    quiet(shown)
    assert shown.page.one("body").attributes["data-ready"] == "1"
    assert shown.page.by_id("headline").text == "Top-1 % at q=1: aspis (momentum=0.5) 90.0."


def test_what_is_overridden_throughout_is_said_over_the_figures(tmp_path, browser):
    path = tmp_path / "throughout.html"
    rows = [row.replaced(momentum=0.5) for row in rows_of()]
    path.write_text(page(study_of(rows)), encoding="utf-8")
    shown = browser.opened(path)
    quiet(shown)
    assert settings(shown) == {
        "data": "digits", "model": "mlp", "workers K": "15", "copies r": "3", "protocol": "files",
        "training": "40 steps", "momentum": "0.5",
    }  # fmt: skip
    assert legend(shown, "accuracy-plot") == ["aspis", "detox"]
    assert not list(shown.page.all(id="filter-momentum"))
    assert "hidden" in shown.page.by_id("context-label").attributes


def test_lengths_of_training_are_variants_of_a_scheme(tmp_path, browser):
    path = tmp_path / "steps.html"
    path.write_text(page(study_of([row_of(), row_of(steps=99)])), encoding="utf-8")
    shown = browser.opened(path)
    quiet(shown)
    assert options(shown, "scheme") == ["aspis (steps=40)", "aspis (steps=99)"]
    assert settings(shown)["training"] == "40 to 99 steps"
