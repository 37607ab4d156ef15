"""What the tests of the command line watch."""

import pytest

from aspis_sim.run.executors import local


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
