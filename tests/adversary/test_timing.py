"""In which steps Byzantine workers lie: what each timing says, what a run then shows, and what is refused."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aspis_sim
from aspis_sim.adversary.timing import TIMINGS, timing
from aspis_sim.analysis.headline import at_random
from aspis_sim.analysis.tables import tables_of
from aspis_sim.errors import InputError
from aspis_sim.run.row import Row
from aspis_sim.spec.grid import Grid
from aspis_sim.study.fingerprint import group_digest, sources

SMALL: dict[str, Any] = {"model": "softmax", "samples_per_file": 1, "workers": 7, "seed": 0}


def told(name, exposed=(), steps=12, **options):
    """The steps in which workers lie, with a host's numbers and in a compiled program, which must agree."""
    lies = timing(name, **options)
    found, compiled = [False] * steps, jax.jit(lambda step, seen: jnp.asarray(lies(step, steps, seen)))
    for step in range(steps):
        seen = np.isin(np.arange(steps), [one for one in exposed if one < step])
        found[step] = bool(lies(step, steps, seen))
        there = compiled(np.int32(step), seen)
        assert there.shape == ()
        assert bool(there) == found[step]
    return [step for step in range(steps) if found[step]]


def test_each_timing_says_when():
    assert told("always", exposed=[0, 3]) == list(range(12))
    assert told("late") == [6, 7, 8, 9, 10, 11]
    assert told("late", after=0) == list(range(12))
    assert told("late", after=1) == []
    assert told("late", after=0.3, steps=10) == list(range(3, 10))
    assert told("bursts", period=5, on=2) == [0, 1, 5, 6, 10, 11]
    assert told("bursts", period=5, on=2, offset=3) == [3, 4, 8, 9]
    assert told("bursts", period=3, on=3) == list(range(12))
    assert told("until-exposed") == list(range(12))
    assert told("until-exposed", exposed=[2]) == [0, 1, 2]
    assert told("until-exposed", exposed=[2, 3, 4], rest=3) == [0, 1, 2, 8, 9, 10, 11]
    assert told("until-exposed", exposed=[11], rest=1) == list(range(12))


def test_a_share_of_any_number_of_steps_is_rounded_to_whole_ones():
    for steps in (1, 7, 100, 300):
        for percent in range(101):
            lies = timing("late", after=percent / 100)
            truths = sum(not lies(step, steps, ()) for step in range(steps))
            assert abs(truths - percent * steps / 100) <= 0.5


def trace(when, q=2, attack="weak", steps=8, **settings):
    return aspis_sim.train(**SMALL | {"timing": when, "q": q, "attack": attack, "steps": steps} | settings).trace


BURSTS = "bursts:period=4:on=2:offset=1"


@pytest.mark.parametrize(
    ("column", "settings"),
    [
        ("distorted", {"scheme": "aspis", "attack": "strong"}),
        ("distorted", {"scheme": "median", "silent": 1, "adversary_window": 3}),
        ("distorted", {"scheme": "coded-mean", "local_steps": 2}),
        ("distorted", {"scheme": "median", "payload": "nan", "compute": "replicated"}),
        ("distorted", {"scheme": "median", "devices": 2}),
        ("excluded_byzantine", {"scheme": "aspis", "permute": True}),
        ("excluded_byzantine", {"scheme": "draco-cyclic", "redundancy": 5}),
    ],
    ids=str,
)
def test_lies_are_seen_in_the_steps_in_which_they_are_told_and_in_no_others(column, settings):
    found = trace(BURSTS, **settings)
    assert (np.asarray(getattr(found, column)) > 0).tolist() == [False, True, True, False] * 2
    assert np.isfinite(found.loss).all() or settings.get("payload") == "nan"


def test_late_lies_begin_where_they_should_and_before_that_the_run_is_one_without_lies():
    late = trace("late:after=0.6", attack="strong", steps=10)
    honest = trace("always", attack="none", steps=10)
    assert (late.distorted > 0).tolist() == [False] * 6 + [True] * 4
    np.testing.assert_allclose(late.loss[:7], honest.loss[:7], rtol=1e-6)  # other programs round differently
    assert np.abs(late.loss[8:] - honest.loss[8:]).max() > 1e-4


def test_whoever_is_exposed_in_the_first_step_lies_in_it_alone():
    found = trace("until-exposed", q=3, scheme="aspis")
    assert found.excluded_byzantine.tolist() == [3] + [0] * 7
    assert found.lost.tolist() == [1] + [0] * 7
    assert trace("until-exposed:rest=2", q=3, scheme="aspis").lost.tolist() == [1, 0, 0] * 2 + [1, 0]


def test_with_a_server_that_remembers_one_lie_is_enough_to_stay_excluded():
    found = trace("until-exposed:rest=1", q=3, scheme="aspis", evidence="run")
    assert found.excluded_byzantine.tolist() == [3] * 8
    forgets = trace("until-exposed:rest=1", q=3, scheme="aspis", evidence="window:length=3")
    assert forgets.excluded_byzantine.tolist() == [3, 3, 3, 0, 3, 3, 0, 3]


def test_whoever_is_never_exposed_goes_on_lying():
    for settings in ({"scheme": "median"}, {"scheme": "aspis", "attack": "strong"}):
        found = trace("until-exposed", **settings)
        assert not found.excluded_byzantine.any()
        assert found.distorted.all()


def test_an_audit_that_convicts_one_of_them_ends_the_lies_of_all():
    given = {"scheme": "audited", "q": 3, "audits": 1, "steps": 30}
    found, always = (trace(when, **given) for when in ("until-exposed", "always"))
    first = int(np.argmax(found.excluded_byzantine > 0))
    assert first > 0
    assert found.distorted[:first].tolist() == [3] * first
    assert not found.distorted[first + 1 :].any()
    assert found.excluded_byzantine[first:].tolist() == [1] * (30 - first)
    assert always.excluded_byzantine[: first + 1].tolist() == found.excluded_byzantine[: first + 1].tolist()
    assert always.excluded_byzantine[-1] == 3


def test_no_published_figure_stands_beside_lies_in_some_steps_only():
    given = SMALL | {"q": 2, "attack": "strong", "steps": 2, "scheme": "aspis"}
    rows = aspis_sim.sweep(**given, timing="always,late").rows
    assert [row.timing for row in rows] == ["always", "late"]
    assert rows[0].distortion_theory == rows[0].distortion_measured > 0
    assert rows[1].distortion_theory is None
    assert rows[1].distortion_measured == rows[0].distortion_measured / 2


def test_what_random_workers_would_distort_stands_beside_lies_in_every_step_only():
    given = {"scheme": "detox", "assignment": "repetition", "workers": 15, "redundancy": 3, "files": 5, "q": 5}
    for when, count in (("always", 1), ("late", 0), ("of-a-plugin", 0)):
        (table,) = tables_of([Row(given | {"attack": "weak", "timing": when, "status": "ok"})]).tables
        assert len(at_random(table)) == count


def test_without_lies_there_is_nothing_to_time():
    grid = Grid.of(scheme="aspis", q=(2,), attack="none,weak", timing="always,late", seed=0)
    found = [(group.first.attack, group.first.timing) for group in grid.groups()]
    assert sorted(found) == [("none", "always"), ("weak", "always"), ("weak", "late")]
    with pytest.raises(InputError, match=r"`timing` late .* with `attack` none they lie in none; take another attack"):
        Grid.of(scheme="aspis", attack="none", timing="late").groups()


def test_a_timing_is_part_of_what_a_run_is_known_by():
    of = {
        when: group_digest(Grid.of(scheme="aspis", q=(2,), timing=when).groups()[0].first)
        for when in (None, "always", "late", "late:after=0.2", "bursts")
    }
    assert of[None] == of["always"]
    assert len(set(of.values())) == 4
    counted = {name for name, _ in sources(Path(aspis_sim.__file__).parent)}
    assert {f"adversary/timing/{name.replace('-', '_')}.py" for name in TIMINGS} <= counted


@pytest.mark.parametrize(
    ("when", "message"),
    {
        "latr": "unknown timing 'latr'; did you mean late",
        "late:after=1.5": "timing late: after=1.5; it is a share of the run's steps, 0 to 1",
        "late:after=-0.1": "timing late: after=-0.1; it is a share",
        "late:after=soon": "timing 'late': after=soon; it is a number, such as 0.5",
        "late:before=1": "its parameters: after",
        "bursts:period=5": "timing bursts: on=10; a burst has 1 to period=5 steps",
        "bursts:on=0": "on=0; a burst has 1 to period=20 steps",
        "bursts:period=0:on=0": "timing bursts: period=0; a period has 1 or more steps",
        "bursts:offset=-1": "timing bursts: offset=-1; 0 or more steps of truth come first",
        "bursts:period=2.5": "timing 'bursts': period=2.5; it is a whole number, such as 20",
        "bursts:on=true": "timing 'bursts': on=True; it is a whole number",
        "until-exposed:rest=0": "timing until-exposed: rest=0; it is 1 or more steps, or none to never lie again",
        "until-exposed:rest=1.5": "timing 'until-exposed': rest=1.5; it is a whole number or none",
    }.items(),
)
def test_what_no_timing_can_be_is_refused_before_any_work(when, message):
    with pytest.raises(InputError) as refusal:
        aspis_sim.sweep(**SMALL | {"scheme": "median", "q": 1, "attack": "weak", "timing": when, "steps": 2})
    assert message in str(refusal.value)
