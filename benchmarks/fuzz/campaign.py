"""Many inputs of one generator, in this process or in one that is watched, and the row that sums them up."""

import multiprocessing
import re
import resource
import signal
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from aspis_sim.files import write_whole
from benchmarks.fuzz.generators import drawn
from benchmarks.fuzz.ground import made
from benchmarks.fuzz.inputs import Input
from benchmarks.fuzz.shrink import shrunk
from benchmarks.fuzz.trial import LIMIT, REFUSALS, Outcome, tried

MEMORY = 8 << 30
"""Bytes of addresses that the watched process may have, so that an input that takes more fails."""

SILENCE = 4 * LIMIT
"""Seconds without an outcome after which the watched process is killed: it is in code that no signal interrupts."""


@dataclass(frozen=True)
class Tried:
    """An input that was run.

    Attributes:
        number: of the input, for its generator and seed.
        outcome: what came of it.
        text: of the shrunk input and its failure as JSON, empty if nothing failed.
    """

    number: int
    outcome: Outcome
    text: str = ""


def tried_here(generator: str, numbers: Iterable[int], seed: int, last: Path | None = None) -> Iterator[Tried]:
    """Run inputs of a generator in this process; of those that fail, the first of each kind is shrunk.

    Args:
        generator: its name.
        numbers: of the inputs.
        seed: of the inputs.
        last: file that holds the input that is being run.
    """
    known: set[str] = set()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ground = stack.enter_context(made(Path(folder)))
        stack.enter_context(mock.patch("aspis_sim.data.fetch.time", SimpleNamespace(sleep=lambda seconds: None)))
        for number in numbers:
            one = drawn(generator, seed, number, ground)
            if last is not None:
                write_whole(last, one.as_text())
            outcome = tried(one, ground)
            text = ""
            if outcome.failure and (kind := kind_of(outcome.failure)) not in known:
                known.add(kind)
                if not kind.startswith("takes"):
                    one = shrunk(one, lambda smaller, kind=kind: kind_of(tried(smaller, ground).failure) == kind)  # type: ignore[misc]
                text = one.as_text(failure=outcome.failure, detail=outcome.detail)
            yield Tried(number, outcome, text)


def tried_apart(generator: str, count: int, seed: int) -> Generator[Tried, None, None]:
    """Run inputs of a generator in a process of its own; if one kills it, another goes on with the next."""
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        last = Path(folder) / "last"
        while done < count:
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(theirs, generator, done, count, seed, last), daemon=True)
            process.start()
            theirs.close()
            silent = closed = False
            try:
                while done < count and not (silent := not ours.poll(SILENCE)):
                    one: Tried = ours.recv()
                    done = one.number + 1
                    yield one
            except EOFError:
                closed = True
            finally:
                if done < count and not closed:
                    process.kill()
                process.join()
            if done < count:
                yield _ended(done, silent, process.exitcode or 0, last)
                done += 1


def _ended(number: int, silent: bool, code: int, last: Path) -> Tried:
    """What an input has come to that ended the process."""
    if code >= 0:
        raise RuntimeError(f"the process that runs the inputs has failed, see above; it was to run input {number}")
    failure = f"takes more than {SILENCE:g} s, and no signal ends it" if silent else signal.Signals(-code).name
    text = Input.of_text(last.read_text(encoding="utf-8")).as_text(failure=failure) if last.exists() else ""
    return Tried(number, Outcome(None, SILENCE if silent else 0.0, failure), text)


def _work(theirs: Connection, generator: str, first: int, count: int, seed: int, last: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for one in tried_here(generator, range(first, count), seed, last):
        theirs.send(one)


def kind_of(failure: str) -> str:
    """A failure without its numbers: those that agree in this are one."""
    return re.sub(r"\d+", "N", failure)


def summed_up(
    generator: str, seed: int, found: Iterable[Tried], kept: Path | None = None
) -> tuple[dict[str, Any], list[str]]:
    """The row of a generator, and a line about each kind of failure.

    Args:
        generator: its name.
        seed: of its inputs.
        found: what came of its inputs.
        kept: folder into which the first input of each kind of failure is written; none for no folder.
    """
    inputs = refused = accepted = 0
    slowest = 0.0
    kinds: dict[str, list[int]] = {}
    for one in found:
        inputs += 1
        slowest = max(slowest, one.outcome.seconds)
        if not one.outcome.failure:
            refused += one.outcome.code in REFUSALS
            accepted += one.outcome.code not in REFUSALS
            continue
        kind = kind_of(one.outcome.failure)
        if kind not in kinds and kept is not None and one.text:
            kept.mkdir(parents=True, exist_ok=True)
            words = "-".join(re.findall(r"[A-Za-z]+", kind))[:60].lower()
            (kept / f"{generator}-{one.number}-{words}.json").write_text(one.text, encoding="utf-8")
        kinds.setdefault(kind, []).append(one.number)
    counts = {"inputs": inputs, "refused": refused, "accepted": accepted}
    row = {"generator": generator, "seed": seed, **counts, "failures": sum(map(len, kinds.values()))}
    lines = [
        f"{generator}: {kind}: {len(numbers)} inputs, the first is {numbers[0]}" for kind, numbers in kinds.items()
    ]
    return {**row, "slowest_seconds": round(slowest, 2)}, lines
