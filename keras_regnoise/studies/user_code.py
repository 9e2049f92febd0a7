"""Code of the user's: files are loaded by their paths, whatever they are called.

Two files of one name, or one named like a module of Python, are different modules. What
lies beside a file can be imported in it, now and when its functions run, but for the
names of Python's own modules, which stay Python's.
"""

import functools
import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from keras_regnoise.studies.input_error import InputError


class UserCodeError(InputError):
    """Code of the user's can't be loaded, with the reason and the line."""


_HERE = "python"  # where a function is that has no file, as one of a notebook
_lent: dict[str, Callable[..., Any]] = {}


@contextmanager
def lent(**functions: Callable[..., Any]) -> Iterator[None]:
    """Let `load_function` find functions of this process as `"python:NAME"`."""
    names = {f"{_HERE}:{name}": function for name, function in functions.items()}
    _lent.update(names)
    try:
        yield
    finally:
        for name in names:
            del _lent[name]


def is_function(specification: str) -> bool:
    """Whether it is `"module:name"` or `"file.py:name"`.

    Names of data sets with a version, such as `"cifar10:3.0.2"`, are not.

    Example:
        >>> is_function("mine.py:load"), is_function("emnist/balanced:3.1.0")
        (True, False)
    """
    place, _, name = specification.rpartition(":")
    is_module = all(part.isidentifier() for part in place.split("."))
    return name.isidentifier() and (place.endswith(".py") or is_module)


_FILES = (".keras", ".npz", ".csv", ".csv.gz")


def names_file(specification: str) -> bool:
    """Whether it is a model or data in a file, and no name or function."""
    return specification.endswith(_FILES)


def absolute(specification: str) -> str:
    """Make the path of a file absolute, for processes that start elsewhere.

    Raises:
        UserCodeError: If a model or data is in a file that is not there.
    """
    if names_file(specification):
        if not Path(specification).is_file():
            raise UserCodeError(f"There is no file {specification}")
        return str(Path(specification).resolve())
    place, _, name = specification.rpartition(":")
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else specification


def load_function(specification: str) -> Callable[..., Any]:
    """Import the function or class `"module:name"` or `"file.py:name"`.

    Raises:
        UserCodeError: If there is none, or its file can't be imported.
    """
    if specification in _lent:
        return _lent[specification]
    if not is_function(specification):
        raise UserCodeError(
            f"Expected module:function or file.py:function. Received: {specification!r}"
        )
    place, _, name = specification.rpartition(":")
    is_file = place.endswith(".py")
    module = load_file(place) if is_file else _load_module(place)
    found = getattr(module, name, None)
    if not callable(found):
        known = [n for n, v in vars(module).items() if inspect.isfunction(v)]
        raise UserCodeError(
            f"{place} has no function {name!r}. It has: {', '.join(known) or 'none'}"
        )
    folder = Path(place).resolve().parent if is_file else Path.cwd()
    return _beside_its_file(found, folder) if inspect.isfunction(found) else found


def load_file(file: str | Path) -> ModuleType:
    """Import a Python file; once, until its content changes.

    Raises:
        UserCodeError: If it is not there, or fails.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise UserCodeError(f"There is no file {file}")
    source = path.read_bytes()
    name = f"{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}_{_digest(bytes(path))[:8]}"
    module = sys.modules.get(name)
    if module is not None and module.__dict__.get("__digest__") == _digest(source):
        return module
    loader = SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__digest__"] = _digest(source)
    sys.modules[name] = module  # where pickle and Keras look for its classes
    try:
        with _beside(path.parent):
            # Not by exec_module: bytecode of an older content may lie about.
            exec(loader.source_to_code(source, str(path)), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        reason = _line(error, path)
        raise UserCodeError(f"{file} can't be imported: {reason}") from error
    return module


def _load_module(name: str) -> ModuleType:
    try:
        with _beside(Path.cwd()):
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        where = Path(*name.split(".")).with_suffix(".py")
        hint = f". Or write {where}:FUNCTION" if where.is_file() else ""
        reason = f"{_line(error)}{hint}"
        raise UserCodeError(f"{name} can't be imported: {reason}") from error


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _line(error: BaseException, path: Path | None = None) -> str:
    """Return what went wrong, and in which line of the file."""
    message = f"{type(error).__name__}: {error}"
    numbers, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            numbers.append(trace.tb_lineno)
        trace = trace.tb_next
    return f"{message} (line {numbers[-1]})" if numbers else message


class _Folder:
    """Finds what lies in a folder, for `import`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: set[str] = set()
        self.modules: dict[str, ModuleType] = {}

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> ModuleSpec | None:
        if path is not None or name in sys.stdlib_module_names:
            return None
        spec = PathFinder.find_spec(name, [str(self.path)])
        # A folder without __init__.py gives way to an installed package.
        if spec is None or (spec.loader is None and PathFinder.find_spec(name)):
            return None
        self.names.add(name)
        return spec

    def has(self, name: str) -> bool:
        """Whether a module's name, such as `"utils.text"`, is one of this folder."""
        top = name.partition(".")[0]
        return PathFinder.find_spec(top, [str(self.path)]) is not None

    def keep(self) -> None:
        """Remember the modules that were found here."""
        for name, module in list(sys.modules.items()):
            top = name.partition(".")[0]
            if top in self.names and self._is_from_here(sys.modules.get(top)):
                self.modules[name] = module

    def _is_from_here(self, module: ModuleType | None) -> bool:
        spec = getattr(module, "__spec__", None)
        if spec is None:
            return False
        places = spec.submodule_search_locations or [spec.origin or ""]
        return Path(next(iter(places))).parent == self.path


_folders: dict[Path, _Folder] = {}


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Import what lies in a folder before what is installed.

    Modules of that name that come from the folder of another file are set aside. When
    it is over, the folder is searched behind everything else.
    """
    if path not in _folders:
        _folders[path] = _Folder(path)
        sys.meta_path.append(_folders[path])
    folder = _folders[path]
    others = [other for other in _folders.values() if other is not folder]
    for other in others:
        other.keep()
    aside = {
        name: sys.modules.pop(name)
        for other in others
        for name, module in other.modules.items()
        if sys.modules.get(name) is module and folder.has(name)
    }
    sys.modules.update(folder.modules)
    sys.meta_path.insert(0, folder)
    try:
        yield
    finally:
        sys.meta_path.remove(folder)
        folder.keep()
        sys.modules.update(aside)


def _beside_its_file(function: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """Let a function import what lies beside its file when it is called, too."""

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        with _beside(folder):
            return function(*arguments, **options)

    return call
