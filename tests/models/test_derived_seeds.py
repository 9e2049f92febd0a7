import numpy as np

from keras_regnoise.models import derived_seed


def test_seeds_do_not_depend_on_the_process():
    # Python's own hash of a string changes from process to process.
    assert derived_seed(0, "stem_conv") == 1604054858


def test_no_seed_stays_none():
    assert derived_seed(None, "stem_conv") is None


def test_seeds_are_distinct_python_integers_that_every_backend_takes():
    seeds = [
        derived_seed(run, f"stage3_unit{i}_conv1") for run in (0, 1) for i in range(999)
    ]
    assert all(type(seed) is int and 0 <= seed < 2**31 for seed in seeds)
    assert len(set(seeds)) == len(seeds)


def test_neighbouring_runs_get_distant_seeds():
    # A layer seeded n + 1 repeats, on torch, the noise of one seeded n a step late.
    gaps = [derived_seed(n, "noise") - derived_seed(n + 1, "noise") for n in range(999)]
    assert min(map(abs, gaps)) > 1000


def test_numpy_integers_count_as_integers():
    assert derived_seed(np.int64(7), "a") == derived_seed(7, "a")
