"""Names in the library and the program that nothing but tests, or nothing at all, speaks of; see `exceptions`.

Vulture finds them. To it, this adds what the house knows: an entry ``"module:attribute"`` of a registry uses the
attribute, while to stand in an ``__all__`` is no use. Benchmarks and the site's hooks count as users and are not judged.
"""

import ast
import re
import sys
from pathlib import Path

from vulture.config import make_config
from vulture.core import Vulture

from lint.exceptions import EXCEPTIONS

HERE = Path.cwd()
JUDGED = ("aspis_sim/", "cli/")
ENTRY = re.compile(r"aspis_sim[\w.]*:(\w+)")


class Finder(Vulture):
    """Vulture with the house's own uses of names."""

    def visit_Constant(self, node: ast.Constant) -> None:  # noqa: N802
        """An entry of a registry uses the part that it names."""
        if isinstance(node.value, str) and (entry := ENTRY.fullmatch(node.value)):
            self.used_names.add(entry[1])

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        """Without Vulture's own, by which whatever is offered in an ``__all__`` is used."""


def main() -> int:
    """Print what is dead, and the exceptions that are none; 1 if there are any."""
    config = make_config()
    finder = Finder(ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"])
    finder.scavenge(config["paths"])
    found = {
        f"{path}:{item.name}": item
        for item in finder.get_unused_code(min_confidence=config["min_confidence"])
        if (path := item.filename.relative_to(HERE).as_posix()).startswith(JUDGED)
    }
    excepted = {f"{path}:{name}" for group in EXCEPTIONS.values() for path, names in group.items() for name in names}
    for key, item in found.items():
        if key not in excepted:
            print(f"{key.replace(':', f':{item.first_lineno}: ')} is used by nobody (tests do not count)")
    for key in sorted(excepted - set(found)):
        print(f"lint/exceptions.py: {key} is no exception: it is used, or gone")
    return int(set(found) != excepted)


if __name__ == "__main__":
    sys.exit(main())
