"""The fast path against the readable run: equal weights in float64 and equal counts, whatever parts there are.

Runs of every scheme are compiled as for users, the others quickly: they hold the same computations, to 8 digits.
"""

from contextlib import nullcontext
from itertools import cycle, islice

import numpy as np
import pytest

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.aggregation import RULES
from aspis_sim.coding import CODINGS
from aspis_sim.detection import DETECTORS
from aspis_sim.run.reference import reference_run
from aspis_sim.run.resolve import resolve
from aspis_sim.run.shards import order_of, shards_of
from aspis_sim.run.trying import prepared
from aspis_sim.schemes import SCHEMES
from aspis_sim.simulation import Run
from aspis_sim.spec.grid import Grid
from tests.quick import as_for_users


def pairs(some, others):
    """Of two lists, the shorter one over again where it ends."""
    most = max(len(some), len(others))
    return list(islice(zip(cycle(some), cycle(others), strict=False), most))


COUNTED = [name for name in SCHEMES if not CODINGS.traits(SCHEMES[name].fills.get("coding", "none")).decodes]
NOT_FINITE = [("nan", "median"), ("inf", "average")]
"""These leave little of a rule to compare, so that each rule meets another payload."""

SEARCHING = ("optimised", "farsighted")
"""Payloads that take long to compile: they are among the settings below."""

PAIRS = [*pairs([name for name in PAYLOADS if name not in (*SEARCHING, *dict(NOT_FINITE))], list(RULES)), *NOT_FINITE]
"""Payloads and the rules that meet them: every one of either, once at least."""

SHAPES = {"byzshield": (15, 3, 3), "detox": (15, 3, 3), "draco-repetition": (15, 3, 3), "aspis+": (7, 3, 2)}


def check(q=2, workers=5, redundancy=3, compiling=nullcontext, **settings):
    usual = {"scheme": "aspis", "dataset": "digits", "model": "softmax", "samples_per_file": 1, "protocol": "files"}
    given = usual | settings
    (group,) = prepared(Grid.of(q=q, workers=workers, redundancy=redundancy, steps=3, precision="float64", **given))
    cell = group.first
    job = resolve(cell)
    with compiling():
        run = Run.start(job.shape, job.feed(), cell.seed, order_of(job, shards_of(job))).to(cell.steps, job.decide)
    weights, rounds = reference_run(cell)
    assert np.isfinite(weights).all() == np.isfinite(run.state.weights).all()
    np.testing.assert_allclose(run.state.weights, weights, rtol=1e-8, atol=1e-10)
    byzantine = job.feed().byzantine[0]
    trace = run.state.trace
    assert np.asarray(trace.distorted).tolist() == [one.distorted for one in rounds]
    assert np.asarray(trace.lost).tolist() == [one.lost for one in rounds]
    if cell.adversary_window is None:
        assert np.asarray(trace.excluded_byzantine).tolist() == [(one.excluded & byzantine).sum() for one in rounds]
        assert np.asarray(trace.excluded_honest).tolist() == [(one.excluded & ~byzantine).sum() for one in rounds]
    np.testing.assert_allclose(trace.loss, [one.loss for one in rounds], rtol=1e-9)
    if run.state.kappa is not None:
        np.testing.assert_allclose(run.state.kappa, [one.kappa for one in rounds], rtol=1e-7, atol=1e-20)


@pytest.mark.parametrize("scheme", COUNTED)
def test_every_scheme(scheme):
    workers, redundancy, q = SHAPES.get(scheme, (7, 3, 1 if scheme in ("bulyan", "multi_krum") else 2))
    check(scheme=scheme, workers=workers, redundancy=redundancy, q=q, attack="strong", compiling=as_for_users)


@pytest.mark.parametrize("attack", list(TARGETINGS))
def test_every_attack(attack):
    check(attack=attack)


@pytest.mark.parametrize(("payload", "rule"), PAIRS)
def test_every_payload_and_every_rule(payload, rule):
    check(payload=payload, rule=rule, workers=9 if rule == "bulyan" else 5, attack="strong", after_detection="average")


@pytest.mark.parametrize("detector", list(DETECTORS))
def test_every_detector(detector):
    check(detector=detector, attack="weak")


@pytest.mark.parametrize(
    "settings",
    [
        {"clip_workers": 0.05},
        {"clip_server": 0.02},
        {"worker_momentum": 0.8},
        {"momentum": 0.9, "schedule": "step:factor=0.5:every=2"},
        {"optimizer": "adam:weight_decay=0.1", "clip_server": 1.0},
        {"optimizer": "signum", "payload": "rop", "attack": "strong"},
        {"local_steps": 3, "attack": "weak", "schedule": "step:factor=0.5:every=2"},
        {"local_steps": 4, "scheme": "byzshield", "workers": 15, "q": 3, "attack": "strong", "memory": "1MB"},
        {"local_steps": 3, "payload": "label_flip", "clip_workers": 0.2, "attack": "strong", "lr": 0.1},
        {"local_steps": 2, "worker_momentum": 0.8, "compute": "replicated", "attack": "weak"},
        {"local_steps": 3, "rule": "nnm+trimmed_mean", "detector": "none", "attack": "strong", "clip_server": 0.02},
        {"local_steps": 3, "coding": "mean", "detector": "none", "rule": "median", "attack": "weak"},
        {"local_steps": 3, "scheme": "median", "rule": "fltrust:samples=4", "attack": "weak"},
        {"local_steps": 2, "scheme": "audited", "workers": 7, "q": 3, "attack": "weak", "audits": 2, "model": "mlp"},
        {"local_steps": 5, "dataset": "linear-regression:samples=200:dimension=20", "model": "linear", "lr": 1e-3},
        {"after_detection": "rule", "attack": "weak"},
        {"after_detection": "average", "attack": "frame-up"},
        {"after_detection": "published", "attack": "frame-up"},
        {"tolerance": 1e-5},
        {"model": "mlp", "memory": "1MB"},
        {"dataset": "linear-regression:samples=200:dimension=20", "model": "linear", "lr": 1e-3},
        {"compute": "replicated"},
        {"permute": True},
        {"adversary_window": 2, "attack": "weak"},
        {"convention": "aspis", "rule": "median_of_means:buckets=3", "detector": "none", "attack": "weak"},
        {"convention": "aspis", "rule": "median_of_means:buckets=3", "attack": "weak", "after_detection": "rule"},
        {"convention": "aspis", "payload": "inner_product", "detector": "none", "attack": "weak"},
        {"convention": "aspis", "payload": "inner_product", "clip_server": 0.05, "rule": "average", "detector": "none"},
        {"convention": "aspis", "payload": "reversed", "clip_server": 0.05, "rule": "average", "detector": "none"},
        {"convention": "aspis", "model": "mlp", "memory": "1MB", "clip_server": 0.05, "rule": "average"},
        {"convention": "aspis", "compute": "replicated", "payload": "constant", "clip_server": 0.05, "rule": "average"},
        {"evidence": "run", "attack": "weak", "payload": "gaussian"},
        {"evidence": "window:length=2", "detector": "certified", "attack": "frame-up"},
        {"audits": 1, "evidence": "step", "attack": "frame-up"},
        {"scheme": "aspis-audited", "workers": 7, "q": 3, "attack": "strong", "audits": 2},
        {"scheme": "aspis-audited", "workers": 7, "q": 3, "attack": "stealth", "audit_policy": "random"},
        {"scheme": "aspis-audited", "workers": 7, "q": 3, "attack": "weak", "payload": "nan", "audits": 3},
        {"scheme": "aspis-audited", "compute": "replicated", "attack": "weak", "timing": "late:after=0.4"},
        {"scheme": "audited", "workers": 7, "q": 3, "attack": "weak", "audits": 2},
        {"payload": "backdoor:target=3:size=2:share=1", "strength": 4, "samples_per_file": 2, "attack": "strong"},
        {"payload": "backdoor", "model": "mlp", "memory": "1MB", "samples_per_file": 3, "clip_workers": 0.05},
        {"payload": "backdoor", "scheme": "coded-mean", "local_steps": 2, "attack": "weak"},
        {"payload": "backdoor", "compute": "replicated", "convention": "aspis", "clip_server": 0.05},
        {"payload": "label_flip", "clip_workers": 0.05, "attack": "weak", "detector": "none"},
        {"silent": 2, "workers": 7, "attack": "strong"},
        {"silent": 2, "silence": "crash", "scheme": "aspis-certified", "workers": 7, "payload": "nan"},
        {"silent": 3, "silence": "slowest", "scheme": "aspis-certified", "workers": 7, "q": 1, "attack": "frame-up"},
        {"silent": 1, "scheme": "detox", "workers": 9, "attack": "strong"},
        {"silent": 1, "scheme": "median", "workers": 7, "attack": "weak"},
        {"silent": 2, "scheme": "aspis-audited", "workers": 7, "attack": "strong"},
        {"scheme": "aspis-minimax", "workers": 9, "q": 4, "attack": "frame-up:framed=1"},
        {"scheme": "aspis-minimax", "workers": 9, "q": 3, "attack": "stealth", "audits": 2, "silent": 1},
        {"silent": 1, "scheme": "aspis-unanimous", "workers": 7, "attack": "strong", "compute": "replicated"},
        {
            "payload": "optimised",
            "attack": "frame-up",
            "framed": 2,
            "workers": 7,
            "q": 3,
            "rule": "geometric_median",
            "after_detection": "rule",
        },
        {"heterogeneity": "dirichlet:alpha=0.1", "attack": "strong"},
        {"heterogeneity": "extreme", "scheme": "median", "workers": 7, "worker_momentum": 0.5, "payload": "reversed"},
        {"heterogeneity": "gamma", "scheme": "multi_krum", "workers": 9, "rule": "nnm+krum", "model": "mlp"},
        {"payload": "fang:against=krum", "scheme": "median", "rule": "krum", "workers": 7, "attack": "weak"},
        {"payload": "fang:against=krum", "attack": "frame-up", "workers": 7, "q": 3, "compute": "replicated"},
        {"payload": "rop:angle=120:relocation=0.3", "momentum": 0.9, "clip_server": 0.05},
        {"payload": "rop", "worker_momentum": 0.9, "scheme": "median", "rule": "centered_clipping", "workers": 7},
        {"payload": "mimic:direction=variance", "permute": True},
        {"scheme": "coded-mean", "attack": "weak", "rule": "median", "payload": "label_flip", "clip_workers": 0.05},
        {"scheme": "coded-mean", "attack": "strong", "workers": 7, "silent": 1, "rule": "median"},
        {"scheme": "coded-mean", "attack": "strong", "worker_momentum": 0.8, "assignment": "cyclic"},
        {"scheme": "coded-mean", "attack": "weak", "permute": True, "assignment": "cyclic", "adversary_window": 2},
        {
            "timing": "late:after=0.4",
            "scheme": "audited",
            "silent": 2,
            "workers": 7,
            "attack": "weak",
            "payload": "optimised",
        },
        {"timing": "bursts:period=2:on=1:offset=1", "scheme": "coded-mean", "attack": "weak", "rule": "median"},
        {"timing": "until-exposed:rest=1", "attack": "weak", "permute": True, "silent": 1, "workers": 7},
        {
            "payload": "farsighted:ahead=2:evaluations=4",
            "scheme": "median",
            "workers": 7,
            "attack": "weak",
            "optimizer": "rmsprop",
            "worker_momentum": 0.5,
            "clip_server": 0.1,
            "schedule": "step:factor=0.5:every=2",
        },
        {"payload": "optimised:objective=distance:ascent=2", "permute": True, "rule": "geometric_median"},
    ],
    ids=str,
)
def test_settings_of_every_kind(settings):
    check(**settings)
