# %% [markdown]
# # Dropout, or RotationOut?
#
# 500 handwritten digits, of which 40 % have a wrong label: a network without noise
# learns the wrong ones by heart. `RotationOut` stands where `Dropout` stood; its rate
# means the same.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_regnoise as krn

EPOCHS = 60

train, _, test = krn.datasets.load_digits()
random = np.random.default_rng(0)
labels = train.y.copy()
wrong = random.permutation(500)[:200]
labels[wrong] = (labels[wrong] + random.integers(1, 10, 200)) % 10
print(f"{len(labels)} images, {np.mean(labels != train.y):.0%} wrong labels")

# %% [markdown]
# The three networks begin with the same weights and see the same batches.


# %%
def build(noise):
    """Build an MLP with the same noise before its last two weight layers."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(256, activation="relu"),
            noise(),
            keras.layers.Dense(256, activation="relu"),
            noise(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


noises = {
    "no noise": keras.layers.Identity,
    "Dropout 0.7": lambda: keras.layers.Dropout(0.7),
    "RotationOut 0.7": lambda: krn.RotationOut(0.7),
}
models, histories = {}, {}
for name, noise in noises.items():
    models[name] = build(noise)
    history = models[name].fit(
        train.x,
        labels,
        batch_size=50,
        epochs=EPOCHS,
        verbose=0,
        validation_data=tuple(test),
    )
    histories[name] = history.history
    print(f"{name}: test accuracy {history.history['val_accuracy'][-1]:.3f}")

# %%
with krn.analysis.plots.style():
    for name, history in histories.items():
        plt.plot(history["val_accuracy"], label=name)
    plt.xlabel("epoch")
    plt.ylabel("test accuracy")
    plt.legend()

# %% [markdown]
# One seed tells little: `keras-regnoise run keep-rate --scale short` trains twenty of
# each and compares them in pairs. At inference the noise is not there, and `strip`
# takes its layers out of the file.

# %%
deployed = krn.placement.strip(models["RotationOut 0.7"])
print([type(layer).__name__ for layer in deployed.layers])
