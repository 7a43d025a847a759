"""Intervals of rates."""

from __future__ import annotations

import math

# The normal quantile of a 95 % interval.
Z95 = 1.96


def wilson_interval(count: float, total: float, z: float = Z95) -> tuple[float, float]:
    """The interval of a rate (Wilson, Probable Inference, 1927); all rates if nothing was counted.

    Args:
        count: how many of ``total``; may be an expected number
        total: how many there are
        z (1.96): the normal quantile, by default that of 95 %
    """
    if total <= 0:
        return 0.0, 1.0
    share, spread = count / total, z * z / total
    middle = share + spread / 2
    width = z * math.sqrt(max(0.0, share * (1 - share) / total + spread / 4 / total))
    low, high = (middle - width) / (1 + spread), (middle + width) / (1 + spread)
    return max(0.0, low), min(1.0, high)
