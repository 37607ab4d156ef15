"""Which data sets are here and where, whether they are the published ones, and what to do about missing ones."""

from dataclasses import dataclass
from inspect import signature
from pathlib import Path

from aspis_sim.data import DATASETS, load, source
from aspis_sim.data.files import File
from aspis_sim.errors import DataError


@dataclass(frozen=True)
class Status:
    """Whether a data set can be read; nothing is checked but that the files are there.

    Attributes:
        dataset: registered name.
        state: "shipped" with the package, "made" from parameters, "found", "incomplete" or "missing".
        folder: where its files lie; empty for those that need none or have none.
        bytes: of the files that are there.
        missing: names of the files that are not, separated by spaces.
        remedy: what to do about it; empty if nothing.
        licence: terms of the files.
    """

    dataset: str
    state: str
    folder: str
    bytes: int
    missing: str
    remedy: str
    licence: str


def status(name: str) -> Status:
    """Look for the files of a data set.

    Raises:
        InputError: unknown name.
    """
    files = source(name)
    if files is None:
        made = bool(signature(DATASETS[name]).parameters)
        return Status(name, "made" if made else "shipped", "", 0, "", "", "")
    found, missing = files.located(), files.missing()
    return Status(
        dataset=name,
        state="found" if not missing else "incomplete" if found else "missing",
        folder=str(found[0][1].parent) if found else "",
        bytes=sum(one.stat().st_size for file, path in found for one in _parts(file, path)),
        missing=" ".join(missing),
        remedy=files.remedy() if missing else "",
        licence=files.licence,
    )


def unpublished(dataset: str, sha256: str | None = None) -> str:
    """What is to be said of results that rest on other files than the published ones; empty of all others.

    Args:
        dataset: as a cell has it, with parameters if it takes any; unknown ones have nothing to be said of.
        sha256: of the data; None for those that are here now.
    """
    name = dataset.partition(":")[0]
    files = source(name) if name in DATASETS else None
    if files is None:
        return ""
    try:
        found = sha256 or load(name).sha256
    except DataError:
        return ""
    if found in files.published_sums():
        return ""
    return f"The data of {name} are not the published ones; their SHA-256 begins with {found[:16]}."


def _parts(file: File, path: Path) -> list[Path]:
    """The files behind one that was found: itself, or what is there of an unpacked archive."""
    return [one for name in file.members if (one := path / name).is_file()] if file.members else [path]
