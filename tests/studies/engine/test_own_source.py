import functools

import pytest

from keras_regnoise.studies.engine.own_source import source_of

CODE = """
TEMPERATURE = 2.0
COUNT = 0

class Loss:
    def __call__(self, y, z):
        return scaled(y - z)

shape = 1

def scaled(x):
    counted()
    return x / TEMPERATURE * x.shape[0] * TABLE[0]

def helper():
    return 5

TABLE = (2, helper)

def counted():
    global COUNT
    COUNT += 1

def build():
    return Loss() if COUNT < 100 else helper()

class Space:
    def build(self, hp):
        return self.parts()

    def parts(self):
        return 17

def made(units):
    return Space().build(units)

def stranger():
    return 1
"""


def loaded(tmp_path, text, number):
    file = tmp_path / f"model{number}.py"
    file.write_text(text)
    namespace = {"__name__": f"model{number}"}
    exec(compile(text, str(file), "exec"), namespace)
    return namespace


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ("y - z", "z - y", True),
        ("x / TEMP", "x * TEMP", True),
        ("TEMPERATURE = 2.0", "TEMPERATURE = 3.0", True),
        ("COUNT = 0", "COUNT = 7", False),  # it is assigned to
        ("return 1\n", "return 2\n", False),
        ("shape = 1", "shape = 2", False),  # no attribute is a name of the module
        ("return 5", "return 6", True),
    ],
)
def test_what_a_function_uses_counts(tmp_path, before, after, counts):
    one, same = (loaded(tmp_path, CODE, n)["build"] for n in (0, 0))
    other = loaded(tmp_path, CODE.replace(before, after), 1)["build"]
    assert source_of(one) == source_of(same)
    assert (source_of(one) != source_of(other)) == counts


CALLED = {
    "a method": lambda names: names["Space"]().build,
    "an object": lambda names: names["Loss"](),
    "a partial": lambda names: functools.partial(names["made"], 3),
}


@pytest.mark.parametrize("way", CALLED)
def test_other_callables_count_with_what_they_call(tmp_path, way):
    text = CODE.replace("return 17", "return 18").replace("y - z", "z - y")
    one, other = (loaded(tmp_path, t, n) for n, t in enumerate((CODE, text)))
    sources = [source_of(CALLED[way](names)) for names in (one, one, other)]
    assert sources[0] == sources[1] != sources[2]


def test_a_function_around_it_counts():
    def made(inner):
        def build():
            return inner()

        return build

    one, two = lambda: 1, lambda: 2
    assert source_of(made(one)) == source_of(made(one))
    assert source_of(made(one)) != source_of(made(two))


def test_circles_end():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert "odd" in source_of(even)
