"""A model compiled as another one was."""

import keras


def recompile(model: keras.Model, original: keras.Model) -> keras.Model:
    """Compile `model` with the optimizer, loss and metrics of `original`, afresh."""
    if not original.compiled:
        return model
    losses = keras.tree.flatten(original.loss)
    functions = {f.__name__: f for f in losses if hasattr(f, "__name__")}
    try:
        with keras.saving.custom_object_scope(functions):
            model.compile_from_config(original.get_compile_config())
    except Exception as error:
        raise ValueError(
            f"The model '{original.name}' can't be compiled again with the noise in "
            "it: Keras cannot make its optimizer, loss or metrics anew from their "
            "configuration. Register your own ones with "
            "@keras.saving.register_keras_serializable(), and use functions with a "
            f"name and no lambdas. Keras said: {error}"
        ) from error
    if not model.compiled:
        raise ValueError(
            f"{type(original).__name__} '{original.name}' has a compile() of its own "
            "and no compile_from_config(config) that goes with it, so that it can't "
            "be compiled again with the noise in it. Write one; see "
            "keras.Model.compile_from_config."
        )
    return model
