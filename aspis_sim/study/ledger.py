"""A study as the ledger of a sweep: what it knows does not run again, what ends is committed at once."""

import time
from collections.abc import Callable
from functools import cached_property
from itertools import product

from aspis_sim.errors import DataError
from aspis_sim.run.machine import this_machine
from aspis_sim.run.rate import Validation
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.sweep import Ledger
from aspis_sim.run.train import Result
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Replicates
from aspis_sim.study import claims
from aspis_sim.study.database import transaction
from aspis_sim.study.fingerprint import Origin, group_digest, origin_of, run_key
from aspis_sim.study.study import Study


class StudyLedger(Ledger):
    """What a study knows of its runs; claims those that run here, and keeps what they leave.

    Args:
        study: open for writing.
        origin: of a cell: code and data.
        any_origin: what was computed by other code or from other data counts as known, too.
        again: runs that failed before are to run again.
    """

    def __init__(
        self,
        study: Study,
        origin: Callable[[Cell], Origin] = origin_of,
        any_origin: bool = False,
        again: bool = False,
    ) -> None:
        self._study = study
        self._origin = origin
        self._any_origin = any_origin
        self._owner = claims.myself()
        self._machine = this_machine()
        self._shown = time.monotonic()
        self._groups: dict[Replicates, tuple[str, Origin]] = {}
        self._recent: tuple[Replicates, tuple[str, Origin]] | None = None
        self._runs = study.known()
        self._failed = {run.key: run.id for run in self._runs if again and run.validation.failed}
        self._known = {run.key: run.validation for run in self._runs if run.key not in self._failed}

    def known(self, group: Replicates, rate: float, seed: int) -> Validation | None:
        """See `Ledger`."""
        digest, origin = self._of(group)
        found = self._known.get(run_key(digest, rate, seed, origin))
        if found is None and self._any_origin:
            return self._newest.get((digest, rate, str(seed)))
        return found

    @cached_property
    def _newest(self) -> dict[tuple[str, float, str], Validation]:
        """What was there at the start of each run, whatever code and data it is of: the last one committed."""
        known = (run for run in self._runs if run.key not in self._failed)
        return {(run.digest, run.lr, run.seed): run.validation for run in known}

    def is_of_another_origin(self, group: Replicates, rate: float, seed: int) -> bool:
        """Whether a run is there, but computed by other code or from other data only."""
        digest, origin = self._of(group)
        known = run_key(digest, rate, seed, origin) in self._known
        return not known and (digest, rate, str(seed)) in self._newest

    def failed_in(self, group: Replicates) -> bool:
        """Whether a run of this group failed before and is to run again."""
        digest, origin = self._of(group)
        keys = (run_key(digest, *one, origin) for one in product(group.rates, group.seeds))
        return any(key in self._failed for key in keys)

    def claim(self, group: Replicates, rate: float, seed: int) -> bool:
        """See `Ledger`; what another process has ended in the meantime is known from then on."""
        digest, origin = self._of(group)
        key = run_key(digest, rate, seed, origin)
        connection = self._study.connection
        with self._study.reading(), transaction(connection):
            run = self._study.known_by(key)
            if run is not None and self._failed.get(key) != run.id:
                self._known[key] = run.validation
                return False
            mine = claims.take(connection, key, self._owner)
            if mine:
                self._study.note(key, "begun")
            return mine

    def keep(self, group: Replicates, result: Result) -> None:
        """Commit a run that has ended here."""
        row = row_of(resolve(result.cell), result)
        key = self._study.commit(result, row, self._of(group)[1], result.machine or self._machine)
        self._known[key] = result.validation

    def sign_of_life(self) -> None:
        """Tell other processes now and then that this one is at work."""
        if time.monotonic() - self._shown > claims.BEAT:
            self._shown = time.monotonic()
            with self._study.reading():
                claims.beat(self._study.connection, self._owner)

    def release(self) -> None:
        """Let others have what was claimed and has not ended."""
        try:
            with self._study.reading():
                claims.release(self._study.connection, self._owner)
        except DataError:
            claims.give_up(self._owner)  # as on a full disk; elsewhere the end of this process tells the same

    def _of(self, group: Replicates) -> tuple[str, Origin]:
        if self._recent is not None and self._recent[0] is group:
            return self._recent[1]
        if group not in self._groups:
            self._groups[group] = group_digest(group.first), self._origin(group.first)
        self._recent = group, self._groups[group]
        return self._groups[group]
