"""The interface of wit/words.wit, with what analysis.py finds."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.words import Count

import analysis


class Words(exports.Words):
    """The world's `example:words/words`."""

    def frequent(self, text: str, most: int) -> list[Count]:
        return [Count(word, times) for word, times in analysis.frequent(text, most)]

    def palindrome(self, text: str) -> bool:
        try:
            return analysis.palindrome(text)
        except ValueError as error:
            raise Err(str(error))
