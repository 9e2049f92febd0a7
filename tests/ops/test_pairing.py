from collections import Counter
from itertools import permutations

import keras
import numpy as np
import pytest
from keras.random import SeedGenerator
from scipy import stats

from keras_regnoise._seeds import draw_seed
from keras_regnoise.ops import random_pairing
from keras_regnoise.ops.pairing import pairing_per_sample
from tests.helpers import assert_within_standard_errors, to_numpy

BACKEND = keras.config.backend()


def draw(dim, batch_size=None, seed=0):
    return tuple(to_numpy(v) for v in random_pairing(dim, batch_size, seed))


@pytest.mark.parametrize("dim", [1, 2, 3, 16, 33])
@pytest.mark.parametrize("batch_size", [None, 5])
def test_is_an_oriented_involution(dim, batch_size):
    partner, sign = draw(dim, batch_size)
    expected = (dim,) if batch_size is None else (batch_size, dim)
    assert partner.shape == sign.shape == expected
    assert partner.dtype == np.int32
    for p, s in zip(partner.reshape(-1, dim), sign.reshape(-1, dim), strict=True):
        assert (p[p] == np.arange(dim)).all()
        assert (s[p] == -s).all()
        alone = p == np.arange(dim)
        assert alone.sum() == dim % 2
        assert ((s == 0) == alone).all()


@pytest.mark.parametrize("dim", [4, 5])
def test_is_uniform_over_pairings_and_orientations(dim):
    number = 20_000
    partner, sign = draw(dim, number, seed=3)
    counts = Counter(
        (*p, *s) for p, s in zip(partner.tolist(), sign.tolist(), strict=True)
    )
    # As many as there are ordered choices of d ordered pairs, up to order of pairs.
    half = dim // 2
    outcomes = {
        frozenset((p[i], p[i + half]) for i in range(half))
        for p in permutations(range(dim))
    }
    assert len(counts) == len(outcomes) == {4: 12, 5: 60}[dim]
    assert stats.chisquare(list(counts.values())).pvalue > 1e-4


def test_depends_on_the_seed_alone():
    assert (draw(64, seed=1)[0] == draw(64, seed=1)[0]).all()
    assert (draw(64, seed=1)[0] != draw(64, seed=2)[0]).any()
    assert (draw(64, seed=None)[0] != draw(64, seed=None)[0]).any()
    generator = SeedGenerator(1)
    first, second = draw(64, seed=generator), draw(64, seed=generator)
    assert (first[0] == draw(64, seed=1)[0]).all()
    assert (first[0] != second[0]).any()


@pytest.mark.parametrize("dim", [0, -1, 2.0, None, True])
def test_bad_dim(dim):
    with pytest.raises(ValueError, match=r"number of features.*Received: dim="):
        random_pairing(dim)


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, "1", True])
def test_bad_seed(seed):
    with pytest.raises(ValueError, match="`seed` must be None or an integer"):
        random_pairing(4, seed=seed)


def per_sample(dim, samples, seed):
    return tuple(to_numpy(v) for v in pairing_per_sample(dim, samples, draw_seed(seed)))


@pytest.mark.parametrize("dim", [2, 3, 4, 5, 6, 16, 33, 640, 4096, 4097, 4098])
def test_pairings_per_sample_are_oriented_involutions(dim):
    partner, sign = per_sample(dim, 20, seed=dim)
    assert partner.shape == sign.shape == (20, dim)
    # torch takes indices of 64 bits.
    assert partner.dtype == (np.int64 if BACKEND == "torch" else np.int32)
    for p, s in zip(partner, sign, strict=True):
        assert (p[p] == np.arange(dim)).all()
        assert (s[p] == -s).all()
        alone = p == np.arange(dim)
        assert alone.sum() == dim % 2
        assert ((s == 0) == alone).all()


@pytest.mark.parametrize(("dim", "outcomes"), [(4, 12), (5, 60)])
def test_the_pairing_of_a_sample_is_uniform_with_its_orientation(dim, outcomes):
    counts = Counter()
    for seed in range(25 * outcomes):  # one sample of each draw
        partner, sign = per_sample(dim, 3, seed)
        counts[(*partner[2].tolist(), *sign[2].tolist())] += 1
    assert len(counts) == outcomes
    assert stats.chisquare(list(counts.values())).pvalue > 1e-4


@pytest.mark.parametrize("dim", [7, 8])
def test_samples_of_one_draw_meet_every_partner_equally_often(dim):
    partner, _ = per_sample(dim, 20_000, seed=3)
    for feature in range(dim):
        met = np.bincount(partner[:, feature], minlength=dim)
        # With an odd number, alone counts as a partner; with an even one, nobody is.
        met = np.delete(met, feature) if dim % 2 == 0 else met
        assert stats.chisquare(met).pvalue > 1e-4


@pytest.mark.parametrize("dim", [7, 8, 12, 64])  # 8 and 64: powers of two
def test_orientations_within_one_draw_are_independent(dim):
    number = 20_000
    partner, sign = per_sample(dim, number, seed=5)
    together = partner[:, :, None] == np.arange(dim)  # a pair: always opposite
    products = sign[:, :, None] * sign[:, None, :] * ~together
    products = products[:, *np.triu_indices(dim, 1)]
    assert_within_standard_errors(
        products.mean(0), products.std(0) / np.sqrt(number), 0.0
    )
