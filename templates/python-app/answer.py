"""What requests are answered."""

from collections.abc import Iterable


def table(counts: Iterable[tuple[str, int]]) -> str:
    """A line for each word."""
    return "".join(f"{times:6} {word}\n" for word, times in counts)
