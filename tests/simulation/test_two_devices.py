"""Parts that see whole gradients, together with others, on two devices: the same run as on one, to rounding."""

from typing import Any

import numpy as np
import pytest

import aspis_sim

SMALL: dict[str, Any] = {
    "scheme": "median",
    "attack": "strong",
    "q": 2,
    "workers": 6,
    "redundancy": 3,
    "steps": 3,
    "lr": 0.1,
    "model": "softmax",
    "samples_per_file": 2,
    "every": 1,
}


@pytest.mark.parametrize(
    "settings",
    [
        {"payload": "farsighted:evaluations=2:samples=64", "model": "mlp:hidden=9"},
        {"rule": "fltrust", "heterogeneity": "dirichlet:alpha=0.1", "payload": "inner_product"},
        {"scheme": "coded-mean", "payload": "backdoor", "local_steps": 2},
        {"optimizer": "adam", "payload": "rop", "worker_momentum": 0.5},
    ],
    ids=lambda settings: " ".join(map(str, settings.values())),
)
def test_two_devices_do_as_one(settings):
    one, two = (aspis_sim.train(**SMALL | settings, devices=devices) for devices in (1, 2))
    assert np.array_equal(one.trace.distorted, two.trace.distorted)
    assert one.trace.distorted.any()
    np.testing.assert_allclose(one.trace.loss, two.trace.loss, rtol=1e-5)
    np.testing.assert_allclose([loss for *_, loss in one.curve], [loss for *_, loss in two.curve], rtol=1e-5)
    for name in ("top1", "kappa", "backdoor_success", "bytes_sent"):
        first, second = one.row[name], two.row[name]
        assert first is second is None or first == pytest.approx(second, rel=1e-5), name
