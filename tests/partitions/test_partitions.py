"""The laws of the partitions, and what files draw from their shards."""

import numpy as np
import pytest
from scipy import stats

from aspis_sim.errors import InputError
from aspis_sim.partitions import PARTITIONS, partition
from aspis_sim.partitions.base import drawn

LABELS = np.random.default_rng(7).integers(0, 10, 1078)
SPLITTING = [name for name in PARTITIONS if PARTITIONS.traits(name).splits]


def shards_of(name, files=15, seed=0, labels=LABELS, **options):
    return partition(name, **options)(labels, files, np.random.default_rng(seed))


@pytest.mark.parametrize("files", [1, 2, 15, 455, 1078])
@pytest.mark.parametrize("name", SPLITTING)
def test_every_sample_is_in_one_shard_and_no_shard_is_empty(name, files):
    shards = shards_of(name, files)
    assert len(shards) == files
    assert sorted(np.concatenate(shards)) == list(range(len(LABELS)))
    assert min(map(len, shards)) >= 1


@pytest.mark.parametrize("name", SPLITTING)
def test_a_key_fixes_the_shards_and_another_one_gives_others(name):
    first, again, other = (shards_of(name, seed=seed) for seed in (0, 0, 1))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any(len(one) != len(two) or (one != two).any() for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("similarity", [0.0, 0.1, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("files", [7, 15, 455])
def test_the_shards_of_gamma_are_of_equal_size_to_two(similarity, files):
    sizes = [len(shard) for shard in shards_of("gamma", files, similarity=similarity)]
    assert max(sizes) - min(sizes) <= 2


def test_gamma_of_one_looks_at_no_label():
    shards, others = (shards_of("gamma", labels=labels, similarity=1.0) for labels in (LABELS, LABELS[::-1]))
    assert all((one == two).all() for one, two in zip(shards, others, strict=True))
    spread = np.array_split(np.random.default_rng(0).permutation(len(LABELS)), 15)[::-1]
    assert all((one == two).all() for one, two in zip(shards, spread, strict=True))


def test_gamma_of_zero_is_extreme():
    sorted_by_label = zip(shards_of("gamma", similarity=0.0), shards_of("extreme"), strict=True)
    assert all((one == two).all() for one, two in sorted_by_label)


def test_gamma_spreads_its_share_and_sorts_the_rest():
    order = np.random.default_rng(0).permutation(len(LABELS))
    spread = set(order[: int(0.3 * len(LABELS))])
    shards = shards_of("gamma", similarity=0.3)
    assert {len(spread & set(shard)) for shard in shards} <= {len(spread) // 15, len(spread) // 15 + 1}
    rest = [LABELS[[sample for sample in shard if sample not in spread]] for shard in shards]
    assert (np.diff(np.concatenate(rest)) >= 0).all()


def test_extreme_has_a_label_in_most_files_alone():
    of_file = [set(LABELS[shard]) for shard in shards_of("extreme", 455)]
    assert sum(len(labels) - 1 for labels in of_file) <= 9
    assert (np.diff([min(labels) for labels in of_file]) >= 0).all()
    assert {len(shard) for shard in shards_of("extreme", 455)} == {2, 3}


@pytest.mark.parametrize("alpha", [0.5, 1.0, 5.0])
def test_shares_of_a_class_have_the_law_of_dirichlet(alpha):
    """That of a single file is Beta(α, (f - 1) α)."""
    classes, each, files = 400, 5_000, 5
    labels = np.repeat(np.arange(classes), each)
    first = shards_of("dirichlet", files, labels=labels, alpha=alpha)[0]
    shares = np.bincount(labels[first], minlength=classes) / each
    blurred = shares + np.random.default_rng(1).uniform(-0.5, 0.5, classes) / each
    assert stats.kstest(blurred, stats.beta(alpha, (files - 1) * alpha).cdf).pvalue > 0.01
    assert stats.kstest(blurred, stats.beta(3 * alpha, (files - 1) * 3 * alpha).cdf).pvalue < 1e-4


def test_small_alpha_has_the_moments_of_dirichlet():
    """Within four standard errors, for values near 0 or 1."""
    classes = 5000
    labels = np.repeat(np.arange(classes), 200)
    shares = np.bincount(labels[shards_of("dirichlet", 5, labels=labels, alpha=0.1)[2]], minlength=classes) / 200
    variance = (1 / 5) * (4 / 5) / (5 * 0.1 + 1)
    assert shares.mean() == pytest.approx(1 / 5, abs=4 * (variance / classes) ** 0.5)
    assert shares.var() == pytest.approx(variance, abs=4 * (0.072 / classes) ** 0.5)


def test_large_alpha_makes_all_files_alike_and_a_small_one_gives_a_class_to_one():
    counts = [np.bincount(LABELS[shard], minlength=10) for shard in shards_of("dirichlet", 5, alpha=1e6)]
    assert np.ptp(counts, axis=0).max() <= 3
    counts = [np.bincount(LABELS[shard], minlength=10) for shard in shards_of("dirichlet", 5, alpha=1e-3)]
    assert (np.max(counts, axis=0) >= 0.99 * np.sum(counts, axis=0)).sum() >= 9


def test_a_file_goes_through_its_shard_epoch_by_epoch():
    shards = [np.arange(6), np.array([7, 9]), np.array([11])]
    order = drawn(shards, 3, 8, seed=0).reshape(8, 3, 3)
    assert order.dtype == np.int32
    for file, shard in enumerate(shards):
        epochs = order[:, file].reshape(-1)
        whole = epochs[: len(epochs) // len(shard) * len(shard)].reshape(-1, len(shard))
        assert (np.sort(whole, axis=1) == shard).all()
    assert len({tuple(epoch) for epoch in order[:, 0].reshape(-1, 6)}) == 4
    assert (drawn(shards, 3, 5, seed=0) == order.reshape(8, -1)[:5]).all()
    assert (drawn(shards, 3, 8, seed=1) != order.reshape(8, -1)).any()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gamma", {"similarity": 1.5}, r"similarity=1.5; it is 0 \(sorted by label\) to 1"),
        ("gamma", {"similarity": float("nan")}, "similarity=nan"),
        ("dirichlet", {"alpha": 0.0}, "alpha=0; it is more than 0"),
        ("dirichlet", {"alpha": -1.0}, "alpha=-1"),
        ("dirichlet", {"alpha": float("inf")}, "alpha=inf"),
        ("dirichlet", {"alpha": 1e308}, "at most 1e[+]09"),
        ("dirichlet", {"alfa": 1.0}, "its parameters: alpha"),
    ],
)
def test_what_no_partition_can_have(name, options, message):
    with pytest.raises(InputError, match=message):
        partition(name, **options)


def test_iid_gives_every_file_all_samples():
    assert all((shard == np.arange(len(LABELS))).all() for shard in shards_of("iid", 3))
