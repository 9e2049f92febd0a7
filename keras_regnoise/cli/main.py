"""The command `keras-regnoise`: reads the arguments and calls one of the commands."""

import errno
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import TextIO

from keras_regnoise.cli import extras
from keras_regnoise.cli.common import INCOMPLETE, USAGE, UsageError, complain, write
from keras_regnoise.cli.parser import parse
from keras_regnoise.studies.engine.errors import ClusterError
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.run import FolderError, WriteError

# Something is wrong with the machine, and not with this program.
_MACHINE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENAMETOOLONG, errno.ELOOP),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 done, 1 incomplete, 2 usage."""
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        try:
            options = parse(arguments)
            if lacking := extras.missing(options.needs):
                raise UsageError(extras.advice(lacking))
            return int(options.main(options))
        except KeyboardInterrupt:
            complain("interrupted")
            return INCOMPLETE
        except Exception as error:
            return _explain(error)


def _explain(error: Exception) -> int:
    """Show what is wrong in a line, or at length if it is this program; the code."""
    if isinstance(error, (WriteError, ClusterError)):
        complain(error)
        return INCOMPLETE
    if isinstance(error, (UsageError, FolderError, InputError)):
        complain(error)
        return USAGE
    if isinstance(error, ImportError) and (advice := extras.advice_on(error)):
        complain(advice)
        return USAGE
    if isinstance(error, OSError) and error.errno in _MACHINE:
        where = f": {error.filename}" if error.filename else ""
        complain(f"{error.strerror}{where}")
        return INCOMPLETE
    write("".join(traceback.format_exception(error)), sys.stderr)
    complain("this is a fault of the program: please report it with the lines above")
    return INCOMPLETE


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    complain(message)
