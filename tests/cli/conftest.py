"""What the tests of the command line watch."""

import pytest

from aspis_sim.run.executors import local
from tests.quick import quick_runs

AS_FOR_USERS = {"test_linear_regression", "test_several_hosts", "test_study_survives"}
"""Modules that hold numbers of this process against those of other processes, or against published ones."""


@pytest.fixture(autouse=True, scope="module")
def _what_a_command_trains_is_compiled_quickly(request):
    if request.module.__name__.rpartition(".")[2] in AS_FOR_USERS:
        yield
    else:
        with quick_runs():
            yield


@pytest.fixture
def trained(monkeypatch):
    """The cells that are trained, in the order in which they begin."""
    begun = []
    train = local.train

    def note(cell, *arguments):
        begun.append(cell)
        return train(cell, *arguments)

    monkeypatch.setattr(local, "train", note)
    return begun
