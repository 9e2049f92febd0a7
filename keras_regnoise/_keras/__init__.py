"""What is known here of Keras beyond its public interface, and nothing else.

- `graph`: the calls that a functional or Sequential model makes
- `sublayers`: the layers that a layer holds
- `kinds`: which layers have weights, are activations, add noise
- `randomness`: what draws without a seed
- `hooks`: attributes and calls that are other ones for a while
- `compiling`: how a model was compiled, and what was traced
- `private`: the table of every private name used; no other folder uses one
"""
