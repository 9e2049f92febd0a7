import pytest

from keras_regnoise.studies.engine.fingerprint import code_of


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "study.py"
    file.write_text('"""A study."""\nimport beside\nRATE = 0.1\n')
    (tmp_path / "beside.py").write_text("from package import deep\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "deep.py").write_text("DEPTH = 3\n")
    (tmp_path / "stranger.py").write_text("X = 1\n")
    return file


def digest(file):
    return code_of({"file": str(file)})["the study"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("study.py", "import beside\nRATE = 0.2\n"),
        ("beside.py", "from package import deep\nY = 1\n"),
        ("package/deep.py", "DEPTH = 4\n"),
    ],
)
def test_code_that_a_result_depends_on_counts(study, name, text):
    before = digest(study)
    (study.parent / name).write_text(text)
    assert digest(study) != before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("study.py", '"""Another word."""\nimport beside  # why\n\n\nRATE = 0.1\n'),
        ("stranger.py", "X = 2\n"),
    ],
)
def test_remarks_and_strangers_do_not_count(study, name, text):
    before = digest(study)
    (study.parent / name).write_text(text)
    assert digest(study) == before


def test_a_circle_and_a_file_that_does_not_parse(study):
    (study.parent / "beside.py").write_text("import study\n")
    digest(study)
    study.write_text("def (")
    assert digest(study).startswith("blake2b:")


def test_the_functions_of_a_tuning_count(study):
    tune = {"build": f"{study}:build", "data": f"{study.parent / 'beside.py'}:load"}
    before = code_of({"tune": tune})
    (study.parent / "beside.py").write_text("Z = 1\n")
    after = code_of({"tune": tune})
    assert before["the study"] != after["the study"]
    assert before["keras_regnoise"] == after["keras_regnoise"]


def test_a_data_set_with_a_version_is_not_a_module():
    code_of({"tune": {"build": "json:dumps", "data": "cifar10:3.0.2"}})
