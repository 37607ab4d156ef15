"""Runs whose files hold different data."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import aspis_sim
from aspis_sim.data import load
from aspis_sim.errors import InputError
from aspis_sim.partitions.base import Shards
from aspis_sim.run.resolve import Job, resolve
from aspis_sim.run.row import Row
from aspis_sim.run.shards import order_of, shards_of
from aspis_sim.spec.checks import check
from aspis_sim.spec.grid import Grid

LABELS = load("digits").labels["train"]


def cells(**settings):
    usual = {"scheme": "median", "q": 2, "seed": 0, "lr": 0.03, "steps": 6}
    return [group.first for group in Grid.of(**usual | settings).groups()]


def job(**settings):
    (cell,) = cells(**settings)
    return resolve(cell)


def train(**settings: Any) -> Row:
    return aspis_sim.train(**{"scheme": "median", "q": 2, "lr": 0.03, "steps": 6, **settings}).row


def shards(of: Job) -> Shards:
    found = shards_of(of)
    assert found is not None
    return found


def order(of: Job) -> NDArray[np.int32]:
    found = order_of(of, shards_of(of))
    assert found is not None
    return found


def test_a_file_draws_from_its_shard_and_every_copy_of_it_holds_the_same():
    extreme = job(scheme="aspis", workers=7, heterogeneity="extreme")
    drawn = order(extreme).reshape(6, 35, 4)
    for file, shard in enumerate(shards(extreme)):
        assert set(drawn[:, file].ravel()) <= set(shard)
    shared, replicated = (
        train(scheme="aspis", workers=7, heterogeneity="extreme", compute=way, attack="none", tolerance=1e-5)
        for way in ("shared", "replicated")
    )
    assert shared.false_accusation_rate == replicated.false_accusation_rate == 0.0
    assert shared.loss == pytest.approx(replicated.loss, rel=1e-5)


def test_without_redundancy_a_file_is_a_worker():
    held = [set(LABELS[shard]) for shard in shards(job(heterogeneity="extreme"))]
    assert len(held) == 15
    assert max(map(len, held)) <= 3


def test_the_partition_has_a_seed_of_its_own():
    fixed = [job(heterogeneity="dirichlet", data_seed=3, seed=seed) for seed in (0, 1)]
    free = [job(heterogeneity="dirichlet", seed=seed) for seed in (0, 1, 3)]

    def same(one, other):
        return all(np.array_equal(left, right) for left, right in zip(shards(one), shards(other), strict=True))

    assert same(*fixed)
    assert same(fixed[0], free[2])
    assert not same(free[0], free[1])
    assert (order(fixed[0]) != order(fixed[1])).any()


def test_skewed_data_make_another_run_and_iid_the_one_that_there_always_was():
    usual, iid, skewed = train(), train(heterogeneity="iid"), train(heterogeneity="gamma:similarity=0.2")
    assert shards_of(job()) is None
    assert usual == iid.replaced(seconds=usual.seconds)
    assert skewed.loss != usual.loss
    assert (usual.heterogeneity, skewed.heterogeneity) == ("iid", "gamma:similarity=0.2")


def test_a_grid_with_iid_has_it_once_whatever_the_seeds_of_the_data():
    found = cells(heterogeneity="iid,extreme", data_seed="1,2")
    assert [(cell.heterogeneity, cell.data_seed) for cell in found] == [
        ("iid", None),
        ("extreme", 1),
        ("extreme", 2),
    ]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no such partition": ({"heterogeneity": "gama"}, "did you mean gamma"),
    "no such option": ({"heterogeneity": "gamma:alpha=1"}, "similarity"),
    "alpha": ({"heterogeneity": "dirichlet:alpha=0"}, "alpha=0; it is more than 0"),
    "similarity": ({"heterogeneity": "gamma:similarity=2"}, "similarity=2"),
    "a seed of nothing": ({"data_seed": 1}, "there is no partition to draw"),
    "a negative seed": ({"heterogeneity": "extreme", "data_seed": -1}, "negative"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_go_together_is_refused_before_any_work(name):
    settings, message = BAD[name]
    with pytest.raises(InputError, match=message):
        aspis_sim.sweep(**{"scheme": "median", "q": 2, "seed": 0, "lr": 0.03, "steps": 6, **settings})


def test_a_cell_with_a_seed_for_what_is_not_drawn_is_refused():
    (cell,) = cells(heterogeneity="extreme", data_seed=1)
    check(cell)
    with pytest.raises(InputError, match="draws no partition"):
        check(replace(cell, heterogeneity="iid"))


def test_data_without_classes_have_nothing_to_be_shared_out_by():
    with pytest.raises(InputError, match="linear-regression has none"):
        aspis_sim.train(
            scheme="aspis",
            q=2,
            heterogeneity="extreme",
            dataset="linear-regression",
            rule="median",
            after_detection="rule",
        )
