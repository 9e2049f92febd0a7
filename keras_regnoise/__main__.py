import sys

from keras_regnoise.cli.main import main

sys.exit(main())
