"""Measures whether a map shows what matters: by deletion and insertion against random maps.

Petsiuk et al., "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018:
removing what a map marks first must lower the score faster than removing anything else (deletion),
and keeping only that must keep more of it (insertion).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.insight.explaining.images import ImageMap, SeenImage
from fiftyone_faiss.brain.insight.explaining.removing import SIDE, Masks, embed_steps
from fiftyone_faiss.embedders import Embedder

SHARES = (0.15, 0.3, 0.5, 0.7, 0.85)
"""The shares of the area that are removed."""
RANDOM_MAPS = 20
# A random map has as many rows and columns as blobs, like the maps of the methods.
_RANDOM_SIDE = 4
# The 97.5 % quantile of Student's t with 19 degrees of freedom.
_T95 = 2.093

MIN_BEATEN = 0.95
"""A badge needs deletion to beat this share of random maps."""
MIN_EFFECT, MIN_SPREADS, MIN_FLOORS = 0.02, 0.5, 4.0
"""A badge needs a gain by deletion of at least this much: as a cosine, in standard deviations of
the scores of the index, and in multiples of the gain of the same network with shuffled weights."""


@dataclass(frozen=True)
class Faithfulness:
    """How well a map shows what the score depends on.

    Attributes:
        deletion: the mean score while what the map marks is removed first, lower is better
        insertion: the mean score while that is kept longest, higher is better
        random: the mean score while parts are removed by random maps
        interval: ``random`` with a probability of 95 %
        deletion_gain: ``random - deletion``
        insertion_gain: ``insertion - random``
        beaten: the share of random maps whose removal lowers the score less, 0 to 1
        spread: the standard deviation of the scores of the index; None if it holds too few
        floor: the gain by deletion of the same network with shuffled weights
    """

    deletion: float
    insertion: float
    random: float
    interval: tuple[float, float]
    beaten: float
    spread: float | None
    floor: float

    @property
    def deletion_gain(self) -> float:
        """How much more the score drops than by chance, as a cosine."""
        return self.random - self.deletion

    @property
    def insertion_gain(self) -> float:
        """How much more of the score is kept than by chance, as a cosine."""
        return self.insertion - self.random

    @property
    def has_badge(self) -> bool:
        """Whether the map is shown as faithful."""
        return self.problem is None

    @property
    def problem(self) -> str | None:
        """Why there is no badge, in a clause; None if there is one."""
        if self.beaten < MIN_BEATEN:
            return f"removing what it marks beats only {100 * self.beaten:.0f} % of random maps"
        if self.insertion_gain <= 0:
            return "keeping only what it marks keeps no more of the score than random maps do"
        if self.spread is None:
            return "the index holds too few samples to tell how much scores differ"
        if self.deletion_gain < max(MIN_EFFECT, MIN_SPREADS * self.spread):
            return "the score hardly depends on what it marks"
        if self.deletion_gain < MIN_FLOORS * self.floor:
            return "the network depends on what it marks little more than with shuffled weights"
        return None


def resized_values(map: ImageMap) -> Matrix:
    """``(SIDE, SIDE)`` float32 values of a map."""
    values = cv2.resize(map.values, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(values, np.float32)


def removal_masks(map: ImageMap) -> Masks:
    """``(2 * len(SHARES), SIDE, SIDE)``: deletion, then insertion."""
    deleted = _removed(resized_values(map))
    # Where most is removed, least is kept: the shares are symmetric.
    return np.concatenate([deleted, ~deleted])


def random_masks(rng: np.random.Generator) -> Masks:
    """``(RANDOM_MAPS * len(SHARES), SIDE, SIDE)``: deletion by random maps.

    Insertion by random maps is the same, because their negatives are random maps, too.
    """
    masks = []
    for _ in range(RANDOM_MAPS):
        blobs = rng.standard_normal((_RANDOM_SIDE, _RANDOM_SIDE)).astype(np.float32)
        values = cv2.resize(blobs, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        masks.append(_removed(np.asarray(values, np.float32)))
    return np.concatenate(masks)


def mean_scores(vectors: Matrix, target: Matrix) -> Distances:
    """``(n,)``: the mean score over the shares, of vectors of ``n`` times ``len(SHARES)``."""
    scores: Distances = (vectors @ target).astype(np.float64)
    return scores.reshape(-1, len(SHARES)).mean(axis=1)


def faithfulness_steps(
    embedder: Embedder,
    seen_image: SeenImage,
    map: ImageMap,
    target: Matrix,
    spread: float | None = None,
    floor: float = 0.0,
) -> Generator[int, None, Faithfulness]:
    """Measures the faithfulness of a map.

    Args:
        embedder: the embedder
        seen_image: the picture of the map
        map: the map
        target: ``(dim,)`` float32 unit vector that the picture is similar to
        spread (None): the standard deviation of the scores of the index; None if it holds too few
        floor (0.0): the gain by deletion of the same network with shuffled weights

    Yields:
        how many images were embedded since the last step
    """
    masks = np.concatenate([removal_masks(map), random_masks(np.random.default_rng(51))])
    vectors = yield from embed_steps(embedder, seen_image, masks)
    deletion, insertion, *others = mean_scores(vectors, target)
    return measured(float(deletion), float(insertion), others, spread, floor)


FAITHFULNESS_COUNT = (2 + RANDOM_MAPS) * len(SHARES)
"""How many images :func:`faithfulness_steps` embeds."""


def measured(
    deletion: float,
    insertion: float,
    others: Sequence[float],
    spread: float | None,
    floor: float = 0.0,
) -> Faithfulness:
    """The faithfulness of mean scores: of a map, and of random maps."""
    random = np.asarray(others, np.float64)
    middle = float(random.mean())
    margin = _T95 * float(random.std(ddof=1)) / math.sqrt(len(random))
    return Faithfulness(
        deletion=deletion,
        insertion=insertion,
        random=middle,
        interval=(middle - margin, middle + margin),
        beaten=float((random > deletion).mean()),
        spread=spread,
        floor=floor,
    )


def _removed(values: Matrix) -> Masks:
    """Which squares are removed at each share, the highest values first."""
    order = np.argsort(-values.ravel(), kind="stable")
    masks = np.zeros((len(SHARES), SIDE * SIDE), bool)
    for mask, share in zip(masks, SHARES, strict=True):
        mask[order[: round(share * len(order))]] = True
    return masks.reshape(len(SHARES), SIDE, SIDE)
