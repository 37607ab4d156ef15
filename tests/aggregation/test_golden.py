"""Equality with ByzFL 0.0.11 to 1e-9 relative in float64, on the inputs and outputs recorded from it."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from aspis_sim.adversary.payloads import payload
from aspis_sim.aggregation import preaggregation, rule

RECORDED = np.load(Path(__file__).with_name("byzfl.npz"))
CASES = ("case0", "case1", "case2")

RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "average": ("average", {}),
    "median": ("median", {}),
    "trimmed_mean": ("trimmed_mean", {"f": None}),
    "geometric_median": ("geometric_median", {}),
    "krum": ("krum", {"f": None}),
    "multi_krum": ("multi_krum", {"f": None}),
    "centered_clipping_L1_tau2": ("centered_clipping", {"tau": 2.0, "iterations": 1}),
    "centered_clipping_L3_tau2": ("centered_clipping", {"tau": 2.0, "iterations": 3}),
    "mda": ("mda", {"f": None}),
    "monna_idx0": ("monna", {"f": None, "index": 0}),
    "meamed": ("meamed", {"f": None}),
}
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "nnm": ("nnm", {"f": None}),
    "clipping_c2": ("clipping", {"radius": 2.0}),
    "arc": ("arc", {"f": None}),
}
ATTACKS: dict[str, tuple[str, dict[str, Any]]] = {
    "sign_flipping": ("sign_flip", {}),
    "inner_product_tau2": ("inner_product", {"strength": 2.0}),
    "alie_tau1.5": ("alie", {"strength": 1.5, "ddof": 1}),
    "mimic_eps0": ("mimic", {"index": 0}),
}


def close(found, recorded):
    np.testing.assert_allclose(found, recorded, rtol=0, atol=1e-9 * np.abs(recorded).max())


def given(parameters, case):
    f = int(RECORDED[f"{case}/f"])
    return {name: f if value is None else value for name, value in parameters.items()}


def test_every_recorded_entry_is_compared():
    kinds = {"agg": RULES, "pre": STEPS, "attack": ATTACKS}
    for key in RECORDED.files:
        _, kind, *name = key.split("/")
        if name:
            assert name[0] in kinds[kind]


def compare_rule(recorded, case, convention=None):
    with jax.enable_x64(True):
        name, parameters = RULES[recorded]
        made = jax.jit(rule(name, convention=convention, **given(parameters, case)))
        close(made(RECORDED[f"{case}/input"]), RECORDED[f"{case}/agg/{recorded}"])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("recorded", RULES)
def test_rule(recorded, case):
    compare_rule(recorded, case)


@pytest.mark.parametrize("recorded", ["median", "meamed", "krum", "multi_krum", "geometric_median"])
def test_the_convention_is_the_recorded_one(recorded):
    compare_rule(recorded, "case2", convention="byzfl")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("recorded", STEPS)
def test_preaggregation(recorded, case):
    with jax.enable_x64(True):
        name, parameters = STEPS[recorded]
        made = jax.jit(preaggregation(name, **given(parameters, case)))
        close(made(RECORDED[f"{case}/input"]), RECORDED[f"{case}/pre/{recorded}"])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("recorded", ATTACKS)
def test_payload(recorded, case):
    with jax.enable_x64(True):
        name, parameters = ATTACKS[recorded]
        honest = RECORDED[f"{case}/input"][int(RECORDED[f"{case}/f"]) :]
        close(jax.jit(payload(name, **parameters))(honest), RECORDED[f"{case}/attack/{recorded}"])
