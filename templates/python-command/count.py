"""Counting, as `wc` does it."""


def counts(text: bytes) -> tuple[int, int, int]:
    """How many lines, words and bytes there are."""
    return text.count(b"\n"), len(text.split()), len(text)


def line(text: bytes, name: str) -> str:
    """The same for people."""
    return "".join(f"{number:8}" for number in counts(text)) + f" {name}"
