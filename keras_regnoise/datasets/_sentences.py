"""The sentences of LibriSpeech: its folders, or tensorflow-datasets' files."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_regnoise.datasets import _tensors
from keras_regnoise.datasets.split import Array

RATE = 16_000  # samples a second
_ENDINGS = (".wav", ".flac")
_FULL_SCALE = 2**15  # of 16 bits
_FOLDERS = {"train": "train-clean-100", "validation": "dev-clean", "test": "test-clean"}
_PREPARED = {"train": "train_clean100", "validation": "dev_clean", "test": "test_clean"}


class InFolders:
    """FLAC or WAV files, as the archives unpack.

    Args:
        place: The folder `LibriSpeech`.
    """

    def __init__(self, place: Path):
        self._place = place

    def texts(self, split: str) -> dict[str, str]:
        """Return the text of every sentence of a split, by its key."""
        folder = _FOLDERS[split]
        found = dict(_transcribed(self._place / folder))
        if not found:
            raise FileNotFoundError(
                f"{self._place} has no {folder} with sentences (*.trans.txt beside "
                "*.flac or *.wav). Unpack that part of LibriSpeech there."
            )
        return found

    def samples(self, split: str, keys: Collection[str]) -> Iterator[tuple[str, Array]]:
        """Yield keys and samples, float32 from -1 to 1, of the sentences of `keys`."""
        return ((key, _samples(Path(key))) for key in keys)


class Prepared:
    """What tensorflow-datasets prepared.

    Args:
        place: The folder of a version of the set.
    """

    def __init__(self, place: Path):
        _tensors.tensorflow()
        import tensorflow_datasets as tfds

        self._builder = tfds.builder_from_directory(place)

    def texts(self, split: str) -> dict[str, str]:
        """Return the text of every sentence of a split, by its key."""
        return {key: text.decode() for key, text in self._read(split, "text")}

    def samples(self, split: str, keys: Collection[str]) -> Iterator[tuple[str, Array]]:
        """Yield keys and samples, float32 from -1 to 1, of the sentences of `keys`."""
        wanted = set(keys)
        for key, samples in self._read(split, "speech"):
            if key in wanted:
                yield key, samples.astype("float32") / _FULL_SCALE

    def _read(self, split: str, feature: str) -> Iterator[tuple[str, Any]]:
        import tensorflow_datasets as tfds

        features = {"id": True, feature: True}
        examples = self._builder.as_dataset(
            split=_PREPARED[split],
            decoders=tfds.decode.PartialDecoding(features),
            shuffle_files=False,
        )
        for example in examples.as_numpy_iterator():
            yield example["id"].decode(), example[feature]


def _transcribed(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the file and the text of every sentence."""
    for transcript in sorted(folder.glob("*/*/*.trans.txt")):
        for line in transcript.read_text("utf-8").splitlines():
            stem, _, text = line.partition(" ")
            files = (transcript.with_name(stem + ending) for ending in _ENDINGS)
            file = next((file for file in files if file.is_file()), None)
            if file is None:
                raise FileNotFoundError(
                    f"{transcript} names {stem}, of which there is no FLAC or WAV "
                    "file beside it. Unpack the archive again."
                )
            yield str(file), text


def _samples(file: Path) -> Array:
    """Read a file of one channel, as float32 from -1 to 1."""
    if file.suffix == ".wav":
        from scipy.io import wavfile

        rate, samples = wavfile.read(file)
        if samples.dtype.kind == "i":
            samples = samples / np.iinfo(samples.dtype).max
    else:
        rate, samples = _flac(file)
    if rate != RATE or samples.ndim != 1 or not len(samples):
        raise ValueError(
            f"{file} must have one channel of {RATE} samples a second. Received: "
            f"{rate} a second, shape {samples.shape}"
        )
    return np.asarray(samples, "float32")


def _flac(file: Path) -> tuple[int, Array]:
    try:
        import soundfile
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{file.name} is FLAC, which needs soundfile: pip install soundfile. Or "
            "put a WAV file of the same name beside it."
        ) from error
    try:
        with soundfile.SoundFile(file) as sound:
            rate, length = sound.samplerate, sound.frames
            samples = sound.read(dtype="float32")
        if len(samples) < length:
            raise RuntimeError(f"{len(samples)} of {length} samples are there")
    except RuntimeError as error:  # libsndfile's, or the one above
        raise ValueError(
            f"{file} is not a whole FLAC file: {error}. Unpack the archive again."
        ) from error
    return rate, samples
