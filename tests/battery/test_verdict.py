"""The verdict against made-up scores: whom it hears, and that it believes validation data alone."""

from types import SimpleNamespace
from typing import Any

import pytest

from aspis_sim.battery.lie import Lie
from aspis_sim.battery.search import Found
from aspis_sim.battery.setup import Score, Trial
from aspis_sim.battery.standard import COMMON
from aspis_sim.battery.verdict import judged, trials
from tests.battery.test_search import setup_of

FOUND = Found((Lie("strong", "alie", strength=0.84), Lie("decoy", "zero")), rate=0.1, clean_rate=0.3)
USUAL = [Lie("strong", payload) for payload in COMMON]


def test_what_most_papers_try_is_heard_whatever_the_search_has_found():
    setup = setup_of("aspis")
    for found in (FOUND, Found(tuple(USUAL), 0.1, 0.1), Found((Lie("blocks", "nan"),), 0.1, 0.1)):
        asked = trials(setup, found)
        assert len(asked) == len(set(asked))
        assert {trial.seeds for trial in asked} == {setup.seeds}
        for rate in {found.rate, found.clean_rate}:
            assert {*found.finalists, *USUAL} <= {trial.lie for trial in asked if trial.rates == (rate,)}


def test_nobody_is_heard_where_nobody_lies():
    setup = setup_of("median", q=0)
    (trial,) = trials(setup, Found((Lie.none(),), 0.1, 0.1))
    assert trial.lie == Lie.none()


@pytest.mark.parametrize("worst", [*FOUND.finalists, *USUAL], ids=lambda lie: lie.label)
def test_the_worst_is_the_one_of_validation_data_and_its_figures_are_those_of_test_data(worst):
    setup = setup_of("aspis")
    asked = trials(setup, FOUND)
    scores = {trial: Score(0.5 if trial.lie == worst else 0.8, 1.0, trial.rates[0]) for trial in asked}

    def rows_of(trial: Trial) -> Any:
        top1 = 0.7 if trial.lie == worst else 0.1 if trial.lie != Lie.none() else 0.9
        usual = {"status": "ok", "distortion_measured": 0.25, "load": 15, "batch_size": 70, "server_computed": None}
        return [SimpleNamespace(top1=top1 + 0.01 * number, **usual) for number in range(len(setup.seeds))]

    verdict = judged(setup, FOUND, scores, {trial: rows_of(trial) for trial in asked}, (7, 70))
    assert (verdict.attack, verdict.payload, verdict.strength) == (worst.attack, worst.payload, setup.strength(worst))
    assert verdict.robust_top1 == pytest.approx(0.705)
    assert verdict.worst_top1 == pytest.approx(0.7)
    assert verdict.clean_top1 == pytest.approx(0.905)
    assert verdict.robust_top1_at_clean_lr == pytest.approx(0.705)
    assert (verdict.lr, verdict.clean_lr, verdict.status, verdict.runs) == (0.1, 0.3, "ok", 7)
