# %% [markdown]
# # Look inside
#
# What does noise in front of a BatchNormalization do, and how sure is a network of what
# it says?

# %%
import keras

import keras_regnoise as krn
from keras_regnoise import analysis

EPOCHS = 20

train, _, test = krn.datasets.load_digits()


def build(noise):
    """Build a network with noise in front of its second normalization."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu", name="hidden1"),
            keras.layers.BatchNormalization(momentum=0.9, name="norm1"),
            noise,
            keras.layers.Dense(128, activation="relu", name="hidden2"),
            keras.layers.BatchNormalization(momentum=0.9, name="norm2"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*train, batch_size=50, epochs=EPOCHS, verbose=0)
    return model


models = {
    "Dropout 0.5": build(keras.layers.Dropout(0.5, seed=1)),
    "RotationOut 0.5": build(krn.RotationOut(0.5, seed=1)),
}

# %% [markdown]
# **Variance shift.** The variance that a BatchNormalization sees in training, with the
# noise, over the one at inference, without: 1 is no shift.

# %%
shifts = {name: analysis.variance_shift(m, train.x) for name, m in models.items()}
for name, shift in shifts.items():
    print(f"{name}: {shift['norm1'].mean:.2f} before, {shift['norm2'].mean:.2f} behind")
with analysis.plots.style():
    analysis.plots.variance_shift(shifts)

# %% [markdown]
# It is mended without training: the statistics are learned again, without the noise.

# %%
for name, model in models.items():
    before = model.evaluate(*test, verbose=0, return_dict=True)["accuracy"]
    analysis.recalibrate_batch_normalization(model, train.x)
    after = model.evaluate(*test, verbose=0, return_dict=True)["accuracy"]
    print(f"{name}: test accuracy {before:.3f}, recalibrated {after:.3f}")

# %% [markdown]
# **How sure.** The mean of predictions with the noise on, and whether their confidence
# is the share of right answers.

# %%
curves = {}
for name, model in models.items():
    draws = analysis.mc_predict(model, test.x, 30, batch_size=250, seed=1)
    curves[name] = analysis.calibration(draws.mean, test.y, bins=8)
    print(f"{name}: expected calibration error {curves[name].error:.3f}")
with analysis.plots.style():
    analysis.plots.calibration(curves)
