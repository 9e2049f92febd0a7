"""Ctrl-C and SIGTERM, while there is something to tidy up."""

import _thread
import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Have the signals raise `KeyboardInterrupt`; else they end the command at once.

    See `keras_regnoise_command`. A signal that the shell has told it to ignore stays
    ignored.
    """
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    hook = sys.unraisablehook

    def again(unraisable: "UnraisableHookArgs") -> None:
        # An interrupt that came in a callback, such as the garbage collector's, would
        # be lost there.
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            _thread.interrupt_main()
        else:
            hook(unraisable)

    for number, handler in handlers.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)
