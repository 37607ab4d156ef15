"""One line of what the doctor says."""

import enum
from dataclasses import dataclass


class State(enum.StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    """Something is not there that need not be, or that slows down."""
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """What was found; the fields are the columns of the CSV, in order.

    Attributes:
        topic: "versions", "devices" and so on.
        name: of the thing.
        value: what it is.
        state: whether that is as it should be.
        remedy: what to do about it; empty if nothing.
    """

    topic: str
    name: str
    value: str
    state: State = State.OK
    remedy: str = ""
