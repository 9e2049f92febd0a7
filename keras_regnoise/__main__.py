import sys

from keras_regnoise.cli import main

sys.exit(main())
