"""What the model sees of a text."""

import re

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
TURNS = {"not", "no", "never", "nothing", "without", "hardly"}
# How many words after one that turns the meaning are turned.
REACH = 3


def features(text):
    """Each word's sign: 1, or -1 shortly behind a `not` or the like. The last mention of a word counts."""
    found, turned = {}, 0
    for word in WORD.findall(text.lower()):
        if word in TURNS or word.endswith("n't"):
            turned = REACH
            continue
        found[word] = -1.0 if turned else 1.0
        turned = max(turned - 1, 0)
    return found
