"""A cell of a study with --distribute; `main` needs a process of its own."""

import json
from pathlib import Path

import keras

from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.plan import Plan
from keras_regnoise.studies.engine.training import Trainer
from keras_regnoise.studies.run import Options, Run


def main(directory, study, arm, distribute="yes"):
    if distribute and keras.config.backend() == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        devices = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, devices)
    found, source = registry.find(study)
    plan = Plan(
        study=found,
        source=source,
        scale="smoke",
        directory=Path(directory),
        arms=(arm,),
        options=Options(distribute=bool(distribute)),
    )
    work = Trainer(Run(Path(directory), plan.manifest()), found)
    (cell, *_) = work.run.manifest.cells
    record = work.train(cell)
    (Path(directory) / "metrics.json").write_text(json.dumps(dict(record.metrics)))
