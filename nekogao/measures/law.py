"""The law: how well a predictor foretells which face comes out for a picture never seen.

The winner is the face with the largest share in the span test. A predictor names the training
source that it finds nearest: see nekogao.measures.comparisons.
"""

from functools import cached_property

import numpy as np
from jaxtyping import Int

Winners = Int[np.ndarray, " m"]


def agreement(predicted: Winners, winners: Winners) -> float:
    """The share of pictures whose winner was predicted, from 0 to 1."""
    return float(np.mean(predicted == winners))


class Permutations:
    """The winners in random order, drawn once, to be compared with many predictions.

    Args:
        winners: The winner of each picture.
        draws: How many orders.
        seed: Draws them.
    """

    def __init__(self, winners: Winners, draws: int = 10_000, seed: int = 0) -> None:
        self._winners, self._draws = winners, draws
        self._random = np.random.default_rng(seed)

    def p(self, predicted: Winners) -> float:
        """How often winners in random order agree with the prediction at least as well.

        The p-value (1 + hits) / (1 + draws), never 0 (Phipson and Smyth 2010, equation 2). A
        constant prediction has 1, however often it is right.
        """
        found = np.count_nonzero(predicted == self._winners)
        if found == 0 or _constant(predicted) or _constant(self._winners):
            return 1.0  # every order agrees as well
        agreeing = np.count_nonzero(self._orders == predicted, axis=1)
        return (1 + int(np.count_nonzero(agreeing >= found))) / (1 + self._draws)

    @cached_property
    def _orders(self) -> Int[np.ndarray, "draws m"]:
        orders = np.empty((self._draws, len(self._winners)), np.int32)
        for order in orders:
            order[:] = self._random.permutation(self._winners)
        return orders


def _constant(winners: Winners) -> bool:
    return bool((winners == winners[0]).all())


def constant_baseline(winners: Winners) -> float:
    """The agreement of always naming the most frequent winner: what a predictor must beat."""
    return float(np.bincount(winners).max() / len(winners))
