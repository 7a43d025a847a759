"""Turns relative boxes into pixels."""

from __future__ import annotations

Box = tuple[float, float, float, float]
"""Left, top, width and height, relative to the image."""


class EmptyBoxError(ValueError):
    """A box that covers no pixel of its image."""


def box_corners(
    box: tuple[float, float, float, float],
    width: int,
    height: int,
    alpha: float = 0.0,
    force_square: bool = False,
) -> tuple[int, int, int, int]:
    """Returns left, top, right and bottom of a box, in pixels.

    Args:
        box: ``(left, top, width, height)`` relative to the size of the image
        width: the width of the image
        height: the height of the image
        alpha (0.0): how much to grow the box, as a fraction of its width and height
        force_square (False): whether to make the box square

    Raises:
        EmptyBoxError: if the box covers no pixel
    """
    left, top, across, down = box
    left, top = left - across * alpha / 2, top - down * alpha / 2
    across, down = across * (1 + alpha), down * (1 + alpha)
    x0, y0 = max(0, round(left * width)), max(0, round(top * height))
    x1 = min(width, round((left + across) * width))
    y1 = min(height, round((top + down) * height))
    if x1 <= x0 or y1 <= y0:
        raise EmptyBoxError(f"the box {box} covers no pixel of the image")
    if force_square:
        side = min(max(x1 - x0, y1 - y0), width, height)
        x0, x1 = _resized(x0, x1, side, width)
        y0, y1 = _resized(y0, y1, side, height)
    return x0, y0, x1, y1


def _resized(start: int, stop: int, length: int, limit: int) -> tuple[int, int]:
    """Resizes an interval around its center, and moves it into the image."""
    start = max(0, min(start - (length - (stop - start)) // 2, limit - length))
    return start, start + length
