"""A run: what its trace counts, that seeds reach every stream, that devices and ways of computing change nothing."""

import gc
import weakref
from dataclasses import replace

import jax
import numpy as np
import pytest

from aspis_sim import assignment, data
from aspis_sim.adversary.targeting import target
from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.gradients.network import network
from aspis_sim.simulation import Run
from aspis_sim.simulation.server.verdicts import CAPACITY, empty_table, look_up, with_verdict
from aspis_sim.streams import sample_order, stream
from tests.shapes import changed, fed, shape

WORKERS, Q = 7, 3
GROUPS = assignment.build("subset", workers=WORKERS, redundancy=3)
SHAPE = shape(assignment="subset", workers=WORKERS, redundancy=3, detector="clique", steps=12)
OUTCOMES = tuple(Outcome)


def decide(graph):
    return DETECTORS["clique"](graph, max_byzantine=Q, assignment=GROUPS), 0


def start(shape=SHAPE, attack="strong", seed=0, strength=1.0):
    return Run.start(shape, fed(shape, attack, Q, seed=seed, strength=strength))


def outcome(run):
    return [OUTCOMES[code] for code in np.asarray(run.state.trace.outcome)]


@pytest.fixture(scope="module")
def reference():
    return start().to(12, decide)


@pytest.mark.parametrize(("compute", "devices"), [("shared", 2), ("replicated", 1), ("replicated", 8)])
def test_devices_and_compute_give_the_same_verdicts_and_votes(reference, compute, devices):
    run = start(changed(SHAPE, devices=devices, compute=compute)).to(12, decide)
    for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome"):
        assert np.array_equal(getattr(run.state.trace, column), getattr(reference.state.trace, column))
    assert np.array_equal(run.state.graph, reference.state.graph)
    np.testing.assert_allclose(run.state.weights, reference.state.weights, rtol=1e-4, atol=1e-6)
    ours, theirs = (one.score("test") for one in (run, reference))
    assert abs(ours.top1 - theirs.top1) <= 0.01


@pytest.mark.parametrize("attack", ["strong", "weak"])
@pytest.mark.parametrize(("chunks", "bytes", "devices"), [(1, 6000, 2), (3, 20000, 1)])
def test_files_in_chunks_and_parameters_in_tiles_change_nothing(attack, chunks, bytes, devices):
    whole = start(attack=attack).to(4, decide)
    tiled = changed(SHAPE, chunks=chunks, tile_bytes=bytes, devices=devices)
    tiled = start(tiled, attack=attack).to(4, decide)
    assert outcome(tiled) == outcome(whole)
    assert np.array_equal(tiled.state.trace.distorted, whole.state.trace.distorted)
    np.testing.assert_allclose(tiled.state.trace.loss, whole.state.trace.loss, rtol=1e-5)
    np.testing.assert_allclose(tiled.state.weights, whole.state.weights, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("precision", "near"), [("float64", 1e-4), ("bfloat16", 0.1)])
@pytest.mark.parametrize("attack", ["strong", "weak"])
def test_precision_changes_digits_and_no_verdict(attack, precision, near):
    usual = start(attack=attack).to(6, decide)
    other = start(changed(SHAPE, precision=precision), attack=attack).to(6, decide)
    assert other.state.weights.dtype == ("float64" if precision == "float64" else "float32")
    assert outcome(other) == outcome(usual)
    for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest"):
        assert np.array_equal(getattr(other.state.trace, column), getattr(usual.state.trace, column))
    change = np.asarray(usual.state.weights) - np.asarray(start(attack=attack).state.weights)
    assert np.linalg.norm(np.asarray(other.state.weights) - usual.state.weights) <= near * np.linalg.norm(change)


def test_stops_on_the_way_change_nothing(reference):
    run = start()
    for stop in (1, 5, 6, 12):
        run = run.to(stop, decide)
        assert int(run.state.step) == stop
    assert np.array_equal(run.state.weights, reference.state.weights)


def test_each_new_graph_is_judged_once(reference):
    asked = []

    def counting(graph):
        asked.append(graph.copy())
        return decide(graph)

    run = start().to(12, counting)
    assert len(asked) == 1
    assert np.array_equal(asked[0], reference.state.graph)
    run.to(12, counting)
    assert len(asked) == 1


def test_an_adversary_that_changes_on_the_way_is_judged_anew():
    run = start(attack="weak").to(6, decide)
    chosen = target("strong", GROUPS, Q)
    run = replace(run, feed=run.feed._replace(distorts=chosen.distorts[None])).to(12, decide)
    assert outcome(run) == [Outcome.UNIQUE] * 6 + [Outcome.AMBIGUOUS] * 6
    assert np.asarray(run.state.trace.lost).tolist() == [1] * 6 + [0] * 6
    assert np.asarray(run.state.trace.distorted).tolist() == [0] * 6 + [10] * 6


@pytest.mark.parametrize("strength", [np.nan, np.inf])
def test_a_payload_that_is_not_finite_is_an_attack_and_is_detected(strength):
    run = start(attack="strong", strength=strength).to(12, decide)
    assert np.isfinite(np.asarray(run.state.weights)).all()
    assert outcome(run) == [Outcome.UNIQUE] * 12
    assert np.asarray(run.state.trace.excluded_byzantine).tolist() == [Q] * 12
    assert np.asarray(run.state.trace.distorted).tolist() == [0] * 12


def test_a_lie_equal_to_the_truth_is_no_distortion():
    run = start(changed(SHAPE, payload="reversed"), strength=-1.0).to(12, decide)
    assert np.asarray(run.state.trace.distorted).tolist() == [0] * 12
    assert outcome(run) == [Outcome.UNIQUE] * 12


@pytest.mark.parametrize(("compute", "bytes", "devices"), [("shared", 9000, 2), ("replicated", 10**6, 1)])
def test_flipped_labels_are_lies_that_differ_from_file_to_file(compute, bytes, devices):
    flip = shape(assignment="subset", workers=WORKERS, redundancy=3, payload="label_flip", rule="average", steps=12)
    run = start(changed(flip, compute=compute, tile_bytes=bytes, devices=devices)).to(6, decide)
    assert np.asarray(run.state.trace.distorted).tolist()[:6] == [10] * 6
    whole = start(flip).to(6, decide)
    np.testing.assert_allclose(run.state.weights, whole.state.weights, rtol=1e-4, atol=1e-6)
    honest = start(flip, attack="none").to(6, decide)
    assert not np.allclose(honest.state.weights, whole.state.weights, atol=1e-3)


def test_the_seed_changes_the_data_and_the_initial_weights_and_nothing_is_shared():
    keys = [jax.random.key(seed) for seed in (0, 1)]
    orders = [np.asarray(sample_order(stream(key, "data"), 100, 250)) for key in keys]
    assert not np.array_equal(orders[0], orders[1])
    net = network("digits", "softmax")
    first, second = (net.initial(key, 0) for key in keys)
    assert not np.array_equal(first, second)
    streams = {tuple(np.asarray(jax.random.key_data(stream(keys[0], name)))) for name in ("data", "init", "payload")}
    assert len(streams) == 3


def test_every_epoch_is_a_permutation_and_a_longer_run_sees_the_same_samples_first():
    order = np.asarray(sample_order(jax.random.key(3), 50, 50 * 40 + 7))
    assert len(order) == 50 * 40 + 7
    epochs = order[: 50 * 40].reshape(40, 50)
    assert np.array_equal(np.sort(epochs), np.tile(np.arange(50), (40, 1)))
    assert len(np.unique(epochs, axis=0)) == 40
    assert np.array_equal(order[:120], sample_order(jax.random.key(3), 50, 120))


def test_the_table_of_verdicts_remembers_and_forgets_the_oldest():
    table = empty_table(workers=WORKERS, files=len(GROUPS.files), redundancy=3, certifies=False)
    rng = np.random.default_rng(0)
    graphs = []
    for _ in range(CAPACITY + 1):
        lie = np.triu(rng.random((WORKERS, WORKERS)) < 0.05, 1)
        graphs.append(~(lie | lie.T))
        table = with_verdict(table, graphs[-1], *decide(graphs[-1]))
    known = [bool(look_up(table, graph)[0]) for graph in graphs]
    assert all(known[-CAPACITY // 2 :])
    assert not known[0]
    found, ruling = look_up(table, graphs[-1])
    assert bool(found)
    assert np.array_equal(ruling.honest, decide(graphs[-1])[0].honest)


def test_data_of_single_runs_are_let_go_after_them():
    net = network("linear-regression", "linear", (("dimension", 3), ("samples", 20)))
    seeds = 4 * data.DRAWN
    held = [weakref.ref(one) for seed in range(seeds) for one in (net.samples(seed), *net.train(seed))]
    gc.collect()
    alive = [reference() is not None for reference in held]
    assert alive[-3:] == [True] * 3
    assert sum(alive) <= 3 * data.DRAWN


def test_the_order_of_samples_is_drawn_once_for_the_runs_of_a_seed():
    one, other = (start(shape, seed=4) for shape in (SHAPE, changed(SHAPE, tolerance=0.25)))
    assert one.program is not other.program
    assert one.order is other.order
    assert not np.array_equal(one.order, start(seed=5).order)
    samples = len(one.program.network.example.labels["train"])
    drawn = sample_order(stream(one.feed.key, "data"), samples, one.order.size)
    np.testing.assert_array_equal(one.order, np.reshape(drawn, one.order.shape))
