"""The commands of `keras-regnoise`, one module each."""
