"""A second reader: the documents' intervals again, by SciPy, from results.csv alone.

Nothing of the package computes here; it writes results.csv, as `report` does. What a
claim says is the description of the study, as its folder has it.
"""

import csv
import fnmatch
import json
import re
from collections import defaultdict
from itertools import takewhile

import numpy as np
import pytest
from scipy import stats

from tests.helpers import ROOT

pytest.importorskip("rich")
from keras_regnoise.studies import Gate, Run, report
from tests.studies.report.evidence.test_grounds import over_sets

pytestmark = pytest.mark.tensorflow  # nothing here depends on the backend

RESULTS = ROOT / "docs" / "results"
FOLDERS = [
    file.parent.name
    for file in sorted(RESULTS.glob("*/study.json"))
    if json.loads(file.read_text("utf-8"))["description"]["claims"]
]
# Sums in another order: as far as two sums of the same numbers may be apart.
ROUNDING = 1e-9
MANY = 20  # data sets


class Reader:
    """The results of a run, read once more.

    Args:
        run: The run.
        page: Its report.
        tmp_path: An empty folder.
    """

    def __init__(self, run, page, tmp_path):
        self.study, self.page = run.description.as_json(), page
        file = tmp_path / "results.csv"
        report.write_csv(report.rows(run), file)
        # By metric and arm, the value of every seed; of an arm, its settings.
        self.values, self.settings = defaultdict(lambda: defaultdict(dict)), {}
        with file.open(encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                arm = f"{row['group']}: {row['arm']}" if row["group"] else row["arm"]
                seed, value = int(row["seed"]), float(row["value"])
                self.values[row["metric"]][arm][seed] = value
                self.settings[arm] = row

    def arms(self, pattern):
        return [arm for arm in self.settings if fnmatch.fnmatchcase(arm, pattern)]

    def best(self, pattern):
        return self.best_of(self.arms(pattern))

    def best_of(self, arms):
        if len(arms) < 2:
            return arms[0] if arms else None
        objective = self.study["objective"]
        sign = -1 if less_is_better(objective) else 1
        chosen_by = self.values[objective]
        return max(arms, key=lambda arm: sign * np.mean(list(chosen_by[arm].values())))

    def pairs(self, metric, one, other):
        first, second = self.values[metric][one], self.values[metric][other]
        return np.array([first[s] - second[s] for s in first if s in second])

    def slopes(self, metric, pattern, x):
        arms = self.arms(pattern)
        places = [np.log2(float(self.settings[arm][f"hp_{x}"])) for arm in arms]
        values = self.values[metric]
        seeds = set.intersection(*(set(values[arm]) for arm in arms))
        return np.array(
            [
                np.polyfit(places, [values[arm][seed] for arm in arms], 1)[0]
                for seed in sorted(seeds)
            ]
        )

    def by_problem(self, pattern):
        """Return the best arm on each data set with its size, the small sets first."""
        name = self.study["profile"]["problem"]
        problems = defaultdict(list)
        for arm in self.arms(pattern):
            problems[self.settings[arm][f"hp_{name}"]].append(arm)
        best = {problem: self.best_of(arms) for problem, arms in problems.items()}
        sizes = {p: int(self.settings[best[p]]["train_examples"]) for p in best}
        ordered = sorted(best, key=sizes.get)
        return {problem: (best[problem], sizes[problem]) for problem in ordered}

    def open(self, claim):
        gate = claim["gate"]
        if gate is None:
            return True
        baseline = self.best(gate["baseline"])
        fits = self.values[gate["metric"]]
        of_gate = [baseline]
        if claim["statistic"] == "problems":
            of_gate = [arm for arm, _ in self.by_problem(gate["baseline"]).values()]
        fit = np.mean([np.mean(list(fits[arm].values())) for arm in of_gate])
        if fit < gate["fitted"]:
            return False
        if not gate["regularizer"]:
            return True
        metric = self.study["metric"]
        pairs = self.pairs(metric, self.best(gate["regularizer"]), baseline)
        low, high = interval(pairs)
        return high < 0 if less_is_better(metric) else low > 0


def less_is_better(metric):
    return metric.endswith(("loss", "error", "kurtosis"))


def interval(values):
    return stats.ttest_1samp(values, 0.0).confidence_interval(0.95)


def p_values_of(pairs, claim):
    """Return the p values of a difference, and of one within the margin."""
    margin, least = claim["margin"], least_of(claim)
    if not np.ptp(pairs):
        size = abs(pairs[0])
        return float(size <= least), float(size >= margin)

    def p(edge, side):
        return stats.ttest_1samp(pairs, edge, alternative=side).pvalue

    beyond = 2 * min(p(least, "greater"), p(-least, "less"))
    return min(1.0, beyond), max(p(-margin, "greater"), p(margin, "less"))


def least_of(claim):
    """To say that nothing that matters differs is wrong beyond the margin alone."""
    return claim["margin"] if claim["sign"] == 0 else 0.0


def holm(p_values):
    """Holm (1979): the smallest by their number, the next by one less."""
    p, order = np.array(p_values), np.argsort(p_values)
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * p[order]))
    return adjusted


def texts(metric, value, signed=True):
    """Format a value; also a little below and above, where it is on the edge."""
    factor = 100 if metric.endswith("accuracy") else 1
    for scale in (1 - ROUNDING, 1, 1 + ROUNDING):
        number = value * factor * scale
        plain = not number or 1e-3 <= abs(number) < 1e4
        form = ".2f" if factor == 100 else ".4f" if plain else ".3g"
        text = f"{number:{'+' if signed else ''}{form}}"
        yield text if float(text) else text.lstrip("+-")  # no sign of zero


def rows_of(page, first):
    """Return the cells of the table whose head begins with a word, as dicts."""
    lines = page.split("\n")
    start = next(n for n, line in enumerate(lines) if re.match(rf"\| {first} ", line))
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in takewhile(lambda line: line.startswith("|"), lines[start:])
    ]
    return [dict(zip(table[0], row, strict=True)) for row in table[2:]]


@pytest.fixture(scope="module", params=FOLDERS)
def reader(request, tmp_path_factory):
    run = Run.open(RESULTS / request.param)
    page = (RESULTS / request.param / "README.md").read_text("utf-8")
    return Reader(run, page, tmp_path_factory.mktemp("second"))


@pytest.mark.parametrize(("sets", "gain"), [(24, 0.02), (24, 0.004), (9, 0.02)])
@pytest.mark.parametrize("sign", [1, 0])
def test_claims_over_data_sets(sets, gain, sign, tmp_path):
    """Of made-up results: few sets and many, open and closed."""
    rng = np.random.default_rng(0)
    run = over_sets(
        rng.normal(gain, 0.01, sets),
        depths=(1, 2),
        sizes=rng.permutation(sets),
        sets=sets,
        gate=Gate(baseline="*none*", fitted=0.9),
        sign=sign,
    )
    page = report.render(report.summarize(run), run, terminal=False)
    test_claims(Reader(run, page, tmp_path))


def of_claim(reader, claim):
    """Return mean, ends and number of pairs, and both p values; None if not run."""
    metric = claim["metric"] or reader.study["metric"]
    one, other = (reader.best(pattern) for pattern in claim["arms"])
    if not one or not other:
        return None
    if claim["statistic"] == "plateau":
        return of_plateaus(reader, claim, metric)
    if claim["statistic"] == "problems":
        return of_problems(reader, claim, metric)
    if claim["statistic"] == "slope":
        sides = (reader.slopes(metric, side, claim["x"]) for side in claim["arms"])
        pairs = np.subtract(*sides)
    else:
        assert claim["statistic"] == "mean"
        pairs = reader.pairs(metric, one, other)
    p, q = p_values_of(pairs, claim)
    return pairs.mean(), *interval(pairs), len(pairs), p, q


def of_problems(reader, claim, metric, resamples=4000):
    """The same over data sets; of many by a bootstrap, a third of them at a time."""
    one, other = (reader.by_problem(pattern) for pattern in claim["arms"])
    sizes = np.array([size for _, size in one.values()])
    differences = np.array(
        [reader.pairs(metric, one[name][0], other[name][0]).mean() for name in one]
    )
    if len(differences) < MANY:
        ends, ps = interval(differences), p_values_of(differences, claim)
        return differences.mean(), *ends, len(differences), *ps
    rng = np.random.default_rng(7)
    third = -(-len(one) // 3)
    # What has the size of the last of a third belongs to it, and 3 make a stratum.
    cuts = np.searchsorted(sizes, sizes[[third - 1, 2 * third - 1]], side="right")
    cuts = [int(cut) for cut in dict.fromkeys(cuts) if cut <= len(sizes) - 3]
    if len(cuts) == 2 and cuts[1] - cuts[0] < 3:
        del cuts[1]
    if cuts and cuts[0] < 3:
        del cuts[0]
    found = [
        # The variance of a stratum by n - 1, not by n.
        s.mean() + (rng.choice(s, (resamples, n)) - s.mean()) * np.sqrt(n / (n - 1))
        for s in np.split(differences, cuts)
        if (n := len(s))
    ]
    means = np.concatenate(found, axis=1).mean(axis=1)
    return of_resamples(claim, differences.mean(), means, len(differences))


def of_plateaus(reader, claim, metric, resamples=4000):
    """The same by a bootstrap over seeds, with draws of its own."""
    tables = []
    for pattern in claim["arms"]:
        arms = reader.arms(pattern)
        rates = [float(reader.settings[arm][f"hp_{claim['x']}"]) for arm in arms]
        table = [list(reader.values[metric][arm].values()) for arm in arms]
        order = np.argsort(rates)
        tables.append((np.array(rates)[order], np.array(table)[order]))

    def difference(seeds):
        one, other = (
            width(rates, table[:, seeds].mean(axis=1), claim["within"])
            for rates, table in tables
        )
        return one - other

    count = tables[0][1].shape[1]
    draws = np.random.default_rng(7).integers(count, size=(resamples, count))
    found = np.array([difference(seeds) for seeds in draws])
    return of_resamples(claim, difference(np.arange(count)), found, count)


def of_resamples(claim, value, found, count):
    low, high = np.quantile(found, [0.025, 0.975])
    least = least_of(claim)
    p = min(1.0, 2 * min((found <= least).mean(), (found >= -least).mean()))
    q = max((found <= -claim["margin"]).mean(), (found >= claim["margin"]).mean())
    return value, low, high, count, p, q


def width(rates, means, within):
    """Walk from the best rate to both sides in small steps."""
    fine = np.arange(rates[0], rates[-1] + 1e-9, 1e-4)
    above = np.interp(fine, rates, means) >= means.max() - within
    best = np.searchsorted(fine, rates[means.argmax()] - 1e-9)
    right = np.argmin(np.append(above[best:], False))
    left = np.argmin(np.append(above[best::-1], False))
    return (right + left - 2) * 1e-4


def test_claims(reader):
    """Difference, interval, corrected p values and verdict, to the last digit."""
    read = {row["claim"]: row for row in rows_of(reader.page, "claim")}
    claims = reader.study["claims"]
    found = [of_claim(reader, claim) for claim in claims]
    tested = [f and reader.open(c) for c, f in zip(claims, found, strict=True)]
    differ, alike = (
        holm([f[at] if t else 1.0 for f, t in zip(found, tested, strict=True)])
        for at in (-2, -1)
    )
    # Holm's correction may hand the p value of a bootstrap to others.
    drawn = {
        p
        for claim, numbers, *ps in zip(claims, found, differ, alike, strict=True)
        for p in ps
        if numbers and is_resampled(claim, numbers[3])
    }
    for claim, numbers, *rest in zip(claims, found, tested, differ, alike, strict=True):
        assert (claim["text"] in read) == (numbers is not None)
        if numbers:
            row = read[claim["text"]]
            check(reader, claim, row, numbers, *rest)
            for text, p in zip(row["p, Holm"].split(" / "), rest[1:], strict=False):
                if p in drawn - {1.0}:
                    # Four standard errors of two shares, times the correction, and
                    # the smallest share of 2,000 resamples.
                    error = 4 * np.sqrt(len(claims) * p / 1333) + len(claims) / 1000
                    assert float(text.strip("<")) == pytest.approx(p, abs=error)
                elif text:
                    assert text == shown(p), claim["text"]


def is_resampled(claim, count):
    many = claim["statistic"] == "problems" and count >= MANY
    return many or claim["statistic"] == "plateau"


def check(reader, claim, row, numbers, is_open, p, q):
    metric = claim["metric"] or reader.study["metric"]
    mean, low, high, count = re.match(
        r"(\S+) \[(\S+), (\S+)\] \((\d+)(?: of \d+)? (?:seed|data set)s\)",
        row["difference"],
    ).groups()
    assert int(count) == numbers[3]
    assert row["verdict"].partition(" (")[0] == expected(claim, numbers, is_open, p, q)
    printed = (mean, low, high)
    plateau = claim["statistic"] == "plateau"
    if is_resampled(claim, numbers[3]):
        # Two bootstraps differ at their ends by some 0.08 of a standard error.
        factor = 100 if metric.endswith("accuracy") and not plateau else 1
        low, high = factor * numbers[1], factor * numbers[2]
        printed_to = 5e-4 if plateau else 5e-3 if factor == 100 else 5e-5
        ends = pytest.approx((low, high), abs=0.1 * (high - low) + printed_to)
        assert tuple(map(float, printed[1:])) == ends
        if plateau:  # walked in small steps
            assert float(mean) == pytest.approx(numbers[0], abs=1e-3)
        else:
            assert mean in texts(metric, numbers[0])
        return
    for text, number in zip(printed, numbers, strict=False):
        assert text in texts(metric, number), (claim["text"], number)


def expected(claim, numbers, is_open, p, q):
    if not is_open:
        return "this setting can't tell"
    if q <= 0.05:
        return "equivalent within the margin"
    if p <= 0.05:
        return "confirmed" if numbers[0] * claim["sign"] > 0 else "refuted"
    return "needs more seeds"


def shown(p):
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def test_arms(reader):
    """Mean, deviation, interval, and difference to the baseline of every arm."""
    metric = reader.study["metric"]
    first = "group" if "| group " in reader.page else "arm"
    for row in rows_of(reader.page, first):
        group = f"{row['group']}: " if row.get("group") else ""
        arm, baseline = group + row["arm"], group + reader.study["baseline"]
        values = np.array(list(reader.values[metric][arm].values()))
        mean, deviation = row["mean ± sd"].split(" ± ")
        assert mean in texts(metric, values.mean(), signed=False)
        assert deviation in texts(metric, values.std(ddof=1), signed=False)
        ends = interval(values) if np.ptp(values) else (values[0], values[0])
        if metric.endswith("accuracy"):
            ends = np.clip(ends, 0, 1)
        for text, end in zip(row["95 % interval"].split(" to "), ends, strict=True):
            assert text in texts(metric, end, signed=False)
        pairs = reader.pairs(metric, arm, baseline)
        if arm != baseline and np.ptp(pairs):
            mean, half = row[f"vs {reader.study['baseline']}"].split(" ± ")
            assert mean in texts(metric, pairs.mean()), arm
            assert half in texts(metric, np.ptp(interval(pairs)) / 2, signed=False)


def test_a_digit_that_is_wrong_is_seen(reader):
    """Of every mean of the first table the last digit is changed."""
    metric = reader.study["metric"]
    rows = rows_of(reader.page, "group" if "| group " in reader.page else "arm")
    for row in rows:
        arm = f"{row['group']}: {row['arm']}" if row.get("group") else row["arm"]
        mean = row["mean ± sd"].split(" ± ")[0]
        values = np.array(list(reader.values[metric][arm].values()))
        right = set(texts(metric, values.mean(), signed=False))
        # Two are right where the mean is between them; the next one never is.
        other = mean[:-1] + str((int(mean[-1]) + len(right)) % 10)
        assert other not in right
