# %% [markdown]
# # Noise in a model that exists
#
# `krn.placement` edits a Keras model and keeps its weights. At inference the edited
# model computes, bit for bit, what the old one does.

# %%
import keras
import numpy as np

import keras_regnoise as krn

EPOCHS = 10

train, _, test = krn.datasets.load_digits()
keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(16, 3, name="conv1"),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
        keras.layers.Conv2D(32, 3, name="conv2"),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax", name="classes"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(*train, epochs=EPOCHS, verbose=0)
found = model.evaluate(*test, verbose=0, return_dict=True)
print(f"test accuracy {found['accuracy']:.3f}")

# %% [markdown]
# `plan` shows what an edit would do.


# %%
def noise(layer):
    """Return the noise for one place."""
    return krn.SpatialRotationOut(0.1)


print(krn.placement.plan(model, noise, before=keras.layers.Conv2D, name="conv2"))

# %%
noisy = krn.placement.insert(model, noise, before=keras.layers.Conv2D, name="conv2")
noisy = krn.placement.replace_activations(
    noisy, "relu", lambda layer: krn.DropActivation("relu", 0.0)
)
same = np.array_equal(
    model.predict(test.x, verbose=0), noisy.predict(test.x, verbose=0)
)
print(f"the same predictions: {same}")

# %% [markdown]
# Train on, with the rates that you like, and take the noise out for deployment. `fold`
# takes the BatchNormalizations away too.

# %%
print(krn.placement.set_rate(noisy, 0.05))
noisy.compile(
    keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"]
)
noisy.fit(*train, epochs=EPOCHS, verbose=0)
deployed = krn.placement.fold(krn.placement.strip(noisy))
deployed.compile(metrics=["accuracy"], loss="sparse_categorical_crossentropy")
found = deployed.evaluate(*test, verbose=0, return_dict=True)
print(f"test accuracy {found['accuracy']:.3f}")
print([type(layer).__name__ for layer in deployed.layers])
