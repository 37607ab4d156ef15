"""Versions of what is installed, against what the package asks for."""

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import NamedTuple

from aspis_sim import __version__
from aspis_sim_cli.doctor.finding import Finding, State

PACKAGE = "aspis-sim"
REQUIREMENT = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)"  # name
    r"[^;>]*(?:>=\s*([0-9.]+))?[^;]*"  # least version
    r"(?:;.*extra\s*==\s*['\"]([^'\"]+))?"  # extra
)
LEAST_PYTHON = (3, 11)


class Requirement(NamedTuple):
    """What the package asks for.

    Attributes:
        package: its name.
        least: the least version, empty for any.
        extra: that needs it, empty for the package itself.
    """

    package: str
    least: str
    extra: str


def requirements() -> list[Requirement]:
    """What the installed package asks for; nothing where it runs without being installed."""
    try:
        texts = requires(PACKAGE) or []
    except PackageNotFoundError:
        return []
    matches = [REQUIREMENT.match(text) for text in texts]
    return [Requirement(*(part or "" for part in match.groups())) for match in matches if match]


def versions() -> Iterator[Finding]:
    """The program, Python, and the packages that it cannot do without."""
    yield Finding("versions", PACKAGE, __version__)
    python = platform.python_version()
    old = sys.version_info[:2] < LEAST_PYTHON
    yield Finding("versions", "python", python, State.WRONG if old else State.OK, "take Python 3.11" if old else "")
    needed = [one for one in requirements() if not one.extra]
    if not needed:
        text = "runs without being installed: what it needs is not known"
        yield Finding("versions", "packages", text, State.NOTE, "pip install aspis-sim")
    for one in needed:
        yield _examined("versions", one, State.WRONG)
    jax, jaxlib = _version("jax"), _version("jaxlib")
    if jax and jaxlib and jax != jaxlib:
        remedy = f"if jax does not start: pip install jaxlib=={jax}"
        yield Finding("versions", "jax and jaxlib", f"{jax} with {jaxlib}", State.NOTE, remedy)


def extras() -> Iterator[Finding]:
    """What is installed of the optional packages, extra by extra."""
    found: dict[str, list[Finding]] = {}
    for one in requirements():
        if one.extra:
            found.setdefault(one.extra, []).append(_examined("extras", one, State.NOTE))
    for extra, members in found.items():
        lacking = [one for one in members if one.state is not State.OK]
        value = ", ".join(f"{one.name} {one.value}" for one in lacking or members)
        remedy = f"pip install 'aspis-sim[{extra}]'" if lacking else ""
        yield Finding("extras", extra, value, State.NOTE if lacking else State.OK, remedy)


def _examined(topic: str, one: Requirement, if_not: State) -> Finding:
    found = _version(one.package)
    if found is None:
        return Finding(topic, one.package, "not installed", if_not, f"pip install {one.package}")
    if one.least and _numbers(found) < _numbers(one.least):
        remedy = f"pip install '{one.package}>={one.least}'"
        return Finding(topic, one.package, f"{found}, older than {one.least}", if_not, remedy)
    return Finding(topic, one.package, found)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version, those that order releases."""
    numbers = []
    for part in text.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
