"""The game against audits from the command line: figures, the table, bad input."""

import json
from functools import partial

import pytest

from tests.cli import program
from tests.cli.program import one_line, refused

COLUMNS = (
    "assignment,workers,redundancy,files,q,audits,steps,convicted,distorted_file_steps,distortion,bound,best_policy,"
    "best_audit,silent,lies,decoys,proof"
)

invoke = partial(program.invoke, "worst-case")


def test_one_silent_file_of_35_is_lied_about_until_it_is_audited():
    printed = invoke("--workers 7 --q 3 --audits 1 --steps 100 --format csv").stdout
    assert printed.splitlines()[0] == COLUMNS
    first, *others = program.rows(printed)
    assert float(first["distorted_file_steps"]) == pytest.approx(34 * (1 - (34 / 35) ** 100))
    assert float(first["distortion"]) == pytest.approx(float(first["distorted_file_steps"]) / 3500)
    assert (first["bound"], first["silent"], first["lies"], first["proof"]) == ("35.0", "1", "1", "exhaustive")
    assert [float(row["distorted_file_steps"]) for row in others] == [0, 0, 0]


def test_json_has_the_rows_and_more_audits_no_best_order():
    words = "--workers 7 --redundancy 1 --q 2,3 --audits 2 --steps 20 --format json"
    found = json.loads(invoke(words).stdout)
    assert [(row["q"], row["convicted"]) for row in found] == [(2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2), (3, 3)]
    assert all(",".join(row) == COLUMNS for row in found)
    assert {row["best_policy"] for row in found} == {None}


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_and_says_what_was_found(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    result = invoke("--workers 15 --q 3,7 --audits 1 --steps 30")
    assert max(map(len, result.stdout.splitlines())) <= width
    text = one_line(result.stdout)
    assert "The worst lies of a run: subset, K=15, r=3, 455 files, T=30 steps, m=1" in text
    assert "3 0 29.0 0.0021 455.0 29.0 3 exhaustive 1 0.0 0.0000 0.0 0.0 exhaustive 7 0" in text
    assert "No lies exceed the bound, (q - convicted - r + 1) f / m, however long the run." in text
    assert "1 audit a step leaves 29.0 file-steps of at most 455.0 at q=3," in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--audits -1", "--audits -1 is negative; the server computes 1 or more files a step, 0 for none"),
        ("--audits 1 --steps 0", "--steps 0: a run has 1 to 10,000 steps here"),
        ("--audits 1 --detector clique", "for the detector certified; leave --detector, --objective and --effort out"),
        ("--audits 1 --objective fraction", "leave --detector, --objective and --effort out"),
        ("--audits 1 --workers 15 --assignment mols", "solved on the assignment subset, not on mols"),
        ("--audits 3 --workers 15 --q 7", "3 audits of 455 files have too many outcomes to list; try fewer workers"),
    ],
)
def test_bad_input(words, message):
    assert message in refused("worst-case", words)
