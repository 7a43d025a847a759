"""Fits the colors of one image to those of another, although parts of them differ."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.pixels.image_features import Floats

Mask = npt.NDArray[np.bool_]

# The number of pixels to which colors are fitted, and the rounds of fitting.
_PIXELS, _ROUNDS = 700, 4
DARK, BRIGHT = 5.0, 247.0
"""Values outside of this range were cut off, or lie next to some that were."""

# Pixels that differ by more levels hardly count.
_LEVELS = 8.0
# No better map is looked for if the error of this share of the pixels is below these levels.
_EQUAL, _SMALL_ERROR = 0.995, 9.0
# A fit must be this much better than the unchanged colors.
_MIN_GAIN = 0.01
# A map of the brightness alone is returned, too, if its agreement is this share of the best.
_ALSO = 0.7
# The constant term of the map is as large as a usual value, so that the ridge treats it alike.
_CONSTANT, _RIDGE = 64.0, 200.0
# No edit changes the contrast more; a map to one color would explain everything.
_MIN_CONTRAST = 0.35
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""The weights of red, green and blue in the brightness."""

_UNCHANGED = np.eye(4, 3, dtype=np.float32)


def fit_colors(source: Floats, target: Floats, inside: Mask) -> Iterator[Floats]:
    """Returns maps that may give one image the colors of another; see :func:`map_colors`.

    The first leaves the colors as they are; the others are computed only if they are needed.

    A map is affine in RGB, so that it covers brightness, contrast, saturation and tints. It is
    fitted by least squares whose weights are small where the images differ. A second map changes
    only the brightness: where values were cut off, the first may fit few pixels too well.

    Args:
        source: ``(height, width, 3)`` pixels
        target: the same for the other image
        inside: the pixels to fit
    """
    x, y = source[inside], target[inside]
    step = max(1, len(x) // _PIXELS)
    x, y = np.hstack([x, np.full((len(x), 1), _CONSTANT, np.float32)])[::step], y[::step]
    best, best_score = _UNCHANGED, float(_agreement(x, y, _UNCHANGED).mean())
    yield best
    usable = _is_kept(x).all(axis=1, keepdims=True) & _is_kept(y)
    brighter = _brighter(x, y, usable)
    for fit in _candidates(x, y, usable, brighter):
        score = float(_agreement(x, y, fit).mean())
        if score > best_score + _MIN_GAIN and _keeps_contrast(x, fit):
            best, best_score = fit, score
            if _is_enough(x, y, fit):
                break
    if best is not _UNCHANGED:
        yield best
    if best is not brighter and _agreement(x, y, brighter).mean() >= _ALSO * best_score:
        yield brighter


def _is_enough(x: Floats, y: Floats, fit: Floats) -> bool:
    """Returns whether a map explains nearly all pixels, so that no better one is needed."""
    errors = np.abs(y - np.clip(x @ fit, 0, 255)).max(axis=1)
    return bool((errors < _SMALL_ERROR).mean() >= _EQUAL)


def _candidates(x: Floats, y: Floats, usable: Mask, brighter: Floats) -> Iterator[Floats]:
    """Returns maps that may explain the change of the colors, the simplest first."""
    yield brighter
    # All pixels alike, for a map that changes all of them.
    yield _fit(x, y, usable, np.ones(len(x), np.float32))
    # A majority of pixels that are unchanged, or only brighter, decides.
    for fit in (_UNCHANGED, brighter):
        yield _fit(x, y, usable, _agreement(x, y, fit))


def map_colors(pixels: Floats, fit: Floats) -> Floats:
    """Applies a map to pixels, and cuts values off as an image does."""
    mapped: Floats = np.clip(pixels @ fit[:3] + _CONSTANT * fit[3], 0, 255).astype(np.float32)
    return mapped


def _is_kept(values: Floats) -> Mask:
    """Returns whether values were not cut off."""
    kept: Mask = (values > DARK) & (values < BRIGHT)
    return kept


def _brighter(x: Floats, y: Floats, usable: Mask) -> Floats:
    """Returns the map that multiplies all colors by the usual ratio."""
    ratios = y[usable] / x[:, :3][usable]
    factor = float(np.median(ratios)) if len(ratios) else 1.0
    return factor * _UNCHANGED


def _keeps_contrast(x: Floats, fit: Floats) -> bool:
    """Returns whether the brightness of the mapped pixels varies about as much as before."""
    before, after = (float((colors @ LUMA).std()) for colors in (x[:, :3], x @ fit))
    return _MIN_CONTRAST * before <= after + 1 and _MIN_CONTRAST * after <= before + 1


def _fit(x: Floats, y: Floats, usable: Mask, weights: Floats) -> Floats:
    """Fits a map from initial weights of the pixels."""
    fit = _UNCHANGED
    products = (x[:, :, None] * x[:, None]).reshape(len(x), -1)
    for _ in range(_ROUNDS):
        # Each channel has pixels of its own, and so its own system of equations.
        weighted = weights[:, None] * usable
        grams = (weighted.T @ products).reshape(3, 4, 4) + _RIDGE * np.eye(4, dtype=np.float32)
        wanted = (weighted * y).T @ x + _RIDGE * _UNCHANGED.T
        fit = np.linalg.solve(grams, wanted[:, :, None])[:, :, 0].T
        weights = _agreement(x, y, fit)
    return fit


def _agreement(x: Floats, y: Floats, fit: Floats) -> Floats:
    """Returns how well each pixel agrees with a map, 0 to 1."""
    # A value that was cut off agrees with all values beyond.
    return _weights(y - np.clip(x @ fit, 0, 255))


def _weights(errors: Floats) -> Floats:
    squares = (errors * errors).mean(axis=1) / _LEVELS**2
    weights: Floats = 1 / (1 + squares) ** 2
    return weights
