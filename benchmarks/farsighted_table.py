"""What is the worst that lies can do to a training, and do lies that look one step ahead do it?

``python -m benchmarks.farsighted_table`` trains once with every payload, and with ``farsighted`` for several numbers of
steps ahead, under three rules without redundancy, and prints the table of ``docs/farsighted.md`` as Markdown: the loss
on the validation data at the end, and the accuracy there in percent. Other rules may be named as arguments.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.run.train import Result, train
from aspis_sim.spec.grid import Grid

RULES = ("median", "trimmed_mean", "krum")
STEPS = 60
AHEAD = (1, 10, STEPS)
VARIANTS = ("fang:against=krum", "mimic:direction=variance")
SETTINGS: dict[str, Any] = {"scheme": "median", "workers": 15, "q": 4, "attack": "strong", "steps": STEPS, "lr": 0.1}


def payloads() -> list[str]:
    """All registered payloads, and those that look ahead."""
    others = sorted([*(name for name in PAYLOADS if name != "farsighted"), *VARIANTS])
    return [*others, *(f"farsighted:ahead={ahead}" for ahead in AHEAD)]


def trained(payload: str, rule: str) -> Result:
    """The run with this payload against this rule."""
    return train(Grid.of(**SETTINGS, payload=payload, rule=rule).groups()[0].first)


def lines(rules: Sequence[str]) -> Iterator[str]:
    """The table, one line per payload."""
    yield f"| payload | {' | '.join(rules)} |"
    yield f"|:---|{'---:|' * len(rules)}"
    for payload in payloads():
        runs = [trained(payload, rule) for rule in rules]
        cells = [f"{run.validation.loss:.4g} ({100 * (run.validation.top1 or 0):.1f})" for run in runs]
        yield f"| {payload} | {' | '.join(cells)} |"


if __name__ == "__main__":
    for line in lines(sys.argv[1:] or RULES):
        print(line, flush=True)
