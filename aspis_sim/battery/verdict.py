"""The verdict on what a search found: fresh seeds, and test data for the first time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from aspis_sim.battery.lie import Lie
from aspis_sim.battery.search import Found
from aspis_sim.battery.setup import Score, Setup, Trial
from aspis_sim.battery.standard import COMMON
from aspis_sim.records import columns_of
from aspis_sim.run.row import Row

DEFENCE = (
    *("assignment", "workers", "redundancy", "detector", "rule", "after_detection", "coding", "convention", "permute"),
    *("evidence", "audits", "dataset", "heterogeneity", "model", "protocol", "samples_per_file", "steps", "momentum"),
    *("schedule", "local_steps", "clip_workers", "clip_server", "worker_momentum", "optimizer"),
)
"""Settings of the defence that a row names."""


@dataclass(frozen=True)
class Verdict:
    """The row of one defence against q workers; the fields are the columns of the CSV, in order.

    None stands where a figure does not exist: all figures of a defence that is not defined, or whose runs failed.

    Attributes:
        scheme: the defence as it was asked for.
        q: Byzantine workers.
        clean_top1: share of test images classified correctly without an attack, mean over the fresh seeds.
        robust_top1: likewise under the worst attack found; a run that diverged counts as chance.
        worst_top1: likewise with its worst seed.
        attack, payload, strength, framed, timing: the worst attack found, by validation data; the strength as used.
        distortion_measured: distorted values that entered the update, over f, mean over steps and seeds.
        runs: that the search and the verdict took.
        samples_processed: sample gradients that all workers computed in them.
        status: ok, "diverged" where a run of the worst attack did, "not defined: why", or "failed: why".
        lr: learning rate that the defence takes under attack.
        clean_lr: that it takes without one.
        robust_top1_at_clean_lr: mean over the fresh seeds under the worst attack for that rate, where it is another.
        load: files that each worker computes.
        batch_size: distinct samples a step.
        server_computed: sample gradients that the server computed itself in a run; none without any.
        search_seed, seeds: of the search, and of the verdict.
    """

    scheme: str
    q: int
    clean_top1: float | None = None
    robust_top1: float | None = None
    worst_top1: float | None = None
    attack: str | None = None
    payload: str | None = None
    strength: float | None = None
    framed: int | None = None
    timing: str | None = None
    distortion_measured: float | None = None
    runs: int = 0
    samples_processed: int = 0
    status: str = "ok"
    lr: float | None = None
    clean_lr: float | None = None
    robust_top1_at_clean_lr: float | None = None
    load: int | None = None
    batch_size: int | None = None
    server_computed: int | None = None
    search_seed: int | None = None
    seeds: str = ""


COLUMNS = (*columns_of(Verdict), *DEFENCE)
"""The columns of the CSV: those of a verdict, then the settings of the defence."""


def record(verdict: Verdict, setup: Setup | None) -> dict[str, Any]:
    """The row of a verdict, with the settings of its defence where it is defined."""
    settings = {name: None if setup is None else getattr(setup.cell, name) for name in DEFENCE}
    return {**asdict(verdict), **settings}


def suspects(setup: Setup, found: Found) -> tuple[Lie, ...]:
    """What may be the worst attack: the finalists, and what most papers try, which one unlucky seed does not acquit."""
    usual = [Lie(attack, payload, framed) for attack, framed in setup.places[:1] for payload in COMMON]
    return tuple(dict.fromkeys((*found.finalists, *filter(setup.possible, usual))))


def trials(setup: Setup, found: Found) -> tuple[Trial, ...]:
    """What the verdict takes: no attack and the suspects at the rate taken, the suspects at the clean one too."""
    lies = suspects(setup, found)
    asked = [Trial(lie, (found.rate,), seeds=setup.seeds) for lie in (Lie.none(), *lies)]
    if found.clean_rate != found.rate:
        asked += [Trial(lie, (found.clean_rate,), seeds=setup.seeds) for lie in lies]
    return tuple(dict.fromkeys(asked))


def judged(
    setup: Setup,
    found: Found,
    scores: Mapping[Trial, Score],
    rows: Mapping[Trial, Sequence[Row]],
    cost: tuple[int, int],
) -> Verdict:
    """The verdict: which suspect is worst is told by validation data, how bad it is by test data.

    Args:
        setup, found: the defence, and what the search ended with.
        scores: of `trials`, on validation data.
        rows: of their runs, one a seed.
        cost: runs and sample gradients that it all took.
    """

    def worst_at(rate: float) -> Trial:
        asked = [Trial(lie, (rate,), seeds=setup.seeds) for lie in suspects(setup, found)]
        return max(asked, key=lambda trial: scores[trial].harm)

    top1 = lambda trial: [_top1(row, setup.chance) for row in rows[trial]]  # noqa: E731
    hit = worst_at(found.rate)
    lie, theirs = hit.lie, rows[hit]
    other = None if found.clean_rate == found.rate else fmean(top1(worst_at(found.clean_rate)))
    return Verdict(
        scheme=setup.defence.name,
        q=setup.cell.q,
        clean_top1=fmean(top1(Trial(Lie.none(), (found.rate,), seeds=setup.seeds))),
        robust_top1=fmean(top1(hit)),
        worst_top1=min(top1(hit)),
        attack=lie.attack,
        payload=lie.payload,
        strength=setup.strength(lie),
        framed=lie.framed,
        timing=lie.timing,
        distortion_measured=fmean(row.distortion_measured for row in theirs),
        runs=cost[0],
        samples_processed=cost[1],
        status="diverged" if any(row.status == "diverged" for row in theirs) else "ok",
        lr=found.rate,
        clean_lr=found.clean_rate,
        robust_top1_at_clean_lr=other,
        load=theirs[0].load,
        batch_size=theirs[0].batch_size,
        server_computed=theirs[0].server_computed,
        search_seed=setup.cell.seed,
        seeds=" ".join(map(str, setup.seeds)),
    )


def _top1(row: Row, chance: float) -> float:
    return chance if row.status == "diverged" or row.top1 is None else float(row.top1)
