"""Running grids in a study: the one way in which anything of several runs is trained, in memory or in a folder."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aspis_sim.errors import InputError
from aspis_sim.printable import printable
from aspis_sim.run.executors.base import Executor
from aspis_sim.run.row import Row
from aspis_sim.run.sweep import Event, sweep
from aspis_sim.run.trying import prepared
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.study.fingerprint import Origin, group_digest, origin_of
from aspis_sim.study.ledger import StudyLedger
from aspis_sim.study.pending import Pending, pending, shard
from aspis_sim.study.records import Known, Place, StoredRun
from aspis_sim.study.study import Study


@dataclass(frozen=True)
class Selection:
    """What of the grids is to run.

    Attributes:
        part: shard, and number of shards.
        only_failed: run again what failed, and nothing else.
        other_version: what becomes of runs that other code or data left: they count ("keep"), or run again ("rerun");
            None to refuse.
    """

    part: tuple[int, int] = (1, 1)
    only_failed: bool = False
    other_version: Literal["keep", "rerun"] | None = None


class Session:
    """Grids in a study, ready to run.

    Args:
        study: that keeps the runs.
        grids: to run, each with the number of the grid in the study whose place it takes, None for no other's.
        selection: what of them is to run.

    Attributes:
        pending: what is to be done.

    Raises:
        InputError: a grid cannot run, or runs of other code or data are in the way; nothing has been trained.
        DataError: a data set is missing, or the study is damaged.
    """

    def __init__(
        self, study: Study, grids: Sequence[tuple[int | None, Grid]], selection: Selection = Selection()
    ) -> None:
        self._study, self._grids = study, grids
        self._groups_of = [prepared(grid) for _, grid in grids]
        self._numbers: list[int] = []
        groups = shard(tuple(dict.fromkeys(group for groups in self._groups_of for group in groups)), *selection.part)
        self._ledger = StudyLedger(
            study,
            origin=(lambda cell: Origin("", "")) if study.folder is None else origin_of,
            any_origin=selection.other_version == "keep",
            again=selection.only_failed,
        )
        self.groups = tuple(filter(self._ledger.failed_in, groups)) if selection.only_failed else groups
        self.pending = self.still_pending()
        if self.pending.others and selection.other_version is None:
            raise InputError(
                f"{self.pending.others} runs of the study {printable(study.folder)} come from other code or "
                "other data than are here now; with `other_version=keep` they count as they are, with "
                "`other_version=rerun` they are computed again (the old ones stay stored)"
            )

    def still_pending(self) -> Pending:
        """What is to be done by now."""
        return pending(self.groups, self._ledger)

    def run(
        self,
        command: str = "",
        executor: Executor | None = None,
        points: Callable[[Replicates], int | None] = lambda group: None,
    ) -> Generator[Event, None, None]:
        """Note what is asked for and run what is pending; each run is committed before its event comes.

        Args:
            command: that asked for it, empty if none did.
            executor, points: as in `aspis_sim.run.sweep.sweep`.

        Raises:
            DataError: the study cannot be written; what was committed before is kept.
        """
        with self._study.reading():
            for (number, grid), groups in zip(self._grids, self._groups_of, strict=True):
                if number is None:
                    self._numbers.append(self._study.asked.add(grid, groups, command))
                else:
                    self._numbers.append(self._study.asked.replace(number, grid, groups, command))
        events = sweep(self.pending.groups, executor, points, self._ledger)
        try:
            for event in events:
                if event.ended is not None and event.group is not None:
                    self._ledger.keep(event.group, event.ended)
                self._ledger.sign_of_life()
                yield event
        finally:
            events.close()
            self._ledger.release()

    def runs(self) -> dict[Replicates, list[StoredRun]]:
        """The runs of each group that did not fail, with cells, traces and validation, in the order of their seeds."""
        found: dict[Replicates, list[StoredRun]] = {group: [] for group in self.groups}
        for group, place, one, row in self._placed():
            if not row.failed:
                cell = replace(group.first, lr=one.lr, seed=place.seed)
                trace = self._study.trace(one.key)
                found[group].append(StoredRun(row, one.key, cell=cell, trace=trace, validation=one.validation))
        return found

    def failures(self) -> dict[Replicates, str]:
        """The status of the first run that failed, of each group in which one did."""
        found: dict[Replicates, str] = {}
        for group, _, _, row in self._placed():
            if row.failed:
                found.setdefault(group, row.status)
        return found

    def _placed(self) -> Iterator[tuple[Replicates, Place, Known, Row]]:
        """The runs of the groups, each with every group that it belongs to."""
        known = {one.id: one for one in self._study.known()}
        by_digest: dict[str, list[Replicates]] = {}
        for group in self.groups:
            by_digest.setdefault(group_digest(group.first), []).append(group)
        for place, row in self._study.placed_rows(self._numbers):
            one = known[place.run]
            for group in by_digest.get(place.digest, ()):
                if one.lr in group.rates and place.seed in group.seeds:
                    yield group, place, one, row

    def rows(self) -> list[Row]:
        """The rows of these grids that are there, in their order."""
        return self._study.rows(self._numbers)
