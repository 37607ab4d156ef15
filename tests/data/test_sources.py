"""Every source reads its official layouts to the images that were put in, split and scaled as it says."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aspis_sim.data import DATASETS, PARTS, fashion_mnist, load, mnist, search
from aspis_sim.errors import DataError, InputError
from tests.data import archives

DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def whole(dataset):
    return tuple(np.concatenate([kind["train"], kind["validation"]]) for kind in (dataset.inputs, dataset.labels))


def check(dataset, images, labels):
    found, classes = whole(dataset)
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(classes, labels)
    assert len(dataset.labels["validation"]) == len(images) // 10
    assert all(dataset.inputs[part].dtype == np.uint8 and dataset.labels[part].dtype == np.int32 for part in PARTS)
    prepared = dataset.prepared(dataset.inputs["train"])
    assert prepared.dtype == np.float32
    expected = (found[: len(prepared)].astype(np.float64) - dataset.shift) / dataset.scale
    np.testing.assert_allclose(prepared, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_gzip_or_plain(folder, name, packed):
    archives.mnist(folder / name, packed=packed)
    found = load(name)
    check(found, *archives.pictures(60))
    np.testing.assert_array_equal(found.inputs["test"], archives.pictures(20, seed=1)[0])
    assert found.inputs["train"].shape == (54, 28, 28, 1)


@pytest.mark.parametrize("python", [True, False])
def test_cifar10_in_both_archives(folder, python):
    form = "python" if python else "binary"
    path = archives.cifar(folder, f"cifar-10-{form}.tar.gz", archives.cifar10_members(python))
    found = load("cifar10")
    batches = [archives.pictures(12, 32, 3, seed=seed) for seed in range(6)]
    check(found, *(np.concatenate(several) for several in zip(*batches[:5], strict=True)))
    np.testing.assert_array_equal(found.inputs["test"], batches[5][0])
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.shift.tolist() == np.array([125.3, 123.0, 113.9], np.float32).tolist()
    assert found.scale.tolist() == np.array([63.0, 62.1, 66.7], np.float32).tolist()


@pytest.mark.parametrize("python", [True, False])
def test_cifar100_has_its_fine_labels_in_both_archives(folder, python):
    form = "python" if python else "binary"
    archives.cifar(folder / "cifar100", f"cifar-100-{form}.tar.gz", archives.cifar100_members(python))
    found = load("cifar100")
    check(found, *archives.pictures(200, 32, 3, 100))
    assert found.classes == 100


@pytest.mark.parametrize("protocol", [2, 4])
def test_batches_pickled_anew_by_python_3_are_read(folder, protocol):
    images, labels = archives.pictures(200, 32, 3, 100)
    again = archives.repickled(archives.planes(images), protocol, fine_labels=labels.tolist())
    archives.cifar(folder, "cifar-100-python.tar.gz", [("train", again), ("test", again)])
    check(load("cifar100"), images, labels)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("count", [60, 2100])
def test_svhn_as_scipy_writes_it(folder, compressed, count):
    labels = np.arange(count) % 10
    archives.svhn(folder, count, compressed=compressed, extra=np.arange(9.0), note="text")
    check(load("svhn"), *archives.pictures(count, 32, 3))
    archives.svhn(folder, count, compressed=compressed, y=np.where(labels, labels, 10).astype(float)[:, None])
    load.__globals__["_load"].cache_clear()
    assert whole(load("svhn"))[1].tolist() == labels.tolist()


def test_digits_are_what_a_model_sees_already():
    digits = load("digits")
    images = digits.inputs["train"]
    assert digits.prepared(images).tobytes() == images.tobytes()
    assert (digits.shift.shape, digits.scale.shape) == ((), ())


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_the_real_fashion_mnist_is_whole_and_has_the_mean_and_deviation_that_are_used(monkeypatch):
    monkeypatch.setattr(search, "SYSTEM", (DEBIAN.parent,))
    found = load("fashion-mnist")
    assert [len(found.labels[part]) for part in PARTS] == [54_000, 6_000, 10_000]
    images, labels = whole(found)
    assert np.bincount(labels).tolist() == [6000] * 10
    assert found.shift[0] == pytest.approx(images.mean(dtype=np.float64), abs=0.02)
    assert found.scale[0] == pytest.approx(images.std(dtype=np.float64), abs=0.02)


def test_synthetic_classes_are_as_far_apart_as_they_are_said_to_be():
    apart = load("synthetic", samples=5000, dimension=20, classes=4, separation=6.0, seed=3)
    assert {part: len(labels) for part, labels in apart.labels.items()} == {
        "train": 3500,
        "validation": 500,
        "test": 1000,
    }
    assert apart.inputs["train"].shape == (3500, 20)
    every = np.concatenate(list(apart.labels.values()))
    assert np.bincount(every).tolist() == [1250] * 4
    images, labels = apart.inputs["train"], apart.labels["train"]
    centres = np.stack([images[labels == label].mean(axis=0) for label in range(4)])
    # Of 875 samples a mean strays by 1/sqrt(875) = 0.034 a coordinate, some 0.15 in all.
    assert np.linalg.norm(centres, axis=1) == pytest.approx([6.0] * 4, abs=0.3)
    assert (images - centres[labels]).std() == pytest.approx(1, abs=0.02)
    right = np.linalg.norm(apart.inputs["test"][:, None] - centres, axis=2).argmin(axis=1) == apart.labels["test"]
    assert right.mean() > 0.95


def test_synthetic_follows_from_its_parameters_alone():
    sums = [load("synthetic", samples=100, seed=seed).sha256 for seed in (1, 2, 1)]
    assert sums[0] == sums[2] != sums[1]
    assert DATASETS.build("synthetic", samples=100, seed=1).sha256 == sums[0]
    assert load("synthetic", samples=100, seed=1) is load("synthetic", seed=1, samples=100)


def test_synthetic_images_are_the_same_numbers_in_another_shape():
    images = load("synthetic", samples=50, height=4, width=3, channels=2)
    flat = load("synthetic", samples=50, dimension=24)
    assert images.sha256 == flat.sha256
    for part in PARTS:
        assert images.inputs[part].shape == (len(flat.labels[part]), 4, 3, 2)
        assert np.array_equal(images.inputs[part].reshape(-1, 24), flat.inputs[part])
    assert load("synthetic", samples=50, height=4, width=3).inputs["test"].shape == (10, 4, 3, 1)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dimension": 0}, "dimension=0; it is a whole number"),
        ({"height": 8}, "a height and a width; try height=32"),
        ({"height": 8, "width": 0}, "width=0"),
        ({"height": 8, "width": 8, "dimension": 64}, "leave out one of the two"),
        ({"samples": 5}, "samples=5; it is a whole number, 10"),
        ({"samples": 2.5}, "samples=2.5"),
        ({"samples": 20, "classes": 30}, "samples=30"),
        ({"separation": -1}, "separation=-1"),
        ({"separation": "far"}, "separation=far"),
        ({"seed": -1}, "seed=-1"),
        ({"samples": 10**9, "dimension": 10**9}, "try samples="),
        ({"size": 3}, "its parameters: samples, dimension"),
        ({"samples": [3]}, "numbers or texts"),
    ],
)
def test_parameters_out_of_range_say_what_would_work(parameters, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        load("synthetic", **parameters)


def test_folders_are_looked_into_in_the_order_that_is_documented(tmp_path, monkeypatch):
    asked, system = tmp_path / "asked", tmp_path / "system"
    asked.mkdir()
    monkeypatch.setattr(search, "SYSTEM", (system,))
    search.use(asked)
    user = tmp_path / "home" / "aspis-sim"
    order = (asked, tmp_path / "data", user, system)
    assert search.folders() == order
    for place in reversed(order):
        archives.mnist(place / "mnist")
        assert mnist.SOURCE.located()[0][1].parent == place / "mnist"
    search.use(None)
    assert search.download_folder() == tmp_path / "data"
    with pytest.raises(InputError, match="does not exist"):
        search.use(tmp_path / "nowhere")


def test_the_two_mnists_are_never_taken_for_each_other(folder, tmp_path):
    archives.mnist(folder)
    archives.mnist(folder / "FashionMNIST" / "raw")
    assert mnist.SOURCE.missing()
    assert not fashion_mnist.SOURCE.missing()
    archives.mnist(tmp_path / "mnist")
    search.use(tmp_path / "mnist")
    assert not mnist.SOURCE.missing()


def test_a_folder_that_lacks_some_files_says_which(folder):
    archives.mnist(folder / "mnist")
    (folder / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz not found in .*data/mnist;\nrun aspis-sim data"):
        load("mnist")


def test_asking_for_names_and_files_imports_no_jax():
    code = "import sys\nfrom aspis_sim.data import DATASETS, source\n[source(name) for name in DATASETS]\n"
    code += "assert not {'jax', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(archives.__file__).parents[2])
