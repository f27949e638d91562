"""A meter that counts nothing: what use cases run with when nobody asked for numbers."""

from collections.abc import Callable


def _forget(_: float) -> None:
    """Forget it."""


class NoMeter:
    """The Meter port, deaf."""

    def counter(self, name: str, **labels: str) -> Callable[[int], None]:
        """Forget them."""
        return _forget

    def histogram(self, name: str, **labels: str) -> Callable[[float], None]:
        """Forget them."""
        return _forget

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Forget it."""

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Forget it."""

    def gauge(self, name: str, read: Callable[[], float | None], **labels: str) -> None:
        """Never ask."""

    def value(self, name: str, **labels: str) -> float:
        """Nothing was counted."""
        return 0.0

    def exposition(self) -> tuple[str, bytes]:
        """Nothing to tell."""
        return "text/plain", b""
