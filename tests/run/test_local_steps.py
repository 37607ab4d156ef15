"""Runs whose files take local steps: what they cost, and that detection, codes and payloads go on as before."""

import pytest

import aspis_sim
from aspis_sim.gradients.source import Source
from aspis_sim.run.figures.price import bytes_sent, seconds_modelled
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.trying import prepared
from aspis_sim.simulation.assembly import step_of
from aspis_sim.spec.grid import Grid
from aspis_sim.study.fingerprint import group_digest

SMALL = {"model": "softmax", "steps": 4, "samples_per_file": 2, "workers": 7, "lr": 0.1}


def job(**settings):
    given = {"q": 2, "scheme": "aspis-audited", "cluster": "datacentre", **SMALL, **settings}
    (group,) = prepared(Grid.of(**given))
    return resolve(group.first)


def test_one_local_step_is_the_run_without_the_setting():
    plain, one = job(), job(local_steps=1)
    assert plain.cell == one.cell
    assert group_digest(plain.cell) == group_digest(one.cell)
    step = step_of(one.shape, one.assignment, one.network)
    assert isinstance(step.round.source, Source)


def test_costs_count_every_local_step_and_bytes_do_not():
    plain, several = job(), job(local_steps=5)
    assert several.samples_processed == 5 * plain.samples_processed
    assert row_of(several).server_computed == 5 * row_of(plain).server_computed
    assert bytes_sent(several) == bytes_sent(plain)
    seconds, more = seconds_modelled(plain), seconds_modelled(several)
    assert seconds is not None
    assert more is not None
    assert 1 < more / seconds < 5  # what is sent takes as long as before


@pytest.mark.parametrize(
    "settings",
    [
        {"scheme": "aspis-certified", "attack": "weak", "compute": "replicated", "model": "mlp", "local_steps": 7},
        {"scheme": "draco-cyclic", "attack": "weak", "q": 1},
        {"scheme": "draco-cyclic", "attack": "weak", "q": 1, "precision": "bfloat16"},
        {"scheme": "aspis-sound", "attack": "weak", "payload": "label_flip", "heterogeneity": "extreme"},
        {
            "scheme": "aspis-audited",
            "attack": "strong",
            "payload": "label_flip",
            "augment": "cifar:pad=1",
            "compute": "replicated",
            "dataset": "synthetic:height=4:width=4:channels=2",
        },
    ],
    ids=str,
)
def test_honest_workers_agree_and_liars_are_found(settings):
    row = aspis_sim.train(**{**SMALL, "q": 2, "local_steps": 3, **settings}).row
    assert row.status == "ok"
    assert row.false_accusation_rate == 0
    assert row.detection_rate > 0
    assert row.distortion_measured == 0
    assert row.local_steps == settings.get("local_steps", 3)
