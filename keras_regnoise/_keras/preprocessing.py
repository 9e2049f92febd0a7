"""Layers that change images, as Keras's own."""

from typing import Any

import keras

# Keras exports the layers of this kind, and not their base class.
_KerasLayer: Any = keras.layers.AutoContrast.__mro__[1]


class ImageLayer(_KerasLayer):  # type: ignore[misc]
    """Base class of layers that change images at random, also in `tf.data`.

    Subclass it and write `get_random_transformation` and `transform_images`, with the
    operations of `self.backend`.

    Args:
        seed: Integer or None.
        **settings: Those of Keras's layers of this kind.
    """

    def __init__(self, seed: int | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def draws(self) -> Any:
        """Return the generator to draw from now."""
        return self._get_seed_generator(self.backend.name)
