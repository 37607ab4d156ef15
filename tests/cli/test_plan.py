"""``plan`` and ``list assignments --workers``: what can be built, at what cost, and what keeps ε under a limit."""

import json

import pytest
from aspis_sim_cli.render.catalogue_table import catalogue_view, plan_view

from aspis_sim.assignment import build
from aspis_sim.distortion import catalogue, worst_case
from aspis_sim.distortion.catalogue import Option
from tests.cli import program
from tests.cli.program import invoke, one_line, printed, refused


def rows(words):
    return program.rows(invoke(words, "--format csv").stdout)


def test_the_cheapest_assignment_comes_first_and_all_keep_the_limits():
    found = rows("plan --workers 24 --q 5 --max-load 10 --max-fraction 0.2 --detector none")
    assert [(row["assignment"], row["redundancy"], row["distorted"]) for row in found] == [("mols", "3", "8")]
    every = rows("plan --workers 24 --q 5")
    cost = [(int(row["overhead"]), int(row["load"]), float(row["fraction"])) for row in every]
    assert cost == sorted(cost)
    assert len(every) > 5
    within = rows("plan --workers 24 --q 5 --max-fraction 0.11 --max-redundancy 3")
    pairs = [(row["assignment"], row["detector"], row["distorted"]) for row in within]
    assert pairs == [("mols", "certified", "2"), ("bibd", "certified", "4"), ("bibd", "none", "20"),
                     ("subset", "certified", "10"), ("subset", "none", "200")]  # fmt: skip
    assert all(float(row["fraction"]) <= 0.11 for row in within)


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_and_says_what_is_cheapest_and_safest(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    result = invoke("plan --workers 24 --q 5 --max-load 10 --detector none")
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout
    assert ("exhaustive" in result.stdout) == (width == 160)
    text = one_line(result.stdout)
    assert "Cheapest: baseline with redundancy 1: no more computation, 1 file a worker, at most 5 of 24" in text
    assert "Least ε: mols with redundancy 3: 3 times the computation, 8 files a worker, at most 8 of 64" in text


def test_a_count_that_is_not_proven_is_marked_and_its_bound_counts():
    option = Option("cyclic", 7, 63, 7, 7, 11, 14, 19, 19 / 63, "bound only")
    wide = Option("subset", 5, 7_028_847, 557_845, 5, 11, 13_167, 13_167, 0.0019, "closed form")
    for view in (catalogue_view([option, wide], 63, 80, with_distortion=True), plan_view([option, wide], 63, 80)):
        text = printed(view, 80)
        assert "14..19*" in text
        assert "7,028,847" in text
        assert "0.3016" in text
        assert "* not proven" in text
        assert "…" not in text


@pytest.mark.parametrize("workers", [9, 24])
def test_what_is_listed_can_be_built_as_it_is_listed(workers):
    found = rows(f"list assignments --workers {workers} --q 2")
    assert {row["assignment"] for row in found} >= {"baseline", "repetition", "subset", "bibd", "cyclic"}
    for row in found:
        files, load, r = int(row["files"]), int(row["load"]), int(row["redundancy"])
        assert (files * r, int(row["overhead"])) == (workers * load, r)
        if files < 50_000:
            built = build(row["assignment"], workers=workers, redundancy=r)
            assert (len(built.files), built.load) == (files, load)
        assert float(row["fraction"]) == int(row["bound"]) / files


def test_without_q_nothing_is_searched_and_nothing_said_of_distortion(monkeypatch):
    seen = set()

    def search(assignment, q, detector, limit):
        seen.add(q)
        return worst_case(assignment, q, detector, limit)

    monkeypatch.setattr(catalogue, "worst_case", search)
    (first, *_) = json.loads(invoke("list assignments --workers 15 --format json").stdout)
    assert list(first) == ["assignment", "redundancy", "files", "load", "overhead"]
    assert seen == {0}
    text = invoke("list assignments --workers 15").stdout
    assert "c_max" not in text.splitlines()[1]
    assert "Add --q N" in text


def test_a_plan_goes_to_a_file(tmp_path):
    result = invoke(f"plan --workers 15 --q 3 --out {tmp_path}/plan.json --format csv")
    assert "written to" in result.stderr
    kept = json.loads((tmp_path / "plan.json").read_text())
    assert [row["assignment"] for row in kept] == [row["assignment"] for row in program.rows(result.stdout)]


CASES = {
    "nothing fits": (
        "plan --workers 24 --q 5 --max-load 10 --max-fraction 0.1 --detector none",
        "keeps ε within 0.1",
        "0.1250 (mols",
    ),
    "no load": ("plan --max-load 0", "--max-load 0", "try 10"),
    "no redundancy": ("plan --max-redundancy 0", "--max-redundancy 0", "try 7"),
    "not a fraction": ("plan --max-fraction 1.5", "fraction of 1.5", "0 to 1"),
    "q too large": ("plan --q 8", "q=8 Byzantine workers of 15", "0 to 7"),
    "no workers": ("plan --workers 0 --q 0", "workers 0", "try 15"),
    "no time": ("plan --time-limit 0", "--time-limit 0", "try 10"),
    "another format": ("plan --out x.txt", "x.txt", ".csv or .json"),
    "workers of what": ("list rules --workers 15", "--workers", "list assignments --workers 15"),
    "workers of all": ("list --workers 15", "--workers", "list assignments --workers 15"),
    "q of what": ("list assignments --q 3", "--q 3", "--workers 15"),
    "q too large for the list": ("list assignments --workers 9 --q 5", "q=5", "0 to 4"),
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_bad_input_ends_with_2_and_says_what_would_work(words):
    line, wrong, remedy = words
    said = refused(line)
    assert wrong in said
    assert remedy in said
