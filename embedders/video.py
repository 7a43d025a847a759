"""Reads single frames of videos; frames in ascending order are read without seeking."""

from __future__ import annotations

import os
import threading
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

# Up to this many frames ahead, decoding all of them is faster than seeking to a key frame.
MAX_SKIPPED_FRAMES = 300

_open = threading.local()


class _Reader:
    """A video that is open in one thread."""

    def __init__(self, path: str) -> None:
        if not os.path.isfile(path):
            raise FileNotFoundError(path)
        self.path = path
        self.next = 1
        self._capture = cv2.VideoCapture(path)
        if not self._capture.isOpened():
            raise ValueError("the video cannot be decoded")

    def read(self, number: int) -> npt.NDArray[np.uint8]:
        if not self.next <= number <= self.next + MAX_SKIPPED_FRAMES:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, number - 1)
            self.next = number
        while self.next < number:
            self._grab()
        self._grab()
        is_decoded, frame = self._capture.retrieve()
        if not is_decoded:
            raise ValueError(f"frame {number} of the video is damaged")
        rgb: Any = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        return rgb

    def _grab(self) -> None:
        if not self._capture.grab():
            raise ValueError(f"the video ends before frame {self.next}, or is damaged there")
        self.next += 1

    def close(self) -> None:
        self._capture.release()


def read_frame(path: str, number: int) -> npt.NDArray[np.uint8]:
    """Decodes a frame of a video.

    Each thread keeps the video that it read last open, so that frames in ascending order are
    decoded without seeking.

    Args:
        path: the video
        number: the frame number, starting at 1 as in FiftyOne

    Returns:
        ``(height, width, 3)`` uint8 RGB

    Raises:
        FileNotFoundError: if the file does not exist
        ValueError: if the file is not a video, is damaged or has fewer frames
    """
    reader: _Reader | None = getattr(_open, "reader", None)
    if reader is None or reader.path != path:
        if reader is not None:
            reader.close()
        _open.reader = reader = None
        _open.reader = reader = _Reader(path)
    try:
        return reader.read(number)
    except ValueError:
        reader.close()
        _open.reader = None
        raise
