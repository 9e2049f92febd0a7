"""Every name of Keras used here that its documentation does not promise.

A Keras release may take any of them away. Then the test that walks this table says
which, and this folder is the one place to change.
"""

PRIVATE_NAMES: dict[str, tuple[str, ...]] = {
    "Keras": ("src",),
    "functional model": ("_nodes_by_depth",),
    "Sequential model": ("_functional",),
    "node of a graph": ("operation", "arguments", "outputs"),
    "symbolic tensor": ("_keras_mask",),
    "compiled model": ("_compile_config",),
    "trainer of JAX": ("_distribute_data",),
    "epochs of JAX": ("_get_distributed_iterator",),
    "layer": ("_flatten_layers", "_clear_losses"),
    "attention layer": ("_activity_regularizer",),
    "Lambda layer": ("_output_shape",),
    "random augmentation layer": ("_get_seed_generator", "backend", "transform_images"),
}
"""The names by what has them."""
