"""What leaves the program: rows as CSV, JSON and Parquet, tables as LaTeX and Markdown that no name can break."""

import csv
import importlib.util
import io
import json
import re

import pyarrow.parquet
import pytest

from aspis_sim.analysis.tables import tables_of
from aspis_sim.errors import InputError
from aspis_sim.records import as_csv, as_json
from aspis_sim.report.files import FORMATS, check_format, exported
from aspis_sim.report.text_tables import escape_latex, escape_markdown, plain
from aspis_sim.run.row import COLUMNS
from aspis_sim.study.reading import rows_of as rows_from
from tests.report.studies import HOSTILE, row_of, rows_of, study_of

ROWS = (*rows_of(seeds=(0, 1, 2)), row_of(q=9, top1=None, loss=float("nan"), detection_rate=None, status="failed: <x>"))


DETOX = {"scheme": "detox", "assignment": "repetition", "detector": "none", "after_detection": "average"}


def test_csv_and_json_are_those_of_a_sweep():
    study = study_of(ROWS)
    assert exported(study, "csv").decode() == as_csv(ROWS, tuple(COLUMNS))
    assert exported(study, "json").decode() == as_json(ROWS)
    assert list(map(repr, rows_from(exported(study, "csv").decode(), "here"))) == list(map(repr, ROWS))
    assert [row["top1"] for row in json.loads(as_json(ROWS))] == [row.top1 for row in ROWS]


def test_parquet_has_the_same_columns_values_and_nulls_and_the_same_bytes_each_time():
    study = study_of(ROWS)
    made = exported(study, "parquet")
    assert made == exported(study, "parquet")
    table = pyarrow.parquet.read_table(io.BytesIO(made))
    assert tuple(table.column_names) == tuple(COLUMNS)
    assert {str(table.schema.field(name).type) for name in ("q", "seed", "files")} == {"int64"}
    for name in COLUMNS:
        assert list(map(repr, table[name].to_pylist())) == [repr(getattr(row, name)) for row in ROWS]


def test_parquet_writes_settings_that_are_numbers_or_words_as_text():
    rows = [row_of(), row_of(attack="frame-up:1", framed=1), row_of(attack="frame-up:auto", framed="auto")]
    table = pyarrow.parquet.read_table(io.BytesIO(exported(study_of(rows), "parquet")))
    assert table["framed"].to_pylist() == [None, "1", "auto"]
    assert str(table.schema.field("permute").type) == "bool"


def markdown_tables(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_markdown_holds_the_means_with_their_intervals_and_marks_the_best():
    text = exported(study_of(rows_of(seeds=(0, 1, 2, 3))), "markdown").decode()
    lines = markdown_tables(text)
    assert "with fewer than 4 seeds their range (smallest–largest) instead. The best of each column is bold." in text
    assert lines[:4] == [
        ["scheme", "q=1", "q=2", "q=3"],
        [":---", "---:", "---:", "---:"],
        ["aspis", "**86.5** ± 2.1", "**76.5** ± 2.1", "**66.5** ± 2.1"],
        ["detox", "76.5 ± 2.1", "56.5 ± 2.1", "36.5 ± 2.1"],
    ]
    assert lines[10] == ["aspis", "**86.5** ± 2.1 (strong)", "**76.5** ± 2.1 (strong)", "**66.5** ± 2.1 (strong)"]


def test_few_seeds_have_their_range_and_no_interval_passes_100():
    few = [row_of(seed=seed, top1=top1) for seed, top1 in enumerate((0.1, 0.5, 0.9))]
    high = [row_of(**DETOX, seed=seed, top1=top1) for seed, top1 in enumerate((1.0, 1.0, 1.0, 0.9))]
    study = study_of([*few, *high])
    assert markdown_tables(exported(study, "markdown").decode())[2:] == [
        ["aspis", "50.0 (10.0–90.0)"],
        ["detox", "**97.5** \\[89.5, 100\\]"],
    ]
    latex = exported(study, "latex").decode()
    assert "    aspis & $50.0$ (10.0--90.0) \\\\\n" in latex
    assert "    detox & $\\mathbf{97.5}$ [89.5, 100] \\\\\n" in latex
    assert "50.0 (10.0–90.0)" in plain(tables_of(study.rows))


def test_one_seed_has_no_interval_and_what_failed_or_did_not_run_is_said():
    rows = [row_of(), row_of(q=2, top1=None, loss=None, status="failed: x"), row_of(**DETOX, top1=0.5)]
    lines = markdown_tables(exported(study_of(rows), "markdown").decode())
    assert lines[2:4] == [["aspis", "**90.0**", "failed"], ["detox", "50.0", "–"]]


def test_what_has_no_classes_has_no_accuracy_and_has_not_failed():
    rows = [row_of(top1=None), row_of(**DETOX, top1=None), row_of(seed=1, top1=None, loss=None, status="failed: x")]
    study = study_of(rows)
    assert markdown_tables(exported(study, "markdown").decode())[2:] == [["aspis", "–"], ["detox", "–"]]
    for text in (exported(study, "latex").decode(), plain(tables_of(rows))):
        assert "failed" not in text


def test_variants_of_a_scheme_are_lines_of_their_own_and_what_all_have_stands_over_the_table():
    several = study_of([row_of(), row_of(momentum=0.5, top1=0.8), row_of(**DETOX, top1=0.5)])
    lines = markdown_tables(exported(several, "markdown").decode())
    assert lines[2:] == [
        ["aspis (momentum=0.9)", "**90.0**"],
        ["aspis (momentum=0.5)", "80.0"],
        ["detox", "50.0"],
    ]
    assert "    aspis (momentum=0.5) & $80.0$ \\\\\n" in exported(several, "latex").decode()
    beside = {"momentum": 0.5, "adversary_window": 7, "precision": "float64"}
    everywhere = study_of([row_of(**beside), row_of(**DETOX, **beside)])
    lines = exported(everywhere, "markdown").decode().splitlines()
    assert lines[0] == (
        "Top-1 (%) under attack strong, payload alie 1, adversary\\_window=7; digits, mlp, K=15, r=3, 40 steps, "
        "protocol files, precision=float64; momentum=0.5."
    )
    assert [line[0] for line in markdown_tables("\n".join(lines))[2:]] == ["aspis", "detox"]
    worst = study_of([row_of(attack=attack, momentum=0.5) for attack in ("strong", "weak")])
    assert (
        "Top-1 (%) under the worst of all attacks, payload alie 1; digits, mlp, K=15, r=3, 40 steps, protocol files; "
        "momentum=0.5."
    ) in exported(worst, "markdown").decode()


def test_latex_is_a_table_with_booktabs():
    text = exported(study_of(rows_of(seeds=(0, 1, 2, 3))), "latex").decode()
    assert text.count("\\begin{table}") == text.count("\\end{table}") == 4
    assert text.count("\\toprule") == text.count("\\midrule") == text.count("\\bottomrule") == 4
    assert "\\begin{tabular}{lrrr}" in text
    assert (
        "    aspis & $\\mathbf{86.5} \\pm 2.1$ & $\\mathbf{76.5} \\pm 2.1$ & $\\mathbf{66.5} \\pm 2.1$ \\\\\n" in text
    )
    assert "Top-1 (\\%) under attack strong, payload alie 1; digits, mlp, K=15, r=3, 40 steps, protocol files." in text


def test_the_worst_over_payloads_and_the_ranking_are_in_every_table_format():
    study = study_of(rows_of(payloads=("alie", "constant"), q=(1,), seeds=(0, 1, 2, 3)))
    for text in (exported(study, "markdown").decode(), exported(study, "latex").decode(), plain(tables_of(study.rows))):
        assert re.search(r"Top-1 \(\\?%\) under the worst of all 4 adversaries; digits, mlp, K=15", text)
        assert text.count("(strong, alie 1)") == 2
        assert re.search(r"Ranking by top-1 \(\\?%\) under the worst of all 4 adversaries; digits", text)
    assert "| 1 | aspis 86.5 \\~ detox 76.5 |" in exported(study, "markdown").decode()
    assert "    1 & aspis 86.5 \\textasciitilde{} detox 76.5 \\\\\n" in exported(study, "latex").decode()
    assert "q=1: aspis 86.5 ~ detox 76.5\n" in plain(tables_of(study.rows))


def unescaped_latex(text):
    """The text that LaTeX would print for an escaped one; fails on anything that is not an escape of a character."""
    names = {"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">"}
    names |= {"textbar": "|", "textquotedbl": '"', "textasciigrave": "`", "textquotesingle": "'"}
    pattern = r"\\([a-z]+)\{\}|\\([&%$#_{}])|\{([\[\]])\}|([^\\&%$#_{}~^<>|\"`'\[\]])"
    parts = []
    position = 0
    for match in re.finditer(pattern, text):
        assert match.start() == position, text[position:]
        position = match.end()
        name, character, bracket, plain = match.groups()
        parts.append(names[name] if name else character or bracket or plain)
    assert position == len(text), text[position:]
    return "".join(parts)


@pytest.mark.parametrize("label", [*HOSTILE, r"\input{/etc/passwd}", "[2pt]", "a & b \\\\ c", "% comment\nnext"])
def test_a_name_is_one_printed_text_in_latex_and_in_markdown(label):
    printed = "".join(one if one.isprintable() else " " for one in label)
    assert unescaped_latex(escape_latex(label)) == printed
    escaped = escape_markdown(label)
    assert not re.search(r"(?<!\\)[\\`*_|\[\]~$](?![\\`*_|\[\]~$])", escaped.replace("\\\\", ""))
    assert "<" not in escaped
    assert "\x1b" not in escaped + escape_latex(label)
    assert "\n" not in escaped + escape_latex(label)


def test_hostile_names_stay_in_their_cells():
    rows = rows_of(schemes=HOSTILE, attacks=HOSTILE[:2], q=(1, 2), seeds=(0,))
    study = study_of(rows)
    lines = markdown_tables(exported(study, "markdown").decode())
    assert [len(line) for line in lines] == [3] * (3 * (2 + len(HOSTILE))) + [2] * 4
    body = [line for line in exported(study, "latex").decode().splitlines() if line.endswith("\\\\")]
    assert [len(re.findall(r"(?<!\\)&", line)) for line in body] == [2] * (3 * (1 + len(HOSTILE))) + [1] * 3
    fields = list(csv.reader(io.StringIO(exported(study, "csv").decode())))
    assert not any(field.startswith(("=", "+", "@")) for line in fields for field in line)


def test_formats_that_are_not_known_or_not_installed_are_named(monkeypatch):
    with pytest.raises(InputError, match="unknown format 'latx'; did you mean latex"):
        check_format("latx")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in FORMATS[:-1]:
        check_format(name)
    with pytest.raises(InputError, match=r"pip install 'aspis-sim\[parquet\]'"):
        check_format("parquet")
