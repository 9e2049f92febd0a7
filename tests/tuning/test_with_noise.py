"""One kind of noise in all places of one placement."""

import keras
import numpy as np
import pytest

from keras_regnoise.tuning import with_noise


def build():
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("rate", [0.0, 0.3])
@pytest.mark.parametrize("placement", ["before_head", "replace_activations"])
def test_none_is_the_model_as_it_is(rate, placement):
    model = build()
    assert with_noise(model, "none", rate, placement) is model
    assert with_noise(model, "dropout", 0.0, "before_head") is model


def test_noise_is_put_in_and_the_rest_stays():
    model = build()
    noisy = with_noise(model, "dropout", 0.3, "before_head")
    kinds = [type(layer).__name__ for layer in noisy.layers]
    assert kinds == ["Dense", "Dropout", "Dense"]
    assert noisy.layers[1].rate == 0.3
    assert noisy.loss == "mse"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none", 1.0), r"float in \[0, 1\).*rates=1.0"),
        (("dropout", 0.3), "no placement 'replace_activations'.*'before_head'"),
        (("wonder", 0.3), "'wonder'.*Valid are 'none'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        with_noise(build(), *arguments)


def test_outputs_in_a_dict_keep_their_losses():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(3, "relu")(inputs)
    outputs = {"a": keras.layers.Dense(2, "relu", name="a")(hidden)}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"a": "mse"})
    noisy = with_noise(model, "dropactivation", 0.1)
    data = np.ones((8, 4)), {"a": np.ones((8, 2))}
    assert noisy.output_names == ["a_drop_activation"]
    before = noisy.evaluate(*data, verbose=0)
    noisy.fit(*data, epochs=5, verbose=0)
    assert noisy.evaluate(*data, verbose=0) < before


class OwnLoss(keras.Model):
    def __init__(self, *args, factor=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.factor = factor

    def compute_loss(self, *args, **kwargs):
        return self.factor * super().compute_loss(*args, **kwargs)


def test_a_loss_that_would_be_another_one_is_refused():
    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(1)(keras.layers.Dense(3, "relu")(inputs))
    model = OwnLoss(inputs, outputs, factor=9.0)
    with pytest.raises(ValueError, match="has its own compute_loss"):
        with_noise(model, "dropout", 0.1, "before_head")


@pytest.mark.skipif(keras.config.backend() == "torch", reason="torch does not compile")
def test_jit_compile_that_was_set_after_compile_is_kept():
    model = build()
    for chosen in (not model.jit_compile, model.jit_compile):
        model = build()
        model.jit_compile = chosen
        assert with_noise(model, "dropout", 0.1, "before_head").jit_compile == chosen
