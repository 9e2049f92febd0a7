import pytest

from benchmarks import timing


class Clock:
    """Time that passes only where a test says so."""

    def __init__(self):
        self.now = 0.0
        self.log = []

    def run(self, name, seconds):
        def run():
            self.now += seconds
            self.log.append(name)
            return name

        return run

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    return clock


def ignore(result):
    pass


def test_summary_is_median_and_relative_quartile_range():
    result = timing.summarize([0.004, 0.001, 0.002, 0.003, 1.0])
    assert result.median_ms == pytest.approx(3.0)
    assert result.spread == pytest.approx((4.0 - 2.0) / 3.0)
    assert result.samples == 5


def test_one_sample_has_no_spread():
    assert timing.summarize([0.5]) == timing.Timing(500.0, 0.0, 1)


def test_times_are_of_one_call(clock):
    runs = {"a": clock.run("a", 0.001), "b": clock.run("b", 0.03)}
    result = timing.interleave(runs, 3, ignore)
    assert result["a"].median_ms == pytest.approx(1.0)
    assert result["b"].median_ms == pytest.approx(30.0)


def test_every_repeat_times_every_candidate_once(clock):
    runs = {name: clock.run(name, 0.01) for name in "abc"}
    timing.interleave(runs, 4, ignore)
    repeats = [clock.log[i : i + 3] for i in range(6, len(clock.log), 3)]
    assert len(repeats) == 4
    assert all(sorted(repeat) == ["a", "b", "c"] for repeat in repeats)
    assert len({repeat[0] for repeat in repeats}) == 3  # not always the same first


def test_fast_functions_are_called_often_enough_to_fill_a_sample(clock):
    lengths = []
    for repeats in (1, 2):
        start = clock.now
        timing.interleave({"a": clock.run("a", 1e-4)}, repeats, ignore, sample_s=0.005)
        lengths.append(clock.now - start)
    assert 0.005 <= lengths[1] - lengths[0] < 0.01


def test_slow_functions_sit_out_when_their_time_is_used_up(clock):
    runs = {"slow": clock.run("slow", 2.0), "fast": clock.run("fast", 0.01)}
    result = timing.interleave(runs, 9, ignore, budget_s=3.0)
    assert result["slow"].samples == 2
    assert result["fast"].samples == 9


def test_waiting_for_the_result_counts(clock):
    def wait(result):
        assert result == "a"
        clock.now += 0.02

    result = timing.interleave({"a": clock.run("a", 0.01)}, 3, wait)
    assert result["a"].median_ms == pytest.approx(30.0)


def test_a_disturbance_of_one_repeat_does_not_show(clock):
    calls = {"a": 0, "b": 0}

    def run(name):
        calls[name] += 1
        clock.now += 0.5 if calls[name] == 5 else 0.01

    runs = {"a": lambda: run("a"), "b": lambda: run("b")}
    result = timing.interleave(runs, 7, ignore)
    assert result["a"] == result["b"]
    assert result["a"].median_ms == pytest.approx(10.0)
