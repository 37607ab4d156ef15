"""``attack``: the battery against real runs, its table, resuming, and that test data have no say in what it finds."""

import json
from typing import Any

import pytest
from aspis_sim_cli.commands import attack as command

import aspis_sim
from aspis_sim.battery import search, setup, verdict
from aspis_sim.battery.verdict import COLUMNS
from tests.cli.program import invoke, refused, rows

SMALL = "attack --workers 7 --model softmax --steps 40 --samples-per-file 2 --lr 0.1 --seeds 0,1 --quiet"

FIRST = (
    *("scheme", "q", "clean_top1", "robust_top1", "worst_top1", "attack", "payload", "strength", "framed", "timing"),
    *("distortion_measured", "runs", "samples_processed", "status"),
)

OWN_DATA = """
from dataclasses import replace
import numpy as np
from aspis_sim import plugin
from aspis_sim.data import load

@plugin.dataset("true")
def true():
    return load("digits")

@plugin.dataset("noise")
def noise():
    data = load("digits")
    drawn = np.random.default_rng(0)
    inputs = drawn.permuted(data.inputs["test"], axis=0)
    return replace(data, inputs={**data.inputs, "test": inputs}, sha256="0" * 64)
"""


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """A battery of few payloads: the rest is the same."""
    monkeypatch.setattr(search, "PROBES", ("constant", "reversed"))
    monkeypatch.setattr(search, "WHAT", ("constant", "reversed", "sign_flip"))
    monkeypatch.setattr(setup, "SEARCHING", ())
    monkeypatch.setattr(search, "VARIED", ("constant", "reversed"))
    monkeypatch.setattr(verdict, "COMMON", ("sign_flip",))


def test_the_columns_are_the_contract_and_the_verdict_is_of_fresh_seeds(tmp_path):
    found = rows(invoke(SMALL, "--q 1 --scheme average,median --format csv").stdout)
    assert tuple(found[0]) == COLUMNS
    assert COLUMNS[: len(FIRST)] == FIRST
    average, median = found
    assert (average["seeds"], average["search_seed"]) == ("0 1", "1000")
    assert float(average["robust_top1"]) < 0.2 < 0.5 < float(median["robust_top1"])
    assert float(average["clean_top1"]) > 0.5
    assert float(average["worst_top1"]) <= float(average["robust_top1"])
    assert float(average["distortion_measured"]) > 0
    assert int(average["runs"]) > 20
    assert (median["assignment"], median["rule"], median["steps"]) == ("baseline", "median", "40")


def test_test_data_have_no_say_in_the_search(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN_DATA)
    told = {}
    for name in ("true", "noise"):
        given = f"--q 1 --plugin own.py --dataset {name} --scheme median --format json"
        told[name] = json.loads(invoke(SMALL, given).stdout)
    results = ("clean_top1", "robust_top1", "worst_top1", "robust_top1_at_clean_lr", "dataset")
    for true, noise in zip(told["true"], told["noise"], strict=True):
        assert true["clean_top1"] > 0.5 > noise["clean_top1"]
        assert {key: true[key] for key in true if key not in results} == {
            key: noise[key] for key in noise if key not in results
        }


def test_a_study_resumes_a_search_that_was_stopped_and_gives_the_same(tmp_path):
    study = tmp_path / "study"
    whole = invoke(SMALL, "--q 1 --scheme median --format csv").stdout
    stopped = invoke(SMALL, f"--q 1 --scheme median --format csv --study {study} --seconds 1e-9", code=130)
    assert "0 of 1 searches have ended" in stopped.stderr
    assert stopped.stdout.count("\n") == 1
    first = invoke(SMALL, f"--q 1 --scheme median --format csv --study {study}")
    again = invoke(SMALL, f"--q 1 --scheme median --format csv --study {study}")
    assert first.stdout == again.stdout == whole
    kept = rows(invoke(f"sweep --study {study} --quiet --format csv").stdout)
    assert {row["payload"] for row in kept} == {"zero", "constant", "reversed", "sign_flip"}
    assert {row["seed"] for row in kept} == {"0", "1", "1000"}


def test_python_gets_what_the_command_prints():
    given: dict[str, Any] = {
        "workers": 7,
        "q": 1,
        "model": "softmax",
        "steps": 40,
        "samples_per_file": 2,
        "lr": 0.1,
        "seeds": (0, 1),
    }
    records = aspis_sim.attack(scheme=["average", "bulyan"], **given)
    printed = json.loads(invoke(SMALL, "--q 1 --scheme average,bulyan --format json").stdout)
    assert records == printed
    with pytest.raises(aspis_sim.InputError, match="`payload` is what the search varies"):
        aspis_sim.attack(payload="alie", **given)


def test_the_table_says_what_was_found_and_how_to_read_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = invoke(SMALL, "--q 2 --scheme average,bulyan").stdout
    assert "The worst attack on each defence: digits, softmax, K=7, 40 steps" in shown
    assert "not defined: scheme bulyan, q=2" in " ".join(shown.split())
    assert "The search saw validation data and seed 1000 only" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_while_it_runs_it_says_what_is_tried_and_the_worst_so_far():
    told = invoke(SMALL.replace(" --quiet", ""), "--q 2 --scheme average --format csv").stderr
    assert "no attack: 1 run\n" in told
    assert "where: 2 runs" in told
    assert "worst so far average q=2, strong, " in told
    assert "the verdict, with fresh seeds: 8 runs" in told


def test_a_broken_plugin_fails_its_own_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text(
        "from aspis_sim import plugin\nfrom aspis_sim.aggregation import Rule\n\n"
        '@plugin.rule("broken")\ndef broken():\n    return Rule(lambda rows: rows.no_such_thing)\n'
    )
    done = invoke(SMALL, "--q 1 --plugin broken.py --scheme broken,average --format json", code=4)
    broken, average = json.loads(done.stdout)
    assert broken["status"].startswith("failed: PluginError: plugin broken: rule 'broken'")
    assert broken["robust_top1"] is None
    assert average["status"] in ("ok", "diverged")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--payload alie", "--payload is what the search varies; leave it out"),
        ("--budget 3", "a budget of 3 runs for each defence and q is too small"),
        ("--seconds 0", "--seconds 0: a positive number of them"),
        ("--scheme nobody", "unknown scheme or rule 'nobody'"),
        ("--seeds 1000", "the search has the seed 1000 for itself"),
        ("--other-version no", "unknown --other-version 'no'"),
    ],
)
def test_bad_input(given, said):
    assert said in " ".join(refused(SMALL, "--q 1", given, lines=3).split())


def test_the_help_names_the_options_of_the_search():
    shown = invoke("attack --help-all").stdout
    for flag in ("--search-seed", "--budget", "--seconds", "--study"):
        assert flag in shown
    assert command.SEARCH in shown
