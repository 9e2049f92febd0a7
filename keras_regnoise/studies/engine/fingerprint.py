"""Digests of code, so that results of two models are not taken for those of one."""

import ast
import hashlib
import importlib.util
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_regnoise.studies import registry
from keras_regnoise.studies.user_code import is_function

_PACKAGE = Path(__file__).parents[2]
_PACKAGE_FILE = "__init__.py"
# What no result depends on.
_WITHOUT = ("cli", "studies/report", "studies/engine/execute.py", "analysis/plots")
# Where modules are installed; the folders of other interpreters have the names below.
_INSTALLED = {
    Path(sysconfig.get_path(name)).resolve()
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
}
_INSTALLED_NAMES = ("site-packages", "dist-packages")


def code_of(source: Mapping[str, Any]) -> dict[str, str]:
    """Return digests of a study's source and of this package's, by name.

    Comments, docstrings and the layout of the code don't count. The user's code counts
    with what of it is imported, however deep: what lies beside a file, in the folder
    that modules are imported from, or in the same package; and with the functions that
    it names as `"module:function"`.

    Args:
        source: How the study is found; see `registry.resolve`.
    """
    files = [file for root in _roots(source) for file in root.with_imported()]
    return {"the study": _digest(files), "keras_regnoise": _digest(_package())}


@dataclass(frozen=True)
class _Root:
    """A file of the user's, and where modules are imported from in it.

    Of a folder in which Python installs packages, the one called `package` counts.
    """

    file: Path
    folder: Path
    package: str = ""

    def with_imported(self) -> list[Path]:
        """Return the file and those of the user's that it imports, however deep."""
        found: dict[Path, None] = {}
        pending = [self.file.resolve(), *self._packages()]
        while pending:
            file = pending.pop()
            if file not in found:
                found[file] = None
                pending += self._imported(file)
        return list(found)

    def _packages(self) -> Iterator[Path]:
        """The packages that the file is in, which are imported before it."""
        for parent in self.file.resolve().parents:
            if parent == self.folder.resolve():
                return
            if (package := parent / _PACKAGE_FILE).is_file():
                yield package

    def _imported(self, file: Path) -> Iterator[Path]:
        for level, name in _imports(_parse(file)):
            if level:
                for folder in file.parents[level - 1 : level]:
                    yield from _files_of(folder.parent, f"{folder.name}.{name}")
                continue
            own = name.partition(".")[0] == self.package
            for folder in (file.parent, self.folder):
                if own or not _is_installed(folder):
                    yield from _files_of(folder, name)


def _is_installed(folder: Path) -> bool:
    return folder.resolve() in _INSTALLED or folder.name in _INSTALLED_NAMES


def _files_of(folder: Path, name: str) -> Iterator[Path]:
    """The files of a module in a folder, with those of the packages that it is in."""
    place = folder
    for part in filter(None, name.split(".")):
        place = place / part
        for file in (place.with_name(f"{part}.py"), place / _PACKAGE_FILE):
            if file.is_file():
                yield file.resolve()


def _roots(source: Mapping[str, Any]) -> Iterator[_Root]:
    if "file" in source:
        yield from _root_of_file(Path(source["file"]))
    if module := registry.module_of(str(source.get("name", ""))):
        yield from _root_of_module(module)
    for name in ("build", "data"):
        text = str(source.get("tune", {}).get(name, ""))
        place = text.rpartition(":")[0]
        if place.endswith(".py"):
            yield from _root_of_file(Path(place))
        elif is_function(text):  # and no data set with a version
            yield from _root_of_module(place)


def _root_of_file(file: Path) -> Iterator[_Root]:
    if file.is_file():
        yield _Root(file, file.resolve().parent)


def _root_of_module(name: str) -> Iterator[_Root]:
    """Find a module as it will be imported: first in the folder one is in."""
    parts = name.split(".")
    place = Path.cwd().joinpath(*parts)
    for file in (place.with_name(f"{parts[-1]}.py"), place / _PACKAGE_FILE):
        if file.is_file():
            yield _Root(file, Path.cwd())
            return
    spec = _spec(name)
    if spec and spec.origin and (file := Path(spec.origin)).is_file():
        depth = len(parts) - (file.name != _PACKAGE_FILE)
        yield _Root(file, file.resolve().parents[depth], parts[0])


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


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The modules that code imports, or may: how far up they are looked for, a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = (f"{module}.{alias.name}".strip(".") for alias in node.names)
            yield from ((node.level, name) for name in (module, *names))
        elif place := _place(node):
            yield 0, place


def _place(node: ast.AST) -> str:
    """The module of a text `"module:function"`, or `""`."""
    text = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(text, str) or not is_function(text):
        return ""
    place = text.rpartition(":")[0].removesuffix(".py")
    return place if all(part.isidentifier() for part in place.split(".")) else ""


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
