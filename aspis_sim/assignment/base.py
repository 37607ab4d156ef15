"""What every assignment of files to workers is: a table of groups, and what can be read off it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from aspis_sim.errors import InputError
from aspis_sim.limits import MOST_WORKERS
from aspis_sim.printable import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class AssignmentTraits:
    """What is known of a construction without building it.

    Attributes:
        redundant: whether it has copies; else r is 1 whatever is asked for.
        complete: see `Assignment`; its worst cases have closed forms.
        from_file: whether its groups come from a file, so that it exists for no K and r by itself.
    """

    redundant: bool = True
    complete: bool = False
    from_file: bool = False


class Shape(NamedTuple):
    """How large an assignment is, known without building it.

    Attributes:
        files: f, the number of files.
        load: l, the number of files that each worker holds.
    """

    files: int
    load: int


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which workers compute which files: f files, each held by a group of r of the K workers.

    Attributes:
        name: the construction's registered name.
        workers: K.
        files: int array ``[f, r]``; row ``j`` holds the 0-based workers of file ``j``, ascending.
        complete: whether the files are all r-subsets of the workers, once each, in lexicographic order: then all sets
            of q workers are alike.
    """

    name: str
    workers: int
    files: NDArray[np.int32]
    complete: bool = False

    @property
    def redundancy(self) -> int:
        """r, the number of workers that hold each file."""
        return int(self.files.shape[1])

    @property
    def load(self) -> int:
        """l, the number of files that each worker holds: K l = f r."""
        return self.files.size // self.workers

    @property
    def disjoint(self) -> bool:
        """Whether no worker holds two files, so that groups do not overlap."""
        return self.load == 1

    @property
    def majority(self) -> int:
        """r' = (r + 1) / 2, the number of copies that decides a file's vote."""
        return (self.redundancy + 1) // 2

    @cached_property
    def incidence(self) -> NDArray[np.bool_]:
        """Bool ``[K, f]``: worker ``i`` holds file ``j``."""
        import numpy as np

        held = np.zeros((self.workers, len(self.files)), bool)
        held[self.files.ravel(), np.repeat(np.arange(len(self.files)), self.redundancy)] = True
        return held

    @cached_property
    def worker_files(self) -> NDArray[np.int32]:
        """Int ``[K, l]``: the files of each worker, ascending."""
        import numpy as np

        order = np.argsort(self.files.ravel(), kind="stable")
        return (order // self.redundancy).reshape(self.workers, self.load).astype(np.int32)

    @cached_property
    def shared(self) -> NDArray[np.int64]:
        """Int ``[K, K]``: how many files two workers have in common; the load on the diagonal."""
        import numpy as np

        counts = np.zeros((self.workers, self.workers), np.int64)
        for a in range(self.redundancy):
            for b in range(self.redundancy):
                np.add.at(counts, (self.files[:, a], self.files[:, b]), 1)
        return counts


def check_workers(workers: int) -> None:
    """Refuse a number of workers K with which nothing can be simulated.

    Raises:
        InputError: K < 1, or K > `MOST_WORKERS`.
    """
    if workers < 1:
        raise InputError(f"workers {brief(workers)}: at least 1 worker is needed; try 15")
    if workers > MOST_WORKERS:
        raise InputError(f"workers {brief(workers)}: at most {MOST_WORKERS:,} can be simulated; try 15")


def check_numbers(workers: int, redundancy: int) -> None:
    """Refuse a K and r with which no vote can be held, whatever the construction.

    Raises:
        InputError: K < 1, K > `MOST_WORKERS`, r < 1, r > K, or an even r (a tie would have no majority).
    """
    check_workers(workers)
    if redundancy < 1:
        raise InputError(f"redundancy {brief(redundancy)}: a file needs at least 1 worker; try 1 or 3")
    if redundancy > workers:
        raise InputError(
            f"redundancy {brief(redundancy)} exceeds the {workers} workers: "
            f"a file's copies go to different workers; try a redundancy of at most {workers}"
        )
    if redundancy % 2 == 0:
        near = [r for r in (redundancy - 1, redundancy + 1) if r <= workers and r > 1] or [1]
        raise InputError(f"redundancy {redundancy} is even: a majority needs an odd r; try {listing(near, 'or')}")


def listing(items: list[int] | list[str], last: str = "and") -> str:
    """Join items as a sentence does: ``3, 5 or 7``."""
    words = [str(item) for item in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def nearest(wanted: int, candidates: list[int], count: int = 3) -> list[int]:
    """Return the ``count`` candidates closest to ``wanted``, ascending."""
    return sorted(sorted(set(candidates), key=lambda c: (abs(c - wanted), c))[:count])
