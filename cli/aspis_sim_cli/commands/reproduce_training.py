"""The part of ``aspis-sim reproduce`` that trains: published figures, studies of this project, searches for rates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aspis_sim.spec.request import AXES
from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain, note_environment
from aspis_sim_cli.devices import use_devices
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options.config import OptionValue
from aspis_sim_cli.options.reproduce import TrainingOptions
from aspis_sim_cli.output import Format, Output, texts


def reproduce_preset(
    name: str,
    given: TrainingOptions,
    settings: Sequence[OptionValue],
    format: Format,
    out: Path | None,
    quiet: bool,
) -> ExitStatus:
    """Train what a preset says and show it: beside the published curves, or as a sweep if there are none."""
    from aspis_sim.data import search as data_search
    from aspis_sim.reproduction import rate_search
    from aspis_sim.reproduction.preset import changed, load, only
    from aspis_sim.run.sweep import cost_of

    data_search.use(given.data_dir)
    cache.use_compiled(given.compile_cache)
    note_environment()
    changes: dict[str, Any] = {"devices": given.devices, "memory": given.memory}
    use_devices(*AXES["devices"].read(given.devices))
    preset = load(name, given.scale)  # type: ignore[arg-type]
    if given.series:
        preset = only(preset, tuple(given.series))
    if given.rates is not None:
        preset = rate_search.with_rates(preset, given.rates)
    if given.seeds is not None:
        changes["seed"] = given.seeds
    if given.model is not None:
        changes["model"] = given.model
    if given.samples_per_file is not None:
        changes |= {"protocol": "files", "samples_per_file": given.samples_per_file, "batch_size": None}
    preset = changed(preset, **changes)
    _check_steps(given.max_steps)
    runs = rate_search.candidates(preset, given.max_steps) if given.search else preset.runs(given.max_steps)
    groups = tuple(dict.fromkeys(run.group for run in runs))
    trainings, steps, samples = cost_of(groups)
    said = f"{name}: {trainings} runs, {steps:,} steps, {samples:,} sample gradients of all workers"
    if given.dry_run:
        from aspis_sim_cli.commands.dry_run import show_forecasts

        complain(said)
        return show_forecasts(groups, format, settings)
    show = _search if given.search else _figure if preset.figure else _own
    return show(Ready(preset, runs, groups, given, said, format, out, quiet))


@dataclass(frozen=True)
class Ready:
    """A preset made ready.

    Attributes:
        preset: what is studied.
        runs: that it takes.
        groups: of the runs, each once.
        given: options.
        said: what it costs.
        format, out, quiet: how it is shown.
    """

    preset: Any
    runs: Sequence[Any]
    groups: tuple[Any, ...]
    given: TrainingOptions
    said: str
    format: Format
    out: Path | None
    quiet: bool

    def run(self, output: Output, points: Callable[[Any], int | None] = lambda group: None) -> "Done":
        """Run every group in the study, or in memory; the rows go into the output's file."""
        if not self.quiet:
            complain(self.said)
        return run_in_study(self.groups, self.given, output, self.quiet, points)


@dataclass(frozen=True)
class Done:
    """What came of the groups of a preset.

    Attributes:
        rows: of all cells, in their order.
        runs: group -> its runs that did not fail.
        complete: whether everything ran.
        status: exit code.
    """

    rows: Sequence[Any]
    runs: Any
    complete: bool
    status: ExitStatus


def run_in_study(
    groups: Sequence[Any],
    given: TrainingOptions,
    output: Output,
    quiet: bool,
    points: Callable[[Any], int | None] = lambda group: None,
) -> Done:
    """Run groups, each a grid of a study: of the folder that is named, else of one in memory."""
    from aspis_sim.spec.grid import Grid
    from aspis_sim.study.session import Selection, Session
    from aspis_sim.study.study import Study
    from aspis_sim_cli.session import Way, run_session, status

    with Study.in_memory() if given.study is None else Study.open_or_create(given.study) as study:
        selection = Selection(other_version=given.other_version)  # type: ignore[arg-type]
        session = Session(study, [(None, Grid.of_group(group)) for group in groups], selection)
        if given.study is not None:
            complain(f"{session.pending.done} of {session.pending.cells} cells were there already")
        complete = run_session(session, "", output, Way(quiet, given.json_log, points=points))
        return Done(session.rows(), session.runs(), complete, status(session, complete))


def _check_steps(max_steps: int | None) -> None:
    from aspis_sim.errors import InputError

    if max_steps is not None and max_steps < 1:
        raise InputError(f"`max_steps` {max_steps}: a run takes at least 1 step")


def _own(ready: Ready) -> ExitStatus:
    """A study of this project, shown as a sweep is."""
    from aspis_sim.run.row import COLUMNS
    from aspis_sim_cli.session import tables_view

    output = Output.to(ready.format, ready.out or _default_path(ready))
    done = ready.run(output)
    output.show(texts(done.rows, tuple(COLUMNS)), tables_view(list(done.rows)))
    return done.status


def _figure(ready: Ready) -> ExitStatus:
    """A published figure: table, curves and picture, ours beside the published ones."""
    from aspis_sim.files import write_whole
    from aspis_sim.records import columns_of
    from aspis_sim.reproduction.comparison import Comparison, Point, compare, official, points
    from aspis_sim_cli.render.reproduction_table import comparison_view

    wanted = ready.out is not None or ready.format is Format.TABLE
    output = Output.to(ready.format, (ready.out or _default_path(ready)) if wanted else None)
    picture = None if output.path is None else picture_beside(output.path)
    of_runs, of_curves = _beside(output, "runs"), _beside(output, "curves")
    changed = (ready.given.model, ready.given.samples_per_file) != (None, None)
    as_published = (
        ready.preset.scale == "paper" and not changed and all(official(run.group.first) for run in ready.runs)
    )
    every = {run.group: min(run.every, run.group.first.steps) for run in ready.runs}
    done = ready.run(of_runs, every.__getitem__)
    comparisons = compare(ready.runs, done.runs, as_published)
    curves = points(ready.runs, done.runs)
    text = texts(comparisons, columns_of(Comparison))
    output.write(text, "comparison written to")
    of_curves.write(texts(curves, columns_of(Point)), "curves written to")
    if picture is not None:
        write_whole(picture, _drawn(ready, curves, as_published))
        complain(f"picture written to {picture}")
    output.show(text, lambda console: comparison_view(ready.preset, comparisons, as_published))
    return done.status


def _search(ready: Ready) -> ExitStatus:
    """Every pair of rates for every series, a few epochs each; the chosen ones go into a file for --rates."""
    from aspis_sim.errors import InputError
    from aspis_sim.files import writable, write_whole
    from aspis_sim.records import columns_of
    from aspis_sim.reproduction.rate_search import Try, as_toml, tries
    from aspis_sim_cli.render.search_table import cost_line, search_view

    if ready.out is not None and ready.out.suffix != ".toml":
        raise InputError(f"cannot write rates to {ready.out.name}; end the file in .toml, for `rates`")
    path = None if ready.out is None else writable(ready.out)
    output = Output(ready.format)
    done = ready.run(output)
    found = tries(ready.preset, ready.runs, done.runs)
    if path is not None and done.complete:
        title = f"aspis-sim reproduce {ready.preset.name} --scale {ready.preset.scale} --search; {cost_line(found)}"
        write_whole(path, as_toml(found, title))
        complain(f"rates written to {path}")
    output.show(
        texts(found, columns_of(Try)), lambda console: search_view(ready.preset, found), lambda: [cost_line(found)]
    )
    return done.status


def _default_path(ready: Ready) -> Path:
    small = "-small" if ready.given.scale == "small" else ""
    return Path("results") / f"reproduce-{ready.preset.name}{small}.csv"


def _beside(output: Output, what: str) -> Output:
    from aspis_sim.files import replaced, writable

    path = output.path
    if path is None or not replaced(path):
        return replace(output, path=None)
    return replace(output, path=writable(path.with_name(f"{path.stem}-{what}{path.suffix}")))


def picture_beside(path: Path) -> Path | None:
    """Where the picture goes; none beside a pipe or a device, nor if none can be drawn, which is said."""
    from aspis_sim.errors import InputError
    from aspis_sim.files import replaced, writable
    from aspis_sim.report.libraries import check_library

    if not replaced(path):
        return None
    try:
        check_library("plot")
    except InputError as error:
        complain(f"no picture: {error}")
        return None
    return writable(path.with_suffix(".png"))


def _drawn(ready: Ready, curves: Sequence[Any], as_published: bool) -> bytes:
    from aspis_sim.report.curve_drawing import Line, draw

    by_line: dict[tuple[str, bool], list[Any]] = {}
    for point in curves:
        by_line.setdefault((point.series, point.whose == "published"), []).append(point)
    lines = [
        Line(label, published, [point.share for point in found], [point.top1 for point in found])
        for (label, published), found in by_line.items()
    ]
    cell = ready.groups[0].first
    title = f"Figure {ready.preset.figure}: {ready.preset.title}\nours: {cell.dataset}, {cell.model}"
    stamp = (
        ""
        if as_published
        else f"NOT THE SAME EXPERIMENT: ours are {cell.dataset} with {cell.model}, the published ones other data or "
        "another net.\nCompare the order of the curves, not their heights."
    )
    whose = "published", "ours" if as_published else f"ours ({cell.dataset}, {cell.model})"
    return draw(lines, title, "share of the run", "top-1 %", stamp=stamp, whose=whose)
