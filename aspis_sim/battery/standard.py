"""The standard battery: what is tried against every defence, in the same order and with nothing to tune.

1. *where*: every targeting that differs from the others on this system, with three payloads, in short runs;
2. *what*: every payload at the two places where the first round did most, in short runs;
3. *how much*: the strengths of the three worst lies, in short runs: five factors, then golden section around the best;
4. *whole runs* of the four worst, and of the payloads that search by themselves at the worst place;
5. *when*: the two worst at other times than always, in whole runs;
6. *which rate*: the three worst under every learning rate; the defence takes the rate whose worst case is best.

All of it sees validation data only, with one seed.
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

SEARCHING = ("optimised:evaluations=4",)
"""The payloads that search by themselves, in every step: too dear for every place."""

LEFT_OUT = {"backdoor": "it wants stamped images misread and the accuracy left alone"}
"""Payloads that are not tried, with the reason."""

FACTORS = (-1.0, 0.25, 0.5, 2.0, 4.0)
"""What a strength is multiplied with."""

TIMINGS = ()

SHORT = 4
"""A short run has so many times fewer steps."""

PLACES, STRENGTHENED, GOLDEN, WHOLE, TIMED, FINALISTS = 2, 3, 3, 4, 2, 3
"""Places where every payload is tried; lies whose strength is varied; rounds of golden section; whole runs; lies that
are timed; lies that are tried under every rate, and run again with fresh seeds."""
