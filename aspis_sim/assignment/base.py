"""What every assignment of files to workers is: a table of groups, and what can be read off it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which workers compute which files: f files, each held by a group of r of the K workers.

    Attributes:
        name: the construction's registered name.
        workers: K.
        files: int array ``[f, r]``; row ``j`` holds the 0-based workers of file ``j``, ascending.
    """

    name: str
    workers: int
    files: NDArray[np.int32]

    @property
    def redundancy(self) -> int:
        """r, the number of workers that hold each file."""
        return int(self.files.shape[1])

    @property
    def load(self) -> int:
        """l, the number of files that each worker holds: K l = f r."""
        return self.files.size // self.workers

    @cached_property
    def incidence(self) -> NDArray[np.bool_]:
        """Bool ``[K, f]``: worker ``i`` holds file ``j``."""
        held = np.zeros((self.workers, len(self.files)), bool)
        held[self.files.ravel(), np.repeat(np.arange(len(self.files)), self.redundancy)] = True
        return held

    @cached_property
    def worker_files(self) -> NDArray[np.int32]:
        """Int ``[K, l]``: the files of each worker, ascending."""
        order = np.argsort(self.files.ravel(), kind="stable")
        return (order // self.redundancy).reshape(self.workers, self.load).astype(np.int32)
