"""Audits in training: convictions, prices, streams, and what is refused."""

import re
from typing import Any

import numpy as np
import pytest

import aspis_sim
from aspis_sim.errors import InputError

SMALL: dict[str, Any] = {
    "dataset": "digits",
    "model": "softmax",
    "samples_per_file": 1,
    "protocol": "files",
    "workers": 7,
    "q": 3,
}


@pytest.mark.parametrize(
    ("scheme", "payload"),
    [("aspis-audited", "alie"), ("aspis-audited", "nan"), ("audited", "reversed"), ("audited", "nan")],
)
def test_every_liar_that_matters_is_convicted_and_the_rest_of_the_run_is_clean(scheme, payload):
    run = aspis_sim.train(scheme=scheme, attack="weak", payload=payload, steps=60, seed=1, **SMALL)
    assert run.row.convicted == 3
    assert run.row.disputes_audited <= 3
    assert run.row.false_accusation_rate == 0
    assert run.row.server_computed == 60
    ended = int(np.flatnonzero(run.trace.excluded_byzantine == 3)[0])
    assert run.trace.distorted[ended:].sum() == 0


def test_without_liars_nobody_is_convicted():
    row = aspis_sim.train(scheme="aspis-audited", attack="none", steps=60, **SMALL).row
    assert (row.convicted, row.disputes_audited, row.distortion_measured, row.lost_measured) == (0, 0, 0, 0)


def test_audits_have_a_stream_of_their_own():
    """Without lies, nothing that is audited changes anything."""
    one, other = (
        aspis_sim.train(scheme="aspis-audited", attack="none", steps=60, audits=audits, **SMALL).row
        for audits in (0, 1)
    )
    assert one.loss == other.loss
    assert (one.convicted, other.convicted) == (None, 0)
    assert (one.server_computed, other.server_computed) == (None, 60)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scheme": "median", "audits": 1}, "`audits=1` with detector none of scheme median, which reads no graph"),
        ({"scheme": "aspis+", "evidence": "run", "attack": "weak"}, "which remembers by itself, over its windows"),
        ({"scheme": "aspis-audited", "audits": 36}, "has 35 files, and each is audited once a step at most"),
        ({"scheme": "aspis-audited", "audits": -1}, "`audits` -1 is negative"),
        ({"scheme": "audited", "evidence": "window:length=0"}, "a window has 1 or more steps"),
        ({"scheme": "audited", "audit_policy": "disputed-frist"}, "disputed-first"),
    ],
)
def test_bad_input(settings, message):
    given = {**SMALL, "attack": "strong", **settings}
    with pytest.raises(InputError, match=re.escape(message)):
        aspis_sim.train(**given)


@pytest.mark.parametrize("attack", ["weak", "strong", "stealth"])
def test_three_copies_in_groups_and_two_audits_are_exact_for_two_liars(attack):
    """r = q + 1 copies and q computations of the server, as Hofmeister, Maßny, Yaakobi and Bitar have them."""
    given = {**SMALL, "workers": 9, "q": 2, "assignment": "repetition", "redundancy": 3, "evidence": "step"}
    given |= {"scheme": "aspis-audited", "audits": 2, "attack": attack, "payload": "reversed", "steps": 15}
    row = aspis_sim.train(**given).row
    assert (row.distortion_measured, row.lost_measured, row.false_accusation_rate) == (0, 0, 0)


def test_on_several_devices_the_same_workers_are_convicted_and_silent():
    given = {**SMALL, "scheme": "aspis-audited", "q": 2, "attack": "weak", "payload": "alie", "steps": 12, "silent": 2}
    one, four = (aspis_sim.train(devices=devices, **given).trace for devices in (1, 4))
    assert one.excluded_byzantine.tolist() == four.excluded_byzantine.tolist()
    assert one.distorted.tolist() == four.distorted.tolist()
    assert one.lost.tolist() == four.lost.tolist()
    assert len(set(one.lost.tolist())) > 1
    assert one.excluded_byzantine[-1] == 2
