"""What Keras does not promise: still there, and used in one folder only."""

import ast
import functools
import importlib.util
import re
from pathlib import Path

import keras
import pytest
from keras import layers

import keras_regnoise
from keras_regnoise._keras.private import PRIVATE_NAMES
from tests.helpers import ROOT

PACKAGE = ROOT / "keras_regnoise"
ROOM = PACKAGE / "_keras"


def owners():
    """One of each thing that has private names."""
    inputs = keras.Input((3,), dtype="int32")
    outputs = layers.Embedding(4, 2, mask_zero=True)(inputs)
    model = keras.Model(inputs, outputs)
    compiled = keras.Sequential([layers.Dense(2)])
    compiled.compile(loss="mse")
    return {
        "Keras": keras,
        "functional model": model,
        "Sequential model": keras.Sequential([keras.Input((2,)), layers.Dense(2)]),
        "compiled model": compiled,
        "node of a graph": model._nodes_by_depth[0][0],
        "symbolic tensor": outputs,
        "layer": layers.Dense(2),
        "attention layer": layers.MultiHeadAttention(1, 1),
        "Lambda layer": layers.Lambda(lambda x: x),
        "random augmentation layer": layers.RandomCrop(2, 2),
        **of_jax(),
    }


def of_jax():
    if importlib.util.find_spec("jax") is None:
        return {}
    from keras.src.backend.jax import trainer

    return {"trainer of JAX": trainer, "epochs of JAX": trainer.JAXEpochIterator}


@pytest.mark.parametrize(
    ("owner", "name"),
    [(owner, name) for owner, names in PRIVATE_NAMES.items() for name in names],
)
def test_keras_still_has_it(owner, name):
    if owner.endswith("of JAX"):
        pytest.importorskip("jax")
    thing = owners()[owner]
    assert hasattr(thing, name), (
        f"Keras {keras.__version__} has no `{name}` any more ({owner}: "
        f"{type(thing).__name__}). keras_regnoise/_keras uses it: change it there."
    )


def private_names(path, own):
    """Names with a leading underscore in a file that this package did not give."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [getattr(node, "module", None) or ""]
            modules += [alias.name for alias in node.names]
            if any(module.startswith("keras.src") for module in modules):
                yield f"{path.name}:{node.lineno}: keras.src"
        if isinstance(node, ast.Attribute):
            name = node.attr
        elif is_getattr(node):
            name = node.args[1].value
        else:
            continue
        if name.startswith("_") and not name.startswith("__") and name not in own:
            yield f"{path.name}:{node.lineno}: {name}"


def is_getattr(node):
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "setattr", "hasattr", "delattr")
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    )


def own_names():
    """Every name that the package gives to a function, a class or an attribute."""
    names = {path.stem for path in PACKAGE.rglob("*")}
    for path in PACKAGE.rglob("*.py"):
        if path.parent == ROOM:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif is_own_attribute(node):
                names.add(node.attr)
    return names


def is_own_attribute(node):
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


@functools.cache
def names_in_keras():
    """Every private name in the source of Keras."""
    files = Path(keras.__file__).parent.rglob("*.py")
    text = "\n".join(path.read_text(errors="ignore") for path in files)
    return set(re.findall(r"\b_[a-z]\w*", text))


def test_no_private_name_of_keras_is_used_elsewhere():
    # Not those of other packages, nor those that are ours too.
    own = own_names()
    found = [
        use
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent != ROOM
        for use in private_names(path, own)
        if use.endswith("keras.src") or use.rsplit(": ", 1)[1] in names_in_keras()
    ]
    assert not found, (
        f"Private names outside keras_regnoise/_keras: {found}. Put what you need of "
        "Keras there, as a small function, and its name into private.py."
    )


@pytest.mark.parametrize("name", sorted(set().union(*PRIVATE_NAMES.values())))
def test_nothing_of_ours_has_a_private_name_of_keras(name):
    # It would hide a use of Keras's from the test above, and change Keras.
    assert not name.startswith("_") or name not in own_names()


def test_the_table_is_whole():
    listed = {name for names in PRIVATE_NAMES.values() for name in names}
    used = {
        use.rsplit(": ", 1)[1]
        for path in ROOM.glob("*.py")
        for use in private_names(path, {"_keras"})
    }
    assert used <= listed, f"Not in private.py: {used - listed}"


def test_the_search_finds_what_it_should(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text(
        "from keras.src import backend\nmodel._functional\ngetattr(x, '_losses')\n"
    )
    assert list(private_names(path, own_names())) == [
        *("bad.py:1: keras.src", "bad.py:2: _functional", "bad.py:3: _losses")
    ]


def test_the_package_is_the_one_in_this_folder():
    assert keras_regnoise.__file__ == str(PACKAGE / "__init__.py")
