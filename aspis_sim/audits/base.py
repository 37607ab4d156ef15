"""What every audit policy is given, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from jax import Array


class Docket(NamedTuple):
    """What the server knows of the files of a step before an audit, without copies of convicted and silent workers.

    Attributes:
        disputed: bool ``[f]``, copies of the file differ, or one of them is not finite.
        doubtful: bool ``[f]``, no dispute, but few enough workers hold the file for all of them to be Byzantine.
        ownerless: bool ``[f]``, all its workers are convicted or silent: without an audit the file is lost.
    """

    disputed: Array
    doubtful: Array
    ownerless: Array


Policy = Callable[[Docket], Array]
"""``rank(docket)``: int ``[f]``; the files of highest rank are audited first, at random among equals."""
