import pytest

from keras_regnoise.studies.engine.own_source import source_of

CODE = """
TEMPERATURE = 2.0
COUNT = 0

class Loss:
    def __call__(self, y, z):
        return scaled(y - z)

def scaled(x):
    return x / TEMPERATURE

def build():
    global COUNT
    COUNT += 1
    return Loss()

def stranger():
    return 1
"""


def loaded(tmp_path, text, number):
    file = tmp_path / f"model{number}.py"
    file.write_text(text)
    namespace = {"__name__": f"model{number}"}
    exec(compile(text, str(file), "exec"), namespace)
    return namespace["build"]


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ("y - z", "z - y", True),
        ("x / TEMP", "x * TEMP", True),
        ("TEMPERATURE = 2.0", "TEMPERATURE = 3.0", True),
        ("COUNT = 0", "COUNT = 7", False),  # it is assigned to
        ("return 1", "return 2", False),
    ],
)
def test_what_a_function_uses_counts(tmp_path, before, after, counts):
    one, same = (loaded(tmp_path, CODE, n) for n in (0, 0))
    other = loaded(tmp_path, CODE.replace(before, after), 1)
    assert source_of(one) == source_of(same)
    assert (source_of(one) != source_of(other)) == counts


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
