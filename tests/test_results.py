"""The numbers in the documents are those of the records beside them."""

import importlib.util
import json
import re
from collections import defaultdict

import numpy as np
import pytest

from tests.helpers import CODE, ROOT

pytest.importorskip("rich")
pytestmark = pytest.mark.tensorflow  # nothing here depends on the backend


@pytest.fixture(scope="module")
def tables():
    file = ROOT / "docs" / "results" / "tables.py"
    spec = importlib.util.spec_from_file_location("tables", file)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(file.parent))  # as for a script
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def documents(tables):
    return tables.documents()


def test_documents_say_what_the_records_do(documents):
    assert len(documents) >= 7
    for file, text in documents.items():
        assert file.read_text("utf-8") == text, f"run docs/results/tables.py: {file}"


def test_runs_that_decide_claims_are_whole(tables):
    """Else the pages would have to say which seeds are missing."""
    runs = tables.claims.published_runs()
    assert len(runs) >= 14
    assert [name for name, (run, _) in runs.items() if not run.complete] == []


NUMBER = re.compile(r"[+-]?\d+\.\d+ ± \d+\.\d+")


def test_every_interval_in_words_is_one_of_the_tables(documents):
    """What is said in prose is said in a table too; tests run the code of pages."""
    mark = re.compile(r"<!-- \w+ -->\n.*?<!-- end -->", re.DOTALL)
    everything = set()
    for file, text in documents.items():
        own = {n for part in mark.findall(text) for n in NUMBER.findall(part)}
        in_words = set(NUMBER.findall(CODE.sub("", mark.sub("", text))))
        assert in_words <= own, f"{file}: {in_words - own}"
        everything |= own
    assert len(everything) > 100


def test_the_advice_has_no_number_of_its_own(tables):
    page = (ROOT / "docs" / "which_noise.md").read_text("utf-8")
    marked = r"<!-- \w+ -->\n.*?<!-- end -->"
    ours = re.sub(rf"{marked}|\]\(.*?\)", "", page, flags=re.DOTALL)
    assert set(re.findall(r"\d+", ours)) == {"95"}  # "half a 95 % interval"
    assert page.count("](results/") > 15


def test_advice_that_the_records_do_not_carry_is_an_error(tables):
    metric = tables.advice.report.Metric("test_accuracy")
    seeds = {"low": {1: 0.5, 2: 0.6, 3: 0.7}, "high": {1: 0.6, 2: 0.71, 3: 0.79}}
    arms = tables.advice.Arms(
        "link", metric, {**seeds, "wild": {1: 0.7, 2: 0.4, 3: 0.8}}
    )
    assert arms.more("high", "low") == "10.00 ± 2.48"
    assert arms.less("low", "high") == "10.00 ± 2.48"
    assert arms.alike("wild", "low").startswith("+3.33 ± ")
    for says, one in (("less", "high"), ("alike", "high"), ("more", "wild")):
        with pytest.raises(ValueError, match="says otherwise than the records"):
            getattr(arms, says)(one, "low")


def roundings(number, table):
    """Return the numbers of a table that round to one, whatever their sign."""
    digits = len(number.partition(".")[2])
    found = (abs(float(n)) for n in re.findall(r"\d+\.\d+|\d+", table))
    return [n for n in found if f"{n:.{digits}f}" == number]


def test_numbers_in_what_it_shows_are_roundings_of_the_tables(documents):
    """Decimals, points and percentages; a margin of a verdict is in the table too."""
    mark, checked = re.compile(r"<!-- \w+ -->\n.*?<!-- end -->", re.DOTALL), 0
    for file, text in documents.items():
        if file.parent.parent.name != "results":
            continue
        own = "\n".join(mark.findall(text))
        shows = re.search(r"What it shows: (.*?)\n(\n|$)", text, re.DOTALL)
        words = shows[1].replace("95 %", "") if shows else ""
        for number in re.findall(r"\d+\.\d+|\d+(?= points| %)", words):
            assert roundings(number, own), f"{file}: {number}"
            checked += 1
    assert checked > 30


def test_pages_count_their_records():
    """So many trainings or cells, seeds and arms, as the page begins."""
    counted = re.compile(
        r"(\d+) (?:trainings|cells)(?: of the (\w+))?[^.]*?(\d+)\s+seeds of (\d+) arms"
    )
    pages = 0
    for folder in (ROOT / "docs" / "results").glob("*/cells"):
        found = counted.findall((folder.parent / "README.md").read_text("utf-8"))
        if not found:  # a race gives seeds in rounds
            assert folder.parent.name.startswith("tune-")
            continue
        cells = [json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")]
        assert sum(int(count) for count, *_ in found) == len(cells)
        for count, group, seeds, arms in found:
            part = [c for c in cells if not group or c["group"] == group]
            assert int(count) == len(part)
            assert int(seeds) == len({c["seed"] for c in part})
            assert int(arms) == len({(c["group"], c["arm"]) for c in part})
        pages += 1
    assert pages >= 6
    front = (ROOT / "README.md").read_text("utf-8")
    count = len(list((ROOT / "docs/results/keep-rate/cells").glob("*.json")))
    assert f"{count} trainings of `keras-regnoise run keep-rate" in front


def test_a_number_that_was_changed_by_hand_is_found(tables):
    text = "before\n<!-- x -->\nold\n<!-- end -->\nafter <!-- end -->"
    expected = "before\n<!-- x -->\nnew\n<!-- end -->\nafter <!-- end -->"
    assert tables.filled(text, "x", "new") == expected
    with pytest.raises(ValueError, match="no <!-- y -->"):
        tables.filled(text, "y", "new")


def test_records_that_are_published_name_no_place_of_a_machine():
    for file in (ROOT / "docs" / "results").glob("*/cells/*.json"):
        text = file.read_text("utf-8")
        assert '"traceback": null' in text
        assert not any(f'"{place}' in text for place in ("/", "~", "C:\\\\")), file


def test_every_formula_is_within_two_standard_errors_of_its_draws():
    """As the page of closed-forms says: 400 draws of each, by pairs."""
    folder, draws = ROOT / "docs" / "results" / "closed-forms", defaultdict(dict)
    for file in (folder / "cells").glob("*.json"):
        cell = json.loads(file.read_text("utf-8"))
        draws[cell["group"], cell["arm"]][cell["seed"]] = cell["history"]["value"]
    formulas = [group for group, arm in draws if arm == "formula"]
    assert len(formulas) == 13
    for group in formulas:
        measured, formula = draws[group, "measured"], draws[group, "formula"]
        errors = np.concatenate([np.subtract(measured[s], formula[s]) for s in formula])
        assert len(errors) == 400
        assert abs(errors.mean()) <= 2 * errors.std(ddof=1) / 20, group


def test_how_far_adam_and_l2_are_apart_in_single_draws():
    """As the page of the lecture says."""
    folder = ROOT / "docs" / "results" / "lecture"
    draws = defaultdict(dict)
    for file in (folder / "cells").glob("Weight-decay-Adam-*.json"):
        cell = json.loads(file.read_text("utf-8"))
        draws[cell["seed"]][cell["arm"]] = cell["history"]["value"]
    errors = [np.subtract(d["measured"], d["expected"]) for d in draws.values()]
    largest = np.abs(errors).max()
    page = (folder / "README.md").read_text("utf-8")
    assert f"by up to {largest:.2f} in single draws" in page
