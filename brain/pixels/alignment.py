"""How two images may lie on each other: the same frame, mirrored, or as local features say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.pixels.image_features import (
    WORK_SIDE,
    Floats,
    ImageFeatures,
)
from fiftyone_faiss.embedders.local_features import Points

Matrix23 = npt.NDArray[np.float64]

# Two images have the same frame if their aspect ratios differ by less than this factor.
_MAX_STRETCH = 1.35
# A feature matches if its neighbor is nearer than the second by this ratio of distances.
_RATIO = 0.85
# The largest distance of an inlier in pixels of the work size.
_INLIER_PIXELS = 3.0
_SAME_PIXELS = 4.0
MIN_INLIERS = 6
# A crop shows at least this share of a side; SIFT finds nothing in smaller ones at the work size.
_MIN_SCALE = 0.2
_ITERATIONS = 500
_NEAR_PIXELS = 1.5
# The search for a crop: the pixels of the longer side, the shares of the sides that a window
# keeps, and the smallest correlation.
_SEARCH_SIDE, _MIN_CORRELATION = 64, 0.5
_WINDOWS = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5)


@dataclass(frozen=True)
class Alignment:
    """A way to lay the second image on the first.

    Attributes:
        matrix: ``(2, 3)``, from x and y in the second image to those in the first, at work size
        inliers: the number of local features that agree, 0 where none were compared
    """

    matrix: Matrix23
    inliers: int = 0

    @property
    def is_mirrored(self) -> bool:
        """Whether it mirrors the second image."""
        return bool(np.linalg.det(self.matrix[:, :2]) < 0)

    @property
    def inverse(self) -> Matrix23:
        """The matrix from the first image to the second."""
        return _inverted(self.matrix)

    def is_near(self, other: Alignment) -> bool:
        """Returns whether another alignment puts all pixels at nearly the same places."""
        corners = np.array([[0, 0, 1], [WORK_SIDE, 0, 1], [0, WORK_SIDE, 1]])
        moves = corners @ (self.matrix - other.matrix).T
        return bool(np.abs(moves).max() <= _NEAR_PIXELS)

    @property
    def degrees(self) -> float:
        """How far it turns the second image, -180 to 180, after mirroring."""
        x, y = self.matrix[:, 0] * (-1 if self.is_mirrored else 1)
        return float(np.degrees(np.arctan2(y, x)))

    @property
    def scale(self) -> float:
        """How much larger the second image becomes."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))


@dataclass(frozen=True)
class AgreeingFeatures:
    """Local features of two images that agree on how one lies on the other.

    Attributes:
        alignment: how the second lies on the first
        places_a: ``(n, 2)`` float32 x and y in the first image, at work size
        places_b: ``(n, 2)`` float32 those of the same features in the second image
    """

    alignment: Alignment
    places_a: Floats
    places_b: Floats


def same_frame(a: ImageFeatures, b: ImageFeatures, mirrored: bool) -> Alignment | None:
    """Lays the frame of an image on that of another; None if their shapes are too different."""
    height_a, width_a = a.work.shape
    height_b, width_b = b.work.shape
    x, y = width_a / width_b, height_a / height_b
    if max(x / y, y / x) > _MAX_STRETCH:
        return None
    # The centers of the first and the last pixel correspond.
    matrix = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2]])
    return Alignment(_mirrored(matrix, width_b) if mirrored else matrix)


def by_features(a: ImageFeatures, b: ImageFeatures, mirrored: bool) -> Alignment | None:
    """Lays an image on another so that most local features agree; None if too few do."""
    agreed = agreeing_features(a, b, mirrored)
    return None if agreed is None else agreed.alignment


def agreeing_features(
    a: ImageFeatures, b: ImageFeatures, mirrored: bool
) -> AgreeingFeatures | None:
    """Finds the local features that agree on one alignment; None if too few do."""
    points = b.mirrored_points if mirrored else b.points
    from_b, to_a = _matches(points, a.points)
    if len(from_b) < MIN_INLIERS:
        return None
    estimated, inliers = cv2.estimateAffinePartial2D(
        from_b, to_a, method=cv2.RANSAC, ransacReprojThreshold=_INLIER_PIXELS,
        maxIters=_ITERATIONS, confidence=0.999,
    )  # fmt: skip
    count = 0 if estimated is None else int(inliers.sum())
    if count < MIN_INLIERS:
        return None
    matrix = np.asarray(estimated, np.float64)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if not _MIN_SCALE <= scale <= 1 / _MIN_SCALE:
        return None
    agree, width = inliers.ravel().astype(bool), b.work.shape[1]
    places_b = from_b[agree]
    if mirrored:
        matrix = _mirrored(matrix, width)
        places_b = (places_b * (-1, 1) + (width - 1, 0)).astype(np.float32)
    return AgreeingFeatures(Alignment(matrix, count), to_a[agree], places_b)


def by_window(a: ImageFeatures, b: ImageFeatures, mirrored: bool) -> Iterator[Alignment]:
    """Finds the window of each image that looks most like the other, at a small size.

    Yields:
        the window of ``a`` that is like ``b``, and the window of ``b`` that is like ``a``
    """
    width = b.work.shape[1]
    small_a, small_b = _searchable(a), _searchable(b)
    if mirrored:
        small_b = small_b[:, ::-1]
    for whole, part, swapped in ((small_a, small_b, False), (small_b, small_a, True)):
        matrix = _window_of(whole, part)
        if matrix is None:
            continue
        if swapped:
            matrix = _inverted(matrix)
        yield Alignment(_mirrored(matrix, width) if mirrored else matrix)


def _matches(points_b: Points, points_a: Points) -> tuple[Floats, Floats]:
    """Returns the places of features of ``b`` and those of their matches in ``a``."""
    empty = np.empty((0, 2), np.float32)
    if len(points_b.places) < MIN_INLIERS or len(points_a.places) < MIN_INLIERS:
        return empty, empty
    cosines = points_b.descriptors @ points_a.descriptors.T
    rows = np.arange(len(cosines))
    nearest = cosines.argmax(axis=1)
    first = cosines[rows, nearest]
    # A place may have several features of several directions, which are no rivals of each other.
    cosines[_same_place(points_a)[nearest]] = -1
    second = cosines.max(axis=1)
    distances = [np.sqrt(np.maximum(2 - 2 * values, 0)) for values in (first, second)]
    clear = distances[0] < _RATIO * distances[1]
    return points_b.places[clear], points_a.places[nearest[clear]]


def _same_place(points: Points) -> npt.NDArray[np.bool_]:
    x, y = points.places.T
    same: npt.NDArray[np.bool_] = np.abs(x[:, None] - x) + np.abs(y[:, None] - y) < _SAME_PIXELS
    return same


def _searchable(features: ImageFeatures) -> Floats:
    factor = _SEARCH_SIDE / max(features.work.shape)
    height, width = (max(8, round(length * factor)) for length in features.work.shape)
    small = cv2.resize(features.work, (width, height), interpolation=cv2.INTER_AREA)
    pixels: Floats = small.astype(np.float32)
    return pixels


def _window_of(whole: Floats, part: Floats) -> Matrix23 | None:
    """Returns where in a whole its part is, as a matrix at the work size."""
    best, place = -1.0, None
    for share in _WINDOWS:
        factor = share * max(whole.shape) / max(part.shape)
        size = (round(part.shape[1] * factor), round(part.shape[0] * factor))
        if size[0] > whole.shape[1] or size[1] > whole.shape[0] or min(size) < 8:
            continue
        template = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        scores = cv2.matchTemplate(whole, template, cv2.TM_CCOEFF_NORMED)
        _, score, _, corner = cv2.minMaxLoc(scores)
        if score > best:
            best, place = score, (size[0] / part.shape[1], corner)
    if place is None or best < _MIN_CORRELATION:
        return None
    scale, (left, top) = place
    enlarged = WORK_SIDE / _SEARCH_SIDE
    return np.array([[scale, 0, left * enlarged], [0, scale, top * enlarged]])


def _inverted(matrix: Matrix23) -> Matrix23:
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def _mirrored(matrix: Matrix23, width: int) -> Matrix23:
    """Returns the matrix that first mirrors an image of this width."""
    flip = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
    product: Matrix23 = matrix @ flip
    return product
