"""Checks the links of a built site, without a network.

    mkdocs build --strict --site-dir SITE && python docs/check_links.py SITE

Every page, file and anchor that a page links to must be there; of an address elsewhere
only the form is checked. Exit code 1 and a line for each link that is not right.
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

_ADDRESSES = ("href", "src")


class Page(HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = {""}
        self.links: list[str] = []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what a tag names and what it links to."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        self.links += [found[name] for name in _ADDRESSES if name in found]


def wrong_links(site: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield the page, the link and what is wrong with it."""
    pages = {file: Page(file) for file in sorted(site.rglob("*.html"))}
    for file, page in pages.items():
        if file == site / "404.html":  # its links begin at the root of a server
            continue
        for link in dict.fromkeys(page.links):
            if reason := _reason(link, file, site, pages):
                yield file.relative_to(site), link, reason


def _reason(link: str, file: Path, site: Path, pages: dict[Path, Page]) -> str:
    """Say what is wrong with a link; an empty string if nothing is."""
    try:
        parts = urlsplit(link)
    except ValueError as error:
        return str(error)
    if parts.scheme or parts.netloc:
        return _elsewhere(parts)
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site):
        return "is outside of the site"
    if not target.exists():
        return "is not there"
    if target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "has no such anchor"
    return ""


def _elsewhere(parts: SplitResult) -> str:
    if parts.scheme in ("data", "mailto", "javascript"):
        return "" if parts.path else "is empty"
    if parts.scheme not in ("https", "http"):
        return "begins with neither https nor http"
    is_host = "." in parts.netloc and not set(" <>()") & set(parts.geturl())
    return "" if is_host else "is no address"


def main(folder: str) -> int:
    """Print what is wrong; return the exit code."""
    site = Path(folder).resolve()
    found = list(wrong_links(site))
    for file, link, reason in found:
        print(f"{file}: {link} {reason}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
