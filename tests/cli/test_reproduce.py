"""``reproduce``: ours beside the published cells, what agrees, the errata and why, and the exit code if one is open."""

import json
from functools import partial

import pytest
from aspis_sim_cli.commands import reproduce as command

from aspis_sim.distortion import published
from aspis_sim.distortion.table import reduction
from aspis_sim.reproduction import preset
from aspis_sim.reproduction import published as training
from tests.cli import program
from tests.cli.program import one_line, refused, rows

FRACTIONS = """workers,redundancy,attack,scheme,q,distortion_fraction_published
15,3,strong,aspis,2,0.004
15,3,strong,aspis,7,0.4
15,3,strong,byzshield,7,0.56
15,3,weak,aspis,2,0.002
15,3,weak,aspis,3,0.002
24,3,strong,byzshield,2,0.031
24,3,strong,byzshield,11,0.625
"""
COUNTS = """assignment,workers,files,load,redundancy,q,worst_case_distorted_files
mols,15,25,5,3,2,1
mols,15,25,5,3,3,{}
"""


invoke = partial(program.invoke, "reproduce")


def publish(folder, monkeypatch, count):
    (folder / "distortion.csv").write_text(FRACTIONS)
    (folder / "byzshield_worst_case.csv").write_text(COUNTS.format(count))
    monkeypatch.setattr(published, "FOLDER", folder)


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Nine published cells, two of them known errata."""
    publish(tmp_path, monkeypatch, 3)


@pytest.mark.parametrize("width", [80, 160])
def test_every_cell_stands_beside_ours_and_errata_are_named(few, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    text = invoke("distortion").stdout
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    words = one_line(text)
    for cell in ("0.0044 0.004 ✓", "0.4000 0.4 ✓", "0.0000 0.002 ✗a", "0.0156 0.031 ✗b", "0.6250 0.625 ✓", "3 3 ✓"):
        assert cell in words
    assert "7 of 9 published cells agree; 2 known errata; 0 not explained." in words
    assert "✗a erratum, aspis K=15 weak q=2: the closed form is C(q,3)" in words
    assert "✗b erratum, byzshield K=24 strong q=2: the published column was computed with squares modulo 8" in words
    assert "Ours: 1 of 64 files." in words
    assert "reduction spans 17.0% to 99.2% at K=24" in text


def test_the_reduction_that_is_printed_is_ours():
    saved = reduction(command.REDUCTION_WORKERS)
    assert (f"{saved.least:.1%}", f"{saved.most:.1%}") == ("17.0%", "99.2%")


def test_a_difference_without_a_reason_is_shown_and_ends_with_4(tmp_path, monkeypatch):
    publish(tmp_path, monkeypatch, 4)
    words = one_line(invoke("distortion", code=4).stdout)
    assert "3 4 ✗?" in words
    assert "6 of 9 published cells agree; 2 known errata; 1 not explained." in words
    assert "✗? disagreement, mols K=15 strong q=3: not explained." in words
    assert "✗b erratum, byzshield" in words


def test_csv_and_json_have_a_row_a_cell_and_keep_the_summary_apart(few):
    result = invoke("distortion --format csv --out cells.json")
    found = rows(result.stdout)
    assert [row["agrees"] for row in found].count("True") == 7
    assert [row["q"] for row in found if row["erratum"]] == ["2", "2"]
    assert "7 of 9 published cells agree" in result.stderr
    assert "reduction spans 17.0% to 99.2% at K=24" in result.stderr
    with open("cells.json", encoding="utf-8") as file:
        assert [cell["published"] for cell in json.load(file)] == [row["published"] for row in found]


def test_the_list_names_every_study_and_why_others_are_none():
    names = [*command.STUDIES, *preset.names(), *command.UNKNOWN]
    assert len(names) == 43
    for words in ("", "list"):
        assert [line.split(":")[0] for line in invoke(words).stdout.splitlines()] == names
    found = json.loads(invoke("list --format json").stdout)
    assert [row["study"] for row in found] == names
    assert [row["study"] for row in found if "no preset" in row["summary"]] == [f"fig-b{n}" for n in range(2, 12)]
    assert invoke("list --format csv").stdout.startswith("study,summary\ndistortion,")


@pytest.fixture
def regression(monkeypatch):
    """The last of the five runs alone, five steps of it."""
    run = training.linear_regression()[-1]
    short = run | {"iterations": 5, "loss": run["loss"][:5]}
    monkeypatch.setattr(training, "linear_regression", lambda: [short])
    return short


def test_the_linear_regression_loss_by_loss(regression):
    words = one_line(invoke("linear-regression").stdout)
    assert "median weak alie q=4 " in words
    assert "0.0e+00 same" in words
    assert "1 of 1 runs are the same: the losses after all 5 steps within 1e-09 relative" in words
    found = rows(invoke("linear-regression --format csv --out losses.json").stdout)
    assert [float(row["published"]) for row in found] == regression["loss"]
    assert [float(f"{float(row['ours']):.9g}") for row in found] == regression["loss"]
    with open("losses.json", encoding="utf-8") as file:
        assert len(json.load(file)) == 5
    with open("losses.png", "rb") as picture:
        assert picture.read(8) == b"\x89PNG\r\n\x1a\n"


def test_a_loss_that_differs_ends_with_4(regression):
    regression["loss"][3] *= 1 + 3e-9
    words = one_line(invoke("linear-regression", code=4).stdout)
    assert "3.0e-09 differs" in words
    assert "0 of 1 runs are the same" in words


@pytest.mark.parametrize("format", ["csv", "table"])
def test_a_study_of_it_trains_nothing_twice_and_prints_the_same(format, monkeypatch, trained):
    short = [run | {"iterations": 5, "loss": run["loss"][:5]} for run in training.linear_regression()[-2:]]
    monkeypatch.setattr(training, "linear_regression", lambda: short)
    words = f"linear-regression --study kept --format {format}"
    first = invoke(words)
    assert len(trained) == len(short) == 2
    assert "0 of 2 cells were there already" in first.stderr
    trained.clear()
    second = invoke(words)
    assert trained == []
    assert "2 of 2 cells were there already" in second.stderr
    assert second.stdout == first.stdout
    assert first.stdout.count("\n") > 5


@pytest.mark.parametrize(
    ("words", "wrong", "remedy"),
    [
        ("distorsion", "unknown study 'distorsion'", "did you mean distortion"),
        ("distortion --out cells.pdf", "cells.pdf", ".csv or .json"),
    ],
)
def test_bad_input_ends_with_2_before_work(words, wrong, remedy, monkeypatch):
    monkeypatch.setattr(published, "compare", lambda: pytest.fail("the comparison was begun"))
    said = refused("reproduce", words, lines=1)
    assert wrong in said
    assert remedy in said
