"""Figures as elements of a page."""

import re
from io import StringIO
from xml.etree import ElementTree

from matplotlib.figure import Figure

from keras_regnoise._figures import Palette

# Stand-ins, exchanged for the page's own colors, light or dark.
PAGE = Palette("none", "#000001", "#000002", tuple(f"#00000{i}" for i in range(3, 9)))
_XLINK = "{http://www.w3.org/1999/xlink}href"
_EXCHANGED = {
    PAGE.ink: "currentColor",
    PAGE.line: "var(--line)",
    **{color: f"var(--c{i})" for i, color in enumerate(PAGE.series, 1)},
}


def inline_svg(figure: Figure, name: str, label: str) -> str:
    """Return a figure as an element of a page.

    Colors follow the page, identities begin with `name`, and nothing in it is an
    address.

    Args:
        figure: Drawn with the palette `PAGE`.
        name: Unique in the page.
        label: What the figure shows, for who does not see it.
    """
    stream = StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(stream, format="svg", metadata=nothing)
    root = ElementTree.fromstring(stream.getvalue())
    for parent in root.iter():
        for child in list(parent):
            if child.tag.endswith(("style", "metadata")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            key.rpartition("}")[2]: _exchange(value, key, name)
            for key, value in element.attrib.items()
        }
    box = root.attrib["viewBox"]
    width, height = map(float, box.split()[2:])
    root.attrib = {
        "viewBox": box,
        "width": f"{width:.0f}",
        "height": f"{height:.0f}",
        "role": "img",
        "aria-label": label,
    }
    return ElementTree.tostring(root, encoding="unicode")


def _exchange(value: str, key: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == _XLINK:
        return value.replace("#", f"#{name}-")
    value = value.replace("url(#", f"url(#{name}-")
    for color, own in _EXCHANGED.items():
        value = value.replace(color, own)
    # The page's typeface; the size stays.
    return re.sub(r"font: [^;]*?([\d.]+px)[^;]*", r"font-size: \1", value)
