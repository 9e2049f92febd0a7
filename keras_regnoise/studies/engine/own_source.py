"""The source of a function of the user's, with what it uses of its own module."""

import contextlib
import dis
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

_PLAIN = (bool, int, float, str, tuple, type(None))


def source_of(function: Callable[..., Any]) -> str:
    """Return what tells a function from one that computes something else.

    Its source, and that of the functions and classes of its module that it uses,
    however deep, with the numbers and texts that stand in the module. Not what it
    assigns to there, as a counter, nor what it is given.
    """
    found: dict[int, str] = {}
    pending: list[Any] = [function]
    numbers: dict[str, str] = {}
    while pending:
        one = pending.pop()
        if id(one) in found:
            continue
        found[id(one)] = _text(one)
        for own in _functions(one):
            for name, value in _used(own):
                if inspect.isfunction(value) or inspect.isclass(value):
                    pending += [value] if value.__module__ == own.__module__ else []
                elif isinstance(value, _PLAIN):
                    numbers[name] = repr(value)
    return "\n".join([*sorted(found.values()), *map(str, sorted(numbers.items()))])


def _text(thing: Any) -> str:
    codes = [own.__code__ for own in _functions(thing)]
    compiled = [repr((code.co_code, _numbers(code))) for code in codes]
    try:
        text = inspect.getsource(thing)
    except (OSError, TypeError):  # typed into an interpreter
        return "".join(compiled)
    # Of a lambda the source is its line, which may have others.
    return text + "".join(compiled) if thing.__name__ == "<lambda>" else text


def _numbers(code: CodeType) -> list[Any]:
    return [constant for constant in code.co_consts if isinstance(constant, _PLAIN)]


def _functions(thing: Any) -> list[FunctionType]:
    """A function, or the methods of a class."""
    if not inspect.isclass(thing):
        thing = inspect.unwrap(thing)
        thing = getattr(thing, "__func__", thing)
        return [thing] if isinstance(thing, FunctionType) else []
    methods = (getattr(value, "__func__", value) for value in vars(thing).values())
    return [method for method in methods if isinstance(method, FunctionType)]


def _used(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function uses of its module, and the functions and classes around it."""
    assigned: set[str] = set()
    names: set[str] = set()
    for code in _codes(function.__code__):
        names.update(code.co_names)
        stored = (i for i in dis.get_instructions(code) if i.opname == "STORE_GLOBAL")
        assigned.update(instruction.argval for instruction in stored)
    for name in sorted(names - assigned):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in free:
        with contextlib.suppress(ValueError):  # it is filled later
            if callable(cell.cell_contents):
                yield name, cell.cell_contents


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and of those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
