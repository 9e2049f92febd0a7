"""The folder of a run: what is planned, and one file for every cell that ended.

What is in `study.json` and `cells/*.json` is read and written here and nowhere else.
"""

from keras_regnoise.studies.run.arm_key import ArmKey as ArmKey
from keras_regnoise.studies.run.arm_key import arm_key as arm_key
from keras_regnoise.studies.run.arm_key import arm_name as arm_name
from keras_regnoise.studies.run.files import DamagedError as DamagedError
from keras_regnoise.studies.run.files import FolderError as FolderError
from keras_regnoise.studies.run.files import WriteError as WriteError
from keras_regnoise.studies.run.files import read_json as read_json
from keras_regnoise.studies.run.files import write_json as write_json
from keras_regnoise.studies.run.folder import refuse_foreign as refuse_foreign
from keras_regnoise.studies.run.folder import stray_records as stray_records
from keras_regnoise.studies.run.folder import write_manifest as write_manifest
from keras_regnoise.studies.run.manifest import Manifest as Manifest
from keras_regnoise.studies.run.manifest import Options as Options
from keras_regnoise.studies.run.manifest import Origin as Origin
from keras_regnoise.studies.run.manifest import add_cells as add_cells
from keras_regnoise.studies.run.record import Record as Record
from keras_regnoise.studies.run.record import Scalar as Scalar
from keras_regnoise.studies.run.run import Run as Run
