"""FLTrust: trust by hand, the server's own row beside the others', and what does not go together."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import aspis_sim
from aspis_sim.aggregation import rule
from aspis_sim.errors import InputError
from aspis_sim.run.figures.price import seconds_modelled
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid

OWN = np.array([0.0, 2.0])


def test_trust_by_hand():
    rows = np.array([[0, 5.0], [3, 3], [4, 0], [0, -1]])  # cosines 1, sqrt(1/2), 0, -1
    trust = np.array([1, np.sqrt(0.5)])
    wanted = 2 * (trust[0] * np.array([0, 1.0]) + trust[1] * np.full(2, np.sqrt(0.5))) / trust.sum()
    np.testing.assert_allclose(rule("fltrust")(jnp.asarray(np.vstack([OWN, rows]))), wanted, rtol=1e-6)
    beside = rule("fltrust").beside(jnp.asarray(OWN))
    np.testing.assert_allclose(beside(jnp.asarray(rows)), wanted, rtol=1e-6)
    kept = jnp.array([True, False, True, True])
    np.testing.assert_allclose(beside(jnp.asarray(rows), kept), OWN, rtol=1e-6)


def test_where_nobody_is_trusted_the_update_is_0():
    assert not np.asarray(rule("fltrust").beside(jnp.asarray(OWN))(-jnp.asarray([OWN, OWN]))).any()


def test_more_liars_than_honest_workers_do_not_turn_it():
    settings: dict[str, Any] = {"workers": 7, "q": 3, "lr": 0.1, "steps": 60, "scheme": "median", "attack": "strong"}
    trusting = aspis_sim.train(**settings, rule="fltrust", payload="reversed").row
    assert trusting.top1 > 0.7
    assert trusting.server_computed == 60 * 100
    rounded = aspis_sim.train(**settings | {"steps": 1}, rule="fltrust:samples=10", samples_per_file=8).row
    assert rounded.server_computed == 16


def test_what_the_server_computes_costs_time():
    def seconds(chosen):
        (group,) = Grid.of(scheme="median", rule=chosen, q=1, cluster="datacentre").groups()
        taken = seconds_modelled(resolve(group.first))
        assert taken is not None
        return taken

    assert seconds("fltrust:samples=1000") > seconds("fltrust") > seconds("median")


def test_no_step_goes_before_it_and_it_needs_a_sample():
    with pytest.raises(InputError, match="would mix the server's own row"):
        rule("nnm+fltrust", f=1)
    with pytest.raises(InputError, match="1 or more samples"):
        rule("fltrust", samples=0)
