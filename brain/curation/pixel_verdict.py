"""Judges whether two images are copies of one, or two images of the same thing."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import cv2
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.curation.image_difference import Difference, difference_of
from fiftyone_faiss.brain.curation.verdict_reasons import copy_reason, look_alike_reason
from fiftyone_faiss.brain.pixels.alignment import (
    Alignment,
    by_features,
    by_window,
    same_frame,
)
from fiftyone_faiss.brain.pixels.image_features import FeatureCache, ImageFeatures

Key = TypeVar("Key", bound=Hashable)

MAX_BYTES = 256 * 2**20
"""The memory for the features of images: those of about 400 images."""

# Images whose hashes differ in at most this many of 63 bits are first compared as they lie.
_SIMILAR_BITS = 20
# A comparison with less doubt is not repeated in other alignments.
_CLEAR = 0.012
# Where there are fewer local features, windows of the images are compared, too.
_FEW_POINTS = 60
# Alignments with a smaller share of the features of the best are not tried.
_LIKELY = 0.5
# The doubt at which a copy and a look-alike are equally likely, and the slope of the log-odds:
# fitted by Platt scaling (Platt, "Probabilistic outputs for support vector machines", 1999) to the
# logarithm of the doubt, in the pairs of the planted pictures of benchmarks/bench_duplicates.py's
# calibration seed.
EVEN_DOUBT, SLOPE = 0.0091, 4.98
DOUBT_FLOOR = 0.005
# What all copies reach: the share of the area of one image that the other shows, the correlation of
# the brightness, and its mean in small windows.
_CONTAINED, _CORRELATED, _STRUCTURED = 0.93, 0.92, 0.88
# Two plain images are copies if their pixels differ by fewer levels, on average and in any place.
_PLAIN_MEAN, _PLAIN_MAX = 6.0, 20.0
_PLAIN_CONFIDENCE, _PLAIN_AND_NOT = 0.8, 0.99


@dataclass(frozen=True)
class Verdict:
    """Whether two images are copies of one.

    Attributes:
        verdict: ``"copy"`` if they are the same image, possibly resized, compressed, cropped,
            mirrored, recolored, or with a border, a caption or a logo; ``"look-alike"`` if not
        confidence: the probability that the verdict is right, 0.5 to 1
        reason: why, in a short clause
    """

    verdict: Literal["copy", "look-alike"]
    confidence: float
    reason: str


class PixelJudge(Generic[Key]):
    """Judges pairs of images by their pixels.

    A perceptual hash says whether the images may lie on each other as they are, or mirrored. If
    they do not, local features that agree on a similarity transform say how one lies on the other.
    Then brightness and colors are made equal, and what still differs must be a caption, a logo or
    a border. Any number of threads may use it.

    Args:
        read_image: opens the image of a key: of a sample, a patch or a frame
        max_bytes (268435456): the memory for the features of images, which are computed once
    """

    def __init__(
        self, read_image: Callable[[Key], Image.Image], max_bytes: int = MAX_BYTES
    ) -> None:
        self._features: FeatureCache[Key] = FeatureCache(read_image, max_bytes)

    def judge(self, a: Key, b: Key) -> Verdict:
        """Judges a pair of images; the order of the two does not matter.

        Raises:
            OSError: what ``read_image`` raises if an image cannot be opened, and others
        """
        first, second = sorted((self._features.of(a), self._features.of(b)), key=_order)
        if any(features.is_flat or features.is_tiny for features in (first, second)):
            return _judge_plain(first, second)
        difference = best_difference(first, second)
        if difference is None:
            return Verdict("look-alike", _sure(0.0), look_alike_reason(None))
        probability = copy_probability(doubt_of(difference))
        if probability >= 0.5:
            reason = copy_reason(difference, first.original_size, second.original_size)
            return Verdict("copy", round(probability, 3), reason)
        return Verdict("look-alike", _sure(probability), look_alike_reason(difference))


def doubt_of(difference: Difference) -> float:
    """Returns how much speaks against two images being copies, 0 if nothing does.

    Most of it is the share of the area that differs; the rest is how badly the brightness
    correlates, and how much each image shows that the other does not.
    """
    beyond = max(0.0, _CONTAINED - max(difference.covered))
    uncorrelated = max(0.0, _CORRELATED - difference.correlation)
    unlike = max(0.0, _STRUCTURED - difference.structure)
    return (
        difference.unexplained
        + 0.02 * difference.overlay_share
        + 0.3 * (uncorrelated + unlike)
        + 0.5 * beyond
    )


def copy_probability(doubt: float) -> float:
    """Returns how likely it is that two images are copies."""
    log_odds = SLOPE * math.log((EVEN_DOUBT + DOUBT_FLOOR) / (doubt + DOUBT_FLOOR))
    return 1 / (1 + math.exp(-log_odds))


def best_difference(a: ImageFeatures, b: ImageFeatures) -> Difference | None:
    """Returns what differs in the alignment with the least doubt; None if there is none."""
    best, doubt = None, math.inf
    for alignment in _alignments(a, b):
        difference = difference_of(a, b, alignment)
        if difference is not None and doubt_of(difference) < doubt:
            best, doubt = difference, doubt_of(difference)
        if doubt < _CLEAR:
            break
    return best


def _alignments(a: ImageFeatures, b: ImageFeatures) -> Iterator[Alignment]:
    """Returns the ways in which two images may lie on each other, the most likely first."""
    bits = {
        mirrored: int((a.hash_bits() != b.hash_bits(mirrored)).sum()) for mirrored in (False, True)
    }
    order = sorted(bits, key=lambda mirrored: bits[mirrored])
    tried: list[Alignment] = []
    for mirrored in order:
        alignment = same_frame(a, b, mirrored)
        if alignment is not None and bits[mirrored] <= _SIMILAR_BITS:
            tried.append(alignment)
            yield alignment
    agreed = [by_features(a, b, mirrored) for mirrored in order]
    likely = [alignment for alignment in agreed if alignment is not None]
    likely.sort(key=lambda alignment: -alignment.inliers)
    for alignment in likely:
        # A few features agree by chance, for example those of a symmetric thing.
        is_likely = alignment.inliers >= _LIKELY * likely[0].inliers
        if is_likely and not any(alignment.is_near(other) for other in tried):
            yield alignment
    if min(len(a.points.places), len(b.points.places)) < _FEW_POINTS:
        for mirrored in order:
            yield from by_window(a, b, mirrored)


def _order(features: ImageFeatures) -> tuple[int, bytes]:
    width, height = features.original_size
    return -width * height, features.work.tobytes()


def _sure(probability: float) -> float:
    return round(min(1 - probability, 0.999), 3)


def _judge_plain(a: ImageFeatures, b: ImageFeatures) -> Verdict:
    """Judges two images of which one shows nothing, by their pixels alone."""
    size = (a.compared.shape[1], a.compared.shape[0])
    other = cv2.resize(b.compared, size, interpolation=cv2.INTER_AREA)
    differences = cv2.blur(np.abs(a.compared - other), (5, 5))
    is_same = bool(differences.mean() <= _PLAIN_MEAN and differences.max() <= _PLAIN_MAX)
    if a.is_tiny or b.is_tiny:
        what = "their pixels are equal" if is_same else "their pixels differ"
        return _plain(is_same, f"an image has too few pixels to tell more than that {what}")
    if is_same:
        return _plain(True, "both images are plain, of the same color")
    if a.is_flat and b.is_flat:
        return _plain(False, "both images are plain, of other colors")
    return Verdict("look-alike", _PLAIN_AND_NOT, "one of the images is plain, the other is not")


def _plain(is_same: bool, reason: str) -> Verdict:
    return Verdict("copy" if is_same else "look-alike", _PLAIN_CONFIDENCE, reason)
