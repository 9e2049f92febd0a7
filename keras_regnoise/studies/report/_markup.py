"""Elements of a page, escaped wherever they come from."""

from collections.abc import Iterable, Sequence
from html import escape

_EMPTY = {"meta", "link"}


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | int | None) -> Markup:
    """Make an element; text in it is escaped, `Markup` is not.

    Args:
        tag: Name of the element.
        *children: Text or markup.
        **attributes: `class_` is `class`, `aria_label` is `aria-label`; None is none.
    """
    names = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    end = "" if tag in _EMPTY else f"{together(*children)}</{tag}>"
    return Markup(f"<{tag}{names}>{end}")


def together(*parts: str) -> Markup:
    """Put parts one after the other."""
    return Markup(
        "".join(part if isinstance(part, Markup) else escape(part) for part in parts)
    )


def scrolling(table: Markup, label: str) -> Markup:
    """Let a wide table scroll by itself."""
    # Focus, so that the keyboard can scroll it too.
    return element(
        "div", table, class_="scroll", role="region", aria_label=label, tabindex=0
    )


def plain_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    head = (element("th", name, scope="col") for name in names)
    return element(
        "table",
        element("thead", element("tr", *head)),
        element(
            "tbody",
            *(
                element(
                    "tr",
                    element("th", first, scope="row"),
                    *(element("td", text) for text in rest),
                )
                for first, *rest in rows
            ),
        ),
    )
