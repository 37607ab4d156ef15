"""A defence as it is asked for: a scheme, another rule, a rule alone, settings of its own."""

import pytest

from aspis_sim import InputError
from aspis_sim.battery.asked import asked_for, records, runs_beyond
from aspis_sim.battery.defence import defence, defences
from aspis_sim.battery.lie import Lie
from aspis_sim.battery.search import most_runs

SMALL = {"workers": "7", "model": "softmax", "steps": "8", "lr": "0.1", "seed": "0"}


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("aspis", {"scheme": "aspis"}),
        ("aspis+", {"scheme": "aspis+"}),
        ("aspis++nnm+krum", {"scheme": "aspis+", "rule": "nnm+krum"}),
        ("median+krum", {"scheme": "median", "rule": "krum"}),
        ("byzshield+geometric_median", {"scheme": "byzshield", "rule": "geometric_median"}),
        ("detox+nnm+trimmed_mean:f=1", {"scheme": "detox", "rule": "nnm+trimmed_mean:f=1"}),
        ("nnm+krum", {"scheme": "average", "rule": "nnm+krum"}),
        ("trimmed_mean:f=3", {"scheme": "average", "rule": "trimmed_mean:f=3"}),
        ("median@worker-momentum=0.9", {"scheme": "median", "worker_momentum": "0.9"}),
        ("aspis@redundancy=5@after_detection=rule", {"scheme": "aspis", "redundancy": "5", "after_detection": "rule"}),
    ],
)
def test_what_a_defence_is(text, settings):
    assert defence(text).as_grid == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apsis", "did you mean aspis"),
        ("aspis@speed=3", "unknown setting 'speed'"),
        ("aspis@q=3", "q is no setting of a defence"),
        ("aspis@payload=zero", "payload is no setting of a defence"),
        ("aspis@momentum", "write @name=value"),
        ("aspis@momentum=0@momentum=1", "momentum is given twice"),
        (" , ", "no defence is named"),
    ],
)
def test_what_is_no_defence(text, said):
    with pytest.raises(InputError, match=said):
        defences(text)


def test_each_defence_stands_once():
    assert [one.name for one in defences("median, aspis,median")] == ["median", "aspis"]


def test_a_defence_that_is_not_defined_is_listed_as_such():
    asked = asked_for({**SMALL, "scheme": "bulyan,median", "q": "1,2"}, 1000)
    rows = records(asked, [])
    assert [(row["scheme"], row["q"]) for row in rows] == [("bulyan", 2)]
    assert rows[0]["status"].startswith("not defined: scheme bulyan, q=2: f=2 of n=7 rows: needs n >= 4f + 3")
    assert rows[0]["robust_top1"] is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scheme": "bulyan", "q": "3"}, "needs n >= 4f \\+ 3"),
        ({"payload": "alie"}, "`payload` is what the search varies"),
        ({"timing": "late"}, "`timing` is what the search varies"),
        ({"workers": "7,9"}, "`workers` has several values"),
        ({"seed": "1000"}, "the search has the seed 1000 for itself"),
        ({"dataset": "linear-regression", "model": None}, "a battery compares accuracies"),
    ],
)
def test_what_cannot_be_searched(given, said):
    with pytest.raises(InputError, match=said):
        asked_for({**SMALL, "scheme": "median", "q": "1", **given}, 1000)


def test_a_budget_too_small_for_the_battery_is_refused_with_what_it_needs():
    asked = asked_for({**SMALL, "scheme": "median,aspis", "q": "2"}, 1000)
    needs = max(most_runs(one.setup) for one in asked if one.setup)
    with pytest.raises(InputError, match=f"a budget of 3 runs .* takes up to {needs} \\(aspis with q=2\\)"):
        runs_beyond(asked, 3)
    assert runs_beyond(asked, needs) == 0
    assert runs_beyond(asked, needs + 5) == 5
    assert runs_beyond(asked, None) == 0


def test_other_settings_of_the_adversary_are_the_same_for_all():
    given = {**SMALL, "scheme": "aspis", "q": "2", "adversary_window": "4", "silent": "1"}
    (asked,) = asked_for(given, 1000)
    assert asked.setup is not None
    assert (asked.setup.cell.adversary_window, asked.setup.cell.silent) == (4, 1)
    assert len(asked.setup.places) > 1


def test_an_attack_comes_back_from_a_record_and_from_a_csv():
    lie = Lie("frame-up", "alie", 2, 0.5, "late:after=0.5")
    assert Lie.of(vars(lie)) == lie
    assert Lie.of({name: str(value) for name, value in vars(lie).items()}) == lie
    assert Lie.of({"attack": "strong", "payload": "zero", "framed": "", "strength": "", "timing": "always"}).label == (
        "strong, zero"
    )


def test_a_negative_search_seed_is_refused():
    with pytest.raises(InputError, match="a search seed of -1 is negative"):
        asked_for({**SMALL, "q": "1"}, -1)
