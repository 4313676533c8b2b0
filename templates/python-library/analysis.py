"""What can be said about the words of a text."""

import re
from collections import Counter


def frequent(text: str, most: int) -> list[tuple[str, int]]:
    """The most frequent words and how often each occurs; those that occur as often by the alphabet."""
    counts = Counter(re.findall(r"[^\W_]+", text.lower()))
    return sorted(counts.items(), key=lambda count: (-count[1], count[0]))[:most]


def palindrome(text: str) -> bool:
    """Whether the text reads the same from both ends. `ValueError` if there is no letter in it."""
    letters = [character for character in text.lower() if character.isalnum()]
    if not letters:
        raise ValueError("there is no letter in it")
    return letters == letters[::-1]
