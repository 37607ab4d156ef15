"""A sweep's CSV: what was written is read back, what is not there is as by itself, and what is wrong is named."""

import math
import re
from pathlib import Path

import pytest

from aspis_sim.errors import DataError, InputError
from aspis_sim.records import as_csv
from aspis_sim.report.source import opened
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import COLUMNS, FIRST, SETTINGS, Row, row_of
from aspis_sim.spec.cell import BY_COLUMN
from aspis_sim.spec.grid import Grid
from aspis_sim.study.reading import cell_of_row, read_csv, read_runs, rows_of, settings_of
from tests.report.studies import BASE, HOSTILE
from tests.report.studies import row_of as changed_row
from tests.report.studies import rows_of as made
from tests.rows import MEDIAN, ROW, seeds


def text_of(rows, columns=tuple(COLUMNS)):
    return as_csv(rows, columns)


def test_rows_come_back_as_they_were_written(tmp_path):
    rows = (
        *made(),
        changed_row(seed=7, strength=None, detection_rate=None, top1=None, loss=None, status='failed: "a", b\nc'),
        changed_row(seed=8, loss=float("inf"), status="diverged"),
        *(changed_row(scheme=label, payload=label) for label in HOSTILE),
        changed_row(attack="frame-up:auto", framed="auto", adversary_window=9, permute=True, clip_server=0.1 + 0.2),
        changed_row(attack="frame-up:1", framed=1, convention="aspis", memory=2 * 10**9, tolerance=0.0),
    )
    path = tmp_path / "sweep.csv"
    path.write_text(text_of(rows), encoding="utf-8", newline="")
    assert read_csv(path) == rows
    assert [run.row for run in read_runs(path)] == list(rows)
    with opened(path) as source:
        assert source.rows == rows
        assert source.name == "sweep"
        assert not source.traced
        assert source.timeline(0) is None
    path.write_text("\ufeff" + text_of(rows), encoding="utf-8", newline="")
    assert read_csv(path) == rows


def test_columns_may_stand_in_any_order_and_numbers_are_those_that_were_written(tmp_path):
    rows = [*seeds(ROW, [1 / 3, None]), *seeds(MEDIAN, [0.1], loss=math.nan, status='failed: a, "b"\nc')]
    assert repr(rows_of(text_of(rows), "here")) == repr(tuple(rows))
    path = tmp_path / "a.csv"
    columns = list(zip(*(line.split(",") for line in text_of(rows[:2]).splitlines()), strict=True))
    text = "\n".join(",".join(line) for line in zip(*columns[::-1], strict=True))
    path.write_text(f"{text}\n")
    assert read_csv(path) == tuple(rows[:2])


def test_a_file_that_was_cut_off_is_refused_wherever_it_was_cut(tmp_path):
    path = tmp_path / "a.csv"
    text = text_of(seeds(ROW, [1 / 3, 0.5]))
    last = text[:-1].rindex("\n") + 1
    for end in range(last + 1, len(text)):
        path.write_text(text[:end])
        with pytest.raises(DataError, match="line 3"):
            read_csv(path)


def test_a_text_that_looks_like_a_formula_is_no_formula_in_the_file():
    for label in ("=1+1", "+1", "-1", "@x", "\t=1", "'quoted'", "'=1"):
        text = text_of([changed_row(scheme=label)])
        assert text.splitlines()[1].lstrip('"').startswith("'")
        assert rows_of(text, "here")[0].scheme == label
    assert "'" not in text_of([BASE, changed_row(strength=-1.0)])


OWN: dict[str, dict[str, object]] = {
    "aspis": {"detector": "clique", "after_detection": "average", "permute": False, "coding": "none"},
    "aspis-certified": {"detector": "certified"},
    "aspis+": {"detector": "degree", "permute": True},
    "draco-cyclic": {"detector": "none", "coding": "cyclic"},
    "median": {"detector": "none", "after_detection": "average"},
    "of a plugin": {"detector": "none", "permute": False},
}


@pytest.mark.parametrize("scheme", OWN)
def test_settings_without_a_column_are_those_that_the_scheme_has_by_itself(scheme):
    told = {name: BASE[name] for name in FIRST} | {"scheme": scheme}
    row = Row(told)
    (found,) = rows_of(text_of([row], FIRST), "a file of an earlier version")
    assert found == row.replaced(after_detection="average")
    by_itself: dict[str, object] = {
        "momentum": 0.9,
        "tolerance": 0.0,
        "detection_window": 15,
        "adversary_window": None,
    }
    by_itself |= {"precision": "float32", "framed": None, "memory": 4 * 10**9, "convention": None}
    for name, value in (by_itself | OWN[scheme]).items():
        assert found[name] == value
        assert type(found[name]) is type(value)


def test_settings_without_a_column_follow_the_data_set_and_the_label_of_the_attack():
    told = {name: BASE[name] for name in FIRST}
    regression = Row(told | {"dataset": "linear-regression:samples=100", "model": "linear", "top1": None})
    framing = [Row(told | {"attack": f"frame-up:{count}", "q": 5}) for count in (2, "auto")]
    options = Row(told | {"attack": "weak:x=1", "seed": 5})
    rows = rows_of(text_of([regression, *framing, BASE, options], FIRST), "here")
    assert [row.momentum for row in rows] == [0.0, 0.9, 0.9, 0.9, 0.9]
    assert [row.framed for row in rows] == [None, 2, "auto", None, None]
    assert rows[1].attack == "frame-up:2"


def test_a_tolerance_without_a_column_follows_the_compute_mode():
    rows = [changed_row(compute=compute, tolerance=0.5) for compute in ("shared", "replicated", "shared")]
    found = rows_of(text_of(rows, (*FIRST, "compute")), "here")
    assert [row.tolerance for row in found] == [0.0, 1e-5, 0.0]


def test_a_column_that_is_there_has_the_say_over_what_the_scheme_has_by_itself():
    row = changed_row(detector="unanimous", momentum=0.5)
    (found,) = rows_of(text_of([row], (*FIRST, "detector")), "here")
    assert (found.detector, found.momentum, found.permute) == ("unanimous", 0.9, False)
    assert rows_of(text_of([row]), "here") == (row,)


def with_column(name, value="1"):
    header, line = text_of([BASE]).splitlines()
    return f"{header},{name}\n{line},{value}\n"


ONE, TWO = text_of([BASE]).splitlines()
CASES = {
    "a column is missing": (
        text_of([BASE]).replace("top1", "top2"),
        "x.csv is no sweep's CSV: it has no column top1 (there is a column 'top2'); 28 of 29 columns are there",
    ),
    "another table": ("step,loss\n1,2\n", "it has no column scheme; 1 of 29 columns are there"),
    "nothing": ("", "it has no column scheme"),
    "a header cut short": (ONE[:150] + "\n", "it has no column distortion_theory; 19 of 29 columns are there"),
    "a column of no setting": (with_column("colour"), "x.csv: unknown column 'colour'; "),
    "a column with a typo": (with_column("momentun"), "unknown column 'momentun'; did you mean momentum"),
    "a note": ("note," + ONE + "\nhello," + TWO + "\n", "unknown column 'note'; "),
    "a newer version": (with_column("colour"), "a newer aspis-sim may know it"),
    "a column twice": (with_column("q"), "x.csv: the column q stands twice"),
    "no rows": (text_of([]), "x.csv holds no rows"),
    "not a number": (
        text_of([BASE, changed_row(q="three")]),
        "x.csv, line 3: q is 'three', which is not a whole number",
    ),
    "no figure": (text_of([changed_row(top1="much")]), "x.csv, line 2: top1 is 'much', which is not a number"),
    "no empty seed": (text_of([changed_row(seed=None)]), "x.csv, line 2: seed is '', which is not a whole number"),
    "no workers": (text_of([changed_row(workers=None)]), "x.csv, line 2: workers is '', which is not a whole number"),
    "neither yes nor no": (
        text_of([changed_row(permute="maybe")]),
        "x.csv, line 2: permute is 'maybe', which is not True or False",
    ),
    "no status": (
        text_of([changed_row(status="o")]),
        "x.csv, line 2: status is 'o', which is none of ok, diverged, failed",
    ),
    "a line cut short": (text_of([BASE])[:-40], "x.csv, line 2: "),
    "the last line cut short": (
        text_of([BASE, changed_row(seed=1)]).rpartition(",mlp,")[0],
        f"x.csv, line 3: 12 fields where {len(COLUMNS)} should be",
    ),
    "a text cut short": (
        text_of([changed_row(status="failed: a, b")], (*(name for name in FIRST if name != "status"), "status"))[:-3],
        "x.csv, line 2: unexpected end of data",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_in_a_file_is_named(name, tmp_path):
    text, message = CASES[name]
    path = tmp_path / "x.csv"
    path.write_text(text)
    for read in (read_csv, read_runs, rows_of_source):
        with pytest.raises(DataError, match=re.escape(message)):
            read(path)


@pytest.mark.parametrize("columns", [FIRST, tuple(COLUMNS)], ids=["of an earlier version", "all"])
@pytest.mark.parametrize("name", ["scheme", "attack", "payload", "rule", "dataset", "detector", "precision"])
def test_a_field_that_no_row_leaves_empty_is_named_where_it_is(name, columns):
    text = text_of([BASE, changed_row(**{name: None})], columns)
    if name in columns:
        with pytest.raises(DataError, match=f"here, line 3: {name} is '', which is no value"):
            rows_of(text, "here")
    else:
        assert rows_of(text, "here")[1][name] == BASE[name]


def rows_of_source(path):
    with opened(path) as source:
        return source.rows


def test_what_is_no_sweep_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file; give a study's folder or a sweep's CSV"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(InputError, match="there is no study at"):
        rows_of_source(tmp_path / "none")
    for content in (b"\x89PNG\xff\xfe", b"\xff\xfe\x00"):
        (tmp_path / "image.csv").write_bytes(content)
        with pytest.raises(DataError, match="cannot be read as a sweep's CSV"):
            read_csv(tmp_path / "image.csv")


def test_two_results_for_one_cell_are_refused_and_both_lines_are_named(tmp_path):
    rows = [*seeds(ROW, [0.9, 0.8]), *seeds(MEDIAN, [0.7]), ROW.replaced(seed=1, top1=0.5, loss=0.75)]
    path = tmp_path / "x.csv"
    path.write_text(text_of(rows))
    message = (
        "x.csv, lines 3 and 5: two results for one cell (scheme=aspis, q=1, attack=strong, payload=alie, lr=0.1, "
        "seed=1): they differ in top1, loss"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        read_csv(path)
    # the same without the columns of an earlier version, and with a text over two lines before
    broken = ROW.replaced(seed=9, top1=None, loss=None, status="failed: a\nb")
    with pytest.raises(DataError, match=re.escape("here, lines 5 and 7: two results for one cell")):
        rows_of(text_of([ROW, broken, *rows[1:]], FIRST), "here")


@pytest.mark.parametrize(
    "setting", [{"momentum": 0.5}, {"detector": "unanimous"}, {"rule": "krum"}, {"tolerance": 0.1}, {"seed": 3}]
)
def test_rows_that_differ_in_a_setting_are_no_contradiction(setting):
    rows = (ROW, ROW.replaced(top1=0.5, **setting))
    assert rows_of(text_of(rows), "here") == rows


def test_a_row_that_stands_twice_is_no_contradiction_whatever_its_seconds():
    row = ROW.replaced(loss=math.nan)
    rows = rows_of(text_of([row, row, row.replaced(seconds=7.0)]), "here")
    assert len(rows) == 3
    with pytest.raises(DataError, match=r"lines 2 and 4: .* they differ in status"):
        rows_of(text_of([row, row, row.replaced(status="diverged")]), "here")


def test_what_ran_is_told_by_a_row():
    grids = [
        Grid.of(scheme=("aspis", "aspis+", "detox", "median"), q=(1, 2), seed=3, lr=0.1, steps=5, momentum=0.5),
        Grid.of(scheme="aspis", q=3, attack=("frame-up", "strong"), framed=(1, "auto"), workers=9, rule="nnm+krum"),
        Grid.of(scheme="aspis", q=2, payload="constant", strength=2.5, convention="aspis", adversary_window=2),
        Grid.of(scheme="median", q=1, dataset="linear-regression:samples=50:dimension=3", model="linear", steps=4),
    ]
    groups = [group for grid in grids for group in grid.groups()]
    assert len(groups) == 8 + 3 + 1 + 1
    for group in groups:
        row = row_of(resolve(group.first))
        (read,) = rows_of(text_of([row]), "here")
        assert read == row
        again = cell_of_row(read)
        assert row_of(resolve(again)) == row
        asked = [one.name for one in BY_COLUMN.values() if one.name not in ("strength", "samples_per_file")]
        assert all(
            getattr(again, name) == getattr(group.first, name) for name in asked
        )  # the others: as they were used
    with pytest.raises(InputError, match="does not tell what ran: samples_per_file is empty"):
        cell_of_row(ROW.replaced(samples_per_file=None))


def test_the_redundancy_of_a_scheme_without_copies_has_no_meaning(tmp_path):
    path = Path(tmp_path / "x.csv")
    path.write_text(text_of([ROW, MEDIAN]))
    aspis, median = map(settings_of, read_runs(path))
    assert aspis.keys() == median.keys() == set(SETTINGS)
    assert (aspis["redundancy"], median["redundancy"]) == (3, None)
    assert (aspis["detector"], median["detector"]) == ("clique", "none")
