"""Frames of videos are decoded in order and in any order; missing ones have a reason."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from fiftyone_faiss.embedders import ImageSource
from fiftyone_faiss.embedders.images import DECODE_ERRORS
from fiftyone_faiss.embedders.loop import reason_of
from fiftyone_faiss.embedders.video import MAX_SKIPPED_FRAMES

COUNT = 2 * MAX_SKIPPED_FRAMES + 20


def gray_of(number: int) -> int:
    """The brightness of a frame; adjacent frames differ by more than an encoder blurs."""
    return 20 + 37 * number % 211


def write_video(path: Path, grays: Sequence[int], rate: float = 10) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate, (64, 48))
    for gray in grays:
        frame = np.full((48, 64, 3), gray, np.uint8)
        # A corner of another color shows the order of the channels.
        frame[:16, :16] = (200, 0, 0)
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> str:
    grays = [gray_of(number) for number in range(1, COUNT + 1)]
    return str(write_video(tmp_path_factory.mktemp("video") / "a.mp4", grays))


def read(path: str, number: int) -> npt.NDArray[np.uint8]:
    return np.asarray(ImageSource(path, frame=number).open())


def check(path: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        frame = read(path, number)
        assert frame.shape == (48, 64, 3)
        assert abs(int(np.median(frame[24:, 24:])) - gray_of(number)) <= 4, number
        np.testing.assert_allclose(frame[8, 8].astype(int), (0, 0, 200), atol=16)


def test_frames_in_ascending_order_have_the_right_numbers(video: str) -> None:
    check(video, range(1, 60))
    check(video, range(60, COUNT + 1, 7))


def test_frames_in_any_order_have_the_right_numbers(video: str) -> None:
    numbers = np.random.default_rng(5).permutation(np.arange(1, COUNT + 1))[:60]
    check(
        video,
        [
            1,
            1,
            COUNT,
            COUNT,
            1,
            2,
            MAX_SKIPPED_FRAMES + 3,
            MAX_SKIPPED_FRAMES + 2,
            *numbers.tolist(),
        ],
    )


def test_frames_of_two_videos_are_read_alternately_and_at_once(video: str, tmp_path: Path) -> None:
    other = str(write_video(tmp_path / "b.mp4", [60] * 30))
    for number in (3, 4, 20):
        check(video, [number])
        assert abs(int(np.median(read(other, number))) - 60) <= 4
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda start: check(video, range(start, start + 40)), (1, 90, 30, 200)))


def test_a_box_in_a_frame_is_cropped(video: str) -> None:
    patch = ImageSource(video, (0.0, 0.0, 0.25, 1 / 3), frame=5).open()
    assert patch.size == (16, 16)
    np.testing.assert_allclose(np.asarray(patch).mean(axis=(0, 1)), (0, 0, 200), atol=16)


def test_a_frame_past_the_end_is_an_error_and_others_can_be_read(video: str) -> None:
    for number in (COUNT + 1, COUNT + 2 * MAX_SKIPPED_FRAMES):
        check(video, [COUNT])
        with pytest.raises(ValueError, match="the video ends before frame"):
            read(video, number)
    check(video, [COUNT, 1])


def test_files_that_are_not_videos_have_a_reason(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    reasons = {}
    for name in ("gone", "text", "empty", "folder"):
        with pytest.raises(DECODE_ERRORS) as caught:
            read(str(tmp_path / f"{name}.mp4"), 1)
        reasons[name] = reason_of(caught.value)
    assert reasons == {
        "gone": "the file is missing",
        "text": "the video cannot be decoded",
        "empty": "the video cannot be decoded",
        "folder": "the path is a folder",
    }
