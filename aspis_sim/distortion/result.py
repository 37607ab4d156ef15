"""The answer of a search over Byzantine sets: a count, a set that attains it, and what is proven of it."""

from dataclasses import dataclass

from aspis_sim.errors import InputError
from aspis_sim.printable import brief


@dataclass(frozen=True)
class Placement:
    """The most (or the fewest) files that q Byzantine workers can distort.

    Attributes:
        count: files that the set ``byzantine`` distorts.
        fraction: ``count`` over f.
        byzantine: the q 0-based workers, ascending.
        bound: no set distorts more files than this (fewer, where the fewest are sought); equal to ``count``
            exactly when that is proven the extreme.
        proof: ``"closed form"``, ``"exhaustive"``, ``"branch and bound"``, or ``"bound only"`` when
            ``count`` is just the best found.
    """

    count: int
    fraction: float
    byzantine: tuple[int, ...]
    bound: int
    proof: str

    @property
    def exact(self) -> bool:
        """Whether ``count`` is proven."""
        return self.proof != "bound only"

    @classmethod
    def closed(cls, count: int, files: int, byzantine: tuple[int, ...]) -> "Placement":
        """Wrap the value of a closed form."""
        return cls(count, count / files, byzantine, count, "closed form")


def check_byzantine(workers: int, q: int) -> None:
    """Refuse a number of Byzantine workers that no defence can be asked to survive.

    Raises:
        InputError: q is negative or not below K/2.
    """
    if q < 0 or 2 * q >= workers:
        most = (workers - 1) // 2
        raise InputError(f"q={brief(q)} Byzantine workers of {workers}: q must be 0 to {most}, below K/2")
