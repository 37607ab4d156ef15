"""What a run costs, in the report: the reader chooses among the prices that are known."""

from aspis_sim.report.page import page
from tests.report.browser import needs_browser
from tests.report.studies import rows_of, study_of
from tests.report.test_browser import quiet

pytestmark = needs_browser


def test_the_price_is_chosen_among_those_that_are_known(tmp_path, browser):
    report = tmp_path / "report.html"
    report.write_text(page(study_of()), encoding="utf-8")
    plain = browser.opened(report)
    browser.ask(
        "(() => { const one = document.getElementById('price'); one.value = 'modelled';"
        " one.dispatchEvent(new Event('change')); })()"
    )
    chosen = browser.seen()
    prices = [node.attributes["value"] for node in plain.page.by_id("price").all("option")]
    assert prices == ["samples", "sent", "modelled"]
    titles = ["".join(node.text for node in shown.page.by_id("cost-plot").all("g", class_="g-xtitle"))
              for shown in (plain, chosen)]  # fmt: skip
    assert titles == ["sample gradients computed by all workers", "modelled seconds"]
    path = tmp_path / "unpriced.html"
    rows = [row.replaced(bytes_sent=None, seconds_modelled=None) for row in rows_of()]
    path.write_text(page(study_of(rows)), encoding="utf-8")
    alone = browser.opened(path)
    quiet(alone)
    assert "hidden" in alone.page.by_id("price-label").attributes
