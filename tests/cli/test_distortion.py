"""``distortion`` from the command line: the columns, the counts of the theory, what is marked, bad input."""

import json
from functools import partial
from math import comb
from pathlib import Path

import pytest
from aspis_sim_cli.commands import distortion as command
from aspis_sim_cli.render.distortion_table import distortion_view

from aspis_sim.distortion import table
from aspis_sim.distortion.table import Row, reduction
from tests.cli import program
from tests.cli.program import one_line, printed, refused

CONTRACT = "scheme,assignment,workers,redundancy,files,load,q,attack,distorted_files,distortion_fraction,proof"
ALL = "--scheme aspis,byzshield,detox,median,aspis+ --attack strong,weak,random"


invoke = partial(program.invoke, "distortion")


def rows(words):
    return program.rows(invoke(words, "--format csv").stdout)


def test_the_csv_has_the_columns_that_others_rely_on_and_a_row_a_cell():
    text = invoke(f"{ALL} --q 2..7 --format csv").stdout
    assert text.splitlines()[0] == CONTRACT
    found = {(row["scheme"], row["attack"], int(row["q"])): row for row in program.rows(text)}
    assert len(found) == 5 * 3 * 6 == len(text.splitlines()) - 1
    for q, mols in zip(range(2, 8), (1, 3, 5, 8, 12, 14), strict=True):
        counts = {scheme: found[scheme, "strong", q]["distorted_files"] for scheme in command.DEFAULT_SCHEMES}
        assert counts["aspis"] == str(comb(2 * q, 3) // 2)
        assert counts["byzshield"] == str(mols)
        assert (counts["detox"], counts["median"]) == (str(q // 2), str(q))
        row = found["aspis", "weak", q]
        assert float(row["distortion_fraction"]) == comb(q, 3) / 455
    assert {found[scheme, "random", 3]["proof"] for scheme in ("byzshield", "detox", "aspis+")} == {"exact expectation"}


def test_the_closing_sentence_is_the_reduction_over_all_q():
    text = one_line(invoke("--workers 21").stdout)
    assert reduction(21).sentence in text
    # one Byzantine distorts nothing under Aspis, which is no finding
    assert reduction(15).sentence in one_line(invoke("--q 1..7").stdout)
    assert "reduces" not in invoke("--scheme aspis,aspis+").stdout
    assert "reduces" not in invoke("--scheme detox,median").stdout


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_has_a_row_a_q_a_column_a_scheme_and_fits(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    result = invoke(f"{ALL} --q 2..7")
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in result.stdout
    assert sum(line.strip().startswith("aspis ") for line in lines) == 3
    assert sum(line.strip().startswith("7 ") for line in lines) == 3
    assert "0.5600" in result.stdout
    assert "γ 16.9" in result.stdout
    assert "All are proven: closed form, exact expectation, exhaustive." in result.stdout
    assert "0 mean 2.0" in one_line(result.stdout)
    assert "random: files with a Byzantine majority, the mean over all sets of q workers" in one_line(result.stdout)


def test_what_is_not_proven_is_marked_with_its_bound():
    row = Row("byzshield", "mols", 35, 5, 49, 7, 13, "strong", 18, 18 / 49, "bound only", 21, 27.25)
    for width in (80, 160):
        text = printed(distortion_view([row], width), width)
        assert "18..21*" in text
        assert "* the best known" in text
        assert "All are proven" not in text
        assert "γ 27.2" in text


def test_json_has_the_bound_and_gamma_besides():
    (row,) = json.loads(invoke("--scheme byzshield --q 4 --format json").stdout)
    assert list(row)[: len(CONTRACT.split(","))] == CONTRACT.split(",")
    assert row["bound"] == row["distorted_files"] == 5
    assert row["gamma"] > 5


def test_an_assignment_by_itself_or_beside_schemes():
    (row,) = rows("--workers 25 --redundancy 5 --assignment ramanujan-2 --q 5")
    assert (row["scheme"], row["assignment"], row["distorted_files"]) == ("ramanujan-2", "ramanujan-2", "2")
    found = rows("--workers 7 --assignment bibd --pair-files 2 --scheme aspis --q 3")
    assert [(row["scheme"], row["files"]) for row in found] == [("aspis", "35"), ("bibd", "14")]
    (row,) = rows("--scheme aspis+ --workers 7 --pair-files 2 --q 3")
    assert (row["assignment"], row["files"]) == ("bibd", "14")
    (row,) = rows("--workers 9 --assignment ramanujan-2 --load 6 --q 3")
    assert (row["files"], row["load"]) == ("18", "6")


def test_groups_from_a_file_say_how_many_workers_there_are(tmp_path):
    path = tmp_path / "groups.txt"
    path.write_text("# five in a ring\n0 1 2\n1 2 3\n2 3 4\n3 4 0\n4 0 1\n")
    found = rows(f"--groups {path} --q 0..2")
    assert [(row["workers"], row["redundancy"], row["files"]) for row in found] == [("5", "3", "5")] * 3
    assert [row["distorted_files"] for row in found] == ["0", "0", "2"]


def test_default_schemes_that_do_not_exist_are_left_out_with_the_reason():
    result = invoke("--workers 16 --q 2 --format csv")
    assert [line.split(",")[0] for line in result.stdout.splitlines()] == ["scheme", "aspis", "median"]
    assert "without byzshield: mols: no construction for 16 workers" in result.stderr
    assert "without detox: repetition: redundancy 3 does not divide 16 workers" in result.stderr


def test_rows_go_to_a_file_of_either_format(tmp_path):
    for name in ("rows.csv", "rows.json"):
        result = invoke(f"--q 3 --out {tmp_path / name}")
        assert f"written to {tmp_path / name}" in result.stderr
    assert (tmp_path / "rows.csv").read_text().startswith(CONTRACT + "\naspis,subset,15,3,455,91,3,strong,10,")
    assert json.loads((tmp_path / "rows.json").read_text())[0]["distorted_files"] == 10


def test_an_interruption_keeps_the_rows_found(monkeypatch):
    count = table._count

    def stop(*arguments):
        if arguments[5] == 4:
            raise KeyboardInterrupt
        return count(*arguments)

    monkeypatch.setattr(table, "_count", stop)
    result = invoke("--scheme byzshield --q 2..7 --format csv", code=130)
    assert [line.split(",")[6] for line in result.stdout.splitlines()] == ["q", "2", "3"]
    assert "interrupted: the 2 rows found are kept" in result.stderr


CASES = {
    "q too large": ("--q 2..8", "q=8 Byzantine workers of 15", "0 to 7"),
    "unknown scheme": ("--scheme aspsi", "unknown scheme 'aspsi'", "did you mean aspis"),
    "unknown attack": ("--attack waek", "unknown attack 'waek'", "did you mean weak"),
    "unknown assignment": ("--assignment mosl", "unknown assignment 'mosl'", "did you mean mols"),
    "no such design": ("--scheme byzshield --workers 16", "no construction for 16 workers", "15"),
    "even r": ("--redundancy 4", "redundancy 4 is even", "3 or 5"),
    "no time": ("--time-limit 0", "--time-limit 0", "try 10"),
    "load of what": ("--load 7", "--load", "--assignment ramanujan-2"),
    "pair files of what": ("--pair-files 2", "--pair-files", "--assignment bibd"),
    "custom without groups": ("--assignment custom", "needs its groups", "--groups FILE"),
    "groups and another": ("--groups x.txt --assignment mols", "--groups", "leave out --assignment mols"),
    "no such file": ("--groups none.txt", "no assignment file none.txt", "one group of workers a line"),
    "groups of more workers": ("--groups ring.txt --workers 3", "ring.txt, line 2: worker 3", "numbered 0 to 2"),
    "groups of none": ("--groups ring.txt --workers 0", "workers 0: at least 1 worker", "try 15"),
    "groups of another size": ("--groups ring.txt --redundancy 5", "groups have 3 workers", "redundancy 3"),
    "another format": ("--out rows.xlsx", "rows.xlsx", ".csv or .json"),
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_bad_input_ends_with_2_and_says_what_would_work(words, monkeypatch):
    line, wrong, remedy = words
    Path("ring.txt").write_text("0 1 2\n1 2 3\n2 3 4\n3 4 0\n4 0 1\n")
    monkeypatch.setattr(table, "_count", lambda *arguments: pytest.fail("a search was begun"))
    said = refused("distortion", line)
    assert wrong in said
    assert remedy in said
