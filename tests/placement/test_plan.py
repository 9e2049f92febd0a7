import keras
import pytest
from keras import layers

from keras_regnoise.placement import insert, plan, replace, replace_activations
from tests.placement.models import layer_names


def build():
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(6, "relu", name="dense")], name="inner"
    )
    x = inputs = keras.Input((6,))
    twice = layers.Dense(6, "relu", name="twice")
    x = twice(twice(inner(x)))
    x = layers.Activation("relu", name="act")(x)
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


def dropout(layer):
    return layers.Dropout(0.1)


EDITS = [
    (insert, {"before": layers.Dense}),
    (insert, {"after": layers.Dense, "name": "twice|inner/dense"}),
    (replace, {"replace": layers.Dense}),
    (replace, {"replace": "inner"}),
    (replace_activations, {"activation": "relu"}),
]


@pytest.mark.parametrize(("edit", "options"), EDITS)
def test_plan_names_what_the_edit_adds(edit, options):
    model = build()
    planned = plan(model, dropout, **options)
    positional = [options.get("replace", options.get("activation"))]
    selectors = {k: v for k, v in options.items() if k in ("before", "after", "name")}
    arguments = [a for a in positional if a is not None]
    edited = edit(model, *arguments, dropout, **selectors)
    found = [
        layer.name
        for layer in edited._flatten_layers(include_self=False)
        if isinstance(layer, layers.Dropout)
    ]
    assert sorted(change.new.split()[1] for change in planned) == sorted(found)
    assert all(change.new.startswith("Dropout ") for change in planned)
    assert len(planned) == len(found)


def test_plan_changes_nothing():
    model = build()
    nodes = {layer.name: len(layer._inbound_nodes) for layer in model.layers}
    plan(model, dropout, before=layers.Dense)
    plan(model, dropout, activation="relu")
    assert nodes == {layer.name: len(layer._inbound_nodes) for layer in model.layers}


def test_rows_say_where_and_on_what_shape():
    rows = list(plan(build(), dropout, activation="relu"))
    assert [(row.layer, row.action, row.shape) for row in rows] == [
        ("twice", "split activation", (None, 6)),
        ("act", "replace", (None, 6)),
        ("inner/dense", "split activation", (None, 6)),
    ]
    assert {row.type for row in rows} == {"Dense", "Activation"}


def test_table_is_readable():
    lines = str(plan(build(), dropout, before=layers.Dense, name="head")).splitlines()
    assert lines[0].split() == ["layer", "type", "shape", "action", "new", "layer"]
    assert "head   Dense  (None, 6)  insert before  Dropout head_dropout" in lines[2]
    assert lines[-1] == "new layers: insert before (1)"


def test_factory_can_be_left_out():
    planned = plan(build(), before=layers.Dense)
    assert len(planned) == 4
    assert {change.new for change in planned} == {""}


def test_factory_that_leaves_everything_out():
    planned = plan(build(), lambda layer: None, before=layers.Dense)
    assert len(planned) == 0
    assert str(planned).endswith("new layers: none")


def test_sequential_without_an_input_has_no_shapes_yet():
    model = keras.Sequential([layers.Dense(4, name="a")])
    (change,) = plan(model, dropout, after=layers.Dense)
    assert (change.layer, change.shape) == ("a", None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Received: none of them"),
        (
            {"before": layers.Dense, "activation": "relu"},
            "Received: before, activation",
        ),
        ({"replace": layers.Dense, "name": "head"}, "replace='head'"),
        ({"before": layers.Conv2D}, "Nothing in the model matches"),
    ],
)
def test_errors_teach(options, message):
    model = build()
    with pytest.raises(ValueError, match=message):
        plan(model, dropout, **options)
    assert layer_names(model)[-1] == "head"
