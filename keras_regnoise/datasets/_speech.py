"""LibriSpeech: spoken sentences and their letters."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_regnoise.datasets._sentences import RATE, InFolders, Prepared
from keras_regnoise.datasets._stratify import divide
from keras_regnoise.datasets.data_set import SPLITS, DataSet, from_splits
from keras_regnoise.datasets.split import Array, Split

FEATURES = 40
_HOP, _WINDOW = RATE // 100, RATE // 40  # 10 and 25 ms
# 0 is the blank of `keras.losses.CTC`, and fills up the sentences.
_LETTERS = " 'ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLASSES = len(_LETTERS) + 1


def load_speech(name: str, place: Path, *sizes: Any) -> DataSet:
    """Load LibriSpeech.

    Inputs are 40 log-mel features of every 10 ms, float16, of mean 0 and variance 1
    over a sentence and 0 behind its end. Targets are the numbers of its letters, 1
    to 28, and 0 behind its end.

    Args:
        name: Name of the set.
        place: The folder `LibriSpeech`, with train-clean-100, dev-clean and
            test-clean, where WAV files may stand in for FLAC; or what
            tensorflow-datasets prepared.
        *sizes: Seed, examples, test and validation examples; see `load`.
    """
    is_prepared = (place / "dataset_info.json").is_file()
    source: InFolders | Prepared = (Prepared if is_prepared else InFolders)(place)
    splits = {}
    for split in SPLITS:
        texts = source.texts(split)
        splits[split] = Split(np.array(list(texts)), np.array(list(texts.values())))
    splits = divide(splits, *sizes, stratified=False)
    longest = max(len(t) for split in splits.values() for t in split.y.tolist())
    heard = {
        split: _hear(source.samples(split, data.x.tolist()))
        for split, data in splits.items()
    }
    frames = max(len(one) for of_split in heard.values() for one in of_split.values())
    read = {
        split: Split(
            _filled([heard[split][key] for key in data.x.tolist()], frames),
            _letters(data.y, longest),
        )
        for split, data in splits.items()
    }
    return from_splits(name, read, CLASSES)


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


def _hear(sentences: Iterable[tuple[str, Array]]) -> dict[str, Array]:
    mel = keras.layers.MelSpectrogram(
        fft_length=512,
        sequence_stride=_HOP,
        sequence_length=_WINDOW,
        sampling_rate=RATE,
        num_mel_bins=FEATURES,
        min_freq=20.0,
    )
    return {key: _features(samples, mel) for key, samples in sentences}


def _features(samples: Array, mel: keras.layers.Layer) -> Array:
    frames = max(1, len(samples) // _HOP)
    # Whole seconds: few lengths, each of which is compiled once.
    seconds = -(-len(samples) // RATE)
    filled = np.pad(samples, (0, seconds * RATE - len(samples)))
    found = keras.ops.convert_to_numpy(mel(filled[None]))[0].T[:frames]
    scale = np.maximum(found.std(0), 1e-3)
    normal: Array = ((found - found.mean(0)) / scale).astype("float16")
    return normal


def _filled(features: list[Array], frames: int) -> Array:
    x = np.zeros((len(features), frames, FEATURES), "float16")
    for row, one in zip(x, features, strict=True):
        row[: len(one)] = one
    return x
