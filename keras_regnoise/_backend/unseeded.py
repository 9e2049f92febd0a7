"""Where Keras draws nothing without a `SeedGenerator`."""

from typing import Any


class Unseeded:
    """The framework's own generator, which Keras's layers do not use here."""

    def __enter__(self) -> "Unseeded":
        return self

    def __exit__(self, *exception: Any) -> None:
        pass

    def seed(self, seed: int) -> None:
        """Start anew from a seed."""

    def has_drawn(self) -> bool:
        """Whether something was drawn since `seed`."""
        return False
