"""What the adversary foresees of a round is what the round then does."""

import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.simulation.foresight import foresee
from aspis_sim.simulation.server.verdicts import empty_table, look_up, trust_everyone, with_verdict
from aspis_sim.spec.grid import Grid


@pytest.mark.parametrize(
    ("attack", "detector", "least"),
    [
        ("strong", "clique", 1),
        ("frame-up", "clique", 1),
        ("weak", "clique", 0),
        ("strong", "certified", 0),
        ("strong", "unanimous", 1),
        ("stealth", "minimax", 1),
        ("frame-up", "sound", 1),
        ("strong", "none", 1),
        ("weak", "none", 1),
    ],
)
def test_as_many_files_as_then_are_distorted_and_lost(attack, detector, least):
    settings = {"scheme": "aspis", "workers": 7, "q": 3, "dataset": "digits", "model": "softmax", "steps": 2}
    given = {**settings, "samples_per_file": 1, "payload": "constant", "attack": attack, "detector": detector}
    cell = Grid.of(**given, framed=2).groups()[0].first if attack == "frame-up" else Grid.of(**given).groups()[0].first
    job = resolve(cell)
    assignment, feed = job.assignment, job.feed()
    files, distorts = jnp.asarray(assignment.files), jnp.asarray(feed.distorts[0])

    def judge(graph):
        if not job.detector.detects:
            return jnp.asarray(True), trust_everyone(7, 0)
        table = empty_table(7, len(files), 3, job.detector.certifies, job.detector.selects)
        verdict, limit = job.decide(np.asarray(graph))
        return look_up(with_verdict(table, np.asarray(graph), verdict, limit), graph)

    foreseen = foresee(distorts, files, 7, judge, drops=True, averages=True)
    run = Run.start(job.shape, feed, cell.seed).to(cell.steps, job.decide)
    assert bool(foreseen.known)
    np.testing.assert_array_equal(foreseen.graph, run.state.graph)
    assert foreseen.reach.kept is not None
    distorted = int((foreseen.reach.lies & foreseen.reach.kept).sum())
    assert distorted >= least
    assert np.asarray(run.state.trace.distorted).tolist() == [distorted] * 2
    assert np.asarray(run.state.trace.lost).tolist() == [int((~foreseen.reach.kept).sum())] * 2
