"""The worked examples of plugins beside the rule: each does in a small run what its page says."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from aspis_sim.data import load
from tests.cli.program import invoke, refused

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"
PAGE = (DOCS / "your-own-parts.md").read_text()

pytestmark = pytest.mark.usefixtures("runs_compiled_quickly")


@pytest.fixture
def my_data():
    generator = np.random.default_rng(0)
    labels = np.arange(300, dtype=np.int64) % 3
    images = generator.integers(0, 200, (300, 4, 4), np.uint8)
    images[:, 0, 0] = 100 * labels
    np.savez("my_data.npz", x=images, y=labels)
    return images, labels


def test_arrays_of_a_file_are_swept_over(my_data):
    assert '--8<-- "examples/my_data.py"' in PAGE
    words = f"sweep --plugin {EXAMPLES / 'my_data.py'} --workers 5 --q 1 --scheme median --dataset mine"
    small = "--steps 2 --seeds 0 --lr 0.1 --model softmax --format csv"
    (row,) = csv.DictReader(io.StringIO(invoke(f"{words} {small}").stdout))
    assert (row["dataset"], row["status"]) == ("mine", "ok")
    data = load("mine")
    assert (data.name, data.classes) == ("mine", 3)
    images, labels = my_data
    assert sorted(np.concatenate([data.inputs[part][:, 0, 0, 0] for part in data.inputs])) == sorted(images[:, 0, 0])
    np.savez("wrong.npz", x=images, y=labels + 1)
    said = refused(f"{words}:file=wrong.npz {small}")
    assert "plugin my_data: data set 'mine': the 3 labels are 1, 2, 3, not 0 to 2; relabel=True" in said
