"""How fast the layers are, beside the built-in layers that they stand for.

`python -m benchmarks` measures on every installed backend, each in a process of its
own, prints tables, and writes a CSV file and a figure. `--quick` takes minutes,
`--compare OLD.csv` fails where a ratio got worse, `--help` says the rest.

Five suites:

- `layers`: forward and backward pass of one layer, against an identity of the same
  memory traffic and against built-in layers.
- `steps`: whole training steps of networks, against the network without noise.
- `memory`: what a layer keeps for the backward pass, and the peak of a training step.
- `construction`: how long it takes to make a layer, and how much memory that takes.
- `inference`: whether the exported graph is that of the model without noise.

A time is the median of interleaved repeats: each repeat times every candidate once,
in one process, so that a disturbance of the machine hits all of them alike. Ratios
are between candidates of one process. Times are what a call costs a user, dispatch
included, which is most of the smallest shapes.
"""
