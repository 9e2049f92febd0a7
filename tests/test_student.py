import pytest

pytest.importorskip("scipy")

from scipy import stats

from keras_regnoise._student import critical, two_sided_p

FREEDOMS = (1, 1.5, 2, 2.37, 3, 4, 9, 30.5, 100, 1e4)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_critical_values_are_those_of_scipy(freedom):
    assert critical(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.2, 0.01, 1e-4, 1e-7])
@pytest.mark.parametrize("freedom", FREEDOMS)
def test_critical_values_of_other_levels(freedom, alpha):
    expected = stats.t.isf(alpha / 2, freedom)
    assert critical(freedom, alpha) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("t", [0.0, 1e-6, 0.3, 1.0, 2.0, -4.3, 12.7, 1e3, 1e7])
def test_p_values_are_those_of_scipy(freedom, t):
    expected = 2 * stats.t.sf(abs(t), freedom)
    assert two_sided_p(t, freedom) == pytest.approx(expected, rel=1e-8, abs=1e-300)
