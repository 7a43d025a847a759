"""The local features that agree between two near-duplicates, for lines between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.insight.explaining.sides import OpenedImage
from fiftyone_faiss.brain.pixels.alignment import AgreeingFeatures, agreeing_features
from fiftyone_faiss.brain.pixels.image_features import Floats, ImageFeatures

# Other pictures of the same thing, or symmetric things, have some features that agree by chance.
MIN_LINES, MIN_SHARE = 12, 0.3


@dataclass(frozen=True)
class LocalMatches:
    """Local features (SIFT) of two pictures that agree on how one lies on the other.

    Attributes:
        query: ``(n, 2)`` float32 x and y in the picture of the query, relative to it
        match: ``(n, 2)`` float32 x and y of the same features in the match
        is_mirrored: whether one picture is a mirror image of the other
    """

    query: Matrix
    match: Matrix
    is_mirrored: bool

    def __len__(self) -> int:
        return len(self.query)


def local_matches(query: OpenedImage, match: OpenedImage) -> LocalMatches | None:
    """Finds the local features that agree; None if the pictures are no near-duplicates.

    They are near-duplicates if at least 12 features, and 30 % of those of the picture with fewer,
    agree on one alignment.
    """
    first, second = ImageFeatures(query.image), ImageFeatures(match.image)
    candidates = [agreeing_features(first, second, mirrored) for mirrored in (False, True)]
    agreed = max(filter(None, candidates), key=_count, default=None)
    fewer = min(len(features.points.places) for features in (first, second))
    if agreed is None or _count(agreed) < max(MIN_LINES, MIN_SHARE * fewer):
        return None
    return LocalMatches(
        _relative(agreed.places_a, first, query),
        _relative(agreed.places_b, second, match),
        agreed.alignment.is_mirrored,
    )


def _count(agreed: AgreeingFeatures) -> int:
    return agreed.alignment.inliers


def _relative(places: Floats, features: ImageFeatures, seen_image: OpenedImage) -> Matrix:
    """Places at the work size, relative to the whole picture."""
    height, width = features.work.shape
    left, top, across, down = seen_image.region
    inside = (places + 0.5) / (width, height)
    return (inside * (across, down) + (left, top)).astype(np.float32)
