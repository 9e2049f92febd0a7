import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from keras_regnoise.studies import report
from tests.studies.report.synthetic import (
    ACCURACIES,
    coded,
    described,
    elsewhere,
    failed,
    first,
    measured,
    published,
    toy,
)

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
    run = first(toy(scale=scale, numbers=NUMBERS, x=x), count)
    page = assert_self_contained(report.html(run))
    assert f"{count} of 9 cells done" in page.text
    assert ("numbers are of the cells" in page.text) == (0 < count < 9)
    assert ("role", "status") in [pair[1:] for pair in page.attributes] or count == 9
    assert "A paper (2019), Table 1" in page.text
    assert "Digits in place of images." in page.text
    assert ("directions may be compared, levels not" in page.text) == (scale == "short")
    assert page.tags.count("svg") > (1 if count else 0)


def test_it_answers_in_its_first_sentence_then_shows_then_says_how():
    run = failed(toy(numbers=NUMBERS), 1)
    text = report.html(run)
    answer = report.answer(report.summarize(run), run)
    start = text.split("<h1>")[1].split("<h2>")[0]
    assert f'</h1>\n<p class="answer">{answer}</p>' in start
    assert re.findall("<h2>(.*?)</h2>", text) == [
        "Figure",
        "Results",
        "Where the protocol is not the paper's",
        "Learning curves",
        "Failures",
        "Recipe",
        "Environment",
    ]


def test_the_table_has_the_numbers():
    page = Page(report.html(toy(numbers=NUMBERS)))
    assert [
        "Dropout 0.1",
        "+2.00 ± 2.48",
        "94.00 ± 2.65",
        "3",
        "87.43 to 100.00",
        "96.00 ± 1.00 (5)",
        "not distinguishable",
    ] in page.rows
    none = next(row for row in page.rows if row[0] == "none")
    assert none[5:] == ["95.00", "other protocol"]
    assert "1 of 2 intervals of differences leave 0 out" in page.text


@pytest.mark.parametrize("count", [1, 2])
def test_few_runs_have_no_interval_that_looks_like_certainty(count):
    run = toy({"none": [0.9] * count, "Dropout 0.1": [0.92] * count})
    page = Page(report.html(run))
    assert ["Dropout 0.1", "+2.00", "92.00", str(count)] in page.rows
    assert not any("±" in cell or " to " in cell for row in page.rows for cell in row)


EVIL = "<script>alert('x')</script>"


def evil_run():
    name = f'{EVIL} & "more" </svg> a/b\\c $x_1$ 0.5'
    run = toy(
        {"none": [0.9, 0.91], name: [0.9, 0.92]},
        groups=(f"{EVIL}/é", "B & C"),
        numbers=[published("none", 0.9, group="B & C", of=EVIL)],
        title=EVIL,
        paper=EVIL,
        deviations=(EVIL,),
        recipe={"deviations": (f"{EVIL} too",), "options": {EVIL: EVIL}},
    )
    return elsewhere(failed(run, 3, f"ValueError: {EVIL}"), 0, machine=EVIL), name


@pytest.mark.parametrize("x", ["rate", ""])
def test_everything_is_escaped(x):
    run, name = evil_run()
    text = report.html(described(run, x=x))
    assert "<script" not in text
    page = assert_self_contained(text)
    assert any(row[0] == name for row in page.rows)
    assert any(row[2] == f"ValueError: {EVIL}" for row in page.rows if len(row) == 4)
    assert page.text.startswith(f"{EVIL}: ")  # the title
    # The drawings are intact, and name what they show.
    drawings = re.findall("<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == page.tags.count("svg") > 2
    labels = [ElementTree.fromstring(d).attrib["aria-label"] for d in drawings]
    assert any("B & C" in label for label in labels)


def test_control_characters_never_reach_the_page():
    evil = "Drop\x1b[31mout\x07\ud800\n\ufffe 0.1"
    trace = f"Traceback:\n  \x1b[1m{evil}\x00\nValueError: {evil}\n"
    run = toy({"none": [0.9], evil: [0.9]}, groups=(evil,), title=evil)
    run = elsewhere(failed(run, 0, f"ValueError: {evil}", trace), machine=evil)
    for x in ("rate", ""):
        text = report.html(described(run, x=x))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe]", text)
        page = assert_self_contained(text)
        assert "Dropout\ufffd \ufffd 0.1" in page.text
        text.encode("utf-8")


def test_names_are_no_mathematics():
    # matplotlib would raise on this formula.
    run = toy({"none": [0.9, 0.8], r"$\frac{$": [0.9, 0.7]})
    for x in ("rate", ""):
        assert_self_contained(report.html(described(run, x=x)))


def test_failures_show_the_error_and_not_the_traceback():
    page = Page(report.html(failed(toy(), 4, "MemoryError: no room")))
    assert ["Dropout 0.1", "1", "MemoryError: no room", "2"] in page.rows
    assert 'File "a.py"' not in page.text
    assert "8 of 9 cells done, 1 failed" in page.text
    assert "1 cell began more than once" in page.text


def test_nan_everywhere_is_a_page_too():
    run = toy()
    names = dict.fromkeys(run.metrics, math.nan)
    run = measured(run, **names)
    curve = {"val_accuracy": [math.nan, math.nan, math.inf]}
    records = tuple(replace(r, history=curve) for r in run.records)
    page = assert_self_contained(report.html(replace(run, records=records)))
    assert "9 runs ended without a finite number" in page.text


def test_mixed_environments_are_said():
    assert "did not all run" not in report.html(toy())
    page = Page(report.html(elsewhere(toy(), 0, device="gpu")))
    assert "The cells did not all run in the same environment" in page.text
    assert "The cells differ in device: gpu (1 cell), cpu (8 cells)." in page.text
    assert ["device", "gpu (1 cell); cpu (8 cells)"] in page.rows


def test_changed_code_is_said():
    run = coded(coded(toy(), {"toy": "a" * 64}), {"toy": "b" * 64}, 0)
    page = Page(report.html(run))
    assert "The code changed while it ran, 2 states of it (1 cell, 8 cells)" in (
        page.text
    )
    assert ["code of toy", f"{'b' * 12} (1 cell); {'a' * 12} (8 cells)"] in page.rows


def test_one_example_is_a_count():
    run = elsewhere(toy(), data={"test": 1, "validation": 0, "train": 1.0})
    page = Page(report.html(run))
    assert ["data: test", "1"] in page.rows
    assert ["data: validation", "0"] in page.rows
    assert ["jit", "no"] in page.rows


def test_another_metric_is_everywhere():
    run = toy()
    history = {"val_accuracy": [0.1], "val_loss": [0.9]}
    records = tuple(replace(r, history=history) for r in run.records)
    page = Page(report.html(replace(run, records=records), "test_loss"))
    assert "test loss, last epoch" in page.text
    assert "Validation loss by epoch" in page.text
    assert any(v.startswith("none") for v in [row[0] for row in page.rows])
    labels = [v for _, name, v in page.attributes if name == "aria-label"]
    assert not any("accuracy" in label for label in labels)


def test_it_is_accessible():
    page = Page(report.html(toy(groups=("A", "B"), numbers=NUMBERS)))
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
    text = report.html(toy())
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
    page = Page(report.html(toy(accuracies)))
    labels = [
        v for tag, name, v in page.attributes if (tag, name) == ("svg", "aria-label")
    ]
    figures = [label for label in labels if not label.startswith("Learning")]
    assert len(figures) == 7
    assert len(labels) - len(figures) == 7


def test_the_same_records_make_the_same_page():
    assert report.html(toy(ACCURACIES)) == report.html(toy(ACCURACIES))
