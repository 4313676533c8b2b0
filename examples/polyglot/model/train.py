"""Trains the model on reviews.tsv: python3 train.py

Logistic regression over words, by gradient descent, in plain Python. The same reviews give the same weights. Writes
weights.py for the model in Python and ../javascript/weights.js for the one in JavaScript.
"""

import json
import math
from pathlib import Path

from words import features

HERE = Path(__file__).parent
ROUNDS = 600
RATE = 0.4
# Pulls weights to zero, so that a word seen once decides nothing.
DECAY = 0.02


def reviews():
    for line in (HERE / "reviews.tsv").read_text().splitlines():
        label, text = line.split("\t")
        yield {"positive": 1.0, "negative": 0.0}[label], features(text)


def probability(bias, weights, found):
    z = bias + sum(weights.get(word, 0.0) * value for word, value in found.items())
    return 1.0 / (1.0 + math.exp(-z))


def train(examples):
    bias, weights = 0.0, {}
    for _ in range(ROUNDS):
        slopes, slope = {}, 0.0
        for label, found in examples:
            error = label - probability(bias, weights, found)
            slope += error
            for word, value in found.items():
                slopes[word] = slopes.get(word, 0.0) + error * value
        bias += RATE * slope / len(examples)
        for word, step in slopes.items():
            old = weights.get(word, 0.0)
            weights[word] = old + RATE * (step / len(examples) * 10 - DECAY * old)
    return bias, weights


def score(bias, weights, examples):
    return sum((probability(bias, weights, found) > 0.5) == (label > 0.5) for label, found in examples)


def score_unseen(examples):
    """Trains ten times without a tenth of the reviews, and asks for those."""
    right = 0
    for fold in range(10):
        # The file has them in pairs, one of each label.
        seen = [example for at, example in enumerate(examples) if at // 2 % 10 != fold]
        unseen = [example for at, example in enumerate(examples) if at // 2 % 10 == fold]
        right += score(*train(seen), unseen)
    return right


def main():
    examples = list(reviews())
    bias, weights = train(examples)
    right, unseen = score(bias, weights, examples), score_unseen(examples)
    print(f"{len(weights)} words, {len(examples)} reviews: {right} right, and {unseen} when they were not trained on")
    kept = {word: round(weight, 3) for word, weight in sorted(weights.items()) if abs(weight) >= 0.05}
    table = json.dumps(kept, indent=4)
    (HERE / "weights.py").write_text(f"# Made by train.py.\nBIAS = {bias:.3f}\nWEIGHTS = {table}\n")
    script = f"// Made by ../model/train.py.\nexport const BIAS = {bias:.3f};\nexport const WEIGHTS = {table};\n"
    (HERE / "../javascript/weights.js").write_text(script)


if __name__ == "__main__":
    main()
