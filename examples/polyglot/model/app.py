"""The model: sentiment by logistic regression over words. It has no grants, and needs none."""

import math

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.model import Answer, Label
from wit_world.imports import crypto

from weights import BIAS, WEIGHTS
from words import features


class Model(exports.Model):
    def rate(self, text: str, key: bytes) -> Answer:
        known = {word: value for word, value in features(text).items() if word in WEIGHTS}
        if not known:
            raise Err("the model knows none of these words")
        positive = 1.0 / (1.0 + math.exp(-BIAS - sum(WEIGHTS[word] * value for word, value in known.items())))
        label = Label.POSITIVE if positive > 0.5 else Label.NEGATIVE
        probability = f"{max(positive, 1.0 - positive):.4f}"
        line = f"{label.name.lower()} {probability} {text}"
        return Answer(label, float(probability), crypto.sign(key, line))
