"""The worst lies from the command line: the theory's numbers, the attack itself, tables and bad input."""

import json
from functools import partial
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aspis_sim_cli.commands import worst_case

import aspis_sim.game
from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS
from aspis_sim.game.result import judge
from tests.cli import program
from tests.cli.program import one_line, refused

COLUMNS = (
    "assignment,workers,redundancy,files,q,detector,objective,distorted_files,kept_files,fraction,byzantine,"
    "lies,graphs,proof"
)


invoke = partial(program.invoke, "worst-case")


def rows(words: str) -> dict[tuple[str, str], dict[str, str]]:
    found = program.rows(invoke(words, "--format csv").stdout)
    return {(row["q"], row["detector"]): row for row in found}


@pytest.mark.parametrize(
    ("workers", "q", "graphs", "worst"),
    [(5, 2, 26, (2, 2, 0, 0)), (7, 2, 68, (2, 2, 0, 0)), (7, 3, 562, (10, 10, 1, 1))],
)
def test_small_systems_are_solved(workers: int, q: int, graphs: int, worst: tuple[int, ...]) -> None:
    found = rows(f"--workers {workers} --q {q}")
    assert [name for _, name in found] == ["clique", "sound", "certified", "unanimous"]
    assert tuple(int(row["distorted_files"]) for row in found.values()) == worst
    for row in found.values():
        assert (int(row["graphs"]), row["proof"]) == (graphs, "exhaustive")
        assert int(row["files"]) == comb(workers, 3)
        assert float(row["fraction"]) == int(row["distorted_files"]) / int(row["kept_files"])


def test_the_greatest_fraction_is_another_attack() -> None:
    found = rows("--q 3 --objective fraction --detector certified,unanimous")
    figures = {name: (row["distorted_files"], row["kept_files"]) for (_, name), row in found.items()}
    assert figures == {"certified": ("1", "35"), "unanimous": ("1", "17")}
    assert {row["objective"] for row in found.values()} == {"fraction"}


def test_larger_systems_are_searched_and_say_so() -> None:
    found = rows("--workers 15 --q 7 --effort 12")
    worst = {name: (int(row["distorted_files"]), int(row["kept_files"])) for (_, name), row in found.items()}
    assert worst["clique"] == (266, 435)
    assert worst["sound"] == (182, 455)
    assert worst["certified"][0] == worst["unanimous"][0] == comb(7, 3)
    assert {(row["graphs"], row["proof"]) for row in found.values()} == {("12", "lower bound")}


def test_more_effort_examines_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_case, "COPIES_IN_ALL", 10 * 30)
    for effort, graphs, proof in [(5, "5", "lower bound"), (50, "26", "exhaustive")]:
        row = rows(f"--workers 5 --q 2 --detector sound --effort {effort}")["2", "sound"]
        assert (row["graphs"], row["proof"]) == (graphs, proof)


def test_columns_are_the_contract() -> None:
    printed = invoke("--q 1,3 --detector clique --format csv").stdout.splitlines()
    assert printed[0] == COLUMNS
    assert len(printed) == 3
    assert printed[2].startswith("subset,7,3,35,3,clique,count,10,35,0.2857142857142857,0 1 2,")
    assert printed[2].endswith(",562,exhaustive")


@pytest.mark.parametrize("detector", ["clique", "sound", "certified", "unanimous"])
def test_the_attack_of_the_json_does_what_the_row_says(detector: str) -> None:
    (found,) = json.loads(invoke(f"--workers 7 --q 3 --detector {detector} --format json").stdout)
    assert ",".join(name for name in found if name != "attack") == COLUMNS
    assert found["byzantine"] == [0, 1, 2]
    assert found["lies"] == len(found["attack"])
    system = build("subset", workers=7, redundancy=3)
    liars = np.zeros(system.files.shape, bool)
    for file, workers in found["attack"].items():
        assert set(workers) <= {0, 1, 2}
        liars[int(file)] = np.isin(system.files[int(file)], workers)
    score, _ = judge(system, liars, DETECTORS[detector], 3)
    assert (score.count, score.kept) == (found["distorted_files"], found["kept_files"])


def test_the_same_seed_gives_the_same_bytes() -> None:
    words = "--workers 15 --assignment mols --q 4 --detector sound --effort 40 --format json"
    assert invoke(words).stdout == invoke(f"{words} --seed 0").stdout
    (zero,), (one,) = (json.loads(invoke(f"{words} --seed {seed}").stdout) for seed in (0, 1))
    assert zero["byzantine"] != one["byzantine"]


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_and_says_what_was_found(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = invoke("--workers 15 --q 1,7 --effort 12")
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "\x1b" not in result.stdout
    assert result.stderr == ""
    text = one_line(result.stdout)
    assert "The worst lies, most distorted files: subset, K=15, r=3, 455 files" in text
    assert "7 clique 266 435 0.611 12 lower bound" in text
    assert "certified 0 455 0.000 15 exhaustive" in text
    assert "0-6 against 7-12: 266 files, 0 (0-2), 1 (0 1 3), 2 (0 1 4) and 263 more" in text
    assert "none gets in" in text
    assert "tells the truth or the file's one common lie. Not covered: several different lies" in text
    assert "a local search with seed 0 found; worse lies may exist" in text
    assert (
        "Against the worst lies found, certified and unanimous hold best at every q: at q=7 certified and "
        "unanimous let in 35 distorted files, sound 182, clique 266."
    ) in text
    assert "! clique lets in more distorted files than the published worst case" in text
    assert "C(2q,r)/2: 266 against 182 at q=7." in text


def test_the_bound_is_of_the_published_detector_on_its_own_assignment() -> None:
    assert "published" not in invoke("--q 3").stdout
    assert "published" not in invoke("--workers 15 --q 7 --effort 3 --detector sound").stdout
    assert "published" not in invoke("--workers 15 --q 7 --effort 3 --assignment mols").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--q 1", "no detector beats another: each lets in 0 distorted files at q=1."),
        (
            "--q 2,3 --detector clique,sound",
            "each lets in 2 distorted files at q=2, 10 distorted files at q=3.",
        ),
        (
            "--q 2,3 --detector unanimous",
            "unanimous lets in 0 distorted files at q=2, 1 distorted file at q=3.",
        ),
        (
            "--q 3 --objective fraction",
            "Against the worst lies, certified holds best: at q=3 certified lets in 2.86% of what it keeps, "
            "unanimous 5.88%, clique and sound 28.6%.",
        ),
    ],
)
def test_the_closing_line(words: str, sentence: str) -> None:
    assert sentence in one_line(invoke(words).stdout)


def test_results_go_to_a_file_too(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "worst.json"
    result = invoke(f"--q 2 --detector clique --out {out} --format csv")
    assert result.stdout.startswith(COLUMNS)
    assert f"written to {out}" in result.stderr
    assert json.loads(out.read_text())[0]["attack"] == {"3": [0, 1], "4": [0, 1]}


def test_an_interruption_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play = aspis_sim.game.play
    calls: list[Any] = []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return play(*arguments, **options)

    monkeypatch.setattr(aspis_sim.game, "play", interrupted)
    result = invoke("--q 2,3 --format csv --out kept.csv", code=130)
    assert len(result.stdout.splitlines()) == 3
    assert (tmp_path / "kept.csv").read_text() == result.stdout
    assert "interrupted: 2 of 8 searches had finished and are kept" in result.stderr


BAD = {
    "q too large": ("--q 1..4", "q=4 of K=7 workers leaves no honest majority", "0 to 3"),
    "negative q": ("--q=-1", "q=-1 of K=7", "0 to 3"),
    "reversed range": ("--q 3..1", "the range is reversed", "1..3"),
    "even r": ("--redundancy 4", "redundancy 4 is even", "3 or 5"),
    "unknown detector": ("--detector sound,clic", "unknown detector 'clic'", "did you mean clique"),
    "unknown objective": ("--objective fractoin", "unknown objective 'fractoin'", "did you mean fraction"),
    "unknown assignment": ("--assignment subst", "unknown assignment 'subst'", "did you mean subset"),
    "no such design": ("--assignment mols --workers 18", "18 workers", "15"),
    "custom": ("--assignment custom", "needs a file", "try subset"),
    "no detector": ("--detector ,", "no name in ','", "write one or several"),
    "too many files": ("--workers 150", "551,300 files, too many to search", "try fewer workers"),
    "far too many files": ("--workers 1000", "166,167,000 files", "try at most"),
    "no effort": ("--effort 0", "--effort 0 looks at no graph", "1 or more"),
    "negative seed": ("--seed=-1", "seed -1 is negative", "0 or more"),
    "another format": ("--out worst.xlsx", "worst.xlsx", ".csv or .json"),
    "no such folder": ("--out /proc/nowhere/x.csv", "cannot write /proc/nowhere/x.csv", "No such file or directory"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_bad_input_ends_with_2_before_any_search(case: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    words, wrong, remedy = case
    monkeypatch.setattr(aspis_sim.game, "play", lambda *a, **b: pytest.fail("a search was started"))
    said = refused("worst-case", words)
    assert wrong in said
    assert remedy in said
