"""``compare`` from the command line: tables at both widths, files, studies, and what is refused."""

import json
import re
from functools import partial

import pytest

from aspis_sim.analysis.comparison import RECORD
from aspis_sim.run.row import COLUMNS, METRICS
from tests.cli import program
from tests.cli.program import csv_of, one_line, refused, rows
from tests.rows import MEDIAN, ROW, seeds
from tests.studies import GRID, make_study

ASPIS = [*seeds(ROW, [0.95, 0.96, 0.955]), *seeds(ROW, [0.9, 0.7, 0.8], q=2, distortion_measured=0.0)]
RIVAL = [*seeds(MEDIAN, [0.8, 0.805, 0.81]), *seeds(MEDIAN, [0.9, 0.71, 0.75], q=2)]

invoke = partial(program.invoke, "compare")


@pytest.fixture
def one(tmp_path):
    (tmp_path / "one.csv").write_text(csv_of([*ASPIS, *RIVAL]))
    return "one.csv"


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_and_says_what_so_few_seeds_can_show(one, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    result = invoke(f"{one} --by scheme=aspis,median --metric top1,distortion_measured")
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout
    words = one_line(result.stdout)
    assert "one.csv, scheme aspis, assignment subset, redundancy 3" in words
    assert "Both: workers 7, attack strong, payload alie" in words
    # t = 0.15 sqrt(3) / 0.005, p = 1 - t / sqrt(t^2 + 2) with 2 degrees of freedom, doubled by Holm
    assert "1 95.5 80.5 +15.0 (+14.5 to +15.5) 0.00074 better" in words
    assert "over 3 paired seeds with the range of the differences. p: t test" in words
    assert "no difference shown" in words
    assert "2 0 0.2 -0.2 - better" in words
    assert "over 3 paired seeds" in words
    assert "Holm-corrected over 2 groups" in words
    assert "t takes the differences to be normal, which 3 seeds cannot check." in words
    assert "gives no p below 0.25, and can show nothing at 0.05 over 2 groups: that takes 7 seeds." in words
    assert "0 of 6 pairs of rows are the same bit for bit" in words


@pytest.mark.parametrize("width", [80, 160])
def test_from_four_seeds_on_there_is_an_interval(width, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", str(width))
    ours, theirs = seeds(ROW, [0.95, 0.96, 0.955, 0.955]), seeds(MEDIAN, [0.8, 0.805, 0.81, 0.805])
    (tmp_path / "four.csv").write_text(csv_of([*ours, *theirs]))
    words = one_line(invoke("four.csv --by scheme=aspis,median").stdout)
    # 3.182 (the t quantile for 3 degrees of freedom) times 0.408 / sqrt(4)
    assert f"1 95.5 80.5 {'+15.0 ± 0.6' if width == 80 else '+15.0 [+14.4, +15.6]'}" in words
    assert "over 4 paired seeds with its 95% interval (Student's t, each group by itself). p: t test" in words


def test_two_files_in_which_only_the_steps_differ_and_some_cells_have_no_partner(tmp_path):
    longer = [row.replaced(steps=600) for row in [*ASPIS[:2], *RIVAL]]
    for name, found in (("a", [*ASPIS, *RIVAL]), ("b", longer)):
        (tmp_path / f"{name}.csv").write_text(csv_of(found))
    words = one_line(invoke("a.csv b.csv").stdout)
    assert "A: a.csv, steps 300" in words
    assert "B: b.csv, steps 600" in words
    assert "8 of 8 pairs of rows are the same bit for bit" in words
    assert "! 4 cells of A without a partner: scheme=aspis" in words
    assert re.search(r"q=1 steps=300 detector=clique .*seed=2 .*q=2 steps=300 detector=clique .*seed=0,1,2", words)
    assert words.count("identical") == 3


def test_the_csv_and_the_json_have_the_same_columns_and_the_notes_go_to_stderr(one, tmp_path):
    by = f"{one} --by scheme=aspis,median --where q=1"
    result = invoke(f"{by} --format csv --out {tmp_path}/out.json")
    (row,) = rows(result.stdout)
    assert tuple(row) == RECORD
    assert (row["verdict"], row["scheme"], row["q"], row["redundancy"]) == ("better", "", "1", "")
    assert row["first"] == "scheme=aspis assignment=subset redundancy=3 detector=clique after_detection=published"
    assert float(row["p_holm"]) == float(row["p_t"])
    assert "Holm-corrected over 1 group;" in result.stderr
    (kept,) = json.loads((tmp_path / "out.json").read_text())
    assert kept["difference"] == float(row["difference"])
    assert json.loads(invoke(f"{by} --format json").stdout) == [kept]


def test_studies_are_compared_with_what_no_column_holds(tmp_path):
    make_study(tmp_path / "a", trained=False)
    slower = GRID.replaced(momentum=0.5)
    worse = make_study(tmp_path / "b", slower, trained=False, change=lambda row: row.replaced(top1=row.top1 - 0.2))
    result = invoke(f"{tmp_path}/a {worse} --format csv")
    found = rows(result.stdout)
    assert [(row["scheme"], row["first"], row["second"]) for row in found] == [
        (scheme, "momentum=0.9", "momentum=0.5") for scheme in ("aspis", "median")
    ]
    assert all(float(row["difference"]) == pytest.approx(0.2) for row in found)
    within = rows(invoke(f"{tmp_path}/a --by detector=clique,none --format csv").stdout)
    assert "scheme=aspis assignment=subset redundancy=3 detector=clique" in within[0]["first"]
    # a study against a CSV pairs by the columns alone
    (tmp_path / "a.csv").write_text(csv_of([MEDIAN.replaced(seed=9)]))
    assert "the seeds are 0, 1 in the first and 9 in the second" in refused("compare", f"{tmp_path}/a {tmp_path}/a.csv")


def test_names_from_a_file_move_no_cursor(tmp_path):
    hostile = [row.replaced(scheme="[red]\x1b[2J<b>") for row in ASPIS]
    (tmp_path / "a.csv").write_text(csv_of([*hostile, *RIVAL]))
    text = invoke("a.csv a.csv").stdout
    assert "\x1b" not in text
    assert "[red]?[2J<b>" in text


def test_help_has_examples_and_names_every_metric():
    words = one_line(invoke("--help").stdout)
    assert "compare before.csv after.csv" in words
    assert all(name in words.replace("│ │ ", "") for name in METRICS)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("one.csv", 2, "A B, or A --by scheme=aspis,median"),
        ("one.csv one.csv --by scheme=aspis,median", 2, "A B, or A --by"),
        ("one.csv --by scheme", 2, "--by scheme: write a setting and its values"),
        ("one.csv --by scheme=aspis", 2, "two different values"),
        ("one.csv --by scheme=aspis,medain", 2, "unknown value of scheme, 'medain'; did you mean median?"),
        ("one.csv --by schem=aspis,median", 2, "unknown setting 'schem'; did you mean scheme or schedule?"),
        ("one.csv one.csv --where q=9", 2, "unknown value of q, '9'"),
        ("one.csv one.csv --metric top5", 2, "unknown metric 'top5'; did you mean top1?"),
        ("one.csv one.csv --test signflip", 2, "unknown test 'signflip'; did you mean sign-flip?"),
        ("one.csv one.csv --out x.pdf", 2, "cannot tell a format from x.pdf; end the file in .csv or .json"),
        ("one.csv none.csv", 3, "none.csv: there is no such file"),
        ("one.csv .", 3, "is no study"),
        ("one.csv half.csv", 3, f"half.csv, line 13: 29 fields where {len(COLUMNS)} should be"),
        ("one.csv torn.csv", 3, "torn.csv, line 13: status is 'o', which is none of ok, diverged, failed"),
    ],
)
def test_bad_input_ends_with_2_and_what_is_missing_or_damaged_with_3(one, tmp_path, words, code, message):
    text, _, rest = (tmp_path / one).read_text().rpartition(",ok,")
    (tmp_path / "half.csv").write_text(f"{text},o")
    (tmp_path / "torn.csv").write_text(f"{text},o,{rest}")
    assert message in refused("compare", words, code=code, lines=1)
