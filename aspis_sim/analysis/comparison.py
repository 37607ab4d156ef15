"""Two sets of runs against each other: differences over paired seeds with intervals, corrected tests and a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from aspis_sim.analysis.pairs import FOLLOWING, Pairing, Pairs, pair, said
from aspis_sim.analysis.statistics import LEVEL, MOST_PAIRS, Paired, holm, least_p, paired
from aspis_sim.analysis.summary import FEW
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim.run.row import METRICS, SETTINGS, Row
from aspis_sim.study.records import StoredRun

DERIVED = ("files", "load", "batch_size")
"""Columns that follow from the settings."""


TESTS = ("t", "sign-flip")


class Verdict(StrEnum):
    """What is said of the first against the second."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SHOWN = "no difference shown"
    IDENTICAL = "identical"
    NOT_FINITE = "not finite"


@dataclass(frozen=True)
class Difference:
    """One group of pairs under one metric.

    Attributes:
        settings: column -> value of both, None where they differ or it has no meaning.
        other: what a study notes beside the settings (versions of the code and the data) and the groups differ in.
        first, second: settings in which they differ, as ``name=value name=value``.
        metric: the column compared.
        seeds: pairs.
        mean_first, mean_second: of the metric over the pairs.
        difference: mean of first - second; None if not all is finite.
        low, high: its 95% interval (Student's t, of this group alone; of a share no further than -1 and 1), with fewer
            than 4 pairs the smallest and the largest difference; None for one pair.
        ranged: whether they are the range of the differences, and no interval.
        p_t, p_sign_flip: of each test alone, see `aspis_sim.analysis.statistics.Paired`.
        least_p_sign_flip: the smallest p that the sign-flip test can give with so many pairs.
        p_holm: of the test that was asked for, corrected over all groups; of the sign-flip test where all differences
            are equal; None where nothing is left to chance (a count that no seed changes) or not all is finite.
        identical_rows: pairs whose rows are bit-identical, ignoring what is compared and ``seconds``.
        verdict: see `Verdict`; a difference is shown if ``p_holm`` is 0.05 or less.
    """

    settings: Mapping[str, Any]
    other: str
    first: str
    second: str
    metric: str
    seeds: int
    mean_first: float
    mean_second: float
    difference: float | None
    low: float | None
    high: float | None
    ranged: bool
    p_t: float | None
    p_sign_flip: float | None
    least_p_sign_flip: float
    p_holm: float | None
    identical_rows: int
    verdict: str

    @property
    def record(self) -> dict[str, Any]:
        """The settings, then everything else: a line of a comparison's CSV."""
        return {**self.settings, **{name: value for name, value in vars(self).items() if name != "settings"}}


RECORD = (*SETTINGS, *(field.name for field in fields(Difference) if field.name != "settings"))
"""The columns of a comparison's CSV."""


@dataclass(frozen=True)
class Comparison:
    """What came out of a comparison.

    Attributes:
        pairing: who was compared with whom.
        test: "t" or "sign-flip".
        groups: metric by metric, one for every group of pairs that has the figure.
        without: pairs left out under some metric because one of the two failed or has no such figure.
        pairs: of rows.
        identical_rows: those of them that are the same bit for bit, apart from what is compared and seconds.
    """

    pairing: Pairing
    test: str
    groups: tuple[Difference, ...]
    without: int
    pairs: int
    identical_rows: int

    @property
    def tests(self) -> int:
        """Tests that the correction is over."""
        return sum(group.p_holm is not None for group in self.groups)


def compare(
    first: Sequence[StoredRun],
    second: Sequence[StoredRun],
    metrics: Sequence[str] = ("top1",),
    test: str = "t",
    across: Sequence[str] = (),
) -> Comparison:
    """Pair two sets of runs and compare them group by group.

    Args:
        first, second: runs, each one or more.
        metrics: names in `METRICS`.
        test: the one that verdicts rest on, "t" or "sign-flip".
        across: settings in which partners may differ besides those that no two of them share.

    Raises:
        InputError: unknown metric or test, no pair, or no pair with the figure; see also
            `aspis_sim.analysis.pairs.pair`.
    """
    for metric in metrics:
        if metric not in METRICS:
            raise unknown_name("metric", metric, METRICS)
    if test not in TESTS:
        raise unknown_name("test", test, TESTS)
    pairing = pair(first, second, across)
    rows = sum(len(group.rows) for group in pairing.groups)
    others = [name for name in pairing.groups[0].first if name not in (*SETTINGS, *FOLLOWING)]
    others = [name for name in others if len({group.first[name] for group in pairing.groups}) > 1]
    found, without = [], 0
    for metric in metrics:
        for group in pairing.groups:
            kept = [both for both in group.rows if None not in _both(both, metric)]
            without += len(group.rows) - len(kept)
            if kept:
                found.append(_difference(replace(group, rows=tuple(kept)), metric, test, others))
    if not found:
        raise InputError(f"no pair has a figure for {', '.join(metrics)}")
    tested = [place for place, group in enumerate(found) if group.p_holm is not None]
    corrected = dict(zip(tested, holm([found[place].p_holm or 0.0 for place in tested]), strict=True))
    groups = tuple(_judged(group, corrected.get(place)) for place, group in enumerate(found))
    identical = sum(_identical(group) for group in pairing.groups)
    return Comparison(pairing, test, groups, without, rows, identical)


def _difference(group: Pairs, metric: str, test: str, others: Sequence[str]) -> Difference:
    """A group before the correction: its ``p_holm`` is still that of its test alone, its verdict is not settled."""
    ours, theirs = zip(*(_both(both, metric) for both in group.rows), strict=True)
    finite = all(map(math.isfinite, (*ours, *theirs)))
    result = paired(ours, theirs) if finite else Paired(math.nan, None, None, None)
    count = len(ours)
    low, high = _spread(ours, theirs, result, METRICS[metric].share)
    fixed = METRICS[metric].counted and count > 1 and len(set(ours)) == len(set(theirs)) == 1
    p = result.p_sign_flip if test == "sign-flip" or result.p_t is None else result.p_t
    if finite and p is None:
        raise InputError(
            f"{count} pairs are too many for the exact sign-flip test (at most {MOST_PAIRS}); use `test=t`"
        )
    apart = [name for name in group.first if group.first[name] != group.second[name]]
    return Difference(
        settings={name: None if name in apart else group.first.get(name) for name in SETTINGS},
        other=said(group.first, [name for name in others if name not in apart]),
        first=said(group.first, apart),
        second=said(group.second, apart),
        metric=metric,
        seeds=count,
        mean_first=sum(ours) / count,
        mean_second=sum(theirs) / count,
        difference=result.mean if finite else None,
        low=low,
        high=high,
        ranged=low is not None and count < FEW,
        p_t=result.p_t,
        p_sign_flip=result.p_sign_flip,
        least_p_sign_flip=least_p(count),
        p_holm=None if fixed else p,
        identical_rows=_identical(group),
        verdict="",
    )


def _spread(
    ours: Sequence[float], theirs: Sequence[float], result: Paired, share: bool
) -> tuple[float, float] | tuple[None, None]:
    """The ends of the interval of the mean difference, or of the range of few differences."""
    if result.half_width is None:
        return None, None
    if len(ours) < FEW:
        differences = [a - b for a, b in zip(ours, theirs, strict=True)]
        return min(differences), max(differences)
    low, high = result.mean - result.half_width, result.mean + result.half_width
    return (max(low, -1.0), min(high, 1.0)) if share else (low, high)


def _judged(group: Difference, p: float | None) -> Difference:
    better = METRICS[group.metric].higher == ((group.difference or 0) > 0)
    if group.difference is None:
        verdict = Verdict.NOT_FINITE
    elif group.identical_rows == group.seeds and group.difference == 0:
        verdict = Verdict.IDENTICAL
    elif group.difference == 0 or (p is not None and p > LEVEL):
        verdict = Verdict.NOT_SHOWN
    else:
        verdict = Verdict.BETTER if better else Verdict.WORSE
    return replace(group, p_holm=p, verdict=str(verdict))


def _both(rows: tuple[Row, Row], metric: str) -> tuple[float, float]:
    return rows[0][metric], rows[1][metric]


def _identical(group: Pairs) -> int:
    apart = [name for name in group.first if group.first[name] != group.second[name]]
    settled = (*DERIVED, *apart) if apart else ()
    return sum(ours.same_numbers(theirs, settled) for ours, theirs in group.rows)
