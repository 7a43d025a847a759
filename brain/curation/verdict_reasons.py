"""Says in a short clause why two images are copies or look-alikes."""

from __future__ import annotations

import math

from fiftyone_faiss.brain.curation.image_difference import Difference

Size = tuple[int, int]

# Smaller changes are not named.
_CROPPED, _TURNED, _RESIZED, _BRIGHTER, _RECOLORED = 0.97, 3.0, 1.03, 1.08, 5.0
# From this share on, images differ as a whole rather than in parts.
_WHOLE = 0.45
_OVERLAPPING = 0.93
_SIMILAR_STRUCTURE = 0.7


def copy_reason(difference: Difference, size_a: Size, size_b: Size) -> str:
    """Says how one image was made from the other, for example ``"same image, mirrored"``.

    Args:
        difference: what differs
        size_a: the width and height of the first image
        size_b: those of the second image
    """
    changes = _changes(difference, size_a, size_b)
    overlays = [overlay.what for overlay in difference.overlays if overlay.share > 0]
    if overlays:
        changes.append("with " + " and ".join(dict.fromkeys(overlays)))
    if not changes:
        return "same image, without visible changes"
    return f"same image, {_listed(changes)}"


def look_alike_reason(difference: Difference | None) -> str:
    """Says why two images are no copies, for example ``"2 parts of the scene differ"``."""
    if difference is None:
        return "the images have little in common"
    percent = f"{100 * difference.unexplained:.0f} %"
    if difference.unexplained < 0.02 and max(difference.covered) < _OVERLAPPING:
        shared = 100 * max(difference.covered)
        return f"the images overlap in {shared:.0f} % of the area, and each shows more of the scene"
    if difference.structure < _SIMILAR_STRUCTURE:
        return f"the shapes are similar, but the details differ, in {percent} of the area"
    if difference.unexplained >= _WHOLE or not difference.regions:
        return f"the images differ in {percent} of the area"
    if difference.regions == 1:
        return f"the scene matches, but a part of it differs, {percent} of the area"
    return f"the scene matches, but {difference.regions} parts of it differ, {percent} of the area"


def _changes(difference: Difference, size_a: Size, size_b: Size) -> list[str]:
    alignment, changes = difference.alignment, []
    if alignment.is_mirrored:
        changes.append("mirrored")
    turned = abs(alignment.degrees)
    if turned > _TURNED:
        changes.append(f"turned by {turned:.0f}°")
    covered = min(difference.covered)
    if covered < _CROPPED:
        changes.append(f"cropped to {100 * covered:.0f} %")
    elif max(size_a) > _RESIZED * max(size_b) or max(size_b) > _RESIZED * max(size_a):
        small, large = sorted((size_a, size_b), key=math.prod)
        changes.append(
            f"resized from {large[0]:,} x {large[1]:,} to {small[0]:,} x {small[1]:,} pixels"
        )
    if max(difference.gain, 1 / difference.gain) > _BRIGHTER:
        changes.append("brighter or darker")
    elif difference.color_change > _RECOLORED:
        changes.append("recolored")
    return changes


def _listed(parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
