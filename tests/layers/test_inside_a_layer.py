import keras
import pytest

from tests.helpers import InTraining
from tests.layers.cases import parametrize


@pytest.mark.filterwarnings("ignore:.*batch of one vector:UserWarning")
@parametrize(pytest)
@pytest.mark.parametrize("batch", [None, 1, 4])
def test_a_layer_around_it_finds_the_shape_in_training(case, batch):
    """Keras infers it by a call, on torch with tensors without values."""
    inputs = keras.Input(case.shape, batch_size=batch)
    found = InTraining(case.make())(inputs)
    assert found.shape == case.make()(inputs).shape
