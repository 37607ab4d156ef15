"""Figures for a paper: the three kinds of file, the same bytes each time, fonts inside, any label drawn as it is."""

import importlib.util
import re
from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure

from aspis_sim.analysis.chance import chance
from aspis_sim.analysis.tables import tables_of
from aspis_sim.errors import InputError
from aspis_sim.report.axes import Wanted, say_overrides, shortened
from aspis_sim.report.drawings import FIGURES, front
from aspis_sim.report.figures import PARTS, against, check_figure, figure
from aspis_sim.report.source import Source
from aspis_sim.report.style import styles
from tests.report.studies import HOSTILE, row_of, rows_of, study_of, timeline_of

BEGINS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@cache
def usual(kind, ending=".svg"):
    """The figure of the usual study, drawn once for all tests."""
    return figure(study_of(), kind, ending, Wanted())


@pytest.mark.parametrize("ending", BEGINS)
@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_is_a_file_of_its_kind_and_the_same_each_time(kind, ending):
    made = usual(kind, ending)
    assert made.startswith(BEGINS[ending])
    assert made == figure(study_of(), kind, ending, Wanted())


@pytest.mark.parametrize("kind", FIGURES)
def test_figures_of_other_rows_differ(kind):
    assert usual(kind) != figure(study_of(rows_of(q=(1, 2))), kind, ".svg", Wanted())


def test_a_pdf_holds_its_fonts_as_truetype_and_no_date():
    made = usual("accuracy", ".pdf")
    assert b"/CIDFontType2" in made
    assert b"/FontFile2" in made
    assert b"/Type3" not in made
    assert b"CreationDate" not in made
    assert b"<dc:date>" not in usual("accuracy")


def test_the_width_of_a_figure_is_the_one_asked_for():
    (width,) = re.findall(rb'<svg[^>]*? width="([0-9.]+)pt"', figure(study_of(), "accuracy", ".svg", Wanted(width=5.0)))
    assert float(width) == pytest.approx(72 * 5.0)


@pytest.mark.parametrize("kind", FIGURES)
def test_any_label_is_drawn_as_it_is(kind):
    labels = (*HOSTILE, "$x^$", "_hidden", r"\frac", "$\\frac{1}$")
    rows = rows_of(schemes=labels, attacks=HOSTILE[:2], q=(1, 2), seeds=(0,))
    assert figure(study_of(rows), kind, ".png", Wanted()).startswith(BEGINS[".png"])


def test_schemes_attacks_payloads_and_q_are_chosen():
    study = study_of(rows_of(payloads=("alie", "constant")))
    everything = figure(study, "heatmap", ".svg", Wanted())
    some = figure(study, "heatmap", ".svg", Wanted(("detox",), ("weak",), ("alie 1",)))
    assert len(some) < len(everything)
    assert figure(study, "heatmap", ".svg", Wanted(q=(1,))) != everything
    assert figure(study, "heatmap", ".svg", Wanted(q=(3,))) == everything


def test_variants_of_a_scheme_are_drawn_and_chosen_by_their_label():
    study = study_of(
        [row_of(q=q, momentum=momentum, top1=0.9 - momentum * q / 5) for q in (1, 2) for momentum in (0.9, 0.5)]
    )
    both = figure(study, "accuracy", ".svg", Wanted())
    one = figure(study, "accuracy", ".svg", Wanted(schemes=("aspis (momentum=0.5)",)))
    assert len(one) < len(both)
    assert figure(study, "accuracy", ".svg", Wanted(schemes=("aspis",))) == both


def test_what_all_of_a_figure_has_otherwise_than_by_default_is_said_under_it():
    def said(rows):
        drawing = Figure()
        say_overrides(drawing, tables_of(rows).tables, Wanted(width=12))
        return drawing.get_supxlabel()

    aspis, detox = rows_of(("aspis",)), rows_of(("detox",))
    assert said([*aspis, *detox]) == ""
    for column, value in (("momentum", 0.5), ("detector", "unanimous"), ("rule", "krum"), ("precision", "float64")):
        changed = [row.replaced(**{column: value}) for row in aspis]
        assert said(changed) == f"{column}={value}"
        assert said([*changed, *(row.replaced(**{column: value}) for row in detox)]) == f"{column}={value}"
    assert said([*(row.replaced(momentum=0.5) for row in aspis), *detox]) == ""
    for kind in FIGURES:
        assert figure(
            study_of([row.replaced(momentum=0.5) for row in (*aspis, *detox)]), kind, ".svg", Wanted()
        ) != usual(kind)


def test_no_line_is_drawn_as_published_where_nothing_is():
    def lines(rows):
        (axis,) = drawn(rows).axes
        return [line.get_linestyle() for line in axis.lines]

    def drawn(rows):
        drawing, study = Figure(), study_of(rows)
        shown = tables_of(rows).tables, styles({"aspis": "aspis"})
        FIGURES["distortion"](drawing, study, shown, Wanted())
        return drawing

    rows = rows_of(("aspis",), ("strong",))
    assert lines(rows).count("--") == 1
    assert "--" not in lines([row.replaced(distortion_theory=None) for row in rows])


def drawn_of(kind, rows, wanted=None, traced=True):
    drawing, tables = Figure(layout="constrained"), tables_of(rows)
    looks = styles({name: tables.scheme_of[name] for name in tables.schemes})
    FIGURES[kind](drawing, study_of(rows, traced=traced), (tables.tables, looks), wanted or Wanted())
    return drawing


def keys(drawing):
    return [text.get_text() for legend in drawing.legends for text in legend.get_texts()]


def test_payloads_that_distort_the_same_files_are_one_panel_and_others_are_not():
    rows = rows_of(payloads=("alie", "constant"))
    drawing = drawn_of("distortion", rows)
    assert [axis.get_title("left") for axis in drawing.axes] == ["strong", "weak"]
    assert keys(drawing) == ["aspis", "detox", "measured", "published"]
    apart = [row.replaced(distortion_measured=0.5) if row.payload == "constant" else row for row in rows]
    assert len(drawn_of("distortion", apart).axes) == 4
    unpublished = drawn_of("distortion", [row.replaced(distortion_theory=None) for row in rows])
    assert keys(unpublished) == ["aspis", "detox"]


def test_the_worst_stands_first_with_chance_and_what_ran_without_byzantine_workers():
    rows = (*rows_of(attacks=("strong",), q=(0, 1)), *rows_of(attacks=("weak",), q=(1,)))
    drawing = drawn_of("accuracy", rows)
    worst, strong, weak = (axis for axis in drawing.axes if axis.get_visible())
    assert [axis.get_title("left") for axis in (worst, strong, weak)] == [
        "worst of 2 adversaries",
        "strong, alie 1",
        "weak, alie 1",
    ]
    assert keys(drawing)[-1] == "chance (10%)"
    for axis in (worst, strong, weak):
        assert min(min(line.get_xdata()) for line in axis.lines[1:]) < 0.1
        assert [line.get_ydata()[0] for line in axis.lines].count(10) == 1
    assert chance("synthetic:classes=4") == 0.25
    assert chance("linear-regression") is chance("a data set of a plugin") is None


def test_curves_are_means_with_a_band_from_the_first_step_and_a_panel_for_each_q():
    rows = rows_of(("aspis",), ("strong",), seeds=(0, 1, 2, 3))
    drawing = drawn_of("curves", rows, Wanted(q=(1, 3)))
    assert [axis.get_title("left") for axis in drawing.axes] == ["q=1", "q=3"]
    assert keys(drawing) == ["aspis", "95% interval", "chance (10%)"]
    for axis in drawing.axes:
        (line,) = (one for one in axis.lines if len(one.get_xdata()) > 2)
        assert (axis.get_xlim()[0], len(axis.collections)) == (0, 1)
        assert list(line.get_ydata()) == pytest.approx([100 * np.mean([timeline_of(row).curve[step][1] for row in rows
                                                         if row.q == (1 if axis is drawing.axes[0] else 3)])
                                                        for step in range(4)])  # fmt: skip
    with pytest.raises(InputError, match="this figure is at one q, not at 1, 3; curves take several"):
        drawn_of("heatmap", rows, Wanted(q=(1, 3)))


def test_the_heat_map_says_what_its_frame_is_and_ends_with_the_worst():
    drawing = drawn_of("heatmap", rows_of())
    axis = drawing.axes[0]
    assert [text.get_text() for text in axis.get_xticklabels()] == ["strong", "weak", "worst"]
    assert axis.get_xlabel() == "at q=3, alie 1"
    assert keys(drawing) == ["worst adversary of each scheme"]
    assert axis.images[0].get_array().tolist() == pytest.approx(np.array([[65.5, 80.5, 65.5], [35.5, 65.5, 35.5]]))


def test_long_labels_are_cut_and_stay_apart():
    labels = [f"a scheme with a very long name (momentum={value})" for value in (0.5, 0.9)]
    assert shortened(labels, 20) == ["a scheme …entum=0.5)", "a scheme …entum=0.9)"]
    assert shortened(["short", "long enough"], 8) == ["short", "long en…"]
    same = [f"{'x' * 30}{letter}{'y' * 30}" for letter in "ab"]
    assert shortened(same, 12) == ["xxxxxxx… 1", "xxxxxxx… 2"]


def test_curves_are_of_training_where_nothing_was_scored_on_the_way():
    rows = rows_of()
    unscored = Source("x", rows, lambda index: timeline_of(rows[index], scored=False), True)
    assert figure(unscored, "curves", ".png", Wanted()) != figure(study_of(rows), "curves", ".png", Wanted())


def test_a_setting_stands_on_the_horizontal_axis_at_one_q():
    rows = [row.replaced(believed_q=told) for row in rows_of() for told in (1, 2, "true")]
    placed, wanted = against(rows, Wanted(x="believed_q"))
    assert {row.q for row in placed} == {1, 2}
    assert {row.believed_q for row in placed} == {"true"}
    assert len(placed) == 2 * sum(row.q == 3 for row in rows_of())
    assert wanted.below == "believed_q (q=3)"
    skewed = [row.replaced(heterogeneity=one) for row in rows_of() for one in ("iid", "extreme")]
    placed, wanted = against(skewed, Wanted(x="heterogeneity", q=(2,)))
    assert ({row.q for row in placed}, {row.heterogeneity for row in placed}) == ({0, 1}, {"iid"})
    assert wanted.values == ("iid", "extreme")
    assert figure(study_of(skewed), "distortion", ".png", Wanted(x="heterogeneity"))
    assert figure(study_of(rows), "accuracy", ".png", Wanted(x="believed_q")) != figure(
        study_of(rows), "accuracy", ".png", Wanted(x="believed_q", q=(1,))
    )
    for wanted, message in (
        (Wanted(x="believed_q", q=(9,)), "no cell with q=9; the study has 1, 2, 3"),
        (Wanted(x="framed"), "no cell of the study has a value for framed"),
    ):
        with pytest.raises(InputError, match=message):
            figure(study_of(rows), "accuracy", ".png", wanted)


CASES = {
    "no such scheme": (Wanted(schemes=("aspsi",)), "unknown scheme 'aspsi'; did you mean aspis"),
    "no such attack": (Wanted(attacks=("strng",)), "did you mean strong"),
    "no such payload": (Wanted(payloads=("alie",)), "unknown payload 'alie'; did you mean alie 1"),
    "no such q": (Wanted(q=(9,)), "no cell with q=9; the study has 1, 2, 3"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_in_the_study_is_named(name):
    wanted, message = CASES[name]
    with pytest.raises(InputError, match=re.escape(message)):
        figure(study_of(), "heatmap", ".png", wanted)


def test_too_many_adversaries_are_refused_and_so_are_curves_that_are_not_kept():
    many = study_of([row_of(attack=f"attack {number}") for number in range(PARTS + 1)])
    with pytest.raises(InputError, match=f"{PARTS + 1} adversaries do not fit"):
        figure(many, "accuracy", ".png", Wanted())
    with pytest.raises(InputError, match="no curves are kept of the cells with q=3; a CSV file has none"):
        figure(study_of(traced=False), "curves", ".png", Wanted())
    apart = study_of([row_of(attack="weak"), row_of(payload="constant")])
    with pytest.raises(InputError, match="no cell of the study is of these"):
        figure(apart, "accuracy", ".png", Wanted(attacks=("weak",), payloads=("constant 1",)))


def test_what_cannot_be_made_is_refused_before_any_work(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="unknown figure 'acuracy'; did you mean accuracy"):
        check_figure("acuracy", tmp_path / "x.png", Wanted())
    with pytest.raises(InputError, match=r"cannot draw to x.jpg; end the file in .png, .svg, .pdf"):
        check_figure("accuracy", tmp_path / "x.jpg", Wanted())
    with pytest.raises(InputError, match="a figure 0 inches wide"):
        check_figure("accuracy", tmp_path / "x.png", Wanted(width=0))
    with pytest.raises(InputError, match="figure curves is not drawn across a setting; accuracy and distortion are"):
        check_figure("curves", tmp_path / "x.png", Wanted(x="workers"))
    with pytest.raises(InputError, match="unknown setting 'beleived_q'; did you mean believed_q"):
        check_figure("accuracy", tmp_path / "x.png", Wanted(x="beleived_q"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'aspis-sim\[plot\]'"):
        check_figure("accuracy", tmp_path / "x.png", Wanted())


def test_the_front_is_what_nothing_beats_in_cost_and_accuracy_at_once():
    points = [(3.0, 90.0), (1.0, 50.0), (2.0, 40.0), (1.0, 45.0), (3.0, 90.0), (9.0, 95.0)]
    assert front(points) == [(1.0, 50.0), (3.0, 90.0), (9.0, 95.0)]


def test_accuracy_against_a_cost_that_is_known(tmp_path):
    study = study_of()
    assert usual("cost") == figure(study, "cost", ".svg", Wanted(x="samples_processed"))
    assert usual("cost") != figure(study, "cost", ".svg", Wanted(x="bytes_sent"))
    with pytest.raises(InputError, match="no cell with q=3 has a value for server_computed; take cells with `audits`"):
        figure(study, "cost", ".svg", Wanted(x="server_computed"))
    with pytest.raises(InputError, match="unknown cost 'bytes'"):
        check_figure("cost", tmp_path / "one.svg", Wanted(x="bytes"))


def test_the_axis_is_that_of_all_adversaries_also_where_the_last_has_fewer_q():
    rows = (*rows_of(attacks=("strong",)), *rows_of(attacks=("weak",), q=(3,)))
    assert {axis.get_xlim() for axis in drawn_of("accuracy", rows).axes if axis.get_visible()} == {(0.6, 3.4)}
