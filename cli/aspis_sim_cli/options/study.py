"""The options of ``sweep`` that keep its runs in a study, and what they select of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aspis_sim.spec.request import AXES
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.options.common import OUTPUT
from aspis_sim_cli.options.help import First
from aspis_sim_cli.options.paths import folder

if TYPE_CHECKING:
    from aspis_sim.spec.grid import Grid, Replicates
    from aspis_sim.study.session import Selection
    from aspis_sim.study.study import Study

STUDY = "Study"

KEEP, RERUN = "keep", "rerun"


def _option(flag: str, text: str, metavar: str | None = None) -> typer.models.OptionInfo:
    return typer.Option(flag, rich_help_panel=STUDY, help=text, metavar=metavar)


Folder = Annotated[
    Path | None,
    typer.Option(
        "--study",
        rich_help_panel=First(OUTPUT),
        help="Keep every run in this folder; rerun to resume.",
        metavar="FOLDER",
        parser=folder,
    ),
]
Shard = Annotated[
    str | None,
    _option("--shard", "Run only this part of the study, as in a Slurm array; see aspis-sim merge.", "3/16"),
]
OnlyFailed = Annotated[bool, _option("--only-failed", "Rerun what failed, and nothing else.")]
AddSeeds = Annotated[int | None, _option("--add-seeds", "Add N seeds to every cell of the study.", "N")]
OtherVersion = Annotated[
    str | None,
    _option(
        "--other-version",
        "Runs made with different code or data: keep them, or rerun them (the old ones stay stored).",
        f"{KEEP}|{RERUN}",
    ),
]
Every = Annotated[
    int | None,
    _option("--every", "Steps between points of the learning curves (default: a tenth of the steps).", "N"),
]


@dataclass(frozen=True)
class StudyOptions:
    """The options of a study."""

    study: Folder = None
    shard: Shard = None
    only_failed: OnlyFailed = False
    add_seeds: AddSeeds = None
    other_version: OtherVersion = None
    every: Every = None

    def check(self) -> None:
        """Refuse what makes no sense, before anything is opened.

        Raises:
            InputError: says what is wrong.
        """
        from aspis_sim.errors import InputError
        from aspis_sim.registry import unknown_name

        if self.study is None:
            for field in fields(self):
                if getattr(self, field.name) not in (None, False):
                    raise InputError(f"--{field.name.replace('_', '-')} is about a study: name its folder with --study")
        if self.other_version not in (None, KEEP, RERUN):
            raise unknown_name("--other-version", self.other_version, (KEEP, RERUN))
        if self.every is not None and self.every < 1:
            raise InputError(f"--every {self.every}: a curve has a point every 1 or more steps")
        if self.add_seeds is not None and self.add_seeds < 1:
            raise InputError(f"--add-seeds {self.add_seeds}: 1 or more can be added")
        self.part()

    def part(self) -> tuple[int, int]:
        """The shard, 1/1 for the whole study.

        Raises:
            InputError: it is none.
        """
        from aspis_sim.errors import InputError

        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", self.shard or "1/1")
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(f"--shard {self.shard}: write the part and the number of parts, as in 3/16")
        return int(found[1]), int(found[2])

    def selection(self) -> "Selection":
        """What of the grids is to run."""
        from aspis_sim.study.session import Selection

        return Selection(self.part(), self.only_failed, self.other_version)  # type: ignore[arg-type]

    def points(self, group: "Replicates") -> int | None:
        """Steps between two points of a group's curves: none without a study, which alone would keep them."""
        return None if self.study is None else self.every or max(1, group.first.steps // 10)

    def opened(self, dry_run: bool) -> "Study":
        """The study, made if there is none; in memory if none is asked for, or nothing is to be written.

        Raises:
            DataError: it cannot be opened or made.
        """
        from aspis_sim.study.database import exists
        from aspis_sim.study.study import Study

        if self.study is None or (dry_run and not exists(self.study)):
            return Study.in_memory()
        return Study.open(self.study) if dry_run else Study.open_or_create(self.study)

    def grids(self, study: "Study", given: "Grid", asked: Sequence[str]) -> "list[tuple[int | None, Grid]]":
        """The grids that are meant: what the settings say, the others as in the study; without any, all of the study.

        With ``--add-seeds`` each comes with the number of the grid whose place it takes.

        Args:
            study: that is open.
            given: the grid of the settings.
            asked: names of the settings that were given.

        Raises:
            InputError: seeds are to be added, and settings say what to run; or the grids of the study differ in a
                setting that is not given.
            DataError: the study was made by a newer program.
        """
        from aspis_sim.errors import InputError
        from aspis_sim.spec.grid import Grid
        from aspis_sim.study.pending import completed, with_more_seeds

        there = [(one["id"], Grid.stored(one["specification"])) for one in study.grids()]
        if self.add_seeds is not None and (asked or not there):
            reason = f"and `{asked[0]}` asks for another" if asked else "and it has none"
            raise InputError(f"`add_seeds` adds to what the study has, {reason}; leave one of them out")
        if self.add_seeds is not None:
            return [(number, with_more_seeds(grid, self.add_seeds)) for number, grid in there]
        if there and not asked:
            return [(None, grid) for _, grid in there]
        meant = completed(given, [grid for _, grid in there])
        if inherited := [one for one in meant.asked if one[0] not in dict(given.asked)]:
            flags = ((AXES[name], values) for name, values in inherited)
            each = ", ".join(f"--{one.flag_of_several} {','.join(map(one.written, values))}" for one, values in flags)
            complain(f"as in the study: {each}")
        return [(None, meant)]
