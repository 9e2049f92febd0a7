"""A ResNet on CIFAR-10, with SpatialRotationOut in the last of its stages.

Run with: python examples/cifar_resnet.py [EPOCHS] [DATA_DIR]
DATA_DIR holds CIFAR-10 as tensorflow-datasets stores it; without it, scikit-learn's
digits take its place. Needs a backend and the extra "studies".
"""

import sys

import keras

import keras_regnoise as krn


def build_model(rate: float, shape: tuple[int, ...]) -> keras.Model:
    """Build ResNet-8; the unit says in which order the layers stand."""
    model = krn.models.resnet(
        8,
        unit=("noise", "conv", "norm", "relu"),
        noise=lambda: krn.SpatialRotationOut(rate, seed=1),
        noise_stages=(3,),
        input_shape=shape,
        seed=1,
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs: int = 5, data_dir: str | None = None) -> None:
    """Train from the same weights on the same batches, without and with noise."""
    if data_dir is None:
        data = krn.datasets.load("digits")
    else:
        options = {"examples": 5000, "test_examples": 2000}
        data = krn.datasets.load("cifar10", data_dir, **options)
    print(f"{data.sizes['train']} images of shape {data.shape}")
    for rate in (0.0, 0.1):
        model = build_model(rate, data.shape)
        batches = data.batches("train", 50, seed=1)
        model.fit(batches, epochs=epochs, verbose=0)
        test = data.batches("test", 250)
        accuracy = model.evaluate(test, verbose=0, return_dict=True)["accuracy"]
        print(f"rate {rate}: test accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])

# Output on CIFAR-10, with 5,000 images and 5 epochs:
# 5000 images of shape (32, 32, 3)
# rate 0.0: test accuracy 0.398
# rate 0.1: test accuracy 0.447
