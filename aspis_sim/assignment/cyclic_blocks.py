"""The block matrix of powers of a cyclic shift from which both Ramanujan assignments are read."""

import numpy as np
from numpy.typing import NDArray


def block_matrix(prime: int, columns: int) -> NDArray[np.bool_]:
    """B, ``[s², s m]`` for s = ``prime``, m = ``columns``: block (i, j) is P^(ij), P the s × s cyclic shift.

    Rows hold m ones and columns s. Its second largest singular value is the least possible, hence the name.

    Source: ByzShield (MLSys 2021, arXiv 2010.04902), after Burnwal, Sinha and Vidyasagar.
    """
    block_row, block_column, row = np.indices((prime, columns, prime)).reshape(3, -1)
    column = (row + block_row * block_column) % prime
    matrix = np.zeros((prime * prime, prime * columns), bool)
    matrix[block_row * prime + row, block_column * prime + column] = True
    return matrix


def groups(incidence: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Files of an incidence ``[K, f]`` as a table ``[f, r]`` of ascending workers."""
    holders = np.nonzero(incidence.T)[1].astype(np.int32)
    return holders.reshape(incidence.shape[1], -1)
