"""Augmentations: what becomes of an image, and that every copy of a file sees the same images."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import assignment
from aspis_sim.augmentations import AUGMENTATIONS, augmentation
from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.simulation import Run
from tests.shapes import changed, fed, shape

WORKERS, Q = 5, 2
GROUPS = assignment.build("subset", workers=WORKERS, redundancy=3)
STEPS = 4
SHAPE = shape(
    assignment="subset",
    workers=WORKERS,
    redundancy=3,
    detector="clique",
    dataset="synthetic:channels=2:height=6:samples=120:width=5",
    augment="cifar:pad=2",
    samples_per_file=3,
    steps=STEPS,
)


def image(height=6, width=5, channels=2):
    return np.arange(height * width * channels, dtype=np.uint8).reshape(height, width, channels)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_shape_and_type_are_kept_and_the_key_decides(name):
    augment = jax.jit(augmentation(name))
    for given in (image(9, 9, 3), image(9, 9, 3).astype(np.float32)):
        once, again = augment(jax.random.key(3), given), augment(jax.random.key(3), given)
        assert once.shape == given.shape
        assert once.dtype == given.dtype
        assert np.array_equal(once, again)
        assert set(np.asarray(once).ravel().tolist()) <= set(given.ravel().tolist())


def test_none_changes_nothing():
    assert np.array_equal(augmentation("none")(jax.random.key(0), image()), image())


def test_cifar_is_a_crop_of_the_reflected_image_flipped_or_not_and_any_of_them():
    given, pad = image(), 1
    wide = np.pad(given, [(pad, pad), (pad, pad), (0, 0)], mode="reflect")
    crops = [wide[down : down + 6, right : right + 5] for down in range(3) for right in range(3)]
    possible = [crop.tobytes() for whole in crops for crop in (whole, whole[:, ::-1])]
    assert len(set(possible)) == 18
    augment = augmentation("cifar", pad=pad)
    found = np.asarray(jax.jit(jax.vmap(augment, (0, None)))(jax.random.split(jax.random.key(0), 2000), given))
    counts = dict.fromkeys(possible, 0)
    for one in found:
        counts[one.tobytes()] += 1
    # Each is drawn 111 times in the mean with a deviation of 10: six of them never in a test of this seed.
    assert all(50 < count < 172 for count in counts.values())


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        ({}, (64,), r"images \[height, width, channels\], and a sample here is \[64\]; take `augment=none`"),
        ({}, (4, 9, 1), "an image of 4x9 has no 4 pixels to reflect at each edge; take cifar:pad=3 or less"),
        ({"pad": -1}, (8, 8, 1), "pad=-1; it is a whole number of pixels"),
        ({"pad": 1.5}, (8, 8, 1), "pad=1.5"),
    ],
)
def test_what_cifar_cannot_change(options, shape, message):
    with pytest.raises(InputError, match=message):
        augmentation("cifar", **options)(jax.random.key(0), jnp.asarray(np.zeros(shape)))


def decide(graph):
    return DETECTORS["clique"](graph, max_byzantine=Q, assignment=GROUPS), 0


def run(shape=SHAPE, seed=0, attack="strong"):
    return Run.start(shape, fed(shape, attack, Q, seed=seed)).to(STEPS, decide)


@pytest.fixture(scope="module")
def reference():
    return run()


@pytest.mark.parametrize(
    "way",
    [{"compute": "replicated", "devices": 2}, {"chunks": 2, "tile_bytes": 300}],
    ids=lambda way: next(iter(way)),
)
def test_every_copy_of_a_file_sees_the_same_images_however_it_is_computed(reference, way):
    other = run(changed(SHAPE, **way))
    for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome"):
        assert np.array_equal(getattr(other.state.trace, column), getattr(reference.state.trace, column))
    np.testing.assert_allclose(other.state.trace.loss, reference.state.trace.loss, rtol=1e-5)
    np.testing.assert_allclose(other.state.weights, reference.state.weights, rtol=1e-4, atol=1e-6)


def test_images_are_changed_and_honest_workers_still_agree(reference):
    plain = run(changed(SHAPE, augment="none"))
    assert not np.allclose(plain.state.trace.loss, reference.state.trace.loss, rtol=1e-3)
    honest = run(attack="none")
    assert np.asarray(honest.state.graph).all()
    assert np.asarray(honest.state.trace.excluded_honest).tolist() == [0] * STEPS


def test_the_draw_depends_on_the_seed_and_on_the_step():
    """One file a worker and one and the same sample throughout: only the augmentation can tell two steps apart."""
    first = Run.start(SHAPE, fed(SHAPE, "none", Q))
    same = jnp.asarray(np.zeros(first.order.shape, np.int32))
    losses = []
    for seed in (0, 1):
        still = replace(first, feed=fed(SHAPE, "none", Q, seed=seed, rate=0.0), order=same).to(STEPS, decide)
        losses.append(np.asarray(still.state.trace.loss))
    assert len(np.unique(losses[0])) > 1
    assert not np.array_equal(losses[0], losses[1])
