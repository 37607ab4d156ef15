"""Schemes in the order of their worst accuracy, with a test of every step in it.

Neighbours in the order are compared seed by seed (Student's t; where it is not defined, the exact sign-flip test), and
the p are corrected by Holm's method over all steps at all q of a context. The worst adversary of a scheme is that of
its lowest mean over the same seeds; the tests take it as given.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aspis_sim.analysis.headline import Worst
from aspis_sim.analysis.statistics import LEVEL, holm, paired
from aspis_sim.analysis.summary import Entry, Mean


@dataclass(frozen=True)
class Rank:
    """A scheme's place at one q.

    Attributes:
        q: Byzantine workers.
        place: from 1.
        scheme: label.
        top1: under the worst of its adversaries, over the seeds.
        under: that adversary.
        points: of top-1 below the scheme before it; None for the first.
        pairs: seeds that the two have in common; 0 for the first.
        p_holm: of that difference, corrected; None for the first, and without a common seed.
    """

    q: int
    place: int
    scheme: str
    top1: Mean
    under: str
    points: float | None
    pairs: int
    p_holm: float | None

    @property
    def shown(self) -> bool:
        """Whether the scheme before it is shown to be better."""
        return self.p_holm is not None and self.p_holm <= LEVEL

    @property
    def sign(self) -> str:
        """Between the scheme before it and it: ``>`` for a difference that is shown, else ``~``; none for the first."""
        return "" if self.place == 1 else ">" if self.shown else "~"


def ranked(worst: Worst) -> tuple[Rank, ...]:
    """The schemes of a context at each q, the most accurate first; schemes of equal accuracy in their usual order."""
    steps = [step for q in worst.q for step in _steps(worst, q)]
    tested = [place for place, (*_, p) in enumerate(steps) if p is not None]
    corrected = dict(zip(tested, holm([steps[place][-1] or 0.0 for place in tested]), strict=True))
    return tuple(
        Rank(q, place, scheme, top1, under, points, pairs, corrected.get(number))
        for number, (q, place, scheme, top1, under, points, pairs, _) in enumerate(steps)
    )


_Step = tuple[int, int, str, Mean, str, float | None, int, float | None]


def _steps(worst: Worst, q: int) -> Iterator[_Step]:
    """The attributes of the ranks at one q, with p before the correction."""
    found = [
        (scheme, *worst.entries[scheme, q], top1)
        for scheme in worst.schemes
        if (scheme, q) in worst.entries and (top1 := worst.entries[scheme, q][1].top1) is not None
    ]
    found.sort(key=lambda one: -one[-1].value)
    before: Entry | None = None
    for place, (scheme, under, entry, top1) in enumerate(found, 1):
        points, pairs, p = _apart(before, entry) if before is not None else (None, 0, None)
        yield q, place, scheme, top1, under, points, pairs, p
        before = entry


def _apart(better: Entry, worse: Entry) -> tuple[float | None, int, float | None]:
    """Points between two entries of equal seeds, the seeds, and p."""
    tops = [{row.seed: row["top1"] for row in entry.rows} for entry in (better, worse)]
    seeds = sorted(tops[0].keys() & tops[1].keys())
    if not seeds:
        return None, 0, None
    result = paired(*([one[seed] for seed in seeds] for one in tops))
    return 100 * result.mean, len(seeds), result.p_sign_flip if result.p_t is None else result.p_t


def order_at(ranks: Iterable[Rank], q: int) -> list[str]:
    """The order at one q: ``aspis 94.8``, ``> median 51.8``, ``~ detox 50.1``."""
    found = [rank for rank in ranks if rank.q == q]
    return [f"{rank.sign} {rank.scheme} {100 * rank.top1.value:.1f}".lstrip() for rank in found]


def legend(ranks: Iterable[Rank]) -> str:
    """What the signs of an order mean."""
    tests = sum(rank.p_holm is not None for rank in ranks)
    return (
        f"Between neighbours, > is a difference that a paired t-test over the seeds shows (p at most {LEVEL:g}, "
        f"Holm-corrected over {tests} tests); ~ is one that it does not show."
    )
