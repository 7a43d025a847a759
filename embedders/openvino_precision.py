"""The precisions of the OpenVINO engine: their names, which indexes store beside their vectors.

The networks themselves are in ``openvino_net``. This module imports neither torch nor OpenVINO.
"""

from __future__ import annotations

import re

_PREFIX = "openvino-"
FLOAT32, BFLOAT16, INT8 = (_PREFIX + kind for kind in ("float32", "bfloat16", "int8"))
OPENVINO_PRECISIONS = (FLOAT32, BFLOAT16, INT8)
"""What ``precision=`` accepts besides the precisions of torch. ``INT8`` stands for a network that
is yet to be calibrated; the precision of a calibrated one ends with a hash of its calibration."""

# The hash is a part of a path, and indexes come from elsewhere.
_CALIBRATED = re.compile(rf"{INT8}-([0-9a-f]{{12}})")


def is_openvino(precision: str) -> bool:
    """Returns whether a precision is one of the OpenVINO engine."""
    return precision in OPENVINO_PRECISIONS or int8_digest(precision) is not None


def int8_precision(digest: str) -> str:
    """Returns the precision of a calibrated network.

    Args:
        digest: the hash of its calibration, 12 hexadecimal digits
    """
    return f"{INT8}-{digest}"


def int8_digest(precision: str) -> str | None:
    """Returns the hash of the calibration that a precision names; None for other precisions."""
    match = _CALIBRATED.fullmatch(precision)
    return None if match is None else match[1]


def continued_precision(requested: str, known: str | None, what: str) -> str:
    """Returns the precision in which to add vectors to others, so that two are never mixed.

    Args:
        requested: the precision that was asked for
        known: the precision of the existing vectors, None if there are none or it is not recorded
        what: what holds the vectors, such as ``"index 'clip'"``

    Raises:
        ValueError: if they were computed in another precision than the requested one
    """
    if known is None:
        return requested
    is_calibrated = requested == INT8 and int8_digest(known) is not None
    if requested in ("auto", known) or is_calibrated:
        return known
    raise ValueError(
        f"The {what} holds vectors computed in {known}, which are not mixed with {requested}; "
        "leave precision out to continue it, or choose another name."
    )
