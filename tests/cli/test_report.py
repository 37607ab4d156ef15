"""``report``, ``plot`` and ``export``: files where they are asked for, one message for what is wrong, exit codes."""

import json
import re

import pytest

from tests.cli.program import csv_of, invoke, refused
from tests.report.studies import HOSTILE, rows_of


@pytest.fixture
def sweep(tmp_path):
    path = tmp_path / "my sweep.csv"
    path.write_text(csv_of(rows_of()), encoding="utf-8")
    return path


def test_a_report_goes_beside_its_csv_file_or_where_it_is_asked_for(sweep, tmp_path):
    result = invoke("report", sweep)
    assert result.stdout == ""
    assert result.stderr == f"written to {tmp_path / 'my sweep.html'}\n"
    text = (tmp_path / "my sweep.html").read_text(encoding="utf-8")
    assert "<h1>my sweep</h1>" in text
    invoke("report", sweep, "--out", tmp_path / "deep" / "x.html")
    assert (tmp_path / "deep" / "x.html").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("kind", ["accuracy", "distortion", "heatmap"])
def test_a_figure_is_written(kind, sweep, tmp_path):
    result = invoke(f"plot {kind}", sweep, "--out", tmp_path / "x.svg", "--scheme detox --attack weak")
    assert (result.stdout, result.stderr) == ("", f"written to {tmp_path / 'x.svg'}\n")
    assert (tmp_path / "x.svg").read_bytes().startswith(b"<?xml")


def test_an_export_goes_to_stdout_or_to_a_file(sweep, tmp_path):
    assert invoke("export", sweep).stdout == sweep.read_text()
    assert len(json.loads(invoke("export", sweep, "--format json").stdout)) == 24
    for ending, begins in ((".md", b"Top-1"), (".tex", b"% Needs"), (".parquet", b"PAR1"), (".csv", b"scheme,")):
        result = invoke("export", sweep, "--out", tmp_path / f"x{ending}")
        assert result.stdout == ""
        assert (tmp_path / f"x{ending}").read_bytes().startswith(begins)
    invoke("export", sweep, "--format latex --out", tmp_path / "table.txt")
    assert "\\toprule" in (tmp_path / "table.txt").read_text()


def test_schemes_are_ranked_and_any_setting_chooses_cells(sweep):
    shown = invoke("rank", sweep, "--where q=2..3").stdout
    assert "worst over 2 adversaries, K=15, r=3, digits, mlp, 40 steps" in shown
    assert "Adversaries: (1) strong, alie 1." in shown
    assert re.search(r" 3   aspis 65.5 ~ detox 35.5 ", shown)
    assert "Holm-corrected over 2 tests" in shown
    lines = invoke("rank", sweep, "--where q=3 --where attack=weak --format csv").stdout.splitlines()
    assert lines[0].startswith("setting,q,place,scheme,top1,low,high,under,adversaries,points,pairs,p_holm")
    assert [line.split('"')[2].split(",")[1:4] for line in lines[1:]] == [["3", "1", "aspis"], ["3", "2", "detox"]]
    kept = invoke("export", sweep, "--where seed=1 --where scheme=detox").stdout.splitlines()
    assert len(kept) == 1 + 2 * 3
    assert "unknown value of q, '9'; known: 1, 2, 3" in refused("rank", sweep, "--where q=9")
    assert "unknown setting 'atack'; did you mean attack" in refused("export", sweep, "--where atack=strong")
    assert "write a setting and its values" in refused("rank", sweep, "--where q")


def test_hostile_labels_do_nothing_to_the_terminal(tmp_path):
    path = tmp_path / "hostile.csv"
    path.write_text(csv_of(rows_of(schemes=HOSTILE, q=(1,), seeds=(0,))), encoding="utf-8", newline="")
    for kind in ("markdown", "latex"):
        assert "\x1b" not in invoke("export", path, f"--format {kind}").output
    said = refused("plot accuracy", path, "--out", tmp_path / "x.png", "--scheme [red]x")
    assert "unknown scheme '[red]x'" in said


CASES = {
    "no study": ("report none", "there is no study at none"),
    "not html": ("report {sweep} --out x.pdf", "end x.pdf in .html"),
    "no curves": ("report {sweep} --curves 0", "--curves 0"),
    "unknown figure": ("plot acuracy {sweep} --out x.png", "did you mean accuracy"),
    "unknown ending": ("plot accuracy {sweep} --out x.jpg", ".png, .svg, .pdf"),
    "no curves in a CSV": ("plot curves {sweep} --out x.png", "a CSV file has none"),
    "unknown format": ("export {sweep} --format exel", "unknown format 'exel'"),
    "unknown file": ("export {sweep} --out x.xls", "cannot tell a format from x.xls"),
    "parquet to a terminal": ("export {sweep} --format parquet", "--out rows.parquet"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_one_message_and_nothing_is_written(name, sweep, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words, message = CASES[name]
    assert message in refused(*(sweep if word == "{sweep}" else word for word in words.split()))
    assert [path.name for path in tmp_path.iterdir()] == ["my sweep.csv"]


def test_a_folder_that_is_no_study_is_missing_data(tmp_path):
    assert "is no study" in refused("report", tmp_path, code=3)
