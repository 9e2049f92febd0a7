from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_regnoise import placement
from keras_regnoise.layers import DropBlock, SpatialRotationOut
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.papers.average_precision import average_precision
from keras_regnoise.studies.papers.protocol import (
    add_weight_decay,
    divided_by_ten,
    piecewise,
    sgd,
)

# Of the channels of ImageNet, of images in [0, 1].
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_FORMAT = "xyxy"
_CONVOLUTIONS = "stack[23]_block[0-9]+_[123]_conv"
_BLOCKS = {"stack2": 7, "stack3": 3}
_ROTATION = 0.2  # E tan^2 = 1/4
_NOISES: dict[str, Callable[..., Any]] = {
    "Dropout 0.9": partial(keras.layers.Dropout, 0.1),
    "DropBlock 0.9": partial(DropBlock, 0.1, block_size=5),
    "RotationOut": partial(SpatialRotationOut, _ROTATION),
    "RotationOut Block": partial(SpatialRotationOut, _ROTATION),
}
_METRICS: dict[str, dict[str, Any]] = {
    "ap": {},
    "ap50": {"thresholds": (0.5,)},
    "ap75": {"thresholds": (0.75,)},
}


def keras_hub() -> Any:
    """Return the module, or say how to get it."""
    try:
        import keras_hub
    except ImportError as error:
        raise ModuleNotFoundError(
            "RetinaNet is KerasHub's, which can't be imported "
            f"({error}). Install it: pip install keras-hub"
        ) from error
    return keras_hub


def _detector(hub: Any) -> Any:
    """Return KerasHub's class with Keras's `fit`, for batches of any kind."""
    names = ("fit", "evaluate", "predict")
    methods = {name: getattr(keras.Model, name) for name in names}
    return type("Detector", (hub.models.RetinaNetObjectDetector,), methods)


class DetectorModel(StudyModel):
    """RetinaNet with the noise of the arm in the last two stages of its backbone."""

    shares_programs = False

    def build(self, hp: Any) -> keras.Model:
        hub, options = keras_hub(), self.recipe.options
        lowest, highest = options["levels"]
        backbone = hub.models.RetinaNetBackbone(
            self.encoder(hp),
            min_level=lowest,
            max_level=highest,
            use_p5=False,
            image_shape=self.data.shape,
        )
        model = _detector(hub)(
            backbone,
            num_classes=self.data.classes,
            bounding_box_format=_FORMAT,
            pre_logits_num_conv_layers=options["head"],
            prediction_decoder=hub.layers.NonMaxSuppression(
                _FORMAT, from_logits=True, confidence_threshold=0.05
            ),
        )
        add_weight_decay(model, 1e-4)
        drops = divided_by_ten(20 / 35, 28 / 35)
        focal = keras.losses.BinaryFocalCrossentropy(
            apply_class_balancing=True,
            alpha=0.25,
            gamma=1.5,
            from_logits=True,
            reduction="sum",
        )
        rate = piecewise(self.recipe.learning_rate, self.steps, drops)
        model.compile(sgd(rate, clipnorm=10.0), classification_loss=focal)
        return model

    def encoder(self, hp: Any) -> keras.Model:
        """Return the residual network that RetinaNet looks at the images with."""
        hub = keras_hub()
        if hp.get("pretrained"):
            network = hub.models.Backbone.from_preset("resnet_50_imagenet")
        else:
            keras.utils.set_random_seed(hp.get("seed"))
            network = hub.models.ResNetBackbone(
                input_conv_filters=[64],
                input_conv_kernel_sizes=[7],
                stackwise_num_filters=[64, 128, 256, 512],
                stackwise_num_blocks=list(self.recipe.options["blocks"]),
                stackwise_num_strides=[1, 2, 2, 2],
                block_type="bottleneck_block",
                image_shape=self.data.shape,
            )
        features = keras.Model(network.inputs, network.pyramid_outputs)
        variance = [deviation**2 for deviation in _DEVIATION]
        features = placement.insert(
            features,
            lambda _: keras.layers.Normalization(mean=_MEAN, variance=variance),
            after=keras.layers.InputLayer,
        )
        if (noise := hp.get("noise")) in _NOISES:
            features = self._noisy(hp, features, noise)
        features.pyramid_outputs = features.output
        return features

    def _noisy(self, hp: Any, features: keras.Model, noise: str) -> keras.Model:
        def layer(place: keras.layers.Layer) -> keras.layers.Layer:
            options: dict[str, Any] = {"seed": self.seed(hp, f"{place.name}_noise")}
            if noise == "RotationOut Block":
                options["block_size"] = _BLOCKS[place.name.partition("_")[0]]
            return _NOISES[noise](**options)

        kind = keras.layers.Conv2D
        return placement.insert(features, layer, before=kind, name=_CONVOLUTIONS)

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        for split, prefix in (("validation", "val"), ("test", "test")):
            found, wanted = self.detect(model, split)
            for name, options in _METRICS.items():
                score = average_precision(found, wanted, **options)
                metrics[f"{prefix}_{name}"] = score
        return metrics

    def detect(self, model: keras.Model, split: str) -> tuple[list[Any], list[Any]]:
        """Return the boxes that are found on the images of a split, and those there."""
        found, wanted = [], []
        network = keras.Model(model.inputs, model.output)
        for x, y in self.data.batches(split, self.recipe.batch_size):
            # Not predict_on_batch: every replica of TensorFlow's would predict all.
            outputs = network.predict(x, batch_size=len(x), verbose=0)
            boxes = model.decode_predictions(outputs, x)
            boxes = keras.tree.map_structure(keras.ops.convert_to_numpy, boxes)
            found += _by_image(boxes)
            wanted += _by_image({name: np.asarray(part) for name, part in y.items()})
        return found, wanted

    @property
    def evaluation_batch_size(self) -> int:
        return self.recipe.batch_size  # large images


def _by_image(batch: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the boxes of every image; a label of -1 is none."""
    names = [name for name in ("boxes", "labels", "confidence") if name in batch]
    return [
        {name: batch[name][image][batch["labels"][image] >= 0] for name in names}
        for image in range(len(batch["labels"]))
    ]
