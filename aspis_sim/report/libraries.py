"""The libraries that reports need and that are extras: refused before any work where they are not installed."""

import importlib.util

from aspis_sim.errors import InputError

EXTRAS = {
    "plot": ("matplotlib", "a figure needs matplotlib"),
    "report": ("plotly", "a report needs plotly"),
    "parquet": ("pyarrow", "Parquet needs pyarrow"),
    "tensorboard": ("tensorboardX", "event files need tensorboardX"),
}
"""Extra of the package -> its library, and who needs it."""


def check_library(extra: str) -> None:
    """Refuse what needs a library that is not installed.

    Raises:
        InputError: says how to install it.
    """
    library, need = EXTRAS[extra]
    if importlib.util.find_spec(library) is None:
        raise InputError(f"{need}; install it with: pip install 'aspis-sim[{extra}]'")
