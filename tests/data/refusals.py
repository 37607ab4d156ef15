"""What every refusal of a damaged file has in common."""

import pytest

from aspis_sim.data import load
from aspis_sim.errors import DataError


def refused(name, *said):
    """The data set is refused with one message that says all this, and what to do."""
    with pytest.raises(DataError) as caught:
        load(name)
    message = str(caught.value)
    assert len(message.splitlines()) <= 2
    for text in (*said, "fetch"):
        assert text in message
    return message
