import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from keras_regnoise._arguments import check_integer
from keras_regnoise.datasets._epochs import (
    array_batches,
    array_pipeline,
    stream_batches,
)
from keras_regnoise.datasets.split import Split, arrays, count, mapped
from keras_regnoise.datasets.stream import Stream

SPLITS = ("train", "validation", "test")
_SMALL = 2**28  # bytes


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set in three splits; made by `load`.

    Attributes:
        name: Its name.
        train: Examples to train on. Images are uint8 as they are stored, `batches`
            scales them to [0, 1]; tables are float32, standardized.
        validation: Examples to choose by.
        test: Examples to look at once.
        classes: Number of classes.
        shape: Shape of one input; a dict or a list of shapes if there are several.
        fingerprint: `"sha256:"` and the digest of the bytes of the three splits. Two
            results with one fingerprint were measured on the same data.

    Example:
        >>> from keras_regnoise.datasets import load
        >>> digits = load("digits", examples=100)
        >>> digits.train.x.shape, digits.validation.x.shape, digits.test.x.shape
        ((100, 8, 8, 1), (297, 8, 8, 1), (1000, 8, 8, 1))
    """

    name: str
    train: Split = field(repr=False)
    validation: Split = field(repr=False)
    test: Split = field(repr=False)
    classes: int
    shape: Any
    fingerprint: str

    @property
    def sizes(self) -> dict[str, int]:
        """Number of examples of every split."""
        splits = {split: getattr(self, split) for split in SPLITS}
        return {
            split: len(data) if isinstance(data, Stream) else count(data.y)
            for split, data in splits.items()
        }

    def batches(
        self,
        split: str,
        batch_size: int,
        *,
        seed: int | None = None,
        augmentation: Sequence[str] = (),
        initial_epoch: int = 0,
    ) -> keras.utils.PyDataset:
        """Return the batches of a split, for `fit` and `evaluate` on every backend.

        The batches of epoch e, and what is done to their images, depend on the seed
        and on e alone: two models see the same, and so does one whose training goes
        on in another process. `fit(shuffle=True)`, the default, changes nothing.

        Args:
            split: `"train"`, `"validation"` or `"test"`.
            batch_size: Examples of a batch. A last, smaller batch is left out of
                `"train"` with a seed, and kept otherwise.
            seed: Shuffles anew in every epoch; None for the order of the split.
            augmentation: Names of `AUGMENTATIONS`, applied in this order. They need
                images and a seed.
            initial_epoch: The first epoch, as in `fit`. Further epochs are counted
                by `fit`, or by iterating.

        Returns:
            A `keras.utils.PyDataset` of inputs `(batch_size, *shape)`, float32, and
            classes `(batch_size,)`; a dict or a list of such where the data are. It
            serves its batches in order, whatever the
            index: read it in one place at a time.

        Raises:
            ValueError: If an argument does not fit the data.

        Example:
            >>> from keras_regnoise.datasets import load
            >>> batches = load("digits").batches("train", 50, seed=1)
            >>> inputs, classes = next(iter(batches))
            >>> inputs.shape, classes.shape
            ((50, 8, 8, 1), (50,))
        """
        if split not in SPLITS:
            raise ValueError(
                f"`split` must be one of {', '.join(SPLITS)}. Received: {split!r}"
            )
        data = getattr(self, split)
        make = stream_batches if isinstance(data, Stream) else array_batches
        return make(
            data,
            batch_size,
            seed=seed,
            augmentation=tuple(augmentation),
            shape=self.shape,
            drop_last=split == "train" and seed is not None,
            initial_epoch=initial_epoch,
        )

    def fit_arguments(
        self,
        batch_size: int,
        *,
        seed: int,
        epochs: int,
        augmentation: Sequence[str] = (),
        initial_epoch: int = 0,
        steps_per_execution: int = 1,
    ) -> dict[str, Any]:
        """Return the training split as arguments of `fit`.

        The batches are those of `batches("train", ...)`. On TensorFlow, where nothing
        augments small arrays, they come sooner: those of all epochs are one pipeline.

        Args:
            batch_size: See `batches`.
            seed: See `batches`.
            epochs: As in `fit`, those before `initial_epoch` included.
            augmentation: See `batches`.
            initial_epoch: See `batches`.
            steps_per_execution: That of the model. Where an epoch is no multiple of
                it, Keras would end one epoch of a pipeline within the next.

        Returns:
            `x`, `epochs` and `initial_epoch`; `steps_per_epoch` and `shuffle` with the
            pipeline.

        Raises:
            ValueError: If an argument does not fit the data.

        Example:
            >>> from keras_regnoise.datasets import load
            >>> model = keras.Sequential(
            ...     [keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
            ... )
            >>> model.compile("adam", "sparse_categorical_crossentropy")
            >>> arguments = load("digits").fit_arguments(50, seed=1, epochs=2)
            >>> history = model.fit(**arguments, verbose=0)
            >>> len(history.history["loss"])
            2
        """
        check_integer("epochs", epochs, minimum=0)
        check_integer("steps_per_execution", steps_per_execution, minimum=1)
        span = {"epochs": epochs, "initial_epoch": initial_epoch}
        batches = self.batches(
            "train",
            batch_size,
            seed=seed,
            augmentation=augmentation,
            initial_epoch=initial_epoch,
        )
        steps = len(batches)
        if augmentation or steps % steps_per_execution or not self._is_piped():
            return {"x": batches, **span}
        of_all = array_pipeline(self.train, batch_size, seed=seed, **span)
        return {"x": of_all, "steps_per_epoch": steps, "shuffle": False, **span}

    def _is_piped(self) -> bool:
        """Whether TensorFlow takes the batches, and the arrays may be copied."""
        return (
            keras.config.backend() == "tensorflow"
            and type(self).batches is DataSet.batches
            and not isinstance(self.train, Stream)
            and sum(array.nbytes for array in arrays(self.train)) <= _SMALL
        )


def from_splits(name: str, splits: Mapping[str, Split], classes: int) -> DataSet:
    """Make a data set of its three splits."""
    return DataSet(
        name=name,
        **{split: splits[split] for split in SPLITS},
        classes=classes,
        shape=mapped(lambda array: array.shape[1:], splits["train"].x),
        fingerprint=fingerprint_of(splits),
    )


def digest(content: Any) -> str:
    """Return a fingerprint."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def fingerprint_of(splits: Mapping[str, Split]) -> str:
    """Return a fingerprint of the bytes of arrays."""
    content = hashlib.sha256()
    for split in SPLITS:
        for path, array in keras.tree.flatten_with_path(tuple(splits[split])):
            place = "".join(f" {key}" for key in (split, *path[1:]))[1:]
            content.update(f"{place} {array.dtype.str} {array.shape}".encode())
            content.update(array.data if array.flags.c_contiguous else array.tobytes())
    return f"sha256:{content.hexdigest()}"
