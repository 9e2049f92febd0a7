"""Text that may be shown: of errors, logs and names that others wrote."""

import re

# Escape sequences of a terminal: colors and movements, titles and links, the rest.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Control characters, and those that turn the direction of what follows.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
# What neither UTF-8 nor XML can hold.
_UNWRITABLE = re.compile(r"[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def clean_text(text: str) -> str:
    r"""Return text without what a terminal or a page would act on.

    Escape sequences and control characters are taken out, line breaks and tabs stay,
    and what can't be written as UTF-8, such as half of a pair of surrogates, becomes
    `"\ufffd"`.

    Example:

    >>> clean_text("\x1b[31mOut of memory\x1b[0m\x07\r\nat step 3")
    'Out of memory\nat step 3'
    """
    if text.isprintable():
        return text
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _UNWRITABLE.sub("\ufffd", _CONTROLS.sub("", text))


def clean_line(text: str) -> str:
    r"""Return text that may be shown, in one line.

    Example:

    >>> clean_line("Dropout\n\t0.1")
    'Dropout 0.1'
    """
    return text if text.isprintable() else " ".join(clean_text(text).split())
