"""Data of one's own: images and labels in an ``.npz`` file."""

import numpy as np

from aspis_sim import plugin
from aspis_sim.data import Dataset


@plugin.dataset("mine")
def mine(file: str = "my_data.npz", seed: int = 0):
    """The arrays x and y of a file, a fifth of the samples for testing and a tenth for validation.

    Args:
        file: that NumPy has written.
        seed: of the split.
    """
    with np.load(file) as stored:
        return Dataset.from_arrays(stored["x"], stored["y"], seed=seed)
