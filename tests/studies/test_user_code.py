"""Files of the user's, by path: of one name, of Python's names, with siblings."""

import inspect
import pickle
import sys

import pytest

from keras_regnoise.studies import registry
from keras_regnoise.studies.user_code import (
    UserCodeError,
    absolute,
    is_function,
    load_file,
    load_function,
)
from tests.helpers import run_python


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine:load", True),
        ("package.mine:load", True),
        ("mine.py:load", True),
        ("../some folder/my-file.py:load", True),
        ("cifar10", False),
        ("cifar10:3.0.2", False),
        ("emnist/balanced:3.*.*", False),
        ("uci/abalone", False),
        ("mine.csv", False),
        ("C:\\data\\mine.csv", False),
        ("mine.py:", False),
        (":load", False),
    ],
)
def test_what_is_a_function_and_what_a_data_set(text, expected):
    assert is_function(text) is expected


def test_two_files_of_one_name_are_two_modules(tmp_path):
    for folder in "ab":
        write(tmp_path / folder / "model.py", f"def load():\n    return {folder!r}\n")
    functions = [load_function(f"{tmp_path / f / 'model.py'}:load") for f in "ab"]
    assert [function() for function in functions] == ["a", "b"]
    assert "model" not in sys.modules


@pytest.mark.parametrize("name", ["json", "calendar", "keras", "numpy"])
def test_a_file_named_like_a_module_that_there_is(name, tmp_path):
    code = "import calendar, json, numpy\ndef load():\n    return json.dumps([1])\n"
    file = write(tmp_path / f"{name}.py", code)
    # In a process where nothing of it has been imported.
    print_it = f"""
import sys
sys.modules.pop("calendar", None)
from keras_regnoise.studies.user_code import load_function
print(load_function({f"{file}:load"!r})())
import calendar, json, keras, numpy
for module in (calendar, json, keras, numpy):
    assert {str(tmp_path)!r} not in module.__file__, module
"""
    if name in sys.stdlib_module_names:
        assert run_python(print_it).strip() == "[1]"
    else:  # a file beside it that imports the installed one is its own sibling
        assert load_file(file.with_name(f"{name}.py")).__file__ == str(file)


def test_siblings_are_found_now_and_when_a_function_runs(tmp_path):
    code = "import early_{0}\ndef load():\n    import late_{0}\n"
    code += "    from tools_{0} import text\n"
    code += "    return early_{0}.NAME + late_{0}.NAME + text.NAME\n"
    name = tmp_path.name.replace("-", "_")
    write(tmp_path / "mine.py", code.format(name))
    for sibling in ("early", "late"):
        write(tmp_path / f"{sibling}_{name}.py", f"NAME = {sibling!r}\n")
    write(tmp_path / f"tools_{name}" / "text.py", "NAME = 'text'\n")
    load = load_function(f"{tmp_path / 'mine.py'}:load")
    assert str(tmp_path) not in sys.path
    assert load() == "earlylatetext"


def test_a_method_too_finds_siblings_when_it_runs(tmp_path):
    name = "late_" + tmp_path.name.replace("-", "_")
    code = f"class Model:\n    def build(self):\n        import {name}\n"
    write(tmp_path / "mine.py", code + f"        return {name}.NAME\n")
    write(tmp_path / f"{name}.py", "NAME = 'late'\n")
    assert load_function(f"{tmp_path / 'mine.py'}:Model")().build() == "late"


def test_siblings_of_one_name_in_two_folders(tmp_path):
    """Such as `utils.py`: each file has its own, in whatever order they run."""
    code = "import utils_x\ndef load():\n    import utils_x, late_x\n"
    code += "    return utils_x.NAME, late_x.NAME\nEARLY = utils_x.NAME\n"
    for folder in "ab":
        for file in ("utils_x.py", "late_x.py"):
            write(tmp_path / folder / file, f"NAME = {folder!r}\n")
        write(tmp_path / folder / "model.py", code)
    paths = [tmp_path / folder / "model.py" for folder in "ab"]
    a, b = (load_function(f"{path}:load") for path in paths)
    assert [load_file(path).EARLY for path in paths] == ["a", "b"]
    assert (b(), a(), b(), a()) == (("b", "b"), ("a", "a")) * 2


def test_the_signature_of_a_function_is_kept(tmp_path):
    file = write(tmp_path / "mine.py", "def build(hp, width=3):\n    'Text.'\n")
    build = load_function(f"{file}:build")
    assert list(inspect.signature(build).parameters) == ["hp", "width"]
    assert build.__doc__ == "Text."


def test_objects_can_be_pickled(tmp_path):
    file = write(tmp_path / "mine.py", "class Thing:\n    size = 3\n")
    module = load_file(file)
    assert pickle.loads(pickle.dumps(module.Thing())).size == 3
    assert load_file(file) is module


def test_a_file_that_has_changed_is_loaded_again(tmp_path):
    file = write(tmp_path / "mine.py", "NAME = 1\n")
    assert load_file(file).NAME == 1
    write(file, "NAME = 2\n")
    assert load_file(file).NAME == 2


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nowhere_at_all\n", "No module named 'nowhere_at_all' (line 1)"),
        ("\n\nx = 1 / 0\n", "ZeroDivisionError: division by zero (line 3)"),
        ("def load(:\n", "SyntaxError"),
        ("def other():\n    pass\n", "has no function 'load'. It has: other"),
    ],
)
def test_files_that_fail_say_where(code, message, tmp_path):
    file = write(tmp_path / "mine.py", code)
    with pytest.raises(UserCodeError) as error:
        load_function(f"{file}:load")
    assert message in str(error.value)
    assert str(file) in str(error.value)


def test_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserCodeError, match=r"There is no file nowhere\.py"):
        load_function("nowhere.py:load")
    with pytest.raises(UserCodeError, match="Expected module:function"):
        load_function("cifar10:3.0.2")
    write(tmp_path / "tools" / "mine.py", "import nowhere_at_all\n")
    with pytest.raises(UserCodeError, match=r"Or write tools.mine\.py:FUNCTION"):
        load_function("tools.mine:load")


def test_a_module_of_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "module_" + tmp_path.name.replace("-", "_")
    write(tmp_path / f"{name}.py", "def load():\n    return 5\n")
    assert load_function(f"{name}:load")() == 5
    assert absolute("mine.py:load") == f"{tmp_path / 'mine.py'}:load"
    assert absolute("mine:load") == "mine:load"


def test_studies_of_two_files_of_one_name(tmp_path):
    code = """
from keras_regnoise.studies import Arm, Recipe, Study
STUDY = Study(name="{}", title="t", model="model.py:Model", data="digits",
              arms=(Arm("none"),), baseline="none",
              recipes={{"smoke": Recipe(1, 2, (0,))}})
"""
    for folder in "ab":
        write(tmp_path / folder / "study.py", code.format(folder))
    found = [registry.find(str(tmp_path / f / "study.py"))[0].name for f in "ab"]
    assert found == ["a", "b"]
    write(tmp_path / "a" / "study.py", "STUDY = 3\n")
    with pytest.raises(registry.UnknownStudyError, match="must have a STUDY"):
        registry.find(str(tmp_path / "a" / "study.py"))
