"""Detection alone, without a model: what detectors make of an adversary, over many trials.

Values of copies are tokens: 0 is a file's honest gradient, 1 the one lie that colluding workers tell of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import sqrt
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment import Assignment
from aspis_sim.detection import DETECTORS, Outcome, Verdict
from aspis_sim.detection.reference import apply_verdict
from aspis_sim.trials.adversary import RANDOM, Adversary

FILES_AT_ONCE = 2**16
KEPT_BYTES = 2**26
"""About what is kept of rounds, so that one that comes again is not judged again: in small systems most do."""

NORMAL_QUANTILE = 1.959963984540054
"""97.5% quantile of the normal distribution."""


@dataclass(frozen=True)
class Row:
    """What one detector did against one adversary; the fields are the columns of the CSV, in order.

    ``None`` stands where a figure does not exist: the interval of what does not vary, a detection without
    Byzantine workers.

    Attributes:
        assignment, workers, redundancy, files, load, q, attack, framed, lie_probability, membership, permuted,
            window:
            the setting.
        detector, trials, seed: what was run; one trial where nothing varies from one to the next.
        found: share of the trials in which all Byzantine workers were excluded by the end of the window.
        found_low, found_high: its 95% interval (Wilson).
        iterations: mean number of iterations until then, over those trials.
        accusing: share of the trials in which an honest worker was excluded in some iteration.
        accusing_low, accusing_high: its 95% interval (Wilson).
        accused: honest workers excluded, mean over trials and iterations.
        unique, partial, ambiguous, over_budget, skipped: shares of the outcomes at the end of the window.
        distorted_files: that enter the update, mean over trials and iterations.
        distorted_most: the most of them in one iteration.
        lost_files: that do not enter the update, mean over trials and iterations.
        believed_q: Byzantine workers that the detector was told of.
    """

    assignment: str
    workers: int
    redundancy: int
    files: int
    load: int
    q: int
    attack: str
    framed: int | None
    lie_probability: float | None
    membership: str
    permuted: bool
    window: int
    detector: str
    trials: int
    seed: int
    found: float | None
    found_low: float | None
    found_high: float | None
    iterations: float | None
    accusing: float
    accusing_low: float | None
    accusing_high: float | None
    accused: float
    unique: float
    partial: float
    ambiguous: float
    over_budget: float
    skipped: float
    distorted_files: float
    distorted_most: int
    lost_files: float
    believed_q: int


@dataclass
class _Tally:
    """One detector's trials so far."""

    detector: str
    found_at: list[int] = field(default_factory=list)
    accusing: int = 0
    accused: list[int] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    distorted: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)


def run_trials(
    adversary: Adversary,
    detectors: Sequence[str],
    *,
    trials: int = 200,
    seed: int = 0,
    window: int = 1,
    believed_q: int | None = None,
) -> list[Row]:
    """Play the trials, the same for every detector, and count.

    A trial is a window of iterations by the same Byzantine workers; a pair that once disagreed stays apart
    until the window ends, as in Aspis+ (Konstantinidis et al., arXiv 2208.08085).

    Args:
        adversary: whose attacks are played; with nothing that varies, one trial stands for all.
        detectors: registered names.
        trials: how many, 1 or more.
        seed: trial t draws from a generator seeded by (seed, t), whatever is asked besides.
        window: iterations of a trial, 1 or more.
        believed_q: Byzantine workers that the detectors are told of; None for as many as there are.

    Returns:
        One row a detector, in the order given.
    """
    tallies = [_Tally(name) for name in detectors]
    told = adversary.q if believed_q is None else believed_q
    trials = trials if adversary.varies else 1
    files = adversary.assignment.files
    most = KEPT_BYTES // (files.nbytes + len(detectors) * len(files) * 2**adversary.assignment.redundancy)
    judged: dict[tuple[bytes, bytes], dict[str, Verdict]] = {}
    counted: dict[tuple[bytes, bytes, bytes], dict[str, tuple[int, int]]] = {}
    for trial in range(trials):
        graph = np.ones((adversary.assignment.workers,) * 2, bool)
        found: dict[str, int] = {}
        accusing: set[str] = set()
        verdicts: dict[str, Verdict] = {}
        rounds = adversary.rounds(generator(seed, trial))
        for iteration, (assignment, attack) in zip(range(1, window + 1), rounds, strict=False):
            more = graph & agreement_from_tokens(assignment, attack.distorts)
            looks = assignment.files.tobytes() if adversary.permute else b"", more.tobytes()
            if looks not in judged:
                _keep_below(most, judged)
                judged[looks] = {
                    name: DETECTORS[name](more, max_byzantine=told, assignment=assignment) for name in detectors
                }
            graph, verdicts, played = more, judged[looks], (*looks, attack.distorts.tobytes())
            if played not in counted:
                _keep_below(most, counted)
                counted[played] = {
                    name: count_update(verdict, assignment, attack.distorts) for name, verdict in verdicts.items()
                }
            for tally in tallies:
                verdict = verdicts[tally.detector]
                if not verdict.honest[attack.byzantine].any():
                    found.setdefault(tally.detector, iteration)
                tally.accused.append(int((~verdict.honest & ~attack.byzantine).sum()))
                if tally.accused[-1]:
                    accusing.add(tally.detector)
                distorted, lost = counted[played][tally.detector]
                tally.distorted.append(distorted)
                tally.lost.append(lost)
        for tally in tallies:
            tally.found_at += [found[tally.detector]] if tally.detector in found else []
            tally.accusing += tally.detector in accusing
            tally.outcomes[verdicts[tally.detector].outcome] += 1
    return [_row(adversary, tally, trials, seed, window, told) for tally in tallies]


def _keep_below(most: int, known: dict[Any, Any]) -> None:
    """Forget all rounds before this one where they are too many."""
    if len(known) >= most:
        known.clear()


def generator(seed: int, trial: int) -> np.random.Generator:
    """Where the random numbers of a trial come from, whatever is played in it."""
    return np.random.default_rng((seed, trial))


def agreement_from_tokens(assignment: Assignment, tokens: NDArray[Any]) -> NDArray[np.bool_]:
    """The agreement graph, bool ``[K, K]``, as `aspis_sim.detection.reference.agreement_graph` defines it.

    Only files whose copies are not all equal are looked at, some thousands at a time, which the cache holds.

    Args:
        assignment: f files of r workers each.
        tokens: ``[f, r]``, integers or bools, the value that each slot's worker returned.
    """
    workers, redundancy = assignment.workers, assignment.redundancy
    apart = np.zeros(workers * workers, bool)
    for start in range(0, len(tokens), FILES_AT_ONCE):
        part = tokens[start : start + FILES_AT_ONCE]
        mixed = np.zeros(len(part), bool)
        for slot in range(1, redundancy):
            mixed |= part[:, slot] != part[:, 0]
        rows = np.flatnonzero(mixed)
        values = np.ascontiguousarray(part[rows].T)
        holders = np.ascontiguousarray(assignment.files[start + rows].T).astype(np.intp)
        for a, b in combinations(range(redundancy), 2):
            differ = values[a] != values[b]
            apart[(holders[a] * workers + holders[b])[differ]] = True
    square = apart.reshape(workers, workers)
    return ~(square | square.T)


def count_update(verdict: Verdict, assignment: Assignment, lies: NDArray[np.bool_]) -> tuple[int, int]:
    """Files that enter the update distorted, and files that do not enter it.

    Equal to counting over `aspis_sim.detection.reference.apply_verdict` on all files; files without a lie are
    only asked whether anybody is left who holds them, unless the verdict certifies values.

    Args:
        verdict: of the round.
        assignment: f files of r workers each.
        lies: bool ``[f, r]``.
    """
    files = assignment.files
    whole = verdict.certified is not None
    touched = np.arange(len(files)) if whole else np.flatnonzero(lies.any(axis=1))
    step = len(files) if whole else FILES_AT_ONCE
    distorted = kept = 0
    for start in range(0, len(touched), step):
        rows = touched[start : start + step]
        part = assignment if whole else replace(assignment, files=files[rows], complete=False)
        update = apply_verdict(verdict, part, lies[rows])
        distorted += int((update.tokens[update.kept] != 0).sum())
        kept += int(update.kept.sum())
    if whole or verdict.honest.all():
        return distorted, len(touched) - kept
    unheld = np.logical_not(verdict.honest[files].any(axis=1))
    return distorted, len(touched) - kept + int(unheld.sum() - unheld[touched].sum())


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95% interval of a probability after ``successes`` in ``trials`` (1 or more) independent trials.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
    """
    share, z2 = successes / trials, NORMAL_QUANTILE**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = sqrt(z2 * share * (1 - share) / trials + (z2 / trials) ** 2 / 4) / (1 + z2 / trials)
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == trials else centre + half)


def _row(adversary: Adversary, tally: _Tally, trials: int, seed: int, window: int, told: int) -> Row:
    assignment, found = adversary.assignment, len(tally.found_at)
    low, high = wilson(found, trials) if adversary.varies and adversary.q else (None, None)
    accusing_low, accusing_high = wilson(tally.accusing, trials) if adversary.varies else (None, None)
    return Row(
        assignment=assignment.name,
        workers=assignment.workers,
        redundancy=assignment.redundancy,
        files=len(assignment.files),
        load=assignment.load,
        q=adversary.q,
        attack=adversary.attack,
        framed=adversary.parameters.get("framed"),
        lie_probability=adversary.lie_probability if adversary.attack == RANDOM else None,
        membership=adversary.membership,
        permuted=adversary.permute,
        window=window,
        detector=tally.detector,
        trials=trials,
        seed=seed,
        found=found / trials if adversary.q else None,
        found_low=low,
        found_high=high,
        iterations=fmean(tally.found_at) if found and adversary.q else None,
        accusing=tally.accusing / trials,
        accusing_low=accusing_low,
        accusing_high=accusing_high,
        accused=fmean(tally.accused),
        **{outcome.value: tally.outcomes[outcome] / trials for outcome in Outcome},
        distorted_files=fmean(tally.distorted),
        distorted_most=max(tally.distorted),
        lost_files=fmean(tally.lost),
        believed_q=told,
    )
