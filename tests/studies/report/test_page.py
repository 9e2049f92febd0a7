import math
import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from keras_regnoise.studies import report
from tests.studies.report.synthetic import ACCURACIES, fail, folder, published

EMPTY = {"meta", "link"}
NUMBERS = [published("none", 0.95), published("Dropout 0.1", 0.96, spread=0.01, n=5)]


class Page(HTMLParser):
    """Checks that elements are closed in order, and collects what is there."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.ids = [], [], []
        self.texts, self.tags, self.rows = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style",):
            self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def assert_self_contained(text):
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert {"script", "iframe", "img", "object", "base"} & set(page.tags) == set()
    assert page.tags.count("link") == 1
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("href", "src", "xlink:href"):
            assert value.startswith("#") or (tag, value) == ("link", "data:,")
            assert not value.startswith("#") or value[1:] in page.ids
    for reference in re.findall(r"url\((.*?)\)", text):
        assert reference.removeprefix("#") in page.ids
    assert "@import" not in text
    assert "http://" not in text
    assert "https://" not in text
    return page


@pytest.mark.parametrize("x", ["rate", ""])
@pytest.mark.parametrize("scale", ["short", "paper"])
@pytest.mark.parametrize("count", [0, 1, 5, 9])
def test_every_stage_of_a_run_is_a_page(count, scale, x):
    manifest, records = folder(scale=scale, numbers=NUMBERS, x=x)
    page = assert_self_contained(report.html(manifest, records[:count]))
    assert f"{count} of 9 cells done" in page.text
    assert ("numbers are of those" in page.text) == (0 < count < 9)
    assert ("role", "status") in [pair[1:] for pair in page.attributes] or count == 9
    assert "A paper (2019), Table 1" in page.text
    assert "Digits in place of images." in page.text
    assert ("directions may be compared, levels not" in page.text) == (scale == "short")
    assert page.tags.count("svg") > (1 if count else 0)


def test_the_order_is_table_deviations_figure_curves_failures_environment():
    manifest, records = folder(numbers=NUMBERS)
    fail(records, 1)
    text = report.html(manifest, records)
    assert re.findall("<h2>(.*?)</h2>", text) == [
        "Results",
        "Where the protocol is not the paper&#x27;s",
        "Figure",
        "Learning curves",
        "Failures",
        "Environment",
    ]


def test_the_table_has_the_numbers():
    page = Page(report.html(*folder(numbers=NUMBERS)))
    assert [
        "Dropout 0.1",
        "94.00 ± 2.65",
        "3",
        "87.43 to 100.00",
        "+2.00 ± 2.48",
        "96.00 ± 1.00, n = 5",
        "not distinguishable",
    ] in page.rows
    none = next(row for row in page.rows if row[0] == "none")
    assert none[5:] == ["95.00, sd and n not reported", "other protocol"]
    assert "1 of 2 intervals of differences (of 3 pairs and more)" in page.text


def test_everything_is_escaped():
    evil = "<script>alert('x')</script>"
    name = f'{evil} & "more" $x_1$ 0.5'
    accuracies = {"none": [0.9, 0.91], name: [0.9, 0.92]}
    manifest, records = folder(
        accuracies,
        groups=(evil,),
        numbers=[published("none", 0.9, group=evil)],
        title=evil,
        paper=evil,
        deviations=[evil],
        x="",
    )
    fail(records, 3, f"ValueError: {evil}")
    records[0]["environment"]["machine"] = evil
    text = report.html(manifest, records)
    assert "<script" not in text
    page = assert_self_contained(text)
    assert any(row[0] == name for row in page.rows)
    assert f"ValueError: {evil}" in [row[2] for row in page.rows if len(row) == 4]


def test_names_are_no_mathematics():
    # matplotlib would raise on this formula.
    manifest, records = folder({"none": [0.9, 0.8], r"$\frac{$": [0.9, 0.7]})
    for x in ("rate", ""):
        manifest["description"]["x"] = x
        assert_self_contained(report.html(manifest, records))


def test_failures_show_the_last_line_of_the_traceback():
    manifest, records = folder()
    fail(records, 4, "MemoryError: no room")
    page = Page(report.html(manifest, records))
    assert ["Dropout 0.1", "1", "MemoryError: no room", "2"] in page.rows
    assert 'File "a.py"' not in page.text
    assert "8 of 9 cells done, 1 failed" in page.text


def test_nan_everywhere_is_a_page_too():
    manifest, records = folder()
    for record in records:
        record["metrics"] = dict.fromkeys(record["metrics"], math.nan)
        record["history"] = {"val_accuracy": [math.nan, None, math.inf]}
    page = assert_self_contained(report.html(manifest, records))
    assert "9 runs ended without a finite number" in page.text


def test_mixed_environments_are_said():
    manifest, records = folder()
    assert "did not all run" not in report.html(manifest, records)
    records[0]["environment"]["device"] = "gpu"
    page = Page(report.html(manifest, records))
    assert "The cells did not all run in the same environment" in page.text
    assert ["device", "gpu (1 cells); cpu (8 cells)"] in page.rows


def test_it_is_accessible():
    page = Page(report.html(*folder(groups=("A", "B"), numbers=NUMBERS)))
    assert ("html", "lang", "en") in page.attributes
    scopes = [value for tag, name, value in page.attributes if name == "scope"]
    assert len(scopes) == page.tags.count("th")
    assert {"col", "row", "rowgroup"} == set(scopes)
    labels = [pair for pair in page.attributes if pair[:2] == ("svg", "aria-label")]
    assert len(labels) == page.tags.count("svg")
    assert all(label for _, _, label in labels)
    # All headings under one, none left out.
    assert page.tags.count("h1") == 1


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag_aa():
    text = report.html(*folder())
    found = [
        dict(re.findall(r"--(\w+): (#\w{6})", block))
        for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    ]
    assert len(found) == 2  # light, dark
    for colors in found:
        for background in ("paper", "tint", "notice"):
            assert contrast(colors["ink"], colors[background]) >= 4.5
        assert contrast(colors["quiet"], colors["paper"]) >= 4.5
        for i in range(1, 7):
            assert contrast(colors[f"c{i}"], colors["paper"]) >= 3


def test_many_arms_are_small_multiples():
    accuracies = {"none": [0.9, 0.91]}
    accuracies |= {f"M{i} 0.1": [0.9, 0.92] for i in range(7)}
    page = Page(report.html(*folder(accuracies)))
    labels = [
        v for tag, name, v in page.attributes if (tag, name) == ("svg", "aria-label")
    ]
    figures = [label for label in labels if not label.startswith("Learning")]
    assert len(figures) == 7
    assert len(labels) - len(figures) == 7


def test_the_same_records_make_the_same_page():
    assert report.html(*folder(ACCURACIES)) == report.html(*folder(ACCURACIES))
