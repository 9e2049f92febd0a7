"""LibriSpeech, from WAV files in its layout."""

import sys

import numpy as np
import pytest

pytest.importorskip("scipy")

from scipy.io import wavfile

from keras_regnoise.datasets import is_here, load
from keras_regnoise.models import lstm_ctc
from tests.datasets import flac
from tests.helpers import to_numpy

PARTS = {"train-clean-100": 6, "dev-clean": 2, "test-clean": 3}


def write(
    folder,
    texts=("HELLO", "IT'S A TEST"),
    seconds=(0.5, 1.3),
    rate=16_000,
    ending="wav",
):
    """Write sentences; a text is a tone, whose pitch tells which it is."""
    for part, count in PARTS.items():
        place = folder / "LibriSpeech" / part / "19" / "198"
        place.mkdir(parents=True, exist_ok=True)
        lines = []
        for number in range(count):
            stem = f"19-198-{number:04d}"
            which = number % len(texts)
            lines.append(f"{stem} {texts[which]}\n")
            times = np.arange(int(rate * seconds[which])) / rate
            tone = np.sin(2 * np.pi * 500 * (1 + 5 * which) * times)
            samples, file = (20_000 * tone).astype("int16"), place / f"{stem}.{ending}"
            if ending == "wav":
                wavfile.write(file, rate, samples)
            else:
                file.write_bytes(flac.encode(samples, rate))
        (place / "19-198.trans.txt").write_text("".join(lines))


def test_sentences_and_letters(tmp_path):
    assert not is_here("librispeech", tmp_path)
    write(tmp_path)
    assert is_here("librispeech", tmp_path)
    data = load("librispeech", tmp_path)
    assert data.sizes == {"train": 6, "validation": 2, "test": 3}
    assert (data.classes, data.shape) == (29, (130, 40))
    # "HELLO": space and apostrophe are 1 and 2, A is 3.
    short, long = data.train.y[0], data.train.y[1]
    assert short.tolist() == [10, 7, 14, 14, 17, 0, 0, 0, 0, 0, 0]
    assert long.tolist() == [11, 22, 2, 21, 1, 3, 1, 22, 7, 21, 22]
    x = data.train.x.astype("float32")
    assert (x[0, 50:] == 0).all()
    np.testing.assert_allclose(x[0, :50].mean(0), 0, atol=2e-2)
    assert (x[1, 60:] != 0).any()


def test_flac_is_read_as_wav_is(tmp_path):
    pytest.importorskip("soundfile")
    for ending in ("wav", "flac"):
        write(tmp_path / ending, ending=ending)
    of_wav, of_flac = (
        load("librispeech", tmp_path / ending) for ending in ("wav", "flac")
    )
    for part in ("train", "validation", "test"):
        first, second = getattr(of_wav, part), getattr(of_flac, part)
        # One divides by 32,767 and the other by 32,768.
        np.testing.assert_allclose(first.x, second.x, atol=5e-3)
        np.testing.assert_array_equal(first.y, second.y)
    write(tmp_path / "slow", rate=8000, ending="flac")
    with pytest.raises(ValueError, match=r"16000 samples a second. Received: 8000"):
        load("librispeech", tmp_path / "slow")


def test_what_tensorflow_datasets_prepared_is_read_as_the_folders_are(tmp_path):
    pytest.importorskip("tensorflow")
    tfds = pytest.importorskip("tensorflow_datasets")
    write(tmp_path / "unpacked")

    def examples(part):
        folder = tmp_path / "unpacked" / "LibriSpeech" / part / "19" / "198"
        for line in (folder / "19-198.trans.txt").read_text().splitlines():
            key, _, text = line.partition(" ")
            samples = wavfile.read(folder / f"{key}.wav")[1]
            numbers = {"speaker_id": 19, "chapter_id": 198}
            yield key, {"id": key, "text": text, "speech": samples, **numbers}

    with tfds.core.registered.skip_registration():

        class Librispeech(tfds.builder_cls("librispeech")):
            """The features of the real one; what it fetches is what lies here."""

            def _split_generators(self, dl_manager):
                names = {"train-clean-100": "train_clean100"}
                return {
                    names.get(part, part.replace("-", "_")): examples(part)
                    for part in PARTS
                }

    assert not is_here("librispeech", tmp_path)
    Librispeech(data_dir=tmp_path / "tfds").download_and_prepare()
    assert is_here("librispeech", tmp_path)
    of_files = load("librispeech", tmp_path / "unpacked")
    prepared = load("librispeech", tmp_path)
    assert (prepared.sizes, prepared.shape) == (of_files.sizes, of_files.shape)
    few = load("librispeech", tmp_path, examples=2)
    assert few.sizes["train"] == 2
    # tensorflow-datasets has another order; every text is a tone of its own.
    heard = {tuple(y): x for x, y in zip(*of_files.train, strict=True)}
    for split in (prepared.train, prepared.validation, prepared.test, few.train):
        for x, y in zip(*split, strict=True):
            np.testing.assert_allclose(x, heard[tuple(y)], atol=5e-3)
    assert {tuple(y) for y in prepared.train.y} == set(heard)


def test_flac_without_a_decoder_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    write(tmp_path, ending="flac")
    with pytest.raises(ModuleNotFoundError, match="pip install soundfile"):
        load("librispeech", tmp_path)


def test_the_features_tell_the_pitch():
    import keras

    from keras_regnoise.datasets import _speech

    times = np.arange(16_000) / 16_000
    mel = keras.layers.MelSpectrogram(
        512, 160, 400, sampling_rate=16_000, num_mel_bins=40, min_freq=20.0
    )
    loudest = []
    for pitch in (300, 3000):
        tone = np.sin(2 * np.pi * pitch * times).astype("float32")
        found = to_numpy(mel(tone[None]))[0]
        assert found.shape[0] == _speech.FEATURES
        loudest.append(int(found.mean(1).argmax()))
    # A bin of the mel scale of 2595 log10(1 + f / 700), from 20 Hz to 8 kHz.
    low, high = 2595 * np.log10(1 + np.array([20, 8000]) / 700)
    for pitch, found in zip((300, 3000), loudest, strict=True):
        bin_ = (2595 * np.log10(1 + pitch / 700) - low) / (high - low) * 41 - 1
        assert abs(found - bin_) <= 1


def test_the_network_of_the_paper_learns_from_it(tmp_path):
    import keras

    write(tmp_path)
    data = load("librispeech", tmp_path, examples=4)
    model = lstm_ctc(1, width=4, classes=data.classes, seed=1)
    model.compile("adam", keras.losses.CTC())
    batches = data.batches("train", 2, seed=1)
    history = model.fit(batches, epochs=2, verbose=0).history["loss"]
    assert np.isfinite(history).all()
    assert history[1] < history[0]


def test_files_that_do_not_fit(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"7\.1 GB to download.*train-clean-100"
    ):
        load("librispeech", tmp_path)
    write(tmp_path, rate=8000)
    with pytest.raises(ValueError, match=r"16000 samples a second. Received: 8000"):
        load("librispeech", tmp_path)
    write(tmp_path, texts=("Hello", "5"))
    with pytest.raises(ValueError, match="capital letters"):
        load("librispeech", tmp_path)
    file = tmp_path / "LibriSpeech" / "dev-clean" / "19" / "198" / "19-198-0001.wav"
    file.unlink()
    file.with_suffix(".flac").write_bytes(flac.encode(np.ones(9), 16_000)[:50])
    with pytest.raises(
        (ModuleNotFoundError, ValueError), match=r"soundfile|not a whole"
    ):
        load("librispeech", tmp_path)
    file.with_suffix(".flac").unlink()
    with pytest.raises(FileNotFoundError, match="names 19-198-0001, of which"):
        load("librispeech", tmp_path)
    for name in file.parent.iterdir():
        name.unlink()
    with pytest.raises(FileNotFoundError, match="has no dev-clean"):
        load("librispeech", tmp_path)
