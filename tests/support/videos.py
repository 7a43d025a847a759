"""Videos of few colors."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

COLORS = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]


def write_video(path: Path, shift: int = 0) -> str:
    """A video of 3.2 seconds at 5 frames a second, of four colors, one after another."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 5, (32, 32))
    for i in range(16):
        red, green, blue = COLORS[(i // 4 + shift) % 4]
        writer.write(np.full((32, 32, 3), (blue, green, red), np.uint8))
    writer.release()
    return str(path)
