"""All points of a search space, in the order of a grid search."""

from collections.abc import Callable, Iterator
from typing import Any

Values = dict[str, Any]


def enumerate_space(hypermodel: Any) -> list[Values]:
    """List every combination of hyperparameters of a search space, each once.

    A combination has the hyperparameters that the hypermodel asks for when the others
    are as in this combination: the ones in a `conditional_scope` that is not active
    are not in it, nor are those that its Python code does not reach, as `units_2` in
    `for i in range(hp.Int("layers", 1, 3)): hp.Int(f"units_{i}", ...)` for one layer.
    (`keras_tuner.GridSearch` trains such a combination once for each value of
    `units_2`; everywhere else it trains what is listed here.)

    It is found by building the hypermodel once for each combination; a
    `NoiseHyperModel` only calls `build_model`, and that only if it takes `hp`.
    Hyperparameters that nothing but `fit` asks for are not found: ask for them in
    `build` or in `declare_hyperparameters` too.

    Args:
        hypermodel: A `keras_tuner.HyperModel` or a function `build_model(hp)`.

    Returns:
        The values by name, one dictionary per combination. The first has all defaults;
        the hyperparameter that was asked for last changes fastest.

    Raises:
        ValueError: If a hyperparameter has no finite list of values: `hp.Float`
            without `step`, or `hp.Int` with `sampling="log"` without `step`.

    Example:
        >>> def build_model(hp):
        ...     noise = hp.Choice("noise", ["none", "dropout"])
        ...     with hp.conditional_scope("noise", ["dropout"]):
        ...         rate = hp.Float("rate", 0.25, 0.5, step=0.25)
        >>> for values in enumerate_space(build_model):
        ...     print(values)
        {'noise': 'none'}
        {'noise': 'dropout', 'rate': 0.25}
        {'noise': 'dropout', 'rate': 0.5}
    """
    ask = _asker(hypermodel)
    return list(_leaves({}, ask({}), ask))


Asked = dict[str, Any]
"""The active hyperparameters by name, in the order in which they were asked for."""


def _leaves(fixed: Values, asked: Asked, ask: Callable[[Values], Asked]) -> Any:
    """All combinations that have the values `fixed`, which come first in `asked`."""
    free = next((hp for name, hp in asked.items() if name not in fixed), None)
    if free is None:
        yield fixed
        return
    for value in _values(free):
        branch = {**fixed, free.name: value}
        # What is not fixed has its default: `asked` is the answer for it already.
        follows = asked if value == free.default else ask(branch)
        yield from _leaves(branch, follows, ask)


def _values(hp: Any) -> Iterator[Any]:
    """Values of a hyperparameter, each once, its default first as in keras-tuner."""
    if getattr(hp, "step", 0) is None:
        kind, sampling = type(hp).__name__, hp.sampling
        step = "step=0.1" if sampling == "linear" else f"sampling={sampling!r}, step=10"
        raise ValueError(
            f"The hyperparameter {hp.name!r} has no finite list of values: it is an "
            f"hp.{kind} from {hp.min_value} to {hp.max_value} without `step`. Give it "
            f"one, as in hp.{kind}({hp.name!r}, {hp.min_value}, {hp.max_value}, {step})"
            f", or list its values with hp.Choice."
        )
    return iter(dict.fromkeys([hp.default, *hp.values]))


def _asker(hypermodel: Any) -> Callable[[Values], Asked]:
    """A function from some values to all that a build with them asks for."""
    build = _build_function(hypermodel)

    def ask(values: Values) -> Asked:
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        hp.values = dict(values)
        try:
            build(hp)
        except Exception as error:
            error.add_note(f"This was with the hyperparameters {hp.values}.")
            raise
        asked: Asked = {}
        for parameter in hp.space:
            if hp.is_active(parameter):
                asked.setdefault(parameter.name, parameter)
        return asked

    return ask


def _build_function(hypermodel: Any) -> Callable[[Any], Any]:
    try:
        import keras_tuner

        from keras_regnoise.tuning.noise_hyper_model import NoiseHyperModel
    except ModuleNotFoundError as error:
        raise ImportError(
            f"enumerate_space needs keras-tuner: {error}. Install it with: "
            "pip install 'keras-regnoise[studies]'"
        ) from error
    if isinstance(hypermodel, NoiseHyperModel):
        return hypermodel.ask
    if isinstance(hypermodel, keras_tuner.HyperModel):

        def build(hp: Any) -> None:
            hypermodel.declare_hyperparameters(hp)
            hypermodel.build(hp)

        return build
    if isinstance(hypermodel, type) or not callable(hypermodel):
        raise ValueError(
            "`hypermodel` must be a keras_tuner.HyperModel or a function "
            f"build_model(hp). Received: hypermodel={hypermodel!r}"
        )
    return hypermodel  # type: ignore[no-any-return]
