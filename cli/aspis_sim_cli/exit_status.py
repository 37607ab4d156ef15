"""What the program's exit code says."""

import enum


class ExitStatus(enum.IntEnum):
    """Exit codes; others rely on them."""

    DONE = 0
    BAD_INPUT = 2
    DATA_MISSING = 3
    CELLS_FAILED = 4
    INTERRUPTED = 130
