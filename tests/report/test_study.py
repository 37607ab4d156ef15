"""A study from a sweep's CSV: what was written is read back, and what is wrong is named."""

import re

import pytest
from aspis_sim.report.study import from_csv, rows_of

from aspis_sim.errors import DataError, InputError
from aspis_sim.records import as_csv
from aspis_sim.run.row import COLUMNS
from tests.report.studies import BASE, HOSTILE, row_of
from tests.report.studies import rows_of as made


def test_rows_come_back_as_they_were_written(tmp_path):
    rows = (
        *made(),
        row_of(strength=None, detection_rate=None, top1=None, loss=None, status='failed: "a", b\nc'),
        row_of(loss=float("inf"), status="diverged"),
        *(row_of(scheme=label, payload=label) for label in HOSTILE if "\u2028" not in label),
    )
    path = tmp_path / "sweep.csv"
    path.write_text(as_csv(rows), encoding="utf-8", newline="")
    study = from_csv(path)
    assert study.rows == rows
    assert study.name == "sweep"
    assert not study.traced
    assert study.timeline(0) is None


def test_a_text_that_looks_like_a_formula_is_no_formula_in_the_file():
    for label in ("=1+1", "+1", "-1", "@x", "\t=1", "'quoted'", "'=1"):
        text = as_csv([row_of(scheme=label)])
        assert text.splitlines()[1].lstrip('"').startswith("'")
        assert rows_of(text, "here")[0].scheme == label
    assert "'" not in as_csv([BASE, row_of(strength=-1.0)])


def changed(column, value):
    return as_csv([BASE]).replace("strong", "weak") if column is None else as_csv([row_of(**{column: value})])


CASES = {
    "a column is missing": (
        as_csv([BASE]).replace("top1", "top2"),
        "column top1 is missing (there is a column 'top2')",
    ),
    "another table": ("step,loss\n1,2\n", f"scheme is missing; 1 of {len(COLUMNS)}"),
    "nothing": ("", "scheme is missing"),
    "not a number": (
        as_csv([BASE]) + as_csv([row_of(q="three")]).splitlines()[1] + "\n",
        "line 3: 'three' is no value of q",
    ),
    "no empty seed": (as_csv([row_of(seed=None)]), "line 2: '' is no value of seed"),
    "a line cut short": (as_csv([BASE])[:-40], "line 2: 20 fields where 29 should be"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_in_a_file_is_named(name, tmp_path):
    text, message = CASES[name]
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=re.escape(message)):
        from_csv(path)


def test_what_is_no_study_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no study at"):
        from_csv(tmp_path / "none")
    (tmp_path / "empty.csv").write_text(as_csv([]))
    with pytest.raises(InputError, match="no cells yet"):
        from_csv(tmp_path / "empty.csv")
    (tmp_path / "image.csv").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(DataError, match="cannot read"):
        from_csv(tmp_path / "image.csv")


def test_columns_that_a_row_does_not_have_are_left_aside():
    lines = as_csv([BASE]).splitlines()
    assert rows_of(f"note,{lines[0]}\nhello,{lines[1]}\n", "here") == (BASE,)
