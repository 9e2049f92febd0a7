"""A model with a `train_step` of its own, on every backend."""

import keras
from keras import layers, ops


class AutoEncoder(keras.Model):
    """Reconstructs its input; `how` says what its `train_step` makes of the losses.

    - `"ignores"`: the reconstruction error alone, as in many a VAE
    - `"adds"`: and `sum(self.losses)`
    - `"compute_loss"`: Keras's own way
    """

    def __init__(self, how):
        super().__init__(name="auto_encoder")
        self.how = how
        self.encoder = layers.Dense(8, "relu", name="hidden")
        self.decoder = layers.Dense(5, name="out")

    def call(self, x, training=False):
        return self.decoder(self.encoder(x), training=training)

    def loss_of(self, x, outputs, losses):
        if self.how == "compute_loss":
            return self.compute_loss(x, x, outputs)
        error = ops.mean(ops.square(x - outputs))
        return error + sum(losses) if self.how == "adds" else error

    def train_step(self, *arguments):
        return globals()[f"_{keras.config.backend()}_step"](self, *arguments)


def _tensorflow_step(model, data):
    import tensorflow as tf

    x, _ = data
    with tf.GradientTape() as tape:
        outputs = model(x, training=True)
        loss = model.loss_of(x, outputs, model.losses)
    weights = model.trainable_weights
    gradients = tape.gradient(loss, weights)
    model.optimizer.apply_gradients(zip(gradients, weights, strict=True))
    return {"loss": loss}


def _torch_step(model, data):
    import torch

    x, _ = data
    x = ops.convert_to_tensor(x)
    model.zero_grad()
    outputs = model(x, training=True)
    loss = model.loss_of(x, outputs, model.losses)
    loss.backward()
    weights = model.trainable_weights
    with torch.no_grad():
        model.optimizer.apply([w.value.grad for w in weights], weights)
    return {"loss": loss.detach()}


def _jax_step(model, state, data):
    import jax

    trainable, others, optimizer, metrics = state
    x, _ = data

    def loss_and_updates(trainable):
        if model.how == "compute_loss":
            loss, (_, _, updated, _) = model.compute_loss_and_updates(
                trainable,
                others,
                metrics,
                x,
                x,
                None,
                training=True,
                optimizer_variables=optimizer,
            )
            return loss, updated
        kept = {"training": True, "return_losses": model.how == "adds"}
        outputs, updated, *losses = model.stateless_call(trainable, others, x, **kept)
        return model.loss_of(x, outputs, losses[0] if losses else []), updated

    gradient_of = jax.value_and_grad(loss_and_updates, has_aux=True)
    (loss, others), gradients = gradient_of(trainable)
    trainable, optimizer = model.optimizer.stateless_apply(
        optimizer, gradients, trainable
    )
    return {"loss": loss}, (trainable, others, optimizer, metrics)
