"""One run and its curve, and what is registered."""

import json

import pytest

from aspis_sim import __version__
from aspis_sim.aggregation import RULES
from tests.cli import program
from tests.cli.program import one_line, refused, rows

RUN = "train --workers 7 --q 2 --steps 10 --samples-per-file 2 --model softmax --every 4"


def invoke(*words):
    return program.invoke(*words).stdout


def test_the_curve_has_a_point_every_few_steps_and_at_the_end():
    points = rows(invoke(f"{RUN} --format csv"))
    assert [point["step"] for point in points] == ["4", "8", "10"]
    assert {point["distorted"] for point in points} == {"2.0"}
    assert {point["outcome"] for point in points} == {"ambiguous"}


def test_the_record_has_every_step_and_the_row():
    record = json.loads(invoke(f"{RUN} --attack weak --format json"))
    assert len(record["loss"]) == len(record["outcome"]) == 10
    assert record["outcome"] == ["unique"] * 10
    assert record["excluded_byzantine"] == [2] * 10
    assert record["row"]["detection_rate"] == 1
    assert record["curve"][-1]["top1"] == record["row"]["top1"]
    assert record["loss"][-1] < record["loss"][0]


def final(words):
    return json.loads(invoke(f"{RUN} --scheme median --format json {words}"))["row"]


def test_rules_take_options_and_steps_before_them_and_f_follows_from_q():
    plain, given = final("--aggregator trimmed_mean"), final("--aggregator trimmed_mean:f=2")
    assert (plain["rule"], given["rule"]) == ("trimmed_mean", "trimmed_mean:f=2")
    assert plain["loss"] == given["loss"] != final("--aggregator trimmed_mean:f=1")["loss"]
    assert final("--aggregator nnm+median")["loss"] != final("--aggregator median")["loss"]
    assert final("--aggregator nnm+median_of_means")["rule"] == "nnm+median_of_means"


def test_conventions_choose_variants():
    assert final("")["strength"] == 1.0
    assert final("--convention byzfl")["strength"] == 1.5
    assert 0 < final("--workers 15 --q 5 --convention baruch")["strength"] < 1
    assert final("--convention byzfl --strength 3")["strength"] == 3.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--q 3 --aggregator krum", "f=3 of n=7 rows: needs n >= 2f + 3"),
        ("--aggregator krum:f", "'f' is no option; write name:option=value"),
        ("--aggregator krum:g=1", "rule 'krum': got an unexpected keyword argument 'g'; its parameters: f, beyond"),
        ("--aggregator nnn+krum", "unknown preaggregation 'nnn'; did you mean nnm"),
        ("--payload alie:z=1", "payload 'alie': got an unexpected keyword argument 'z'; its parameters: strength"),
        ("--convention byzlf", "unknown convention 'byzlf'; did you mean byzfl"),
    ],
)
def test_options_that_cannot_be_are_refused(words, message):
    assert message in refused(RUN, "--scheme median", words)


def test_little_memory_changes_nothing_but_the_rounding():
    whole, tiled = (json.loads(invoke(f"{RUN} --format json {more}")) for more in ("", "--memory 60kB"))
    assert tiled["distorted"] == whole["distorted"]
    assert tiled["loss"] == pytest.approx(whole["loss"], rel=1e-4)


def test_a_part_that_needs_all_gradients_at_once_says_so():
    said = refused(RUN, "--memory 60kB --compute replicated")
    assert "replicated compute needs all 105 gradients at once" in said


def test_the_table_names_the_run():
    text = invoke(RUN)
    title = "aspis: q=2 of K=7, r=3, attack strong, payload alie 1, digits, softmax, lr 0.03, seed 0, steps=10"
    assert one_line(text).startswith(f"{title} train test top-1 distorted lost excluded step loss loss %")
    assert "byz/honest" in text
    assert "Final top-1" in text


def test_losses_that_explode_are_told_in_full(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    framed = f"{RUN} --workers 9 --q 4 --attack frame-up --payload reversed --after-detection average --lr 1 --steps 20"
    text = invoke(framed)
    assert "…" not in text
    assert "e+0" in text


@pytest.mark.parametrize(
    "kind", ["assignments", "attacks", "timings", "payloads", "detectors", "rules", "datasets", "models", "schemes"]
)
def test_everything_registered_is_listed_with_a_sentence(kind):
    found = json.loads(invoke(f"list {kind} --format json"))
    assert found
    assert all(entry["kind"] == kind and len(entry["summary"]) > 10 for entry in found)


def test_rules_are_listed_from_their_registry():
    found = json.loads(invoke("list rules --format json"))
    assert [entry["name"] for entry in found] == list(RULES)
    assert "median" in invoke("list rules")


def test_version():
    assert invoke("--version") == f"aspis-sim {__version__}\n"
