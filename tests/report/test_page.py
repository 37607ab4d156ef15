"""The page as text: whole in itself, true to the summary's means, and inert whatever the study's texts are."""

import base64
import hashlib
import importlib.util
import json
import re

import pytest

from aspis_sim.analysis.summary import mean_of
from aspis_sim.analysis.tables import tables_of
from aspis_sim.errors import InputError
from aspis_sim.report.page import page
from aspis_sim.report.page_data import as_script, page_data
from tests.report.studies import HOSTILE, row_of, rows_of, study_of


def data_of(text):
    found = re.findall(r'<script id="study" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def scripts_of(text):
    return re.findall(r"<script>(.*?)</script>", text, re.DOTALL)


def test_the_figures_of_the_page_are_those_of_the_rows():
    rows = rows_of(payloads=("alie", "constant"), seeds=(0, 1, 2))
    data = data_of(page(study_of(rows)))
    entries = data["entries"]
    assert len(entries["top1"]) == 2 * 2 * 2 * 3
    assert {len(column) for column in entries.values()} == {24}
    for at, top1 in enumerate(entries["top1"]):
        _, attack, payload, label, *_ = data["sheets"][entries["sheet"][at]]
        scheme = data["schemes"][entries["scheme"][at]]["name"]
        adversary = data["attacks"][attack], data["payloads"][payload].removesuffix(" 1")
        assert data["adversaries"][label] == f"{adversary[0]}, {adversary[1]} 1"
        members = [
            row
            for row in rows
            if (row.attack, row.payload) == adversary and (row.scheme, row.q) == (scheme, entries["q"][at])
        ]
        assert len(members) == entries["seeds"][at] == 3
        expected = mean_of([row.top1 for row in members])
        assert top1 == pytest.approx(100 * expected.value, abs=1e-3)
        assert (entries["half"][at], entries["ranged"][at]) == (None, 1)
        tops = [100 * row.top1 for row in members]
        assert (entries["low"][at], entries["high"][at]) == pytest.approx((min(tops), max(tops)), rel=1e-4)
        assert entries["measured"][at] == pytest.approx(members[0].distortion_measured, rel=1e-4)
        run = data["runs"][entries["run"][at]]
        assert (run["seeds"], data["seed_sets"][entries["of"][at]]) == ([0, 1, 2], [0, 1, 2])
        assert entries["tops"][at] == pytest.approx([100 * row.top1 for row in members])
        assert [column[-1] for column in run["top1"]] == [
            40,
            *(pytest.approx(one, rel=1e-4) for one in (100 * expected.value, min(tops), max(tops))),
        ]


def test_four_seeds_have_an_interval_that_ends_at_100():
    several = [(seed, *each) for seed, each in enumerate(((0.5, 1.0), (0.6, 1.0), (0.7, 1.0), (0.8, 0.9)))]
    rows = [row_of(q=q, seed=seed, top1=tops[q - 1]) for seed, *tops in several for q in (1, 2)]
    entries = data_of(page(study_of(rows)))["entries"]
    assert entries["ranged"] == [0, 0]
    assert entries["half"] == [pytest.approx(20.54, abs=0.01), None]
    assert entries["low"] == pytest.approx([44.46, 89.54], abs=0.01)
    assert entries["high"] == [pytest.approx(85.54, abs=0.01), 100]


def test_the_policy_names_the_scripts_that_are_in_the_page_and_no_address():
    text = page(study_of())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts_of(text)]
    assert len(digests) == 2
    assert re.findall(r"'sha256-([^']*)'", policy) == digests
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    own = text.replace(scripts_of(text)[0], "")
    assert not re.search(r"""(src|href)\s*=\s*["']?\w""", own)
    assert not re.search(r"https?://", own.replace("http://www.w3.org/2000/svg", ""))


def test_texts_of_the_study_are_inert():
    rows = [
        row_of(scheme=label, attack=label, payload=label, status=f"failed: {label}", top1=None) for label in HOSTILE
    ]
    made = {"host": dict.fromkeys(HOSTILE, 1)}
    text = page(study_of([*rows, row_of()], HOSTILE[0], commands=HOSTILE, made_by=made))
    assert len(scripts_of(text)) == 2
    assert [scheme["name"] for scheme in data_of(text)["schemes"]] == [*HOSTILE, "aspis"]
    outside = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    for mark in ("<img", "<a ", "</script><script>document"):
        assert mark not in outside
    assert text.count("<title>") == 1 + scripts_of(text)[0].count("<title>")


def filters_in(text):
    return dict(re.findall(r'<fieldset id="filter-([^"]*)"><legend>([^<]*)</legend></fieldset>', text))


VARIANTS = {"momentum": ("0.9", "0.5"), "detector": ("clique", "unanimous"), "rule": ("median", "krum")}
TITLES = {"momentum": "Momentum", "detector": "Detector", "rule": "Rule"}


@pytest.mark.parametrize("column", VARIANTS)
def test_a_setting_in_which_runs_of_a_scheme_differ_makes_labelled_variants_and_a_filter(column):
    values = [type(row_of()[column])(text) for text in VARIANTS[column]]
    rows = [row_of(**{column: value}, q=q, top1=0.5 + 0.1 * q) for q in (1, 2) for value in values]
    text = page(study_of(rows))
    always = {"scheme": "Schemes", "attack": "Attacks", "payload": "Payloads"}
    assert filters_in(text) == {**always, column: TITLES[column]}
    data = data_of(text)
    names = [f"aspis ({column}={value})" for value in VARIANTS[column]]
    assert [scheme["name"] for scheme in data["schemes"]] == names
    assert data["filters"] == [{"key": column, "title": TITLES[column], "values": list(VARIANTS[column])}]
    entries = data["entries"]
    assert entries[column] == entries["scheme"]
    assert sorted(zip(entries["scheme"], entries["q"], strict=True)) == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert entries["seeds"] == [1] * 4
    (context,) = data["contexts"]
    assert context == "digits, mlp, K=15, r=3, 40 steps, protocol files"
    assert "rows are of a run" not in text


@pytest.mark.parametrize("column", VARIANTS)
def test_a_setting_that_is_overridden_throughout_is_said_once_and_makes_no_filter(column):
    value = type(row_of()[column])(VARIANTS[column][1])
    text = page(study_of([row_of(**{column: value}, q=q) for q in (1, 2)]))
    assert filters_in(text).keys() == {"scheme", "attack", "payload"}
    data = data_of(text)
    assert [scheme["name"] for scheme in data["schemes"]] == ["aspis"]
    said = f"{column}={VARIANTS[column][1]}"
    assert data["contexts"] == [f"digits, mlp, K=15, r=3, 40 steps, protocol files, {said}"]
    assert data["filters"] == []


def test_filters_are_of_the_adversary_and_the_schemes_wherever_these_differ():
    detox = {"scheme": "detox", "assignment": "repetition", "detector": "none", "after_detection": "average"}
    rows = [row_of(), row_of(adversary_window=9), row_of(precision="float64"), row_of(steps=99), row_of(**detox)]
    text = page(study_of(rows))
    assert filters_in(text) == {
        "scheme": "Schemes",
        "attack": "Attacks",
        "payload": "Payloads",
        "adversary_window": "Adversary window",
        "steps": "Steps",
        "assignment": "Assignment",
        "detector": "Detector",
        "after_detection": "After detection",
    }
    data = data_of(text)
    assert data["adversaries"] == ["strong, alie 1", "strong, alie 1, adversary_window=9"]
    assert len(data["contexts"]) == 2
    assert {one["key"]: one["values"] for one in data["filters"]} == {
        "adversary_window": ["none", "9"],
        "steps": ["40", "99"],
        "assignment": ["subset", "repetition"],
        "detector": ["clique", "none"],
        "after_detection": ["published", "average"],
    }


def test_filters_that_follow_from_the_scheme_are_folded_away_and_settings_of_contexts_can_be_chosen():
    text = page(study_of([*rows_of(), row_of(workers=21), row_of(workers=21, precision="float64")]))
    folded = text[text.index('<details class="more">') :]
    assert filters_in(folded) == {
        "assignment": "Assignment",
        "detector": "Detector",
        "after_detection": "After detection",
    }
    assert re.findall(r'<select id="choice-([a-z]*)">', text) == ["workers", "precision"]
    data = data_of(text)
    assert [(one["key"], one["values"], one["of"]) for one in data["choices"]] == [
        ("workers", ["15", "21"], [0, 1, 1]),
        ("precision", ["float32", "float64"], [0, 0, 1]),
    ]
    first = data["settings"][0]
    assert first["facts"][:6] == [
        ["data", "digits"], ["model", "mlp"], ["workers K", "15"], ["copies r", "3"], ["protocol", "files"],
        ["training", "40 steps"],
    ]  # fmt: skip
    assert first["samples"] == [["aspis", 4, 1820, 25], ["detox", 4, 1820, 50]]
    assert first["chance"] == 10


def test_payloads_that_distort_the_same_files_have_one_label():
    data = data_of(page(study_of(rows_of(payloads=("alie", "constant")))))
    assert data["alike"] == ["strong", "weak"]
    assert [sheet[4] for sheet in data["sheets"]] == [0, 0, 1, 1]


def test_data_never_end_their_script_element():
    value = ["</script>", "<!--", "]]>", "\u2028\u2029", "&amp;", 'quote" \\']
    text = as_script(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


def test_the_page_says_what_it_leaves_out():
    assert "CSV file keeps no steps" in page(study_of(traced=False))
    assert "CSV file does not keep the command" in page(study_of(traced=False))
    few = page(study_of(), most_runs=5)
    assert "curves of 4 of 24 runs" in few
    assert len(data_of(few)["runs"]) == 4
    whole = page(study_of())
    assert "The curves of" not in whole
    assert "rows are of a run" not in whole
    assert "1 rows are of a run that is there again" in page(study_of([row_of(), row_of()]))


def test_failures_and_divergence_are_counted():
    rows = [*rows_of(), row_of(seed=8, status="diverged")]
    rows.append(row_of(seed=7, top1=None, loss=None, status="failed: ValueError: <no>"))
    text = page(study_of(rows))
    assert "1 × <code>failed: ValueError: &lt;no&gt;</code>" in text
    entries = data_of(text)["entries"]
    assert (entries["failed"][0], entries["diverged"][0], entries["seeds"][0]) == (1, 1, 3)
    assert 'id="failures"' not in page(study_of())


def test_values_that_json_does_not_have_are_left_out():
    rows = [row_of(top1=0.1, distortion_measured=float("nan"), distortion_theory=float("inf"))]
    data = page_data(study_of(rows, traced=False), tables_of(rows))
    assert (data["entries"]["measured"], data["entries"]["theory"]) == ([None], [None])


def test_versions_say_how_many_cells_where_there_are_several():
    text = page(study_of(made_by={"jax": {"0.9": 3, "0.10": 5}, "numpy": {"2.4": 8}}))
    assert "0.9 (3 cells), 0.10 (5 cells)" in text
    assert '<th scope="row">numpy</th><td>2.4</td>' in text


def test_without_plotly_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'aspis-sim\[report\]'"):
        page(study_of())
