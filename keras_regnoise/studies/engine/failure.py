"""Why a cell failed, in a line."""

import re
import traceback

from keras_regnoise.studies.input_error import InputError

# Lines that say where, but not what: TensorFlow's errors begin with many of them.
_NOISE = re.compile(
    r"Graph execution error|Detected at node|File \"|<stack traces|\[\[|Stack trace for"
    r"|Original stack trace|Arguments received by|During handling of|Traceback \("
    r"|The above exception|\s*\^+$|node .*defined at",
    re.IGNORECASE,
)


def reason_of(error: BaseException) -> str:
    r"""Return the kind of an error and the line of it that tells most.

    Example:

    >>> reason_of(ValueError("out of luck\nand a second line"))
    'ValueError: out of luck'
    >>> reason_of(RuntimeError("Graph execution error:\n\nDetected at node x\nfull"))
    'RuntimeError: full'
    >>> reason_of(InputError("There is no file x.py"))
    'There is no file x.py'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not _NOISE.match(line)]
    line = next(iter(telling or lines), "")
    if line and isinstance(error, InputError):  # a sentence of ours
        return line
    name = type(error).__name__
    return f"{name}: {line}" if line else name


def trace_of(error: BaseException) -> str:
    """Return the traceback of an error."""
    return "".join(traceback.format_exception(error))
