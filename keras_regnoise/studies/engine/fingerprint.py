"""Digests of code, so that results of two models are not taken for those of one."""

import ast
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parents[2]
# What no result depends on.
_WITHOUT = ("cli", "studies/report", "studies/engine/execute.py", "analysis/plots")


def code_of(source: Mapping[str, Any]) -> dict[str, str]:
    """Return digests of a study's source and of this package's, by name.

    Comments, docstrings and the layout of the code don't count. A study in a file
    counts with what lies beside the file and is imported by it.

    Args:
        source: How the study is found; see `registry.resolve`.
    """
    files = [file for root in _roots(source) for file in _with_imported(root)]
    return {"the study": _digest(files), "keras_regnoise": _digest(_package())}


def _roots(source: Mapping[str, Any]) -> Iterator[Path]:
    if "file" in source:
        yield Path(source["file"])
    for name in ("build", "data"):
        place = str(source.get("tune", {}).get(name, "")).rpartition(":")[0]
        if place.endswith(".py"):
            yield Path(place)
        elif place and (spec := _spec(place)) and spec.origin:
            yield Path(spec.origin)


def _spec(module: str) -> Any:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None  # a data set with a version, or what the run itself will name


def _package() -> list[Path]:
    left_out = [_PACKAGE / name for name in _WITHOUT]
    return [
        file
        for file in sorted(_PACKAGE.rglob("*.py"))
        if not any(file.is_relative_to(place) for place in left_out)
    ]


def _with_imported(file: Path, seen: set[Path] | None = None) -> list[Path]:
    """Return a file and the files beside it that it imports, however deep."""
    seen = set() if seen is None else seen
    if file in seen or not file.is_file():
        return []
    seen.add(file)
    found = [file]
    for name in _imports(_parse(file)):
        beside = file.parent / name.replace(".", "/")
        for candidate in (beside.with_suffix(".py"), beside / "__init__.py"):
            found += _with_imported(candidate, seen)
    return found


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module or ''}.{a.name}".strip(".") for a in node.names)


def _parse(file: Path) -> ast.AST:
    try:
        return ast.parse(file.read_bytes())
    except SyntaxError:  # whoever imports it will say so
        return ast.Module([], [])


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        tree = _parse(file)
        for node in ast.walk(tree):
            _drop_docstring(node)
        digest.update(f"{file.name}\n{ast.dump(tree)}\n".encode())
    return f"blake2b:{digest.hexdigest()}"


def _drop_docstring(node: ast.AST) -> None:
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
        return
    value = body[0].value
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        del body[0]
