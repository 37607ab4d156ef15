"""What parts of plugins return where nothing has run yet: each is checked where it is called, and its plugin named."""

from dataclasses import fields

import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import plugin
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.errors import InputError, PluginError
from aspis_sim.metrics import METRICS, TAKEN
from aspis_sim.partitions import partition as build_partition
from aspis_sim.run.curve import Point
from tests.cli.plugins import write


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("None", "returned a NoneType, not a list with the samples of each of 3 files"),
        ("[[0], [1]]", "returned the samples of 2 files, not of 3"),
        ("[[0], [1], [5, 9]]", "gives samples 5 to 9 to file 2; they are numbered 0 to 8"),
        ("[[0], [1], [2.5]]", r"returned float64\[1\] as the samples of file 2, not whole numbers \[samples\]"),
        ("[labels == 0] * 3", r"returned bool\[9\] as the samples of file 0"),
        ("[[0], [1], [[2], [3, 4]]]", "raised ValueError"),
        ("labels.sort()", "returned a NoneType"),
    ],
)
def test_what_a_partition_gives_to_the_files_is_checked(made, message):
    write(f'@plugin.partition("odd-shards")\ndef odd(): return lambda labels, files, generator: {made}')
    plugin.load("mine.py")
    labels = np.array([2, 1, 0] * 3)
    with pytest.raises(PluginError, match=f"^plugin mine: heterogeneity 'odd-shards' {message}"):
        build_partition("odd-shards")(labels, 3, np.random.default_rng(0))
    assert labels[0] == 2


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("lambda rows: rows[:0]", r"returned float32\[0, 2\] as the rows made of float32\[3, 2\]"),
        ("lambda rows: rows[0]", r"returned float32\[2\] as the rows made"),
        ("lambda rows, kept: rows", r"returned float32\[3, 2\], not a pair: the new rows, and which are kept or None"),
        ("lambda rows, kept: (rows, rows[:, 0])", r"returned float32\[3\] as which rows are kept, not bool\[3\]"),
        ("3", "returned a int, not a Preaggregation or a function of the rows"),
    ],
)
def test_what_a_step_before_a_rule_returns_is_checked(made, message):
    write(f'plugin.preaggregation("odd-step")(lambda: {made})')
    plugin.load("mine.py")
    with pytest.raises(PluginError, match=f"^plugin mine: preaggregation 'odd-step' {message}"):
        build_rule("odd-step+median")(jnp.ones((3, 2)))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("scores.max(1)", r"returned float32\[4\], not one number"),
        ("None", "returned a NoneType, not one number"),
        ("'0.5'", "returned a str, not one number"),
        ("bool(labels.any())", "returned a bool, not one number"),
        ("labels[0] // scores.shape[2]", "raised IndexError"),
    ],
)
def test_what_a_metric_returns_is_checked(made, message):
    write(f'plugin.metric("odd-metric")(lambda scores, labels: {made})')
    plugin.load("mine.py")
    with pytest.raises(PluginError, match=f"^plugin mine: metric 'odd-metric' {message}"):
        METRICS["odd-metric"](np.ones((4, 3), np.float32), np.arange(4))


def test_a_metric_has_a_copy_a_name_of_its_own_and_may_be_no_finite_number():
    write('plugin.metric("spoils")(lambda scores, labels: scores.fill(0) or np.float32("nan"))')
    plugin.load("mine.py")
    scores = np.ones((2, 2))
    assert np.isnan(METRICS["spoils"](scores, np.arange(2)))
    assert scores.all()
    assert tuple(field.name for field in fields(Point)) == TAKEN
    with pytest.raises(InputError, match="metric 'top1': the name is used for something else"):
        plugin.metric("top1")(max)
