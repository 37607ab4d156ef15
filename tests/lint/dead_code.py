"""Names in the library and the program that nothing, or nothing but tests, speaks of; see `tests.lint.exceptions`.

Vulture finds most of them. It matches bare names, so a function that shares its name with a live one escapes it:
those `tests.lint.by_module` finds. Benchmarks and the site's hooks count as users, and are not judged themselves.
"""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from vulture.config import make_config
from vulture.core import Vulture

from tests.lint.by_module import ENTRY, unused
from tests.lint.exceptions import EXCEPTIONS

HERE = Path.cwd()
JUDGED = ("aspis_sim/", "cli/")


class Finder(Vulture):
    """Vulture with the house's own uses of names."""

    def visit_Constant(self, node: ast.Constant) -> None:
        """An entry of a registry uses the part that it names."""
        if isinstance(node.value, str) and (entry := ENTRY.fullmatch(node.value)):
            self.used_names.add(entry[2])

    def visit_Assign(self, node: ast.Assign) -> None:
        """Nothing: to Vulture itself, whatever is offered in an ``__all__`` is used."""


def found(config: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """File, name and line of all that is dead."""
    finder = Finder(ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"])
    finder.scavenge(config["paths"])
    for item in finder.get_unused_code(min_confidence=config["min_confidence"]):
        yield item.filename.relative_to(HERE).as_posix(), item.name, item.first_lineno
    yield from unused([Path(path) for path in config["paths"]], config["ignore_decorators"])


def main() -> int:
    """Print what is dead, and the exceptions that are none; 1 if there are any."""
    excepted = [(path, name) for group in EXCEPTIONS.values() for path, names in group.items() for name in names]
    needed, faults = set(), set()
    for path, name, line in found(make_config()):
        by = [one for one in excepted if fnmatch(path, one[0]) and name == one[1]]
        needed.update(by)
        if not by and path.startswith(JUDGED):
            faults.add(f"{path}:{line}: nobody uses {name} (tests do not count)")
    faults |= {f"tests/lint/exceptions.py: {name} of {path} is used, or gone" for path, name in {*excepted} - needed}
    print(*sorted(faults), sep="\n", end="\n" if faults else "")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
