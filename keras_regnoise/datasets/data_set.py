import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from keras_regnoise.datasets._epochs import array_batches, stream_batches
from keras_regnoise.datasets.split import Split, count, mapped
from keras_regnoise.datasets.stream import Stream

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set in three parts; made by `load`.

    Attributes:
        name: Its name.
        train: Examples to train on. Images are uint8 as they are stored, `batches`
            scales them to [0, 1]; tables are float32, standardized.
        validation: Examples to choose by.
        test: Examples to look at once.
        classes: Number of classes.
        shape: Shape of one input; a dict or a list of shapes if there are several.
        fingerprint: `"sha256:"` and the digest of the bytes of the three parts. Two
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
        """Number of examples of every part."""
        parts = {part: getattr(self, part) for part in PARTS}
        return {
            part: len(data) if isinstance(data, Stream) else count(data.y)
            for part, data in parts.items()
        }

    def batches(
        self,
        part: str,
        batch_size: int,
        *,
        seed: int | None = None,
        augmentation: Sequence[str] = (),
        initial_epoch: int = 0,
    ) -> keras.utils.PyDataset:
        """Return the batches of a part, for `fit` and `evaluate` on every backend.

        The batches of epoch e, and what is done to their images, depend on the seed
        and on e alone: two models see the same, and so does one whose training goes
        on in another process. `fit(shuffle=True)`, the default, changes nothing.

        Args:
            part: `"train"`, `"validation"` or `"test"`.
            batch_size: Examples of a batch. A last, smaller batch is left out of
                `"train"` with a seed, and kept otherwise.
            seed: Shuffles anew in every epoch; None for the order of the part.
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
        if part not in PARTS:
            raise ValueError(
                f"`part` must be one of {', '.join(PARTS)}. Received: {part!r}"
            )
        data = getattr(self, part)
        make = stream_batches if isinstance(data, Stream) else array_batches
        return make(
            data,
            batch_size,
            seed=seed,
            augmentation=tuple(augmentation),
            shape=self.shape,
            drop_last=part == "train" and seed is not None,
            initial_epoch=initial_epoch,
        )


def from_parts(name: str, parts: Mapping[str, Split], classes: int) -> DataSet:
    """Make a data set of its three parts."""
    return DataSet(
        name=name,
        **{part: parts[part] for part in PARTS},
        classes=classes,
        shape=mapped(lambda array: array.shape[1:], parts["train"].x),
        fingerprint=_fingerprint(parts),
    )


def digest(content: Any) -> str:
    """Return a fingerprint."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _fingerprint(parts: Mapping[str, Split]) -> str:
    content = hashlib.sha256()
    for part in PARTS:
        for path, array in keras.tree.flatten_with_path(tuple(parts[part])):
            place = "".join(f" {key}" for key in (part, *path[1:]))[1:]
            content.update(f"{place} {array.dtype.str} {array.shape}".encode())
            content.update(array.data if array.flags.c_contiguous else array.tobytes())
    return f"sha256:{content.hexdigest()}"
