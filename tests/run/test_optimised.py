"""The optimised payload in training: no fixed payload ends a run of ByzShield much worse."""

import pytest

from aspis_sim.run.train import train
from aspis_sim.spec.grid import Grid


@pytest.mark.parametrize("rule", ["median", "trimmed_mean", "geometric_median"])
def test_no_fixed_payload_trains_much_worse(rule):
    """Of the fixed payloads ``inner_product`` leaves the lowest accuracy under each of these rules (ByzShield, K=15,
    r=3, q=4, 60 steps): 15.9%, 10.0% and 71.0% for the median, trimmed mean and geometric median."""
    given = {"scheme": "byzshield", "workers": 15, "redundancy": 3, "q": 4, "attack": "strong", "steps": 60}
    top1 = {}
    for payload in ("inner_product", "optimised"):
        scored = train(Grid.of(**given, rule=rule, payload=payload).groups()[0].first).test
        assert scored is not None
        top1[payload] = scored.top1
    assert top1["optimised"] <= top1["inner_product"] + 0.03
