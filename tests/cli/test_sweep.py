"""The sweep from the command line: the numbers of the theory, the same bytes twice, tables, files and exit codes."""

import json
import signal
from math import comb

import pytest
from aspis_sim_cli.render.sweep_table import sweep_view

from aspis_sim.analysis.tables import tables_of
from aspis_sim.run.executors import local
from aspis_sim.run.row import COLUMNS
from aspis_sim.simulation import compilations
from aspis_sim.study import Study
from tests.cli.forked import Asked, forked
from tests.cli.program import SMALL, invoke, one_line, printed, refused, rows, without_seconds
from tests.report.studies import rows_of

STRONG = {
    "aspis": ([0, 2, 10, 28, 60, 110, 182], 455),
    "byzshield": ([0, 1, 3, 5, 8, 12, 14], 25),
    "detox": ([0, 1, 1, 2, 2, 3, 3], 5),
    "median": ([1, 2, 3, 4, 5, 6, 7], 15),
}


@pytest.fixture(scope="module")
def short_sweeps():
    """Two steps of the default grid under each attack, every row by (attack, scheme, q)."""
    words = "sweep --q 1..7 --attack strong,weak,frame-up --steps 2 --seeds 0 --lr 0.03 --model softmax --format csv"
    return {(row["attack"], row["scheme"], int(row["q"])): row for row in rows(invoke(words).stdout)}


@pytest.mark.parametrize("scheme", STRONG)
def test_measured_distortion_equals_the_theory_under_the_strong_attack(short_sweeps, scheme):
    counts, files = STRONG[scheme]
    for q, count in zip(range(1, 8), counts, strict=True):
        row = short_sweeps["strong", scheme, q]
        assert int(row["files"]) == files
        assert float(row["distortion_measured"]) == count / files == float(row["distortion_theory"])
        assert float(row["lost_measured"]) == 0


def test_under_the_weak_attack_aspis_finds_all_and_drops_what_only_they_hold(short_sweeps):
    for q in range(1, 8):
        row = short_sweeps["weak", "aspis", q]
        assert float(row["detection_rate"]) == 1
        assert float(row["false_accusation_rate"]) == 0
        assert float(row["distortion_measured"]) == 0
        assert float(row["lost_measured"]) == comb(q, 3) / 455 == float(row["distortion_theory"])


def test_under_the_frame_up_the_published_detector_trusts_the_byzantines(short_sweeps):
    for q, count in zip(range(2, 8), (1, 10, 34, 80, 155, 266), strict=True):
        row = short_sweeps["frame-up", "aspis", q]
        assert float(row["detection_rate"]) == 0
        assert float(row["false_accusation_rate"]) == (q - 1) / (15 - q)
        assert float(row["distortion_measured"]) == count / 455
        assert float(row["lost_measured"]) == comb(q - 1, 3) / 455


def test_columns_are_the_contract():
    contract = (
        "scheme, assignment, workers, redundancy, files, load, q, attack, payload, strength, rule, dataset, model, "
        "protocol, samples_per_file, batch_size, steps, lr, seed, distortion_theory, distortion_measured, "
        "lost_measured, detection_rate, false_accusation_rate, top1, loss, samples_processed, seconds, status, "
        "detector, after_detection, coding, convention, permute, detection_window, believed_q, evidence, audits, "
        "audit_policy, tolerance, silent, silence, adversary_window, framed, timing, heterogeneity, data_seed, "
        "momentum, optimizer, schedule, local_steps, clip_workers, clip_server, worker_momentum, augment, init, "
        "precision, compute, devices, memory, cluster, gradient_diversity, kappa, backdoor_success, convicted, "
        "disputes_audited, server_computed, bytes_sent, seconds_modelled"
    )
    assert ", ".join(COLUMNS) == contract
    header = invoke(f"sweep {SMALL} --seeds 0 --format csv").stdout.splitlines()[0]
    assert header == contract.replace(" ", "")


def test_same_command_and_seed_twice_gives_the_same_rows_and_another_seed_does_not():
    command = f"sweep {SMALL} --seeds 0,1 --lr 0.03,0.1 --format csv"
    first, second = invoke(command).stdout, invoke(command).stdout
    assert without_seconds(first) == without_seconds(second)
    assert len(rows(first)) == 8
    assert [(row["q"], row["scheme"], row["seed"]) for row in rows(first)] == [
        (q, scheme, seed) for q in "13" for scheme in ("aspis", "median") for seed in "01"
    ]
    by_seed = {row["seed"]: row["loss"] for row in rows(first) if (row["scheme"], row["q"]) == ("aspis", "1")}
    assert by_seed["0"] != by_seed["1"]


def test_the_rate_is_chosen_on_validation_data_with_the_first_seed():
    scores = {}
    for rate in ("0.0001", "0.2"):
        (row,) = rows(invoke(f"sweep {SMALL} --scheme median --q 1 --seeds 3 --lr {rate} --format csv").stdout)
        scores[rate] = float(row["top1"])
    assert scores["0.2"] > scores["0.0001"]
    chosen = rows(invoke(f"sweep {SMALL} --scheme median --q 1 --seeds 3,4 --lr 0.0001,0.2 --format csv").stdout)
    assert [row["lr"] for row in chosen] == ["0.2", "0.2"]


def test_cells_that_differ_in_numbers_only_share_one_compilation():
    words = "--workers 5 --q 1,2 --scheme aspis,median --steps 3 --samples-per-file 1 --model softmax --format csv"
    before = compilations()
    invoke(f"sweep {words} --seeds 0..2 --lr 0.01,0.1 --strength 0.5,1 --attack strong,weak,frame-up")
    assert compilations() == before + 2


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_has_a_row_a_q_and_says_what_was_found(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    result = invoke(f"sweep {SMALL} --attack frame-up --q 2,3 --seeds 0,1 --out rows.csv")
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= width
    text = one_line(result.stdout)
    assert "attack frame-up, payload alie 1, K=7, r=3, digits, softmax, 6 steps, samples_per_file=2 aspis " in text
    assert "q 70 samples 14 samples ─" in text
    assert "Protocol files: the same number of samples per file for every scheme." in text
    assert "aspis 2 per file, 70 distinct (210 computed)" in text
    assert "Top-1 of aspis against its best rival, in points:" in text
    assert "aspis's distortion fraction is lower than its rivals' by" in text
    assert "! aspis accuses honest workers: 1 of 5 at q=2, 2 of 4 at q=3, and trusts every Byzantine" in text
    assert "8 of 8 cells written to rows.csv" in result.stderr
    assert "\x1b" not in result.stdout


def test_settings_that_are_the_same_throughout_end_the_title():
    aspis = f"sweep {SMALL} --q 2 --seeds 0 --scheme aspis"
    words = one_line(invoke(aspis, "--detector certified --momentum 0").stdout)
    assert "softmax, 6 steps, detector=certified, samples_per_file=2, momentum=0 aspis q 70 samples ─" in words
    words = one_line(invoke(aspis, "--precision float64 --tolerance 0.001").stdout)
    assert "6 steps, precision=float64, tolerance=0.001, samples_per_file=2 aspis q 70 samples ─" in words


VARIANTS = [(detector, momentum) for detector in ("clique", "certified") for momentum in ("0.0", "0.9")]


def test_every_setting_takes_a_list_and_the_table_names_each_combination_in_full(monkeypatch):
    words = f"sweep {SMALL} --seeds 0 --lr 0.1 --scheme aspis --detector clique,certified --momentum 0,0.9"
    found = rows(invoke(words, "--study kept --format csv").stdout)
    assert [(row["q"], row["detector"], row["momentum"]) for row in found] == [
        (q, *variant) for q in "13" for variant in VARIANTS
    ]
    assert {row["status"] for row in found} == {"ok"}
    assert len({row["loss"] for row in found if row["q"] == "3"}) == len(VARIANTS)
    for width in (60, 80, 100, 160):
        monkeypatch.setenv("COLUMNS", str(width))
        text = invoke("sweep --study kept").stdout
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text
        head, _, below = text.partition("top-1 %")
        assert "K=7, r=3, digits, softmax, 6 steps, samples_per_file=2 aspis" in one_line(head)
        assert (head.count("detector=clique"), head.count("detector=certified")) == (2, 2)
        assert (head.count("momentum=0)"), head.count("momentum=0.9)")) == (2, 2)
        for detector, momentum in VARIANTS:
            assert f"aspis (detector={detector}, momentum={float(momentum):g}) 2 per file" in one_line(below)


def test_yes_and_no_together_are_two_values(tmp_path):
    common = f"sweep {SMALL} --q 2 --seeds 0 --lr 0.1 --scheme aspis+ --attack majority --steps 2"
    found = rows(invoke(common, "--permute --no-permute --format csv").stdout)
    assert [(row["scheme"], row["permute"]) for row in found] == [("aspis+", "True"), ("aspis+", "False")]
    assert found[0]["loss"] != found[1]["loss"]
    for given, permuted in (("", "True"), ("--permute", "True"), ("--no-permute", "False")):
        (row,) = rows(invoke(common, given, "--format csv").stdout)
        assert row["permute"] == permuted
    invoke(common, "--permute --no-permute --study kept --quiet")
    with Study.open("kept") as study:
        (command,) = study.grids()[0]["commands"]
    assert "--permute --no-permute" in command
    assert "2 of 2 cells were there already" in invoke(command.removeprefix("aspis-sim ")).stderr
    (tmp_path / "both.toml").write_text("permute = [true, false]\n")
    from_file = invoke(common, "--config both.toml --format csv").stdout
    assert [row["permute"] for row in rows(from_file)] == ["True", "False"]
    words = one_line(invoke(common, "--permute --no-permute").stdout)
    assert "aspis+ (permute=true) 2 per file" in words
    assert "aspis+ (permute=false) 2 per file" in words


def test_a_grid_of_more_than_100_000_cells_has_to_be_wanted():
    words = "sweep --workers 7 --q 1 --scheme median --model softmax --steps 1 --lr 0.1"
    said = refused(words, "--seeds 0..50000 --payload alie,zero", lines=1)
    assert said == "error: 100,002 cells (2 payload, 50,001 seed), more than 100,000; ask for them with --yes\n"
    assert json.loads(invoke(words, "--seeds 0..49999 --payload alie,zero --dry-run --format json").stdout)["programs"]
    wanted = invoke(words, "--seeds 0..50000 --payload alie,zero --yes --dry-run --format json")
    assert sum(one["steps"] for one in json.loads(wanted.stdout)["programs"]) == 100_002


def test_protocols_give_every_scheme_its_samples():
    found = {}
    for protocol in ("files", "batch", "work"):
        text = invoke(f"sweep {SMALL} --q 1 --seeds 0 --lr 0.1 --protocol {protocol} --format csv").stdout
        found[protocol] = {row["scheme"]: row for row in rows(text)}
    assert {row["samples_per_file"] for row in found["files"].values()} == {"2"}
    assert {row["batch_size"] for row in found["batch"].values()} == {"70"}
    loads = {name: int(row["load"]) * int(row["samples_per_file"]) for name, row in found["work"].items()}
    assert loads == {"aspis": 30, "median": 30}


def test_json_goes_to_stdout_or_to_a_file(tmp_path):
    printed = json.loads(invoke(f"sweep {SMALL} --q 1 --seeds 0 --format json").stdout)
    assert tuple(printed[0]) == tuple(COLUMNS)
    invoke(f"sweep {SMALL} --q 1 --seeds 0 --format csv --out {tmp_path}/deep/er/rows.json")
    kept = json.loads((tmp_path / "deep/er/rows.json").read_text())
    assert [row["loss"] for row in kept] == [row["loss"] for row in printed]


def test_a_table_leaves_a_csv_in_the_results_folder(tmp_path):
    invoke(f"sweep {SMALL} --q 1 --seeds 0")
    (path,) = (tmp_path / "results").iterdir()
    assert path.name.startswith("sweep-strong-k7-")
    assert len(rows(path.read_text())) == 2


def test_a_cell_that_fails_is_reported_and_the_others_are_kept(monkeypatch):
    def break_one(cell, *arguments):
        if (cell.scheme, cell.q) == ("median", 3):
            raise RuntimeError("the machine is on fire\nreally")
        return run(cell, *arguments)

    run = local.train
    monkeypatch.setattr(local, "train", break_one)
    result = invoke(f"sweep {SMALL} --seeds 0 --format csv", code=4)
    status = {(row["scheme"], row["q"]): row["status"] for row in rows(result.stdout)}
    failure = status.pop(("median", "3"))
    assert failure == "failed: RuntimeError: the machine is on fire really"
    assert set(status.values()) == {"ok"}
    assert "1 cells failed: RuntimeError" in result.stderr
    table = invoke(f"sweep {SMALL} --seeds 0", code=4)
    assert "failed" in table.stdout


def test_weights_that_are_not_finite_are_called_diverged():
    (row,) = rows(invoke(f"sweep {SMALL} --scheme median --q 1 --seeds 0 --lr 1e38 --format csv").stdout)
    assert row["status"] == "diverged"


SIGNALS = (signal.SIGINT, signal.SIGTERM)

INTERRUPTED = """
import os, sys, threading, time
from pathlib import Path
from aspis_sim_cli.app import main

which, out = int(sys.argv.pop(1)), Path(sys.argv[-1])

def interrupt():
    while not (out.exists() and len(out.read_text().splitlines()) > 3):
        time.sleep(0.05)
    os.kill(os.getpid(), which)

threading.Thread(target=interrupt, daemon=True).start()
main()
"""
"""A sweep that gets a signal once some rows are in its file."""


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """Signal -> how the sweep ended that got it, and its file."""
    files = [tmp_path_factory.mktemp("interrupted") / "rows.csv" for _ in SIGNALS]
    words = f"sweep {SMALL} --scheme median --q 1..3 --seeds 0..399 --steps 60 --out"
    asked = [Asked(f"{int(which)} {words} {out}", code=INTERRUPTED) for which, out in zip(SIGNALS, files, strict=True)]
    return dict(zip(SIGNALS, zip(forked(asked), files, strict=True), strict=True))


@pytest.mark.parametrize("which", SIGNALS)
def test_an_interruption_keeps_the_finished_cells_and_exits_130(interrupted, which):
    (returncode, _, stderr), out = interrupted[which]
    assert returncode == 130, stderr
    kept = rows(out.read_text())
    assert 2 < len(kept) < 1200
    assert {row["status"] for row in kept} == {"ok"}
    assert f"interrupted: {len(kept)} of 1200 cells had finished and are kept" in stderr
    assert "Traceback" not in stderr


def test_two_protocols_are_two_tables_each_with_its_headline_and_one_legend():
    files = [row.replaced(batch_size=1820 if row.scheme == "aspis" else 60) for row in rows_of(attacks=("strong",))]
    batch = [row.replaced(protocol="batch", batch_size=1820) for row in files]
    for width in (80, 160):
        text = printed(sweep_view(tables_of([*files, *batch]).tables, width), width)
        assert max(len(line.rstrip()) for line in text.splitlines()) <= width
        first, second = one_line(text).split("attack strong, ")[1:]
        assert "1,820 samples 60 samples" in first
        assert "The schemes see different numbers of samples per step, 60 to 1,820, under the protocol files" in first
        assert "different numbers" not in second
        assert (first.count("Top-1 of aspis"), second.count("Top-1 of aspis")) == (1, 1)
        assert (text.count("top-1 %"), text.count("Protocol files:"), text.count("Protocol batch:")) == (1, 1, 1)
