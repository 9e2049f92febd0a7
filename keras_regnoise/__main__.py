import sys

from keras_regnoise_command import main

if __name__ == "__main__":
    sys.exit(main())
