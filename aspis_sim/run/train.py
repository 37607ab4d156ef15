"""One training run, from its first step to its last."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import numpy as np

from aspis_sim.callbacks import Callback, Moment
from aspis_sim.gradients.measures.diversity import gradient_diversity
from aspis_sim.metrics import Metric
from aspis_sim.run.machine import Machine
from aspis_sim.run.rate import Validation
from aspis_sim.run.resolve import resolve
from aspis_sim.run.shards import order_of, shards_of
from aspis_sim.simulation import Run, Score, Trace
from aspis_sim.spec.cell import Cell

SEGMENT = 50
"""Steps between two looks at whether the run should stop."""

Tick = Callable[[int], None]
"""Told how many steps were done since the last call; may raise to stop the run."""


class Stopped(Exception):
    """The run was asked to stop before its end."""


@dataclass(frozen=True, eq=False)
class Result:
    """A run that has ended, in memory.

    Attributes:
        cell: what ran.
        validation: of the final weights, the only score that choices may rest on.
        failure: why it left nothing else, empty for a run that did not fail.
        trace: of every step, as numpy arrays; None for a run that failed.
        finite: whether the final weights are.
        test: of the final weights; None for a run that failed.
        curve: (step, test score) at each step asked for.
        initial: test score of the initial weights, None without a curve.
        metrics: (step, metric -> its value on the test part) at the same steps; empty without metrics.
        seconds: wall time without compilation.
        compile_seconds: that its program took.
        machine: that computed it, None for this one.
        diversity: of the files' gradients at the initial weights, None where files have no shards of their own.
        kappa: the rule's realised coefficient, mean over the steps that have one; None where it is not measured.
        convicted: workers that audits have convicted by the end, None without audits.
        disputes: disputed files that were audited in the whole run, None without audits.
        backdoor: how often the final weights do as the payload's trigger wants, None for a payload without one.
    """

    cell: Cell
    validation: Validation
    failure: str = ""
    trace: Trace | None = None
    finite: bool = False
    test: Score | None = None
    curve: tuple[tuple[int, Score], ...] = ()
    initial: Score | None = None
    metrics: tuple[tuple[int, Mapping[str, float]], ...] = ()
    seconds: float = 0.0
    compile_seconds: float = 0.0
    machine: Machine | None = None
    diversity: float | None = None
    kappa: float | None = None
    convicted: int | None = None
    disputes: int | None = None
    backdoor: float | None = None

    @property
    def whole_curve(self) -> tuple[tuple[int, float | None, float], ...]:
        """(step, top-1, loss) on the test part from step 0 on, the initial weights; empty without a curve."""
        scored = self.curve if self.initial is None else ((0, self.initial), *self.curve)
        return tuple((step, score.top1, score.loss) for step, score in scored)


def _mean(kappa: jax.Array | None) -> float | None:
    """Mean over the steps with a coefficient, added up in float64; None without any."""
    if kappa is None or np.isnan(found := np.asarray(kappa, np.float64)).all():
        return None
    return float(np.mean(found[~np.isnan(found)]))


def train(
    cell: Cell,
    tick: Tick = lambda steps: None,
    every: int | None = None,
    metrics: Mapping[str, Metric] | None = None,
    callbacks: Mapping[str, Callback] | None = None,
) -> Result:
    """Train one cell.

    Args:
        cell: checked.
        tick: called now and then with the number of steps done since the last call; may raise to stop the run.
        every: score the test part every so many steps (and at the end); None for the end only.
        metrics: to take of the test part whenever it is scored, by name; they change nothing of the run.
        callbacks: called at the same steps, by name; they change nothing of the run either.

    Raises:
        PluginError: a part, a metric or a callback does not work.
    """
    job = resolve(cell)
    shards = shards_of(job)
    run = Run.start(job.shape, job.feed(), cell.seed, order_of(job, shards))
    diversity = gradient_diversity(job.network, run.state.weights, run.train, shards) if shards else None
    initial = run.score("test") if every else None
    curve: list[tuple[int, Score]] = []
    measured: list[tuple[int, Mapping[str, float]]] = []
    seconds, done = 0.0, 0
    while done < cell.steps:
        point = min(done - done % every + every, cell.steps) if every else cell.steps
        stop = min(done + SEGMENT, point)
        started = time.perf_counter()
        run = run.to(stop, job.decide)
        jax.block_until_ready(run.state.weights)
        seconds += time.perf_counter() - started
        if stop == point:
            score = run.score("test")
            if every:
                curve.append((stop, score))
            if metrics:
                scored = run.scores("test")
                measured.append((stop, {name: metric(*scored) for name, metric in metrics.items()}))
            if callbacks:
                moment = Moment(stop, cell.steps, *score, run.parameters)
                for callback in callbacks.values():
                    callback(moment)
        tick(stop - done)
        done = stop
    evidence = run.state.evidence if cell.audits else None
    trigger = job.build_payload().trigger
    return Result(
        cell=cell,
        validation=Validation(*run.score("validation")),
        trace=Trace(*(np.asarray(part) for part in run.state.trace)),
        finite=bool(np.isfinite(np.asarray(run.state.weights)).all()),
        test=score,
        curve=tuple(curve),
        initial=initial,
        metrics=tuple(measured),
        seconds=seconds,
        compile_seconds=run.program.compile_seconds,
        diversity=diversity,
        kappa=_mean(run.state.kappa),
        convicted=None if evidence is None else int(evidence.convicted.sum()),
        disputes=None if evidence is None else int(evidence.disputes),
        backdoor=None if trigger is None else run.backdoor_success(trigger),
    )
