"""Sets of workers as rows of 64-bit masks, and one set of each class under the symmetries."""

import numpy as np
from numpy.typing import NDArray

Sets = NDArray[np.uint64]  # one set a row, worker i as bit i modulo 64 of word i // 64

# Tables of images take at most this much; symmetries beyond it are left out.
TABLE_BYTES = 1 << 26


class Orbits:
    """Picks one set of each symmetry class: its least image under the symmetries given.

    Images are looked up byte by byte. With less than a whole group, one class may keep several sets.

    Args:
        permutations: int ``[n, K]``, relabellings of the workers, the identity first.
    """

    def __init__(self, permutations: NDArray[np.int64]):
        workers = permutations.shape[1]
        singles = to_masks(np.eye(workers, dtype=np.uint8))
        self.words = singles.shape[1]
        self.chunks = -(-workers // 8)
        room = TABLE_BYTES // (256 * self.chunks * 8 * self.words)
        used = permutations[1 : 1 + room]
        self.symmetries = len(used)
        self.tables = np.zeros((len(used), self.chunks, 256, self.words), np.uint64)
        for worker in range(workers):
            chunk, bit = divmod(worker, 8)
            with_bit = np.flatnonzero(np.arange(256) >> bit & 1)
            self.tables[:, chunk, with_bit] |= singles[used[:, worker]][:, None]

    def least(self, sets: Sets) -> Sets:
        """Least image of each set."""
        least = sets.copy()
        in_bytes = sets.view(np.uint8).reshape(len(sets), 8 * self.words)
        values = [in_bytes[:, chunk].astype(np.intp) for chunk in range(self.chunks)]
        image, part = np.empty_like(sets), np.empty_like(sets)
        for table in self.tables:
            table[0].take(values[0], axis=0, out=image, mode="clip")
            for chunk in range(1, self.chunks):
                image |= table[chunk].take(values[chunk], axis=0, out=part, mode="clip")
            if self.words == 1:
                np.minimum(least, image, out=least)
            else:
                np.copyto(least, image, where=_less(image, least)[:, None])
        return least


def to_masks(bits: NDArray[np.uint8]) -> Sets:
    """Pack 0/1 rows ``[n, K]`` into masks ``[n, ceil(K / 64)]``."""
    padded = np.zeros((len(bits), -(-bits.shape[1] // 64) * 64), np.uint8)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def to_bits(masks: Sets, workers: int) -> NDArray[np.uint8]:
    """Unpack masks into 0/1 rows ``[n, K]``."""
    return np.unpackbits(masks.view(np.uint8), axis=1, bitorder="little")[:, :workers]


def unique(masks: Sets) -> Sets:
    """Distinct rows."""
    return np.unique(masks[:, 0])[:, None] if masks.shape[1] == 1 else np.unique(masks, axis=0)


def _less(a: Sets, b: Sets) -> NDArray[np.bool_]:
    """Whether row ``a`` comes before row ``b`` in the lexicographic order of their words."""
    smaller = a[:, -1] < b[:, -1]
    for word in range(a.shape[1] - 2, -1, -1):
        smaller = (a[:, word] < b[:, word]) | ((a[:, word] == b[:, word]) & smaller)
    return smaller
