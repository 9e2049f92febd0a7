from keras_regnoise.datasets.split import Split

_TEST, _VALIDATION = 1000, 297  # of 1,797, which leaves 500 for training


def load_digits(seed: int = 0) -> tuple[Split, Split, Split]:
    """Load scikit-learn's handwritten digits, which need no download.

    1,797 real images of 8 x 8 pixels in 10 classes, scaled to [0, 1].

    Args:
        seed: Seed of the split.

    Returns:
        Training (500), validation (297) and test (1,000) images and classes,
        stratified by class; the same in every run with one seed.

    Reference:
        E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine
        Learning Repository (the test split).

    Example:

    >>> train, validation, test = load_digits()
    >>> train.x.shape, validation.x.shape, test.x.shape
    ((500, 8, 8, 1), (297, 8, 8, 1), (1000, 8, 8, 1))
    """
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    images, classes = datasets.load_digits(return_X_y=True)
    x = (images / 16.0).astype("float32").reshape(-1, 8, 8, 1)
    options = {"random_state": seed, "stratify": classes}
    x, test_x, y, test_y = train_test_split(x, classes, test_size=_TEST, **options)
    options["stratify"] = y
    x, val_x, y, val_y = train_test_split(x, y, test_size=_VALIDATION, **options)
    return Split(x, y), Split(val_x, val_y), Split(test_x, test_y)
