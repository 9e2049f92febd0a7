"""Write docs/api: one page for each package, with an entry for each public name.

python docs/api_pages.py
"""

import importlib
import inspect
from pathlib import Path

PAGES = {
    "layers": "Layers",
    "regularizers": "Regularizers",
    "callbacks": "Callbacks",
    "ops": "Pure functions",
    "placement": "Placement",
    "models": "Models",
    "analysis": "Analysis",
    "analysis.plots": "Plots",
    "tuning": "Tuning",
    "training": "Training",
    "datasets": "Data sets",
    "studies": "Studies",
    "studies.report": "Reports",
}


def page(package: str) -> str:
    """The page of a package: what it says of itself, and an entry for each name."""
    module = importlib.import_module(f"keras_regnoise.{package}")
    head = f"# {PAGES[package]}\n\n::: {module.__name__}\n"
    head += _options(
        members="[]", show_root_heading="false", show_root_toc_entry="false"
    )
    return head + "".join(
        _entry(module, name)
        for name in module.__all__
        if not inspect.ismodule(getattr(module, name))
    )


def _entry(module: object, name: str) -> str:
    # By where it is written: a function that is called like its module would be
    # taken for the module.
    path, member = f"{module.__name__}.{name}", getattr(module, name)
    written = path
    if inspect.isclass(member) or inspect.isroutine(member):
        written = f"{member.__module__}.{member.__qualname__}"
    return f"\n::: {written}\n{_options(heading=path, toc_label=name)}"


def _options(**options: str) -> str:
    lines = [f"      {name}: {value}\n" for name, value in options.items()]
    return "    options:\n" + "".join(lines)


def main() -> None:
    """Write every page."""
    folder = Path(__file__).parent / "api"
    folder.mkdir(exist_ok=True)
    for package in PAGES:
        (folder / f"{package}.md").write_text(page(package), encoding="utf-8")


if __name__ == "__main__":
    main()
