"""Why a run ends before all its cells have."""


class ClusterError(Exception):
    """The processes that train can't be had, or are gone, with what to do about it."""


class TimeLimitError(Exception):
    """The time limit of the run has passed."""
