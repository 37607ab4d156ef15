"""Functions, classes and constants of modules that no module uses, each known by its module and name."""

import ast
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

ENTRY = re.compile(r"(aspis_sim[\w.]*):(\w+)")
"""How registries name a part: ``module:attribute``."""
WORD = re.compile(r"[A-Za-z_]\w*")

Name = tuple[str, str]
"""A module and a name in it."""


def unused(paths: Sequence[Path], ignored_decorators: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """File, name and line of the definitions on the top level of modules that are used in no module."""
    files = {_module(file): file for path in paths for file in sorted(path.rglob("*.py"))}
    trees = {module: ast.parse(file.read_text(encoding="utf-8")) for module, file in files.items()}
    imports = {module: _imports(tree) for module, tree in trees.items()}
    used: set[Name] = set()
    wanted = [name for module, tree in trees.items() for name in _uses(module, tree, imports[module])]
    while wanted:
        name = wanted.pop()
        if name not in used:
            used.add(name)
            if (origin := imports.get(name[0], {}).get(name[1])) is not None:
                wanted.append(origin)  # through the package that offers it
    for module, tree in trees.items():
        for node in tree.body:
            for name_of in _defined(node, ignored_decorators):
                if (module, name_of) not in used:
                    yield files[module].as_posix(), name_of, node.lineno


def _module(file: Path) -> str:
    parts = file.with_suffix("").parts
    parts = parts[1:] if parts[0] == "cli" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.Module) -> dict[str, Name]:
    """Name in the module -> where it comes from; a module has no name but its own."""
    found: dict[str, Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {one.asname or one.name: (node.module, one.name) for one in node.names}
        elif isinstance(node, ast.Import):
            found |= {one.asname or one.name.split(".")[0]: (one.name, "") for one in node.names}
    return found


def _uses(module: str, tree: ast.Module, imports: dict[str, Name]) -> Iterator[Name]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield imports.get(node.id, (module, node.id))
        elif isinstance(node, ast.Attribute):
            first, *rest = ast.unparse(node).split(".")
            if first in imports and rest:
                yield ".".join((*imports[first], *rest[:-1])).replace("..", "."), rest[-1]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if (entry := ENTRY.fullmatch(node.value)) is not None:
                yield entry[1], entry[2]
            elif "\n" not in node.value:  # perhaps a quoted annotation
                yield from (imports.get(word, (module, word)) for word in WORD.findall(node.value) if word in imports)


def _defined(node: ast.stmt, ignored_decorators: Sequence[str]) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        names = [node.name]
        told = [f"@{ast.unparse(one)}" for one in node.decorator_list]
        if any(fnmatch(one.split("(")[0], pattern) for one in told for pattern in ignored_decorators):
            return
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    else:
        return
    yield from (name for name in names if not name.startswith("__"))
