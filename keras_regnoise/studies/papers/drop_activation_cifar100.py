"""Drop-Activation in published networks on CIFAR-100: its Table 1."""

from keras_regnoise.studies.papers.drop_activation_networks import study

STUDY = study("CIFAR-100", 1, "cifar100")
