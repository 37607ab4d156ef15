"""``detect`` from the command line: the theory's counts, intervals, tables, the drawing, large K, bad input."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import fields
from functools import partial
from math import comb

import pytest

from aspis_sim.assignment import subset
from aspis_sim.detection import DETECTORS
from aspis_sim.report import libraries
from aspis_sim.trials import monte_carlo
from aspis_sim.trials.monte_carlo import Row
from tests.cli import program
from tests.cli.program import one_line, refused

RANDOM = "--attack random --lie-probability 0.05 --membership random --trials 30"
NO_MATPLOTLIB = "matplotlib is not installed: pip install 'aspis-sim[plot]'"


invoke = partial(program.invoke, "detect")


def rows(words):
    return program.rows(invoke(words, "--format csv").stdout)


def test_the_counts_are_those_of_the_theory():
    detecting = ["clique", "sound", "certified", "unanimous", "minimax", "degree"]
    text = f"--attack weak,strong,frame-up,stealth --detector {','.join(detecting)}"
    found = {(row["attack"], row["detector"], int(row["q"])): row for row in rows(text)}
    assert len(found) == 4 * 7 * len(detecting)
    for q, framed in zip(range(2, 8), (1, 10, 34, 80, 155, 266), strict=True):
        for detector in detecting:
            weak = found["weak", detector, q]
            assert (weak["found"], weak["accusing"], weak["distorted_files"]) == ("1.0", "0.0", "0.0")
            assert float(weak["lost_files"]) == comb(q, 3)
        assert float(found["strong", "clique", q]["distorted_files"]) == comb(2 * q, 3) // 2
        assert found["strong", "clique", q]["ambiguous"] == "1.0"
        clique = found["frame-up", "clique", q]
        assert (clique["accusing"], float(clique["accused"])) == ("1.0", q - 1)
        assert float(clique["distorted_files"]) == framed
        for detector in ("sound", "certified", "unanimous", "minimax"):
            assert found["frame-up", detector, q]["accusing"] == "0.0"
        assert float(found["stealth", "certified", q]["distorted_files"]) == comb(q, 3)


def test_the_csv_has_the_columns_of_a_row_and_the_intervals_of_what_varies():
    text = invoke(f"{RANDOM} --q 3 --detector clique --format csv").stdout
    assert text.splitlines()[0] == ",".join(field.name for field in fields(Row))
    (varying,) = program.rows(text)
    assert varying["trials"] == "30"
    assert 0 < float(varying["found_low"]) < float(varying["found"]) < float(varying["found_high"]) < 1
    (fixed,) = rows("--q 3 --detector clique --attack weak --trials 30")
    assert (fixed["trials"], fixed["found_low"], fixed["found_high"], fixed["accusing_low"]) == ("1", "", "", "")


def test_the_same_seed_gives_the_same_rows_and_another_does_not():
    first, again, other = (rows(f"{RANDOM} --q 3,4 --seed {seed}") for seed in (5, 5, 6))
    assert first == again
    assert [row["distorted_files"] for row in first] != [row["distorted_files"] for row in other]


@pytest.mark.parametrize("width", [80, 160])
def test_the_tables_fit_and_say_who_accuses_honest_workers(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    setting = "--lie-probability 0.03 --membership random --window 2 --trials 30 --detector clique,sound,certified"
    result = invoke(f"--q 3,5 --attack frame-up,random {setting}")
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout.replace("[…]", "")
    words = one_line(result.stdout)
    assert "attack frame-up, random membership, subset K=15 r=3 (455 files), windows of 2 iterations" in words
    assert "[…]: 95% interval (Wilson) over 30 trials, seed 0." in words
    assert "! clique excludes honest workers under frame-up at q=3, 5." in words
    assert "sound and certified exclude no honest worker in any trial." in words
    assert "deterministic" not in words
    fixed = invoke("--q 3 --attack frame-up --detector clique,sound").stdout
    assert "yes (2)" in fixed
    assert "frame-up: deterministic, so one trial was run." in fixed


def test_other_assignments_permuted_windows_and_a_file():
    for words in ("--assignment bibd", "--assignment mols", "--workers 16 --assignment cyclic"):
        assert rows(f"{words} --q 2 --attack weak --detector clique,none")[1]["skipped"] == "1.0"
    window = "--membership random --permute --window 5"
    (row,) = rows(f"--assignment bibd --q 2 --attack majority --detector degree {window}")
    assert (row["permuted"], row["window"]) == ("True", "5")
    assert float(row["found"]) >= 0.95
    invoke(f"{RANDOM} --q 3 --out rows.json --detector sound --quiet")
    with open("rows.json", encoding="utf-8") as file:
        (kept,) = json.load(file)
    assert (kept["detector"], kept["lie_probability"]) == ("sound", 0.05)


def test_a_hundred_workers_and_the_detector_that_is_left_out():
    result = invoke("--workers 100 --q 49 --attack blocks --format csv")
    assert "without certified, which would judge 1,293,600 sets of copies" in result.stderr
    found = {row["detector"]: row for row in program.rows(result.stdout)}
    assert set(found) == set(DETECTORS) - {"none", "certified", "minimax"}
    assert found["clique"]["ambiguous"] == "1.0"


def test_an_interruption_keeps_the_rows_finished(monkeypatch):
    run_trials = monte_carlo.run_trials

    def stop(adversary, *arguments, **options):
        if adversary.q == 3:
            raise KeyboardInterrupt
        return run_trials(adversary, *arguments, **options)

    monkeypatch.setattr(monte_carlo, "run_trials", stop)
    result = invoke("--q 1..4 --detector clique --format csv", code=130)
    assert len(result.stdout.splitlines()) == 3
    assert "interrupted: the 2 rows finished are kept" in result.stderr


def test_the_drawing_tells_workers_apart_by_shape_line_and_legend(tmp_path):
    pytest.importorskip("matplotlib", reason=NO_MATPLOTLIB)
    words = "--q 4 --attack frame-up --detector clique,sound --format csv --draw"
    result = invoke(f"{words} {tmp_path}/deep/graph.svg")
    assert f"drawn to {tmp_path}/deep/graph.svg" in result.stderr
    assert len(result.stdout.splitlines()) == 3
    text = (tmp_path / "deep/graph.svg").read_text()
    ElementTree.fromstring(text)
    title = (
        "subset, K=15, r=3: attack frame-up by q=4 Byzantine workers",
        "Detector clique excludes 0 of 4 Byzantine and 3 honest workers (one explanation is left)",
    )
    legend = ("Byzantine", "honest, in a disagreement", "honest", "excluded by the verdict (and a thick outline)")
    for words_drawn in (*title, *legend, "agree on all shared files", "disagree on a file", *map(str, range(15))):
        assert f">{words_drawn}</text>" in text
    # 4 Byzantines against 3 framed workers disagree, and one dashed line is in the legend
    assert text.count("stroke-dasharray: ") == 4 * 3 + 1
    invoke(f"{words} {tmp_path}/again.svg")
    assert (tmp_path / "again.svg").read_text() == text
    invoke(f"{words} {tmp_path}/graph.png")
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(libraries.importlib.util, "find_spec", lambda name: None)
    said = refused("detect --q 3 --draw graph.png")
    assert said == "error: a figure needs matplotlib; install it with: pip install 'aspis-sim[plot]'\n"


def test_help_of_the_commands_without_training_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from aspis_sim_cli.app import app\n"
        "for name in ('detect', 'distortion', 'plan', 'reproduce', 'list'):\n"
        "    result = CliRunner().invoke(app, [name, '--help'])\n"
        "    assert result.exit_code == 0 and 'Examples' in result.output, result.output\n"
        "assert not {'jax', 'flax', 'optax', 'networkx', 'matplotlib'} & set(sys.modules)\n"
        "result = CliRunner().invoke(app, ['detect', '--q', '2', '--format', 'csv'])\n"
        "assert result.exit_code == 0 and 'jax' not in sys.modules, result.output\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


CASES = {
    "q too large": ("--q 1..8", "q=8 Byzantine workers of 15", "0 to 7"),
    "no workers": ("--workers 0", "workers 0", "try 15"),
    "unknown detector": ("--detector clic", "unknown detector 'clic'", "did you mean clique"),
    "unknown attack": ("--attack strnog", "unknown attack 'strnog'", "did you mean strong"),
    "unknown membership": ("--membership rnadom", "unknown membership 'rnadom'", "did you mean random"),
    "unknown assignment": ("--assignment sbuset", "unknown assignment 'sbuset'", "did you mean subset"),
    "not a probability": ("--lie-probability 2", "with probability 2", "0 to 1"),
    "no trials": ("--trials 0", "0 trials", "at least 1"),
    "no window": ("--window 0", "--window 0", "at least 1"),
    "negative seed": ("--seed=-1", "seed -1 is negative", "0 or more"),
    "too many framed": ("--attack frame-up --q 3 --framed 3", "3 framed workers with q=3", "0 to 2"),
    "framed elsewhere": ("--framed 0 --q 3", "0 framed workers", "frame-up"),
    "strongest at random": ("--attack strongest --membership random", "chooses its workers itself", "chosen"),
    "nothing to permute": ("--permute", "changes nothing", "bibd"),
    "too much to certify": ("--workers 100 --q 3 --detector certified", "1,293,600 sets", "clique,sound"),
    "subset too large": ("--workers 100 --redundancy 5", "75,287,520", "bibd, mols"),
    "two drawings": ("--q 3,4 --draw x.svg", "one graph", "one --q and one --attack"),
    "drawing of another format": ("--q 3 --draw x.pdf", "x.pdf", ".svg or .png"),
    "another format": ("--out x.pdf", "x.pdf", ".csv or .json"),
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_bad_input_ends_with_2_and_says_what_would_work(words, monkeypatch):
    line, wrong, remedy = words
    monkeypatch.setattr(subset, "subsets", lambda *arguments: pytest.fail("the assignment was built"))
    said = refused("detect", line)
    assert wrong in said
    assert remedy in said


def test_a_server_that_is_told_one_too_few_accuses_those_who_were_framed():
    """Three framed workers explain all that four liars do; with q̂ = 4 and more there is another explanation."""
    words = "--workers 15 --q 4 --attack frame-up --detector certified"
    found = {told: rows(f"{words} --believed-q {told}")[0] for told in (2, 3, 4, 7)}
    assert {told: (row["believed_q"], row["accused"]) for told, row in found.items()} == {
        2: ("2", "0.0"),
        3: ("3", "3.0"),
        4: ("4", "0.0"),
        7: ("7", "0.0"),
    }
    assert rows(words)[0] == found[4]
    shown = " ".join(invoke("--workers 15 --q 4 --attack frame-up --detector sound --believed-q 3").stdout.split())
    assert "The detectors are told of 3 Byzantine workers, whatever q is." in shown
    assert "can be told of 0 to 7" in refused("detect", "--workers 15 --believed-q 8")
