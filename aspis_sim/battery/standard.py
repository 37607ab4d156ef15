"""The standard battery: what is tried against every defence, in the same order and with nothing to tune.

1. *where*: every targeting that differs from the others on this system, with three payloads, in short runs;
2. *what*: every payload at the two places where the first round did most, in short runs;
3. *how much*: other strengths of four payloads at the worst place, in short runs, then golden section around the best
   one of the two that do most;
4. *what it can find itself*: the payloads that search in every step, at the worst place, in short runs;
5. *whole runs* of the four worst, one of each place and payload, and of the two others with the highest loss, which
   rises before the accuracy falls;
6. *when*: the two worst at other times than always, in whole runs;
7. *which rate*: the three worst, one of each place and payload, under every learning rate; the defence takes the rate
   whose worst case is best;
8. *the verdict*: the three worst under that rate, and the two attacks that most papers try, with fresh seeds.

All of it but the verdict sees validation data only, with one seed.
"""

WHERE = ("strong", "strongest", "weak", "majority", "frame-up", "stealth", "blocks", "decoy")
"""The targetings that are tried, a frame-up with every number of framed workers."""

PROBES = ("alie", "constant", "inner_product")
"""The payloads with which targetings are compared."""

WHAT = (
    *("alie", "constant", "inner_product", "fang", "gaussian", "hidden", "label_flip", "mimic"),
    *("mimic:direction=variance", "min_max", "min_sum", "reversed", "rop", "sign_flip", "zero", "inf", "nan"),
)
"""The payloads that are tried."""

SEARCHING = ("optimised:evaluations=4", "farsighted:evaluations=2:samples=128")
"""The payloads that search in every step: too dear for every place."""

MOST_ENTRIES = 1_000_000
"""Entries of a step's gradients, rows times parameters, up to which they are tried."""

COMMON = ("alie", "inner_product")
"""The payloads that most papers try: with their own strength they are in every verdict, at the first place."""

LEFT_OUT = {"backdoor": "it wants stamped images misread and the accuracy left alone"}
"""Payloads that are not tried, with the reason."""

VARIED = ("alie", "constant", "inner_product", "reversed")
"""The payloads whose strength is varied."""

STRENGTHS = (-1.0, 0.1, 0.3, 1.0, 3.0, 10.0)
"""The strengths that are tried, beside the payload's own."""

TIMINGS = ("late:after=0.5", "bursts:period=20:on=10", "until-exposed")
"""The times that are tried, the last one where a detector can expose anybody."""

SHORT, SHORTEST = 4, 30
"""A short run has so many times fewer steps, but no fewer than the second number, or all where there are fewer."""

PLACES, GOLDEN, ROUNDS, WHOLE, RISING, TIMED, FINALISTS = 2, 2, 3, 4, 2, 2, 3
"""Places where every payload is tried; payloads that go through golden section, and its rounds; whole runs of the
worst, and of those whose loss is the highest; lies that are timed; lies that are tried under every rate, and run again
with fresh seeds."""
