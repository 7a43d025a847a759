"""What differs between two aligned images once their brightness and colors are made equal."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.curation.color_fit import (
    BRIGHT,
    DARK,
    LUMA,
    fit_colors,
    map_colors,
)
from fiftyone_faiss.brain.curation.overlays import Overlay, find_overlays
from fiftyone_faiss.brain.pixels.alignment import Alignment, Matrix23
from fiftyone_faiss.brain.pixels.image_features import (
    COMPARED_SIDE,
    WORK_SIDE,
    Floats,
    ImageFeatures,
)

Mask = npt.NDArray[np.bool_]

# Pixels differ if they differ by this share of the standard deviation, within these levels.
_RELATIVE, _MIN_LEVELS, _MAX_LEVELS = 0.35, 10.0, 26.0
# JPEG stores colors at half the resolution and coarser than brightness.
_COLOR_WEIGHT = 0.5
# A pixel is in a changed region if this share of the pixels around it differ.
_DENSITY, _AROUND = 0.45, 5
# Regions smaller than this share of the image are noise.
_MIN_REGION = 0.0015
# A smaller common area says nothing.
_MIN_COMMON = 0.08
_MIN_PIXELS = 64
_BLUR = 0.8
# Images with a smaller local correlation, in this share of the area, are not alike.
_HOPELESS, _MUCH = 0.2, 0.35
# The window of the local correlation; variations of fewer levels are noise, and correlate fully.
_WINDOW, _NOISE, _FLOOR = 9, 4.0, 2.0
# From RGB to brightness, and to the differences of red and of blue from green.
_CHANNELS = np.array(
    [LUMA, [_COLOR_WEIGHT, -_COLOR_WEIGHT, 0], [0, -_COLOR_WEIGHT, _COLOR_WEIGHT]], np.float32
)
# If more of the area differs in the likely direction, the other direction is not tried.
_MOST = 0.3
_NEXT = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Difference:
    """What differs between two images that are laid on each other.

    Attributes:
        alignment: how they lie
        covered: the shares of the area of the first and of the second image that they have in
            common
        correlation: of their brightness where nothing changed, -1 to 1
        unexplained: the share of the common area that differs and is no overlay
        regions: the number of regions that differ and are no overlay
        overlays: the captions, logos and borders that one of the images has
        gain: how many times brighter the second image is where nothing changed
        color_change: the mean difference there of the channel that differs most, in levels
    """

    alignment: Alignment
    covered: tuple[float, float]
    correlation: float
    structure: float
    unexplained: float
    regions: int
    overlays: tuple[Overlay, ...]
    gain: float
    color_change: float

    @property
    def overlay_share(self) -> float:
        """The share of the common area that overlays cover."""
        return sum(overlay.share for overlay in self.overlays)


def difference_of(a: ImageFeatures, b: ImageFeatures, alignment: Alignment) -> Difference | None:
    """Compares two images in their common area; None if it is small, or nothing in it is alike.

    The image that shows less of the scene has more pixels for it, so the other is warped to it.
    """
    swapped = alignment.scale <= 1
    target, source, matrix = (b, a, alignment.inverse) if swapped else (a, b, alignment.matrix)
    matrix = _at_compared_size(matrix)
    inside, covered = _common_area(target, source, matrix)
    if min(covered) < _MIN_COMMON or inside.sum() < _MIN_PIXELS:
        return None
    height, width = inside.shape
    warped: Floats = np.asarray(
        cv2.warpAffine(source.compared, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
    sigma = _blur_of(target, source, matrix)
    smooth = _blurred(target.compared, sigma), _blurred(warped, sigma)
    structure, share = _structure(*smooth, inside)
    if structure < _HOPELESS and share > _MUCH:
        return None
    changed, fitted, goal = _changed((target.compared, warped), smooth, inside, sigma)
    shares, overlays, pixels = find_overlays(changed, inside, _MIN_REGION)
    # Next to what changed, windows hold parts of it.
    same = inside & ~(cv2.dilate(pixels.astype(np.uint8), _NEXT, iterations=_WINDOW // 2) > 0)
    if same.sum() < _MIN_PIXELS:
        return None
    of_target, of_source = smooth[0][same], smooth[1][same]
    of_a, of_b = (of_source, of_target) if swapped else (of_target, of_source)
    return Difference(
        alignment,
        (covered[1], covered[0]) if swapped else covered,
        _correlation(_brightness(fitted)[same], _brightness(goal)[same]),
        _structure(fitted, goal, same)[0],
        float(sum(shares)),
        len(shares),
        overlays,
        float(of_b.mean() + 1) / float(of_a.mean() + 1),
        float(np.abs(of_a - of_b).max(axis=1).mean()),
    )


def _at_compared_size(matrix: Matrix23) -> Matrix23:
    """Returns a matrix of the work size for the size at which pixels are compared."""
    factor = COMPARED_SIDE / WORK_SIDE
    small = matrix.copy()
    # The centers of the pixels are at other places in the smaller image.
    center = (1 - factor) / (2 * factor)
    small[:, 2] = factor * (matrix[:, :2] @ np.full(2, center) + matrix[:, 2]) + (factor - 1) / 2
    return small


def _common_area(
    target: ImageFeatures, source: ImageFeatures, matrix: Matrix23
) -> tuple[Mask, tuple[float, float]]:
    """Returns the pixels of the target that the source shows, and their shares of both images."""
    height, width = target.compared.shape[:2]
    ones = np.ones(source.compared.shape[:2], np.float32)
    inside = cv2.warpAffine(ones, matrix, (width, height)) > 0.9
    of_source = inside.sum() / max(abs(np.linalg.det(matrix[:, :2])) * ones.size, 1.0)
    covered = float(inside.mean()), min(float(of_source), 1.0)
    # At its edges, the area mixes pixels of the source with what is around it.
    return cv2.erode(inside.astype(np.uint8), _NEXT, borderValue=1) > 0, covered


def _changed(
    sharp: tuple[Floats, Floats], smooth: tuple[Floats, Floats], inside: Mask, sigma: float
) -> tuple[Mask, Floats, Floats]:
    """Returns the regions that differ, in the direction in which less does.

    Where one image lost detail, for example because it was made too bright, it follows from the
    other, and the other does not follow from it.

    Args:
        sharp: the two images
        smooth: the same, blurred
        inside: the pixels that both show
        sigma: how much they are blurred

    Returns:
        the pixels that differ, the fitted image, and the image it was fitted to
    """
    best: tuple[Mask, Floats, Floats] | None = None
    detailed = 0 if _detail(smooth[0][inside]) > _detail(smooth[1][inside]) else 1
    for source, target in ((detailed, 1 - detailed), (1 - detailed, detailed)):
        if best is not None and best[0].sum() > _MOST * inside.sum():
            break
        goal = smooth[target]
        for fit in fit_colors(smooth[source], goal, inside):
            # Values were cut off before the image lost detail.
            fitted = _blurred(map_colors(sharp[source], fit), sigma)
            dense = _dense(_differing(fitted, goal, inside), inside)
            if best is None or dense.sum() < best[0].sum():
                best = dense, fitted, goal
            if not best[0].any():
                return best
    assert best is not None
    return best


def _detail(pixels: Floats) -> float:
    """Returns how likely another image follows from this one: the spread of its colors."""
    kept = ((pixels > DARK) & (pixels < BRIGHT)).all(axis=1).mean()
    return float(kept * pixels.std(axis=0).sum())


def _blurred(pixels: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.float32)


def _differing(fitted: Floats, target: Floats, inside: Mask) -> Mask:
    """Returns the pixels that differ from all pixels next to them in the other image."""
    of_fitted, of_target = _channels(fitted), _channels(target)
    deviation = float(of_target[:, :, 0][inside].std())
    allowed = float(np.clip(_RELATIVE * deviation, _MIN_LEVELS, _MAX_LEVELS))
    excess = np.maximum(_beyond(of_fitted, of_target), _beyond(of_target, of_fitted))
    differs: Mask = (excess.max(axis=2) > allowed) & inside
    return differs


def _channels(pixels: Floats) -> Floats:
    """Returns the brightness and two weighted color differences of each pixel."""
    return np.asarray(cv2.transform(pixels, _CHANNELS), np.float32)


def _brightness(pixels: Floats) -> Floats:
    return np.asarray(cv2.transform(pixels, LUMA[None]), np.float32)


def _beyond(values: Floats, other: Floats) -> Floats:
    """Returns how far values are outside of the range of the 3 x 3 pixels of another image."""
    low, high = cv2.erode(other, _NEXT), cv2.dilate(other, _NEXT)
    beyond: Floats = np.maximum(values - high, low - values)
    return beyond


def _dense(differs: Mask, inside: Mask) -> Mask:
    """Returns the regions of which many pixels differ."""
    window = (_AROUND, _AROUND)
    count = cv2.blur(differs.astype(np.float32), window, borderType=cv2.BORDER_REFLECT)
    total = cv2.blur(inside.astype(np.float32), window, borderType=cv2.BORDER_REFLECT)
    dense: Mask = (count > _DENSITY * np.maximum(total, 1e-3)) & inside
    return dense


def _blur_of(target: ImageFeatures, source: ImageFeatures, matrix: Matrix23) -> float:
    """Returns how much to blur both images, so that none shows more detail than the other has."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    enlarged = [max(1.0, max(f.compared.shape) / max(f.original_size)) for f in (target, source)]
    return _BLUR * max(enlarged[0], enlarged[1] * max(scale, 1.0))


def _structure(first: Floats, second: Floats, same: Mask) -> tuple[float, float]:
    """Returns the mean correlation of the brightness in small windows that are not flat.

    The second value is the share of these windows.
    """
    a, b = _brightness(first), _brightness(second)
    window = (_WINDOW, _WINDOW)
    mean_a, mean_b = cv2.blur(a, window), cv2.blur(b, window)
    var_a = np.maximum(cv2.blur(a * a, window) - mean_a * mean_a, 0)
    var_b = np.maximum(cv2.blur(b * b, window) - mean_b * mean_b, 0)
    covariance = cv2.blur(a * b, window) - mean_a * mean_b
    used = same & (np.maximum(var_a, var_b) > _NOISE**2)
    if used.sum() < _MIN_PIXELS:
        return 1.0, 0.0
    floor = _FLOOR**2
    correlation = (covariance + floor) / np.sqrt((var_a + floor) * (var_b + floor))
    return float(correlation[used].mean()), float(used.sum() / same.sum())


def _correlation(first: Floats, second: Floats) -> float:
    first, second = first - first.mean(), second - second.mean()
    floor = _FLOOR**2
    variances = [float((values @ values) / len(values)) + floor for values in (first, second)]
    return (float(first @ second) / len(first) + floor) / float(
        np.sqrt(variances[0] * variances[1])
    )
