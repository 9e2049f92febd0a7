import gc
import weakref

import pytest

from keras_regnoise.studies.engine import garbage

pytestmark = pytest.mark.tensorflow  # nothing here depends on the backend


class Knot:
    def __init__(self):
        self.me = self


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now, cost = 100.0, 0.1

        def monotonic(self):
            return self.now

    clock = Clock()
    collected = []

    def collect():
        collected.append(clock.now)
        clock.now += clock.cost

    monkeypatch.setattr(garbage, "time", clock)
    monkeypatch.setattr(garbage.gc, "collect", collect)
    return clock, collected


def test_before_long_cells_it_is_collected_every_time(clock):
    clock, collected = clock
    keeper = garbage.Garbage()
    for _ in range(4):
        keeper.collect()
        clock.now += 3.0
    assert len(collected) == 4


def test_short_cells_spend_a_twentieth_of_their_time_on_it_at_most(clock):
    clock, collected = clock
    keeper, start = garbage.Garbage(), clock.now
    for _ in range(100):
        keeper.collect()
        clock.now += 0.5
    assert 10 < len(collected) <= 0.05 * (clock.now - start) / clock.cost + 1


def test_what_is_in_a_circle_goes():
    knot = weakref.ref(Knot())
    gc.disable()
    try:
        garbage.Garbage().collect()
    finally:
        gc.enable()
    assert knot() is None
