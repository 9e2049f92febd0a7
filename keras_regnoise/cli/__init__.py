"""The command `keras-regnoise`: one file per command."""
