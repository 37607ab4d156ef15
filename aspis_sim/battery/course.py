"""The searches of several defences side by side, each round of all of them one session of a study."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aspis_sim.battery.lie import Lie
from aspis_sim.battery.search import Found, Round, Scores, Search, search
from aspis_sim.battery.setup import Score, Setup, Trial
from aspis_sim.battery.verdict import Verdict, judged, trials
from aspis_sim.run.executors.base import Executor
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import Row
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.study.records import StoredRun
from aspis_sim.study.session import Selection, Session
from aspis_sim.study.study import Study


@dataclass(frozen=True)
class Leg:
    """A round of all searches that are still running.

    Attributes:
        titles: what is being tried, each once.
        session: to be run to its end before the next leg is asked for.
        worst: the setup, lie and score that is worst so far, None before the first attack.
        verdicts: so far.
    """

    titles: tuple[str, ...]
    session: Session
    worst: tuple[Setup, Lie, Score] | None
    verdicts: list[Verdict]


@dataclass(eq=False)
class _Contest:
    """A search on its way."""

    setup: Setup
    search: Search
    round: Round | None = None
    found: Found | None = None
    runs: int = 0
    samples: int = 0
    worst: tuple[Lie, Score] | None = None
    verdict: Verdict | None = None

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Of the round."""
        return () if self.round is None else self.round.trials

    @property
    def title(self) -> str:
        """Of the round."""
        return "" if self.round is None else self.round.title

    def advance(self, scores: Scores | None) -> None:
        """Give the search what came of its round, and take the next: of the verdict where it has ended."""
        try:
            while True:
                self.round = next(self.search) if scores is None else self.search.send(scores)
                if self.round.trials:
                    return
                scores = {}
        except StopIteration as ended:
            self.found = ended.value
            self.round = Round("the verdict, with fresh seeds", trials(self.setup, ended.value))

    def take(self, told: Mapping[Trial, Sequence[StoredRun]]) -> None:
        """Take what came of the round."""
        assert self.round is not None
        for trial in self.round.trials:
            group = self.setup.group(trial)
            self.runs += group.trainings
            self.samples += group.trainings * resolve(group.first).samples_processed
        scores = {trial: self._score(told[trial]) for trial in self.round.trials}
        for trial, score in scores.items():
            if trial.lie != Lie.none() and (self.worst is None or score.harm > self.worst[1].harm):
                self.worst = trial.lie, score
        if self.found is None:
            self.advance(scores)
            return
        rows: dict[Trial, list[Row]] = {trial: [one.row for one in told[trial]] for trial in self.round.trials}
        self.verdict = judged(self.setup, self.found, scores, rows, (self.runs, self.samples))

    def _score(self, runs: Sequence[StoredRun]) -> Score:
        found = {one.row.seed: one.validation for one in runs if one.validation is not None}
        return self.setup.score(found, runs[0].row.lr)

    def fail(self, status: str) -> None:
        """End without figures but for what it took so far."""
        name, q = self.setup.defence.name, self.setup.cell.q
        self.verdict = Verdict(name, q, runs=self.runs, samples_processed=self.samples, status=status)


def course(
    setups: Iterable[Setup], study: Study, selection: Selection | None = None, more: int = 0
) -> Generator[Leg, None, list[Verdict]]:
    """Search the worst attack on each defence, and judge: a generator of sessions to run, which returns the verdicts.

    What the study holds does not run again, so that a course that was killed goes on where it was.

    Args:
        setups: the defences.
        study: that keeps the runs.
        selection: what becomes of runs that other code or data left.
        more: whole runs beyond the battery, for each defence.

    Yields:
        what to run next, with the verdicts so far.

    Raises:
        InputError: runs of other code or data are in the way.
        DataError: the study cannot be read or written.
    """
    contests = [_Contest(setup, search(setup, more)) for setup in setups]
    for contest in contests:
        contest.advance(None)
    while running := [contest for contest in contests if contest.verdict is None]:
        asked = {contest: {trial: contest.setup.group(trial) for trial in contest.trials} for contest in running}
        groups = dict.fromkeys(group for groups in asked.values() for group in groups.values())
        session = Session(study, [(None, grid) for grid in grids_of(groups)], selection or Selection())
        titles = dict.fromkeys(contest.title for contest in running)
        yield Leg(tuple(titles), session, _worst(contests), _verdicts(contests))
        runs, failures = session.runs(), session.failures()
        for contest in running:
            of_groups = asked[contest]
            if failed := [failures[group] for group in of_groups.values() if group in failures]:
                contest.fail(failed[0])
            else:
                contest.take({trial: runs[group] for trial, group in of_groups.items()})
    return _verdicts(contests)


def concluded(legs: Generator[Leg, None, list[Verdict]], executor: Executor) -> list[Verdict]:
    """Run a course to its end; gives its verdicts.

    Args:
        legs: of a `course`.
        executor: one that lasts, see `aspis_sim.run.executors.lasting`.
    """
    while True:
        try:
            leg = next(legs)
        except StopIteration as ended:
            verdicts: list[Verdict] = ended.value
            return verdicts
        for _ in leg.session.run("", executor):
            pass


def grids_of(groups: Iterable[Replicates]) -> list[Grid]:
    """The groups as grids, one for all that differ in the payload only, or in its strength only."""
    together: dict[object, list[Replicates]] = {}
    for group in groups:
        own = {"payload": "zero"} if group.first.strength is None else {"strength": None}
        together.setdefault((replace(group.first, **own), group.rates, group.seeds), []).append(group)
    made = []
    for alike in together.values():
        varied = "payload" if alike[0].first.strength is None else "strength"
        values = [getattr(group.first, varied) for group in alike]
        made.append(Grid.of_group(alike[0]).replaced(**{varied: values}))
    return made


def _verdicts(contests: Iterable[_Contest]) -> list[Verdict]:
    return [contest.verdict for contest in contests if contest.verdict is not None]


def _worst(contests: Iterable[_Contest]) -> tuple[Setup, Lie, Score] | None:
    found = [(one.setup, *one.worst) for one in contests if one.worst is not None]
    return max(found, key=lambda one: one[2].harm, default=None)
