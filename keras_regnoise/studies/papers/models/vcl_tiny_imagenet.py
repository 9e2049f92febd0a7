from typing import Any

from keras_regnoise.studies.papers.models.vcl_cifar import VCLImageModel
from keras_regnoise.studies.papers.protocol import Protocol, clipped_sgd

# Factor of the learning rate by epoch of 250.
_FACTORS = {50: 0.4, 100: 0.04, 180: 0.004}
_EPOCHS = 250


class VCLTinyImageNetModel(VCLImageModel):
    """The 11-layer network, at the paper's scale with twice the filters."""

    shares_programs = True

    def protocol(self, hp: Any) -> Protocol:
        drops = {epoch / _EPOCHS: factor for epoch, factor in _FACTORS.items()}
        return Protocol(drops, clipped_sgd, weight_decay=1e-4)

    def widening(self, hp: Any) -> int:
        return int(self.recipe.options["widening"])
