"""From the rows of a sweep to what a reader wants first: means over seeds with intervals, and the headline."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from aspis_sim.run.row import Row
from aspis_sim.spec.grid import Group, Setting

# 97.5% quantiles of Student's t distribution for 1..30 degrees of freedom.
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class Mean:
    """A mean over seeds.

    Attributes:
        value: the mean.
        half_width: of its 95% confidence interval (Student's t), None for fewer than two values.
    """

    value: float
    half_width: float | None


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of one or more values with its 95% interval."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Mean(mean, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    quantile = _STUDENT[count - 2] if count - 1 <= len(_STUDENT) else 1.96
    return Mean(mean, quantile * deviation / math.sqrt(count))


@dataclass(frozen=True)
class Entry:
    """One scheme at one q: what is shown in one cell of the table.

    Attributes:
        rows: of the seeds, those that have results.
        failed: rows without results.
    """

    rows: tuple[Row, ...]
    failed: tuple[Row, ...]

    @property
    def top1(self) -> Mean | None:
        """Top-1 over seeds."""
        return mean_of([row.top1 for row in self.rows if row.top1 is not None]) if self.rows else None

    @property
    def measured(self) -> float | None:
        """Measured distortion fraction, mean over seeds."""
        return self._mean("distortion_measured")

    @property
    def lost(self) -> float | None:
        """Fraction of files dropped, mean over seeds."""
        return self._mean("lost_measured")

    @property
    def detected(self) -> float | None:
        """Detection rate, mean over seeds."""
        return self._mean("detection_rate")

    @property
    def accused(self) -> float | None:
        """False accusation rate, mean over seeds."""
        return self._mean("false_accusation_rate")

    @property
    def theory(self) -> float:
        """Published distortion fraction (which under the weak attack counts the lost files)."""
        return (self.rows or self.failed)[0].distortion_theory or 0.0

    @property
    def as_published(self) -> bool:
        """Whether what was measured is what was published: distorted files, or under ``weak`` lost ones."""
        if self.measured is None or self.lost is None:
            return False
        lost = self.lost if (self.rows[0].attack, self.rows[0].false_accusation_rate is None) == ("weak", False) else 0
        return math.isclose(self.measured + lost, self.theory, abs_tol=1e-9)

    def _mean(self, column: str) -> float | None:
        values = [getattr(row, column) for row in self.rows]
        return None if not values or None in values else math.fsum(values) / len(values)


@dataclass(frozen=True)
class Panel:
    """The part of a sweep that is one table: everything but scheme, q and seed is the same.

    Attributes:
        setting: what the table is for.
        schemes: in the order of the grid.
        q: in the order of the grid.
        entries: (scheme, q) -> entry, without those that have no row yet.
    """

    setting: Setting
    schemes: tuple[str, ...]
    q: tuple[int, ...]
    entries: Mapping[tuple[str, int], Entry]

    def rows(self) -> Iterator[Row]:
        """All rows with results, scheme by scheme."""
        return (row for scheme in self.schemes for row in self._of(scheme))

    def samples(self, scheme: str) -> tuple[int, int, int] | None:
        """Samples a file, distinct samples a step, and sample gradients computed by all workers a step."""
        for row in self._of(scheme):
            if row.samples_per_file is not None and row.batch_size is not None and row.samples_processed is not None:
                return row.samples_per_file, row.batch_size, row.samples_processed // row.steps
        return None

    def _of(self, scheme: str) -> Iterator[Row]:
        return (row for q in self.q if (scheme, q) in self.entries for row in self.entries[scheme, q].rows)


def panels(tables: Mapping[Setting, Sequence[Group]], rows: Mapping[Group, Sequence[Row]]) -> tuple[Panel, ...]:
    """The tables of a sweep, from `Grid.tables` and the rows that have come in so far for each group."""
    return tuple(_panel(setting, groups, rows) for setting, groups in tables.items())


def _panel(setting: Setting, groups: Sequence[Group], rows: Mapping[Group, Sequence[Row]]) -> Panel:
    entries = {}
    for group in groups:
        if members := rows.get(group):
            entries[group.first.scheme, group.first.q] = Entry(
                rows=tuple(row for row in members if row.top1 is not None),
                failed=tuple(row for row in members if row.top1 is None),
            )
    return Panel(
        setting=setting,
        schemes=tuple(dict.fromkeys(group.first.scheme for group in groups)),
        q=tuple(dict.fromkeys(group.first.q for group in groups)),
        entries=entries,
    )


@dataclass(frozen=True)
class Worst:
    """Each scheme's lowest accuracy over the attacks of a sweep, for one redundancy and payload.

    Attributes:
        setting: of the first of the panels.
        schemes: in the order of the grid.
        q: in the order of the grid.
        entries: (scheme, q) -> the attack that leaves the lowest top-1, and what it leaves.
    """

    setting: Setting
    schemes: tuple[str, ...]
    q: tuple[int, ...]
    entries: Mapping[tuple[str, int], tuple[str, Entry]]


def worst_over_attacks(panels: Sequence[Panel]) -> tuple[Worst, ...]:
    """The worst case of every scheme and q over all attacks, where there are several; one table a payload."""
    found: dict[Setting, list[Panel]] = {}
    for panel in panels:
        found.setdefault(replace(panel.setting, attack="", framed=None), []).append(panel)
    return tuple(_worst(members) for members in found.values() if len(members) > 1)


def _worst(panels: Sequence[Panel]) -> Worst:
    entries: dict[tuple[str, int], tuple[str, Entry]] = {}
    for panel in panels:
        for key, entry in panel.entries.items():
            if entry.top1 is None:
                continue
            so_far = entries.get(key)
            if so_far is None or so_far[1].top1 is None or entry.top1.value < so_far[1].top1.value:
                entries[key] = panel.setting.attack_label, entry
    q = tuple(dict.fromkeys(q for panel in panels for q in panel.q))
    return Worst(panels[0].setting, panels[0].schemes, tuple(sorted(q)), entries)


@dataclass(frozen=True)
class Gap:
    """How far a scheme's accuracy is above its best rival's.

    Attributes:
        q: Byzantine workers.
        points: of top-1, means over seeds; negative when the rival is better.
        rival: the best rival's name.
    """

    q: int
    points: float
    rival: str


def family(scheme: str) -> str:
    """The schemes that are variants of one another share the name before the first dash or plus."""
    return scheme.replace("+", "-").split("-")[0]


def gaps(panel: Panel, scheme: str) -> tuple[Gap, ...]:
    """At each q, the scheme's top-1 against the best scheme of another family."""
    found = []
    for q in panel.q:
        scores = {
            name: entry.top1.value
            for name in panel.schemes
            if (entry := panel.entries.get((name, q))) is not None and entry.top1 is not None
        }
        rivals = [name for name in scores if family(name) != family(scheme)]
        if scheme in scores and rivals:
            best = max(rivals, key=scores.__getitem__)
            found.append(Gap(q, 100 * (scores[scheme] - scores[best]), best))
    return tuple(found)


@dataclass(frozen=True)
class Reduction:
    """How much smaller a scheme's measured distortion fraction is than a rival's: 1 - ours / theirs.

    Attributes:
        share: of the rival's fraction.
        q: Byzantine workers.
        rival: the rival's name.
    """

    share: float
    q: int
    rival: str


def reductions(panel: Panel, scheme: str) -> tuple[Reduction, ...]:
    """Reductions against every rival at every q where the rival has distorted files, ascending."""
    found = []
    for (name, q), entry in panel.entries.items():
        ours = panel.entries.get((scheme, q))
        if family(name) == family(scheme) or ours is None or ours.measured is None or not entry.measured:
            continue
        found.append(Reduction(1 - ours.measured / entry.measured, q, name))
    return tuple(sorted(found, key=lambda reduction: reduction.share))
