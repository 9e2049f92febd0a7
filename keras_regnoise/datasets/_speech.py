"""LibriSpeech: spoken sentences and their letters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_regnoise.datasets._stratify import divide
from keras_regnoise.datasets.data_set import DataSet, from_splits
from keras_regnoise.datasets.split import Array, Split

FEATURES = 40
_RATE = 16_000  # samples a second
_HOP, _WINDOW = _RATE // 100, _RATE // 40  # 10 and 25 ms
_FOLDERS = {"train": "train-clean-100", "validation": "dev-clean", "test": "test-clean"}
# 0 is the blank of `keras.losses.CTC`, and fills up the sentences.
_LETTERS = " 'ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLASSES = len(_LETTERS) + 1
_ENDINGS = (".wav", ".flac")


def load_speech(name: str, place: Path, *sizes: Any) -> DataSet:
    """Load LibriSpeech.

    Inputs are 40 log-mel features of every 10 ms, float16, of mean 0 and variance 1
    over a sentence and 0 behind its end. Targets are the numbers of its letters, 1
    to 28, and 0 behind its end.

    Args:
        name: Name of the set.
        place: The folder `LibriSpeech`, with train-clean-100, dev-clean and
            test-clean; WAV files may stand in for FLAC.
        *sizes: Seed, examples, test and validation examples; see `load`.
    """
    splits = {}
    for split, folder in _FOLDERS.items():
        sentences = dict(_sentences(place / folder))
        if not sentences:
            raise FileNotFoundError(
                f"{place} has no {folder} with sentences (*.trans.txt beside *.flac or "
                "*.wav). Unpack that part of LibriSpeech there."
            )
        texts = np.array(list(sentences.values()))
        splits[split] = Split(np.array([str(file) for file in sentences]), texts)
    splits = divide(splits, *sizes, stratified=False)
    longest = max(len(t) for split in splits.values() for t in split.y.tolist())
    heard = {split: _hear(data.x.tolist()) for split, data in splits.items()}
    frames = max(len(one) for of_split in heard.values() for one in of_split)
    read = {
        split: Split(_filled(heard[split], frames), _letters(data.y, longest))
        for split, data in splits.items()
    }
    return from_splits(name, read, CLASSES)


def _sentences(folder: Path) -> Iterator[tuple[Path, str]]:
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
            yield file, text


def _letters(texts: Array, longest: int) -> Array:
    number = {letter: index for index, letter in enumerate(_LETTERS, 1)}
    labels = np.zeros((len(texts), longest), "int64")
    for row, text in zip(labels, texts.tolist(), strict=True):
        unknown = set(text) - number.keys()
        if unknown:
            raise ValueError(
                f"A sentence must be of capital letters, spaces and apostrophes. "
                f"Received: {''.join(sorted(unknown))!r} in {text[:60]!r}"
            )
        row[: len(text)] = [number[letter] for letter in text]
    return labels


def _hear(files: list[str]) -> list[Array]:
    mel = keras.layers.MelSpectrogram(
        fft_length=512,
        sequence_stride=_HOP,
        sequence_length=_WINDOW,
        sampling_rate=_RATE,
        num_mel_bins=FEATURES,
        min_freq=20.0,
    )
    return [_features(_samples(Path(file)), mel) for file in files]


def _features(samples: Array, mel: keras.layers.Layer) -> Array:
    frames = max(1, len(samples) // _HOP)
    # Whole seconds: few lengths, each of which is compiled once.
    seconds = -(-len(samples) // _RATE)
    filled = np.pad(samples, (0, seconds * _RATE - len(samples)))
    found = keras.ops.convert_to_numpy(mel(filled[None]))[0].T[:frames]
    scale = np.maximum(found.std(0), 1e-3)
    normal: Array = ((found - found.mean(0)) / scale).astype("float16")
    return normal


def _filled(features: list[Array], frames: int) -> Array:
    x = np.zeros((len(features), frames, FEATURES), "float16")
    for row, one in zip(x, features, strict=True):
        row[: len(one)] = one
    return x


def _samples(file: Path) -> Array:
    """Read a file of one channel, as float32 from -1 to 1."""
    if file.suffix == ".wav":
        from scipy.io import wavfile

        rate, samples = wavfile.read(file)
        if samples.dtype.kind == "i":
            samples = samples / np.iinfo(samples.dtype).max
    else:
        rate, samples = _flac(file)
    if rate != _RATE or samples.ndim != 1 or not len(samples):
        raise ValueError(
            f"{file} must have one channel of {_RATE} samples a second. Received: "
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
