"""The part of ``aspis-sim reproduce`` that trains: published figures, studies of this project, searches for rates."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from aspis_sim_cli import cache, completion
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands import options
from aspis_sim_cli.commands.dry_run import show_forecasts
from aspis_sim_cli.config import Setting
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format, stdout
from aspis_sim_cli.ranges import integers

PANEL = "Training"


def _option(flag: str, text: str, metavar: str | None = None) -> Any:
    return typer.Option(flag, rich_help_panel=PANEL, help=text, metavar=metavar, autocompletion=completion.of(flag))


@dataclass(frozen=True)
class TrainingOptions:
    """The options of studies that train nets."""

    scale: Annotated[
        str,
        _option(
            "--scale",
            "paper: CIFAR-10 and ResNet-18; small: the same study on Fashion-MNIST (else digits) with a small net.",
            "paper|small",
        ),
    ] = "paper"
    series: Annotated[
        list[str] | None, _option("--series", "Only series with this in their label; may be repeated.", "TEXT")
    ] = None
    seeds: Annotated[str | None, _option("--seeds", "Seeds (default: the preset's, 428 and 50 as published).")] = None
    max_steps: Annotated[
        int | None, _option("--max-steps", "Cut every run after so many steps; there is no verdict then.", "N")
    ] = None
    model: Annotated[str | None, _option("--model", "Another model than the preset's; no verdict then.", "NAME")] = None
    samples_per_file: Annotated[
        int | None, _option("--samples-per-file", "Other samples a file than the preset's; no verdict then.", "N")
    ] = None
    search: Annotated[
        bool,
        typer.Option(
            "--search", rich_help_panel=PANEL, help="Search for learning rates on validation data instead; see --out."
        ),
    ] = False
    rates: Annotated[
        Path | None, _option("--rates", "Learning rates from the --out FILE.toml of a --search.", "FILE.toml")
    ] = None
    data_dir: options.DataDir = None
    devices: options.Devices = 1
    memory: options.Memory = "4GB"
    compile_cache: options.CompileCache = True
    dry_run: options.DryRun = False
    json_log: options.JsonLog = None

    def refuse(self, study: str) -> None:
        """Refuse all of them for a study that they mean nothing to.

        Raises:
            InputError: one of them was given.
        """
        from aspis_sim.errors import InputError

        for field in fields(self):
            if getattr(self, field.name) not in (field.default, [], ()):
                raise InputError(f"{study} takes no --{field.name.replace('_', '-')}: it is the same everywhere")


def reproduce_preset(
    name: str,
    given: TrainingOptions,
    settings: Sequence[Setting],
    format: Format,
    out: Path | None,
    quiet: bool,
) -> ExitStatus:
    """Train what a preset says and show it: beside the published curves, or as a sweep if there are none."""
    from aspis_sim.data import search as data_search
    from aspis_sim.reproduction import rate_search
    from aspis_sim.reproduction.comparison import cost
    from aspis_sim.reproduction.preset import changed, load, only

    data_search.use(given.data_dir)
    cache.use_compiled(given.compile_cache)
    options.use_devices(given.devices)
    preset = load(name, given.scale)  # type: ignore[arg-type]
    if given.series:
        preset = only(preset, tuple(given.series))
    if given.rates is not None:
        preset = rate_search.with_rates(preset, given.rates)
    changes: dict[str, Any] = {"devices": given.devices, "memory": options.memory_bytes(given.memory)}
    if given.seeds is not None:
        changes["seeds"] = integers(given.seeds, "--seeds")
    if given.model is not None:
        changes["model"] = given.model
    if given.samples_per_file is not None:
        changes |= {"protocol": "files", "samples_per_file": given.samples_per_file, "batch_size": None}
    preset = changed(preset, **changes)
    _check_steps(given.max_steps)
    runs = rate_search.candidates(preset, given.max_steps) if given.search else preset.runs(given.max_steps)
    groups = tuple(dict.fromkeys(run.group for run in runs))
    trainings, steps, samples = cost(groups)
    said = f"{name}: {trainings} runs, {steps:,} steps, {samples:,} sample gradients of all workers"
    if given.dry_run:
        complain(said)
        return show_forecasts(groups, format, settings)
    show = _search if given.search else _figure if preset.figure else _own
    return show(Prepared(preset, runs, groups, given, said, format, out, quiet))


@dataclass(frozen=True)
class Prepared:
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

    def begin(self) -> None:
        """Say what it costs, unless nothing is to be said."""
        if not self.quiet:
            complain(self.said)


def _check_steps(max_steps: int | None) -> None:
    from aspis_sim.errors import InputError

    if max_steps is not None and max_steps < 1:
        raise InputError(f"--max-steps {max_steps}: a run takes at least 1 step")


def _own(prepared: Prepared) -> ExitStatus:
    """A study of this project, shown as a sweep is."""
    from aspis_sim.analysis.summary import panels
    from aspis_sim.run.row import writable
    from aspis_sim_cli.render.sweep_table import panel_view
    from aspis_sim_cli.run_groups import run_groups

    path = writable(prepared.out or _default_path(prepared))
    written = file_format(path, prepared.format)
    prepared.begin()
    outcome = run_groups(prepared.groups, prepared.quiet, path, written, log=prepared.given.json_log)
    if prepared.format is Format.TABLE:
        tables: dict[Any, list[Any]] = {}
        for run in prepared.runs:
            tables.setdefault(run.setting, []).append(run.group)
        console = stdout()
        for panel in panels(tables, outcome.rows):
            console.print(panel_view(panel, prepared.preset.series[0].grid, console.width))
    else:
        print(outcome.text(prepared.format), end="")
    return outcome.status()


def _figure(prepared: Prepared) -> ExitStatus:
    """A published figure: table, curves and picture, ours beside the published ones."""
    from aspis_sim.reproduction.comparison import Comparison, Point, compare, official, points
    from aspis_sim.run.row import as_csv, as_json, writable, write_whole
    from aspis_sim_cli.render.reproduction_table import comparison_view
    from aspis_sim_cli.run_groups import run_groups

    path = None
    if prepared.out is not None or prepared.format is Format.TABLE:
        path = writable(prepared.out or _default_path(prepared))
    written = Format.CSV if path is None else file_format(path, prepared.format)
    picture = None if path is None else picture_beside(path)
    changed = (prepared.given.model, prepared.given.samples_per_file) != (None, None)
    as_published = (
        prepared.preset.scale == "paper" and not changed and all(official(run.group.first) for run in prepared.runs)
    )
    prepared.begin()
    every = {run.group: min(run.every, run.group.first.steps) for run in prepared.runs}
    beside = None if path is None else _beside(path, "runs")
    outcome = run_groups(prepared.groups, prepared.quiet, beside, written, every.__getitem__, prepared.given.json_log)
    comparisons = compare(prepared.runs, outcome.results, as_published)
    curves = points(prepared.runs, outcome.results)

    def text(rows: Sequence[Any], kind: type, format: Format) -> str:
        return as_json(rows) if format is Format.JSON else as_csv(rows, kind)

    if path is not None:
        write_whole(path, text(comparisons, Comparison, written))
        write_whole(_beside(path, "curves"), text(curves, Point, written))
        complain(f"comparison written to {path}, curves to {_beside(path, 'curves')}")
    if picture is not None:
        write_whole(picture, _drawn(prepared, curves))
        complain(f"picture written to {picture}")
    if prepared.format is Format.TABLE:
        stdout().print(comparison_view(prepared.preset, comparisons, as_published))
    else:
        print(text(comparisons, Comparison, prepared.format), end="")
    return outcome.status()


def _search(prepared: Prepared) -> ExitStatus:
    """Every pair of rates for every series, a few epochs each; the chosen ones go into a file for --rates."""
    from aspis_sim.errors import InputError
    from aspis_sim.reproduction.rate_search import Try, as_toml, tries
    from aspis_sim.run.row import as_csv, as_json, writable, write_whole
    from aspis_sim_cli.render.search_table import cost_line, search_view
    from aspis_sim_cli.run_groups import run_groups

    if prepared.out is not None and prepared.out.suffix != ".toml":
        raise InputError(f"cannot write rates to {prepared.out.name}; end the file in .toml, for --rates")
    path = None if prepared.out is None else writable(prepared.out)
    prepared.begin()
    outcome = run_groups(prepared.groups, prepared.quiet, log=prepared.given.json_log)
    found = tries(prepared.preset, prepared.runs, outcome.results)
    if path is not None and outcome.complete:
        title = (
            f"aspis-sim reproduce {prepared.preset.name} --scale {prepared.preset.scale} --search; {cost_line(found)}"
        )
        write_whole(path, as_toml(found, title))
        complain(f"rates written to {path}")
    if prepared.format is Format.TABLE:
        stdout().print(search_view(prepared.preset, found))
    else:
        print(as_json(found) if prepared.format is Format.JSON else as_csv(found, Try), end="")
        complain(cost_line(found))
    return outcome.status()


def _default_path(prepared: Prepared) -> Path:
    small = "-small" if prepared.given.scale == "small" else ""
    return Path("results") / f"reproduce-{prepared.preset.name}{small}.csv"


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.stem}-{what}{path.suffix}")


def picture_beside(path: Path) -> Path | None:
    """Where the picture goes, None if none can be drawn, which is said."""
    from aspis_sim.errors import InputError
    from aspis_sim.report.curve_drawing import check_drawable

    try:
        check_drawable()
    except InputError as error:
        complain(f"no picture: {error}")
        return None
    return path.with_suffix(".png")


def _drawn(prepared: Prepared, curves: Sequence[Any]) -> bytes:
    from aspis_sim.report.curve_drawing import Line, draw

    by_line: dict[tuple[str, bool], list[Any]] = {}
    for point in curves:
        by_line.setdefault((point.series, point.whose == "published"), []).append(point)
    lines = [
        Line(label, published, [point.share for point in found], [point.top1 for point in found])
        for (label, published), found in by_line.items()
    ]
    cell = prepared.groups[0].first
    title = f"Figure {prepared.preset.figure}: {prepared.preset.title}\nours: {cell.dataset}, {cell.model}"
    return draw(lines, title, "share of the run", "top-1 %")
