"""``aspis-sim data``: which data sets are here, whether they are whole, and how to get the others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import typer

from aspis_sim.data import DATASETS, PARTS, search, source
from aspis_sim.errors import DataError, InputError
from aspis_sim_cli.boundary import bounded, complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion
from aspis_sim_cli.options.help import Command, Group
from aspis_sim_cli.output import Format, stderr, stdout, texts
from aspis_sim_cli.spelling import spelled

app = typer.Typer(cls=Group, rich_markup_mode=None, no_args_is_help=True, help="Show, verify and fetch data sets.")


@dataclass(frozen=True)
class Check:
    """What reading a data set came to; the fields are the columns of the CSV, in order.

    Attributes:
        dataset: as it was asked for.
        state: "ok", "damaged", "incomplete" (a file is missing) or "missing" (all are).
        train, validation, test: samples; None unless ok.
        shape: of a sample, sizes joined by ×.
        classes: number of classes.
        sha256: see `aspis_sim.data.Dataset`.
        problem: what is wrong, and what to do; empty if ok.
    """

    dataset: str
    state: str
    train: int | None
    validation: int | None
    test: int | None
    shape: str
    classes: int | None
    sha256: str
    problem: str


def status(data_dir: options.DataDir = None, format: options.FormatOption = Format.TABLE) -> ExitStatus:
    """List the data sets, where each was found, and how to get the others.

    Examples:

      aspis-sim data status

      aspis-sim data status --data-dir ~/data --format json
    """
    from aspis_sim.data.status import Status
    from aspis_sim.data.status import status as look

    search.use(data_dir)
    found = [replace(one, remedy=spelled(one.remedy)) for one in map(look, DATASETS)]
    if format is Format.TABLE:
        from aspis_sim_cli.render.data_table import status_view

        stdout().print(status_view(found, search.folders()))
    else:
        _print(found, Status, format)
    return ExitStatus.DONE


def verify(
    dataset: Annotated[
        list[str] | None,
        typer.Argument(
            help="Data sets, with options as in synthetic:samples=500; all if left out.",
            metavar="[NAME…]",
            autocompletion=completion.of("dataset"),
        ),
    ] = None,
    data_dir: options.DataDir = None,
    format: options.FormatOption = Format.TABLE,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Read data sets and verify their checksums, shapes and labels.

    Exit code 3 if one is damaged, or is named and not installed.

    Examples:

      aspis-sim data verify

      aspis-sim data verify mnist cifar10 --data-dir ~/data
    """
    from aspis_sim.spec.part import parse_part
    from aspis_sim_cli.output import spinner

    search.use(data_dir)
    parts = [(text, parse_part(text)) for text in dataset or DATASETS]
    for _, part in parts:
        DATASETS.check(part.name)
    checks = []
    with spinner(quiet) as say:
        for text, part in parts:
            say(f"reading {text}")
            checks.append(_check(text, part.name, part.options))
    if format is Format.TABLE:
        from aspis_sim_cli.render.data_table import verify_view

        console = stdout()
        console.print(verify_view([asdict(check) for check in checks], console.width))
    else:
        _print(checks, Check, format)
    failed = [check for check in checks if check.state != "ok" and (dataset or check.state != "missing")]
    for check in failed:
        complain(f"error: {check.problem}")
    return ExitStatus.DATA_MISSING if failed else ExitStatus.DONE


def fetch(
    dataset: Annotated[
        list[str],
        typer.Argument(help="Data sets to download.", metavar="NAME…", autocompletion=completion.of("dataset")),
    ],
    address: Annotated[
        str | None,
        typer.Option("--from", help="Address to download from in place of the published one.", metavar="URL"),
    ] = None,
    data_dir: options.DataDir = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Download the official files of data sets, each checked by size and SHA-256.

    They go to the first folder that is searched. An interrupted download
    resumes when the same command runs again.

    Examples:

      aspis-sim data fetch mnist

      aspis-sim data fetch cifar10 --data-dir ~/data --from https://mirror.example/cifar
    """
    from aspis_sim.data.fetch import fetch as download

    for name in dataset:
        DATASETS.check(name)
    if data_dir is not None and not data_dir.exists():
        try:
            data_dir.mkdir(parents=True)
        except OSError as error:
            raise InputError(f"cannot make --data-dir {data_dir}: {error.strerror}") from None
    search.use(data_dir)
    for name in dataset:
        if (files := source(name)) is None:
            complain(f"{name}: nothing to fetch, it needs no files")
            continue
        folder = search.download_folder() / files.subfolders[0]
        for wanted, *_ in files.needs:
            with _bar(wanted.name, quiet) as report:
                print(download(wanted, folder, report, address))
        complain(f"{name}: whole, in {folder} (licence: {files.licence})")
    return ExitStatus.DONE


def _check(text: str, name: str, parameters: dict[str, Any]) -> Check:
    try:
        found = DATASETS.build(name, **parameters)
    except DataError as error:
        files = source(name)
        incomplete = files is not None and bool(files.missing())
        state = "damaged" if not incomplete else "incomplete" if files and files.located() else "missing"
        return Check(text, state, None, None, None, "", None, "", spelled(str(error)))
    train, validation, test = (len(found.labels[part]) for part in PARTS)
    shape = "×".join(map(str, found.inputs["train"].shape[1:]))
    return Check(text, "ok", train, validation, test, shape, found.classes, found.sha256, "")


def _print(rows: list[Any], kind: type, format: Format) -> None:
    from aspis_sim.records import columns_of

    print(texts(rows, columns_of(kind))(format), end="")


@contextmanager
def _bar(name: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing elsewhere; gives the function to call with the bytes here and expected."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = stderr()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    ) as progress:
        task = progress.add_task(name, total=None)
        yield lambda here, expected: progress.update(task, completed=here, total=expected or None)


app.command("status", cls=Command)(bounded(status))
app.command("verify", cls=Command)(bounded(verify))
app.command("fetch", cls=Command)(bounded(fetch))
