"""Noise in a recurrent network that hears speech: Table 4 of RotationOut."""

from keras_regnoise.studies.papers.published import beside, published
from keras_regnoise.studies.papers.recipes import paper, short, smoke
from keras_regnoise.studies.study import Arm, Study, Value

_PAPERS = "BiLSTM, WSJ"
_GROUPS = {"BiLSTM, LibriSpeech": "librispeech", "BiLSTM, digit lines": "digit-lines"}
# By arm: the noise between the layers and its rate, and that of recurrent weights.
_NOISES: dict[str, dict[str, Value]] = {
    "none": {},
    "Dropout 0.9": {"noise": "dropout", "rate": 0.1},
    "Weight Drop 0.8": {"weights": "weight drop", "weight_rate": 0.2},
    "Variational Weight Drop 0.8": {"weights": "variational", "weight_rate": 0.2},
    "Locked Drop 0.7": {"noise": "locked", "rate": 0.3},
    "Locked Drop 0.8 + Variational Weight Drop 0.8": {
        "noise": "locked",
        "rate": 0.2,
        "weights": "variational",
        "weight_rate": 0.2,
    },
    "RotationOut": {"noise": "rotationout", "rate": 0.2},
    "RotationOut + Variational Weight Drop 0.9": {
        "noise": "rotationout",
        "rate": 0.2,
        "weights": "variational",
        "weight_rate": 0.1,
    },
}
_SMOKE = ("none", "Locked Drop 0.8 +*", "RotationOut +*")

STUDY = Study(
    name="rotationout-speech",
    title="RotationOut and dropouts of recurrent networks in a bidirectional LSTM",
    model="keras_regnoise.studies.papers.models.rotationout_speech:SpeechModel",
    data="librispeech",
    arms=tuple(
        Arm(noise, values, group, data)
        for group, data in _GROUPS.items()
        for noise, values in _NOISES.items()
    ),
    baseline="none",
    metric="edit_distance",
    objective="val_edit_distance",
    direction="min",
    recipes={
        "smoke": smoke(
            tuple(f"BiLSTM, digit lines: {noise}" for noise in _SMOKE),
            learning_rate=1e-3,
            options={"depth": 2, "width": 16, "beam_width": 4},
        ),
        "short": short(
            ("BiLSTM, digit lines",),
            epochs=40,
            batch_size=32,
            learning_rate=0.01,
            validation_examples=200,
            test_examples=400,
            options={"depth": 2, "width": 32, "beam_width": 10},
            deviations=(
                "Lines of three to five of scikit-learn's digits, 8 features a step "
                "and 55 steps, in place of speech: 1,000 lines of 500 digits; two "
                "layers of 32 units in each direction, noise before the second, 40 "
                "epochs, learning rate 0.01.",
            ),
        ),
        "paper": paper(
            epochs=80,
            batch_size=32,
            learning_rate=1e-3,
            arms=("BiLSTM, LibriSpeech",),
            augmentation=(),
            options={"depth": 4, "width": 512, "beam_width": 100},
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="Table 4",
    published=tuple(
        number
        for number in beside(
            published("rotationout_table4"), {"BiLSTM, LibriSpeech": _PAPERS}
        )
        if number.group != _PAPERS
    ),
    tables=("rotationout_table4",),
    deviations=(
        "The corpus of the paper, WSJ, is licensed: LibriSpeech, train-clean-100, with "
        "29 labels (letters and the blank) for its 137.",
        "The distance is the mean number of letters to insert, to remove and to "
        "replace in a sentence; the paper does not say how it decodes, nor per what it "
        "counts. The metric decodes greedily; beam_edit_distance with a beam of 100, "
        "and error_rate is per letter of the text.",
        "The paper does not say how strong its RotationOut is: E tan^2 = 1/4, as on "
        "ImageNet. Noise stands before layers 2 to 4, on sequences with one draw of "
        "pairs for all steps and an angle for each.",
        "Weight Drop is on the recurrent weights of both directions (Merity et al., "
        "2018). Variational is read as in their released code: whole columns, all "
        "weights into a gate of a unit, are dropped.",
        "Sentences are filled up to the longest with silence, which is part of them "
        "for network and loss.",
    ),
)
