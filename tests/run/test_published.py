"""What is called published: figures of the authors' own schemes under the attacks that they treat, and nothing else."""

from math import comb

import pytest

from aspis_sim.run.figures.published import published_fraction
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid


def published(scheme, attack="strong", q=4, **settings):
    (group,) = Grid.of(scheme=scheme, q=q, attack=attack, seed=0, **settings).groups()
    return published_fraction(resolve(group.first))


@pytest.mark.parametrize(
    ("scheme", "attack", "expected"),
    [
        ("aspis", "strong", 28 / 455),
        ("aspis", "majority", 28 / 455),
        ("aspis", "weak", comb(4, 3) / 455),
        ("aspis", "weak:placement=worst", comb(4, 3) / 455),
        ("aspis+", "strong", 6 / 35),
        ("byzshield", "strong", 5 / 25),
        ("detox", "strong", 2 / 5),
        ("detox", "weak", 0.0),
        ("median", "strong", 4 / 15),
        ("median", "weak", 4 / 15),
        ("draco-repetition", "strong", 2 / 5),
        ("aspis-certified", "none", 0.0),
    ],
)
def test_the_authors_own_figures(scheme, attack, expected):
    assert published(scheme, attack) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("attack", ["frame-up", "stealth", "blocks", "decoy", "strongest"])
@pytest.mark.parametrize("scheme", ["aspis", "byzshield", "detox", "median"])
def test_nothing_is_published_on_other_attacks(scheme, attack):
    assert published(scheme, attack) is None


@pytest.mark.parametrize("attack", ["strong", "weak"])
@pytest.mark.parametrize("scheme", ["aspis-certified", "aspis-sound", "aspis-unanimous", "aspis-minimax"])
def test_nothing_is_published_on_other_detectors(scheme, attack):
    assert published(scheme, attack) is None
    assert published("aspis", attack, detector="none") is None
    assert published("detox", attack, detector="clique") is None


def test_nothing_is_published_on_where_weak_workers_stand_elsewhere():
    for scheme in ("byzshield", "aspis+"):
        assert published(scheme, "weak") is None
    assert published("detox", "weak", q=7) == 2 / 5
    assert published("detox", "weak:placement=worst", q=7) is None
    assert published("detox", "weak", q=7, adversary_window=5) is None


def test_a_code_promises_the_exact_gradient_within_its_guarantee_only():
    assert published("draco-cyclic", "decoy", q=1) == 0
    assert published("draco-cyclic", "strong", q=2) is None
    assert published("draco-cyclic", "strong", q=2, redundancy=5) == 0
