"""What stands under a table of one attack about the worst attack that is known."""

from types import SimpleNamespace
from typing import Any

import pytest
from aspis_sim_cli.render.known_worst import known_worst

from aspis_sim.battery.known import left_by_the_worst

SYSTEM = {"dataset": "digits", "model": "mlp", "workers": 15, "heterogeneity": "iid"}
SHOWN = {("byzshield", 4): 0.95, ("median", 4): 0.9, ("byzshield", 7): 0.8, ("median", 7): 0.7}


def said(attack="strong", shown=SHOWN, labels=(), **context):
    schemes = tuple(dict.fromkeys(scheme for scheme, _ in shown))
    table: Any = SimpleNamespace(
        context={**SYSTEM, **context},
        attack=attack,
        schemes=schemes,
        scheme_of={**{scheme: scheme for scheme in schemes}, **dict(labels)},
        q=tuple(dict.fromkeys(q for _, q in shown)),
        top1_at=lambda at: {scheme: value for (scheme, q), value in shown.items() if q == at},
    )
    return list(known_worst(table))


def test_it_names_who_is_best_under_the_worst_attack_known_and_where_nobody_is_above_chance():
    (line,) = said()
    assert "median is the best at q=4, none is above chance at q=7" in line
    left = left_by_the_worst(("byzshield", "median"), 4, SYSTEM)
    assert left["median"] > left["byzshield"]
    assert max(left_by_the_worst(("byzshield", "median"), 7, SYSTEM).values()) < 0.11


def test_every_leaderboard_is_asked_for_its_own_system():
    shown = {("coded-mean", 4): 0.945, ("aspis-certified", 4): 0.944}
    (line,) = said(shown=shown, heterogeneity="dirichlet:alpha=0.1")
    assert "aspis-certified is the best at q=4" in line
    assert said(shown=shown) == []
    shown = {("audited", 4): 0.8, ("aspis-certified", 4): 0.82}
    (line,) = said(shown=shown, dataset="fashion-mnist", model="mlp:hidden=16")
    assert "audited is the best at q=4" in line
    assert said(shown=shown, dataset="fashion-mnist") == []


@pytest.mark.parametrize(
    "other",
    [
        {"dataset": "mnist"},
        {"workers": 21},
        {"attack": "none"},
        {"labels": {"median": "average"}},
        {"shown": {("median", 4): 0.9, ("byzshield", 4): 0.8}},
        {"shown": {("median", 3): 0.8, ("byzshield", 3): 0.9}},
        {"shown": {("median", 4): 0.8, ("signum", 4): 0.9}},
        {"shown": {("byzshield", 4): 0.9}},
    ],
)
def test_it_says_nothing_of_other_systems_or_where_the_order_stays(other):
    assert said(**other) == []
