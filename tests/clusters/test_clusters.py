"""The time of a step on a cluster, against simulated stragglers and by hand; what a run costs, as its columns say."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import aspis_sim
from aspis_sim.clusters import CLUSTERS, cluster
from aspis_sim.clusters.base import Load
from aspis_sim.errors import InputError
from aspis_sim.run.figures.price import bytes_sent, flops_a_sample, seconds_modelled
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid

LOAD = Load(workers=15, waited=15, flops=3e9, bytes_up=1e6, bytes_down=2e5, server_flops=0)


def test_a_step_by_hand():
    """3 s of work and half a second of delay, 2 ms on the way, 0.5 s up and 0.25 down, 2.5 s of audits."""
    alone = cluster("datacentre", gflops=1, straggling=1 / 6, gigabits=16e-3, latency=1, server_gflops=2)
    load = Load(workers=1, waited=1, flops=3e9, bytes_up=1e6, bytes_down=5e5, server_flops=5e9)
    assert alone.step_seconds(load) == pytest.approx(3.5 + 0.002 + 0.75 + 2.5)


@pytest.mark.parametrize("waited", [15, 12, 1])
def test_the_delay_is_that_of_the_last_of_those_waited_for(waited):
    """Shifted exponential times of 15 workers, drawn 40,000 times."""
    one = cluster("datacentre", gflops=1, straggling=0.7, latency=0)
    drawn = np.random.default_rng(0).exponential(0.7 * 3, (40_000, 15))
    expected = 3 + np.sort(drawn, axis=1)[:, waited - 1].mean()
    quiet = replace(LOAD, waited=waited, bytes_up=0, bytes_down=0)
    assert one.step_seconds(quiet) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("name", list(CLUSTERS))
def test_more_of_anything_takes_longer_and_faster_machines_less_long(name):
    usual = cluster(name)
    heavier = replace(LOAD, flops=6e9), replace(LOAD, bytes_up=2e6), replace(LOAD, bytes_down=4e6)
    for load in (*heavier, replace(LOAD, server_flops=1e9)):
        assert usual.step_seconds(load) > usual.step_seconds(LOAD)
    assert usual.step_seconds(replace(LOAD, waited=12)) < usual.step_seconds(LOAD)
    for slower in ({"gflops": 1}, {"straggling": 9}, {"gigabits": 1e-3}, {"latency": 900}):
        assert cluster(name, **slower).step_seconds(LOAD) > usual.step_seconds(LOAD)


@pytest.mark.parametrize("given", [{"gflops": 0}, {"gigabits": -1}, {"latency": -1}, {"straggling": float("inf")}])
def test_speeds_are_positive_and_delays_are_not_negative(given):
    with pytest.raises(InputError, match=f"cluster: {next(iter(given))}="):
        cluster("internet", **given)


def job(**settings):
    given: dict[str, Any] = {
        "scheme": "aspis",
        "q": 2,
        "dataset": "digits",
        "steps": 10,
        "protocol": "files",
        **settings,
    }
    return resolve(Grid.of(**given).groups()[0].first)


def seconds(**settings):
    found = seconds_modelled(job(**settings))
    assert found is not None
    return found


def test_bytes_are_those_of_the_gradients_that_are_sent():
    """91 files a worker on the subset assignment, 4,810 numbers of 4 bytes each; a mixture has two numbers for each."""
    assert bytes_sent(job()) == 15 * 91 * 4810 * 4 * 10
    assert bytes_sent(job(silent=2)) == 13 * 91 * 4810 * 4 * 10
    assert bytes_sent(job(precision="bfloat16")) == 15 * 91 * 4810 * 2 * 10
    assert bytes_sent(job(scheme="median")) == 15 * 4810 * 4 * 10
    assert bytes_sent(job(scheme="draco-cyclic", q=1)) == 15 * 2 * 4810 * 4 * 10
    assert bytes_sent(job(scheme="coded-mean")) == 15 * 4810 * 4 * 10


def test_operations_of_dense_layers_are_two_a_weight_forwards_and_as_many_for_the_weights_backwards():
    """And as many again for the hidden units: 64 x 64 + 64 x 10 weights, 64 x 10 of them behind hidden units."""
    assert flops_a_sample(job().network) == pytest.approx(2 * (2 * (64 * 64 + 64 * 10) + 64 * 10), rel=0.1)


def test_crashed_workers_are_not_waited_for_and_slow_ones_are_outrun():
    given = {"cluster": "datacentre:latency=0:gigabits=1e6", "silent": 4}
    crashed, slow = (seconds(silence=name, **given) for name in ("crash", "slowest"))
    usual = seconds(cluster="datacentre:latency=0:gigabits=1e6")
    assert slow < crashed < usual
    work = flops_a_sample(job().network) * 91 * job().samples_per_file / 50e9
    ranks = sum(1 / left for left in range(1, 12))
    assert crashed == pytest.approx(10 * work * (1 + 0.5 * ranks), rel=1e-3)


def test_audits_take_the_servers_time():
    given = {"scheme": "aspis-audited", "cluster": "datacentre"}
    one, three = (seconds(audits=audits, **given) for audits in (1, 3))
    of_audits = 10 * 2 * job().samples_per_file * flops_a_sample(job().network) / 50e9
    assert three - one == pytest.approx(of_audits)


def test_a_run_says_what_it_cost_and_a_cluster_changes_nothing_else():
    small: dict[str, Any] = {"scheme": "median", "q": 1, "dataset": "digits", "model": "softmax", "steps": 5}
    plain, priced = (aspis_sim.train(cluster=name, **small).row for name in (None, "internet"))
    assert plain.seconds_modelled is None
    assert priced.seconds_modelled > 5 * 0.06
    assert plain.bytes_sent == priced.bytes_sent == 15 * 650 * 4 * 5
    assert plain.same_numbers(priced, apart=("cluster", "seconds_modelled"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("datacentr", "datacentre"),
        ("datacentre:gflops=0", "gflops=0; it is more than 0"),
        ("datacentre:speed=3", "speed"),
    ],
)
def test_bad_input(given, message):
    with pytest.raises(InputError, match=re.escape(message)):
        aspis_sim.train(scheme="median", q=1, cluster=given)
