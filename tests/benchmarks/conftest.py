import pathlib
import sys

# The benchmarks are no part of the installed package.
sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))
