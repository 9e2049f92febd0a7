"""The source of a function of the user's, with what it uses of its own module."""

import contextlib
import dis
import functools
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

_PLAIN = (bool, int, float, str, type(None))


def source_of(function: Callable[..., Any]) -> str:
    """Return what tells a function from one that computes something else.

    Its source, and that of the functions and classes of its module that it uses,
    however deep, with the numbers and texts that stand in the module. Not what they
    assign to there, as a counter, nor what the function is given.
    """
    found: dict[int, str] = {}
    numbers: dict[str, str] = {}
    assigned: set[str] = set()
    pending: list[Any] = [function]
    while pending:
        one = pending.pop()
        if id(one) in found:
            continue
        found[id(one)] = _text(one)
        pending += _behind(one)
        for own in _functions(one):
            assigned |= _names(own, "STORE_GLOBAL")
            for name, value in _used(own):
                if inspect.isfunction(value) or inspect.isclass(value):
                    pending += [value] if value.__module__ == own.__module__ else []
                elif _is_plain(value):
                    numbers[name] = repr(value)
    kept = [f"{name} = {numbers[name]}" for name in sorted(numbers.keys() - assigned)]
    return "\n".join([*sorted(found.values()), *kept])


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def _behind(thing: Any) -> list[Any]:
    """What a callable that is no function calls."""
    if isinstance(thing, functools.partial):
        return [thing.func]
    if inspect.ismethod(thing):
        return [type(thing.__self__)]
    return [] if inspect.isroutine(thing) or inspect.isclass(thing) else [type(thing)]


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
    return [constant for constant in code.co_consts if _is_plain(constant)]


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
    for name in sorted(_names(function, "LOAD_GLOBAL", "LOAD_NAME")):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in free:
        with contextlib.suppress(ValueError):  # it is filled later
            if callable(cell.cell_contents):
                yield name, cell.cell_contents


def _names(function: FunctionType, *operations: str) -> set[str]:
    """The names that a function, and those inside it, loads or stores so."""
    return {
        instruction.argval
        for code in _codes(function.__code__)
        for instruction in dis.get_instructions(code)
        if instruction.opname in operations
    }


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and of those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
