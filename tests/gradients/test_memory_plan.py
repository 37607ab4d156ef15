"""A step is cut up as its allowance says: what passed is kept, kept in turns, or passed again, or it is refused."""

import pytest

from aspis_sim.errors import InputError
from aspis_sim.gradients.memory_plan import plan, plan_of_local_steps
from aspis_sim.gradients.network import Network, network
from aspis_sim.simulation import compiled
from tests.shapes import shape

FILES = 455
GB = 10**9


@pytest.fixture(scope="module")
def net():
    images = (("channels", 3), ("height", 32), ("samples", 100), ("width", 32))
    return network("synthetic", "resnet18", images)


def test_what_passed_is_kept_where_it_fits_and_comes_in_turns_of_equal_size(net):
    found = plan(net, FILES, 1, 6 * GB)
    assert found.parameters == 11_173_962
    assert found.chunks == 1
    assert found.turns > 1
    assert FILES % found.turns == 0
    assert found.peak_bytes < 6 * GB


def test_with_less_memory_the_files_pass_again(net):
    found = plan(net, FILES, 1, 2 * GB)
    assert found.chunks > 1
    assert found.turns == 1
    assert found.peak_bytes < 2 * GB


def test_a_small_model_passes_at_once():
    found = plan(network("digits", "mlp"), FILES, 2, 4 * GB)
    assert (found.chunks, found.turns, found.needs_matrix) == (1, 1, False)


def test_a_model_is_traced_once_for_all_plans_of_a_file_size(monkeypatch):
    traced = []
    layers = Network.layers

    def noted(own, samples):
        traced.append(samples)
        return layers(own, samples)

    monkeypatch.setattr(Network, "layers", noted)
    images = (("samples", 90),)
    for allowed in (GB, 2 * GB, 3 * GB):
        plan(network("synthetic", "softmax", images), FILES, 3, allowed)
    plan(network("synthetic", "softmax", images), FILES, 4, GB)
    assert traced == [3, 4]


def test_a_matrix_that_does_not_fit_is_refused_with_what_it_needs(net):
    with pytest.raises(InputError, match=r"krum needs all 455 gradients at once, 81.3 GB"):
        plan(net, FILES, 1, 6 * GB, needing="krum")
    mixtures = plan(net, FILES, 1, 6 * GB, needing="krum", returned=15)
    assert 15 / 455 * 81.3 * GB < mixtures.peak_bytes < 6 * GB


def test_means_of_what_local_steps_return_are_counted_beside_the_files():
    wide = network("digits", "mlp", (), (("hidden", 2048),))
    files, means = FILES * wide.parameters * 4, 15 * wide.parameters * 4
    alone = plan_of_local_steps(wide, FILES, 1, 4 * GB)
    whole = plan_of_local_steps(wide, FILES, 1, 4 * GB, needing="krum", returned=15)
    assert whole.peak_bytes - alone.peak_bytes == 4 * means
    histories = plan_of_local_steps(wide, FILES, 1, 4 * GB, momentum=True, returned=15)
    assert histories.peak_bytes - alone.peak_bytes == 3 * means
    files_alone = plan_of_local_steps(wide, FILES, 1, 4 * GB, needing="krum")
    assert files_alone.peak_bytes > whole.peak_bytes > 2 * files
    with pytest.raises(InputError, match="455 changes"):
        plan_of_local_steps(wide, FILES, 1, 2 * files + 2 * means, needing="krum", returned=15)


@pytest.mark.parametrize("rule", ["median", "krum:f=28"])
def test_the_matrix_of_all_gradients_exists_only_for_a_rule_that_needs_it(rule):
    """By what the compiled program reserves: 455 files x 153,610 parameters would be 280 MB."""
    parts = {"assignment": "subset", "detector": "clique", "rule": rule, "model": "mlp:hidden=2048"}
    wide = shape(workers=15, redundancy=3, samples_per_file=1, steps=2, **parts)
    matrix = FILES * network("digits", "mlp", (), (("hidden", 2048),)).parameters * 4
    analysis = compiled(wide).advance.memory_analysis()
    assert analysis is not None
    reserved = analysis.temp_size_in_bytes
    assert matrix > 270e6
    assert (reserved < matrix / 3) == (rule == "median")
