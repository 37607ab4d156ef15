"""The worked examples of plugins beside the rule: each does what its page says, all together in one small run."""

import json
from pathlib import Path

import flax.serialization
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import softmax

from aspis_sim import plugin
from aspis_sim.aggregation import preaggregation
from aspis_sim.data import load
from aspis_sim.metrics import METRICS
from aspis_sim.models import build
from aspis_sim.partitions import partition
from aspis_sim.schedules import schedule
from aspis_sim.streams import root_key
from tests.cli.program import invoke, refused

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = [
    DOCS / "examples" / f"{name}.py" for name in ("my_data", "my_training", "my_metric", "my_callback", "my_loss")
]
PARTS = "--dataset mine --aggregator shortest+median --schedule inverse-root:warmup=2 --heterogeneity uneven"
SMALL = f"{PARTS} --optimizer yogi --workers 5 --q 1 --scheme median --model smoothed:share=0.2 --steps 3 --lr 0.1"

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


@pytest.fixture
def my_data():
    generator = np.random.default_rng(0)
    labels = np.arange(300, dtype=np.int64) % 3
    images = generator.integers(0, 200, (300, 4, 4), np.uint8)
    images[:, 0, 0] = 100 * labels
    np.savez("my_data.npz", x=images, y=labels)
    return images, labels


def test_they_stand_on_the_page_and_run_together(my_data):
    page = (DOCS / "your-own-parts.md").read_text()
    assert all(f'--8<-- "examples/{path.name}"' in page for path in EXAMPLES)
    with_plugins = [word for path in EXAMPLES for word in ("--plugin", path)]
    table = invoke("train", with_plugins, f"{SMALL} --every 2 --out run.json").stdout
    run = json.loads(Path("run.json").read_text())
    row = run["row"]
    named = [row[name] for name in ("dataset", "rule", "schedule", "optimizer", "heterogeneity", "status")]
    assert named == ["mine", "shortest+median", "inverse-root:warmup=2", "yogi", "uneven", "ok"]
    assert row["gradient_diversity"] > 0
    assert [point["step"] for point in run["curve"]] == [2, 3]
    kept = [flax.serialization.msgpack_restore(Path(f"step-{step}.msgpack").read_bytes()) for step in (2, 3)]
    assert jax.tree.map(np.shape, kept[0]) == jax.tree.map(np.shape, kept[1]) != {}
    assert not np.array_equal(*(jax.tree.leaves(one)[-1] for one in kept))
    for point in run["curve"]:
        assert 0 <= point["worst-class"] <= point["top1"]
        assert f"{point['worst-class']:.4g}" in table
    assert "worst-class" in table
    listed = {(one["kind"], one["name"]) for one in json.loads(invoke("list --format json").stdout)}
    own = {
        "datasets": "mine",
        "preaggregations": "shortest",
        "schedules": "inverse-root",
        "optimizers": "yogi",
        "partitions": "uneven",
        "metrics": "worst-class",
        "callbacks": "keep-parameters",
    }
    assert own.items() <= listed


def test_the_data_are_those_of_the_file_and_wrong_ones_are_refused(my_data):
    images, labels = my_data
    plugin.load(EXAMPLES[0])
    data = load("mine")
    assert (data.name, data.classes) == ("mine", 3)
    assert sorted(np.concatenate([data.inputs[part][:, 0, 0, 0] for part in data.inputs])) == sorted(images[:, 0, 0])
    np.savez("wrong.npz", x=images, y=labels + 1)
    said = refused("train --dataset mine:file=wrong.npz --scheme median --q 1")
    assert "plugin my_data: data set 'mine': the 3 labels are 1, 2, 3, not 0 to 2; relabel=True" in said


def test_the_step_before_a_rule_the_schedule_and_the_partition():
    plugin.load(EXAMPLES[1])
    rows = jnp.array([[3.0, 4.0], [0.0, 1.0], [60.0, 80.0], [1.0, 1.0]])
    assert preaggregation("shortest", f=2)(rows).tolist() == [[0, 1], [1, 1]]
    factor = schedule("inverse-root", 100, warmup=4)
    assert [float(factor(jnp.int32(step))) for step in (0, 3, 15)] == [0.25, 1, 0.5]
    shards = partition("uneven", power=2)(np.zeros(1000, int), 5, np.random.default_rng(0))
    assert np.array_equal(np.sort(np.concatenate(shards)), np.arange(1000))
    sizes = [len(shard) for shard in shards]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == pytest.approx(1000 / sum(1 / file**2 for file in range(1, 6)), abs=50)


def test_the_metric_is_the_recall_of_the_class_that_is_known_least():
    plugin.load(EXAMPLES[2])
    scores = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2]]
    assert METRICS["worst-class"](scores, np.array([0, 0, 1, 2, 2])) == 0.5
    assert METRICS["worst-class"](scores, np.array([0, 0, 1, 1, 1])) == pytest.approx(2 / 3)


def test_the_loss_is_the_cross_entropy_with_smoothed_labels():
    plugin.load(EXAMPLES[4])
    model = build("smoothed", classes=3, share=0.3)
    inputs, labels = jnp.ones((2, 4)), jnp.array([0, 2])
    parameters = model.initialise(root_key(0), inputs)
    logs = np.log(softmax(np.asarray(model.scores(parameters, inputs), np.float64), axis=1))
    wanted = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    assert float(model.loss(parameters, inputs, labels)) == pytest.approx(-(wanted * logs).sum(1).mean(), rel=1e-6)
