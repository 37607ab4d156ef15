"""Is a study's database as it was written: all of its checksums, without running anything again."""

from dataclasses import dataclass
from pathlib import Path

from aspis_sim.errors import InputError
from aspis_sim.printable import printable
from aspis_sim.study.study import Study


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it was written; the field is the column of the CSV.

    Attributes:
        problem: what, by its key, and how that shows.
    """

    problem: str


@dataclass(frozen=True)
class Stored:
    """What came of verifying a study's checksums.

    Attributes:
        runs: that are there.
        unchecked: those without checksums, of a study of an earlier format: they were read, and make sense.
        late: those that got their checksums only when the study was taken over from an earlier format.
        damages: what is wrong.
    """

    runs: int
    unchecked: int
    late: int
    damages: tuple[Damage, ...]


def verify_stored(path: Path) -> Stored:
    """Verify every checksum of a study, and the structure of its database.

    Raises:
        InputError: what is there is no folder.
        DataError: there is no study, or it is damaged so that it cannot be opened.
    """
    if path.is_file():
        raise InputError(f"{printable(path)} is a file: only a study's folder has checksums; give that")
    with Study.open(path) as study:
        damages = tuple(map(Damage, dict.fromkeys(study.damages())))
        runs, late = study.counted()
        return Stored(runs, 0 if study.checked else runs, late, damages)


def said(found: Stored) -> list[str]:
    """The result in sentences."""
    count = len(found.damages)
    told = [f"{found.runs} stored runs: {f'{count} damages found' if count else 'nothing is damaged'}."]
    if found.unchecked:
        told.append(
            f"{found.unchecked} of them have no checksum, since the study has an earlier format; they get one when the "
            "study is next written to."
        )
    if found.late:
        told.append(
            f"{found.late} of them got their checksum when the study was taken over from an earlier format: earlier "
            "damage does not show."
        )
    return told
