"""The search against made-up scores: what it tries, in which order, and what it ends with."""

import math
from dataclasses import replace
from typing import Any

import pytest

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.battery import standard
from aspis_sim.battery.asked import asked_for
from aspis_sim.battery.lie import Lie
from aspis_sim.battery.search import most_runs, search
from aspis_sim.battery.setup import Score, worst_and_rising, worst_of_each
from aspis_sim.run.rate import Validation

SMALL = {"workers": "7", "model": "softmax", "steps": "8", "lr": "0.1,0.3", "seed": "0,1"}


def setup_of(scheme, q=2, **given):
    (asked,) = asked_for({**SMALL, "scheme": scheme, "q": str(q), **given}, 1000)
    return asked.setup


def played(setup, harm, more=0):
    """Play a search whose trial has the accuracy 1 - harm(lie, rate, short); gives its rounds and what it found."""
    running: Any = search(setup, more)
    rounds: list[Any] = []
    scores = None
    while True:
        try:
            one = running.send(scores)
        except StopIteration as ended:
            return rounds, ended.value
        rounds.append(one)
        scores = {}
        for trial in one.trials:
            rate = min(trial.rates, key=lambda rate: harm(trial.lie, rate, trial.short))
            scores[trial] = Score(1 - harm(trial.lie, rate, trial.short), 1.0, rate)


def test_every_built_in_part_is_tried_or_left_out_with_a_reason():
    tried = {one.partition(":")[0] for one in (*standard.WHAT, *standard.SEARCHING)}
    assert tried | set(standard.LEFT_OUT) == set(PAYLOADS)
    assert not tried & set(standard.LEFT_OUT)
    assert set(standard.WHERE) == set(TARGETINGS) - {"none"}
    assert set(standard.PROBES) <= set(standard.WHAT)


def test_places_that_are_one_on_a_system_are_tried_once():
    assert setup_of("median").places == (("strong", None),)
    places = setup_of("aspis").places
    assert ("frame-up", 1) in places
    assert len(places) == len(set(places)) > 3


def test_without_anything_to_distort_the_search_ends_at_once():
    setup = setup_of("median", q=0)
    rounds, found = played(setup, lambda lie, rate, short: abs(rate - 0.3))
    assert [one.title for one in rounds] == ["no attack"]
    assert found.finalists == (Lie.none(),)
    assert found.rate == found.clean_rate == 0.3


def test_the_search_goes_where_the_harm_is():
    setup = setup_of("aspis")

    def harm(lie, rate, short):
        if lie == Lie.none():
            return 0.1
        there = 0.5 if lie.where == ("frame-up", 1) else 0.2
        of_payload = 0.2 if lie.payload == "reversed" else 0.0
        strength = setup.strength(lie) if lie.has_strength else None
        of_strength = 0.0 if strength is None or strength <= 0 else 0.1 * math.exp(-abs(math.log(strength / 1.7)))
        return there + of_payload + of_strength + (0.05 if lie.timing.startswith("late") else 0.0)

    rounds, found = played(setup, harm)
    worst = found.finalists[0]
    assert (worst.where, worst.payload, worst.timing) == (("frame-up", 1), "reversed", "late:after=0.5")
    assert 1.3 < worst.strength < 2.2
    titles = list(dict.fromkeys(one.title for one in rounds))
    assert titles == [
        "no attack",
        "where",
        "what",
        "how much",
        "what it can find itself",
        "whole runs",
        "when",
        "which rate",
    ]
    runs = sum(len(trial.rates) for one in rounds for trial in one.trials)
    assert runs + 2 * (standard.FINALISTS + len(standard.COMMON) + 1) * len(setup.seeds) <= most_runs(setup)


def test_the_defence_takes_the_rate_whose_worst_case_is_best():
    def harm(lie, rate, short):
        if lie == Lie.none():
            return 0.1 if rate == 0.3 else 0.2
        return 0.9 if rate == 0.3 else 0.4

    _, found = played(setup_of("median"), harm)
    assert (found.clean_rate, found.rate) == (0.3, 0.1)


def test_a_rate_below_chance_is_no_worse_than_one_that_diverges():
    def harm(lie, rate, short):
        if lie == Lie.none():
            return 0.1
        return 1.0 if rate == 0.1 else 0.9

    running: Any = search(setup_of("median"))
    scores = None
    while True:
        try:
            one = running.send(scores)
        except StopIteration as ended:
            found = ended.value
            break
        scores = {
            trial: Score(1 - harm(trial.lie, rate := trial.rates[0], 0), math.inf if rate == 0.3 else 2.0, rate)
            for trial in one.trials
        }
    assert found.rate == 0.1


def test_more_runs_go_into_changes_of_the_worst_and_are_all_used():
    setup = setup_of("median")

    def harm(lie, rate, short):
        if lie == Lie.none() or not lie.has_strength:
            return 0.1
        return 0.2 + 0.01 * min(50, abs(setup.strength(lie)))

    rounds, few = played(setup, harm)
    longer, many = played(setup, harm, more=7)
    added = [one for one in longer if one.title == "around the worst"]
    assert sum(len(one.trials) for one in added) == 7
    assert "around the worst" not in [one.title for one in rounds]
    assert harm(many.finalists[0], 0.1, False) >= harm(few.finalists[0], 0.1, False)


def test_the_search_is_the_same_every_time():
    def harm(lie, rate, short):
        return 0.3 + 0.001 * (sum(map(ord, lie.label)) % 97)

    assert played(setup_of("aspis"), harm) == played(setup_of("aspis"), harm)


@pytest.mark.parametrize("loss", [math.nan, math.inf, 1e9])
def test_a_run_that_diverged_counts_as_chance(loss):
    setup = setup_of("median")
    score = setup.score({1000: Validation(0.9, loss)}, 0.1)
    assert (score.top1, score.loss) == (0.1, math.inf)
    both = setup.score({0: Validation(0.9, loss), 1: Validation(0.7, 1.0)}, 0.1)
    assert both.top1 == pytest.approx(0.4)
    assert setup.score({0: Validation(0.9, 1.0)}, 0.1).top1 == 0.9


def test_the_worst_are_of_different_payloads_and_places():
    mild, hard = Score(0.8, 1.0, 0.1), Score(0.2, 3.0, 0.1)
    late, strong = Lie("strong", "alie", timing="late:after=0.5"), Lie("strong", "alie", strength=10.0)
    other, elsewhere = Lie("strong", "zero"), Lie("weak", "alie")
    scores = {Lie("strong", "alie"): mild, late: hard, strong: Score(0.3, 2.0, 0.1), other: mild, elsewhere: mild}
    assert worst_of_each(scores, 4) == [late, other, elsewhere]
    assert worst_of_each(scores, 1) == [late]


def test_a_loss_that_rises_while_the_accuracy_still_holds_is_followed_up():
    rising, harmless = Lie("strong", "constant", strength=3.0), Lie("strong", "gaussian")
    scores = {
        Lie("strong", "alie"): Score(0.2, 2.3, 0.1), rising: Score(0.7, 12.0, 0.1), harmless: Score(0.8, 0.5, 0.1),
        Lie("strong", "constant"): Score(0.6, 4.0, 0.1), Lie("strong", "zero"): Score(0.3, 2.2, 0.1),
    }  # fmt: skip
    assert worst_of_each(scores, 2) == [Lie("strong", "alie"), Lie("strong", "zero")]
    assert worst_and_rising(scores, 2, 1) == [Lie("strong", "alie"), Lie("strong", "zero"), rising]
    assert worst_and_rising(scores, 2, 5)[3:] == [harmless]


@pytest.mark.parametrize(("steps", "short"), [(120, 30), (300, 75), (60, 30), (20, 20)])
def test_a_short_run_is_long_enough_to_show_anything(steps, short):
    setup = setup_of("median")
    assert replace(setup, cell=replace(setup.cell, steps=steps)).short_steps == short
