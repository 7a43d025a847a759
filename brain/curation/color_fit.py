"""Fits the colors of one image to those of another, although parts of them differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.curation.image_features import Floats

Mask = npt.NDArray[np.bool_]

# The number of pixels to which colors are fitted, and the rounds of fitting.
_PIXELS, _ROUNDS = 900, 5
# Values outside of this range were cut off, or lie next to some that were.
_DARK, _BRIGHT = 5.0, 247.0
# Pixels that differ by more levels hardly count.
_LEVELS = 8.0
# The colors stay as they are if this share of the pixels is equal already.
_EQUAL = 0.97
# A fit must be this much better than the unchanged colors.
_MIN_GAIN = 0.01
# The constant term of the map is as large as a usual value, so that the ridge treats it alike.
_CONSTANT, _RIDGE = 64.0, 200.0
# No edit changes the contrast more; a map to one color would explain everything.
_MIN_CONTRAST = 0.35
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""The weights of red, green and blue in the brightness."""

_UNCHANGED = np.eye(4, 3, dtype=np.float32)


def fitted_colors(source: Floats, target: Floats, inside: Mask) -> Floats:
    """Returns the source with the colors of the target.

    The map is affine in RGB, so that it covers brightness, contrast, saturation and tints. It is
    fitted by least squares whose weights are small where the images differ.

    Args:
        source: ``(height, width, 3)`` pixels
        target: the same for the other image
        inside: the pixels to fit
    """
    x, y = source[inside], target[inside]
    step = max(1, len(x) // _PIXELS)
    x, y = x[::step], y[::step]
    best, best_score = _UNCHANGED, float(_weights(y - x).mean())
    if best_score < _EQUAL:
        x = np.hstack([x, np.full((len(x), 1), _CONSTANT, np.float32)])
        usable = _is_kept(x).all(axis=1, keepdims=True) & _is_kept(y)
        # From the unchanged colors, so that a majority of unchanged pixels decides; from another
        # brightness, which fits alone where much was cut off; from all pixels alike.
        brighter = _brighter(x, y, usable)
        starts = [_agreement(x, y, fit) for fit in (_UNCHANGED, brighter)]
        starts.append(np.ones(len(x), np.float32))
        for fit in (brighter, *(_fit(x, y, usable, start) for start in starts)):
            score = float(_agreement(x, y, fit).mean())
            if score > best_score + _MIN_GAIN and _keeps_contrast(x, fit):
                best, best_score = fit, score
    mapped: Floats = np.clip(source @ best[:3] + _CONSTANT * best[3], 0, 255).astype(np.float32)
    return mapped


def _is_kept(values: Floats) -> Mask:
    """Returns whether values were not cut off."""
    kept: Mask = (values > _DARK) & (values < _BRIGHT)
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
    fit = _UNCHANGED.copy()
    for _ in range(_ROUNDS):
        for channel in range(3):
            weighted = x * (weights * usable[:, channel])[:, None]
            gram = weighted.T @ x + _RIDGE * np.eye(4, dtype=np.float32)
            wanted = weighted.T @ y[:, channel] + _RIDGE * _UNCHANGED[:, channel]
            fit[:, channel] = np.linalg.solve(gram, wanted)
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
