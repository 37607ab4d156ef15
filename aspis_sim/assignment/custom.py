"""An assignment read from a file: one group of workers a line."""

import json
from pathlib import Path

import numpy as np

from aspis_sim.assignment.base import Assignment, Shape, check_numbers
from aspis_sim.errors import InputError
from aspis_sim.files import read_text

LARGEST = 10**9
"""Bytes of the largest file that is read."""

# A group and where it was read, as messages name the place ("line 3").
_Place = tuple[list[int], str]


def shape(workers: int, redundancy: int, path: str) -> Shape:
    """Files and load of the file's assignment, after checking all that `custom` does."""
    assignment = custom(workers, redundancy, path)
    return Shape(len(assignment.files), assignment.load)


def numbers(path: str) -> tuple[int, int]:
    """K and r of the file's assignment, for those who do not want to repeat them.

    Raises:
        InputError: as `custom`.
    """
    groups = _read(Path(path))
    return 1 + max(max(group) for group, _ in groups), len(groups[0][0])


def custom(workers: int, redundancy: int, path: str) -> Assignment:
    """Groups of 0-based workers from a text file, a CSV or a JSON file.

    Text and CSV: one group a line, workers separated by blanks, commas or semicolons; ``#`` starts a comment,
    blank lines and a first line of headings are skipped. JSON: a list of groups, or an object with one under
    "files". Every group has r different workers, and every worker the same number of groups.

    Args:
        workers: K, which the file must agree with.
        redundancy: r, which the file must agree with.
        path: the file; its suffix ``.json`` decides that it is JSON.

    Raises:
        InputError: the file cannot be read, or what is wrong with it and on which line.
    """
    groups = _read(Path(path))
    size = len(groups[0][0])
    for group, place in groups:
        if len(group) != size:
            raise InputError(f"{path}, {place}: {len(group)} workers, but the first group has {size}")
        if len(set(group)) != len(group):
            raise InputError(f"{path}, {place}: a worker occurs twice in {group}")
        for worker in group:
            if not 0 <= worker < workers:
                raise InputError(
                    f"{path}, {place}: worker {worker} does not exist; "
                    f"the {workers} workers are numbered 0 to {workers - 1}"
                )
    if size != redundancy:
        raise InputError(f"{path}: its groups have {size} workers, not {redundancy}; try redundancy {size}")
    check_numbers(workers, redundancy)
    if workers > len(groups) * size:
        raise InputError(
            f"{path}: its {len(groups)} groups have places for {len(groups) * size} workers, not {workers}; "
            f"every worker must hold a file"
        )
    table = np.sort(np.array([group for group, _ in groups], np.int32), axis=1)
    loads = np.bincount(table.ravel(), minlength=workers)
    if loads.min() != loads.max():
        few, many = int(loads.argmin()), int(loads.argmax())
        raise InputError(
            f"{path}: worker {few} holds {loads[few]} files and worker {many} holds {loads[many]}; "
            f"every worker must hold the same number"
        )
    return Assignment("custom", workers, table)


def _read(path: Path) -> list[_Place]:
    try:
        text = read_text(path, LARGEST, "table of groups")
    except FileNotFoundError:
        raise InputError(f"no assignment file {path}; it holds one group of workers a line") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; it should hold one group of workers a line") from None
    except OSError as error:
        raise InputError(f"cannot read the assignment file {path}: {error.strerror}") from None
    groups = _json_groups(path, text) if path.suffix.lower() == ".json" else _line_groups(path, text)
    if not groups:
        raise InputError(f"{path} holds no group; write one group of workers a line, such as '0 1 2'")
    return groups


def _line_groups(path: Path, text: str) -> list[_Place]:
    groups: list[_Place] = []
    headings = True
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].replace(",", " ").replace(";", " ").split()
        if not words:
            continue
        group = []
        for word in words:
            try:
                group.append(int(word))
            except ValueError:
                if headings and not any(w.lstrip("+-").isdigit() for w in words):
                    break
                raise InputError(
                    f"{path}, line {number}: {word!r} is not a worker's number; "
                    f"a line holds the 0-based workers of one file, such as '0 1 2'"
                ) from None
        else:
            groups.append((group, f"line {number}"))
        headings = False
    return groups


def _json_groups(path: Path, text: str) -> list[_Place]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
    except ValueError:
        raise InputError(f"{path}: a number in it is too long for a worker's number") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deeply; write a list of groups such as [[0, 1, 2]]") from None
    if isinstance(content, dict):
        content = content.get("files")
    if not isinstance(content, list):
        raise InputError(f'{path}: expected a list of groups such as [[0, 1, 2]], alone or under "files"')
    groups: list[_Place] = []
    for number, group in enumerate(content, start=1):
        whole = isinstance(group, list) and group and all(type(worker) is int for worker in group)
        if not whole:
            raise InputError(f"{path}, group {number}: {group!r} is not a list of workers such as [0, 1, 2]")
        groups.append((group, f"group {number}"))
    return groups
