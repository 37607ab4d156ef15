"""The accuracy of a guess, as far as a row tells it."""

from aspis_sim.data import DATASETS
from aspis_sim.spec.part import parse_part


def chance(dataset: str) -> float | None:
    """One over the number of classes; None where that is not known before the data are read, or there are none.

    Args:
        dataset: as it stands in a row, with its options.
    """
    name, options = parse_part(dataset).name, parse_part(dataset).options
    if name not in DATASETS or not DATASETS.traits(name).classes:
        return None
    count = options.get("classes", DATASETS.traits(name).count)
    return 1 / count if isinstance(count, int) and count > 1 else None
