"""Hashes of files: equal for equal contents, in all processes, and never fatal."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.broken import noise
from support.image_kinds import ORIENTATION

from fiftyone_faiss.brain.core.jobs import CancelledError, list_jobs, tracked
from fiftyone_faiss.brain.data.file_hashes import hash_files, hash_files_steps

# The official hash of "abc" by BLAKE3, so that it is the same on all platforms.
ABC = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two equal files, one of the same size, one of another size, and a third equal one."""
    contents = (b"abc", b"abc", b"abd", b"abcdef", b"abc")
    paths = [tmp_path / f"{i}.bin" for i in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [str(path) for path in paths]


def test_equal_bytes_have_equal_hashes_and_other_sizes_none(files) -> None:
    result = hash_files(files)
    assert result.hashes[0] == result.hashes[1] == result.hashes[4] == ABC
    assert result.hashes[2] not in (None, ABC)
    assert result.hashes[3] is None
    assert result.unreadable == {}
    assert result.groups() == [[0, 1, 4]]


def test_files_of_all_sizes_are_hashed_on_request(files) -> None:
    result = hash_files(files, all_sizes=True)
    assert result.hashes[0] == ABC and len({*result.hashes}) == 3 and None not in result.hashes
    (missing,) = hash_files([f"{files[0]}.missing"], all_sizes=True).unreadable.values()
    assert missing == hash_files([f"{files[0]}.missing"]).unreadable[f"{files[0]}.missing"]


def test_a_path_may_repeat(files) -> None:
    result = hash_files([files[0], files[3], files[0], files[1]])
    assert result.hashes == [ABC, None, ABC, ABC]


def test_hashes_are_equal_in_forked_and_spawned_processes_and_threads(files) -> None:
    # Progress bars of FiftyOne share the output of a process, so that threads cannot show them.
    quiet = partial(hash_files, progress=False)
    expected = quiet(files).hashes
    with ThreadPoolExecutor(4) as threads:
        assert [r.hashes for r in threads.map(quiet, [files] * 4)] == [expected] * 4
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.apply(quiet, (files,)).hashes == expected


def test_a_large_file_is_hashed_in_chunks(tmp_path) -> None:
    content = np.random.default_rng(0).bytes(3 * 2**20 + 17)
    paths = [tmp_path / name for name in ("a", "b", "c")]
    paths[0].write_bytes(content)
    paths[1].write_bytes(content)
    paths[2].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert hash_files([str(path) for path in paths]).groups() == [[0, 1]]


@pytest.mark.parametrize("pixels", [False, True])
def test_unreadable_files_are_reported_and_the_rest_is_hashed(tmp_path, pixels) -> None:
    paths = [
        str(tmp_path / name) for name in ("a.png", "gone.png", "b.png", "dir", "fifo", "empty")
    ]
    noise(8, 8).save(paths[0])
    noise(8, 8).save(paths[2])
    os.mkdir(paths[3])
    os.mkfifo(paths[4])
    open(paths[5], "w").close()
    result = hash_files(paths, pixels)
    assert result.groups() == [[0, 2]]
    assert list(result.unreadable) == [paths[1], *paths[3:]]
    assert result.unreadable[paths[1]] == "The file is missing."
    for reason in result.unreadable.values():
        assert reason.startswith("The ") and reason.endswith(".") and len(reason) < 200
    assert [value is None for value in result.hashes] == [False, True, False, True, True, True]


def test_pixels_are_equal_in_other_containers_upright_and_with_opaque_alpha(tmp_path) -> None:
    image = noise(12, 9)
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.bmp")
    image.save(tmp_path / "c.webp", lossless=True)
    image.convert("RGBA").save(tmp_path / "d.png")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "e.png", exif=exif)
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "f.png")
    translucent = image.convert("RGBA")
    translucent.putalpha(128)
    translucent.save(tmp_path / "g.png")
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    result = hash_files(paths, pixels=True)
    assert result.groups() == [[0, 1, 2, 3, 4]]
    assert len(set(result.hashes)) == 3
    assert hash_files(paths).groups() == []


def test_the_shape_of_an_image_is_part_of_its_hash(tmp_path) -> None:
    for name, size in (("a.png", (4, 8)), ("b.png", (8, 4))):
        Image.new("RGB", size, "red").save(tmp_path / name)
    hashes = hash_files([str(tmp_path / name) for name in ("a.png", "b.png")], pixels=True).hashes
    assert None not in hashes
    assert hashes[0] != hashes[1]


def test_it_reports_progress_and_can_be_canceled(tmp_path) -> None:
    paths = [tmp_path / f"{i}.bin" for i in range(40)]
    for path in paths:
        path.write_bytes(b"same")
    names = [str(path) for path in paths]
    steps = list(hash_files_steps(names))
    assert (steps[-1].done, steps[-1].total, steps[-1].what) == (40, 40, "hashed")
    job_steps = tracked(hash_files_steps(names), "a dataset", "hashes of files")
    next(job_steps)
    (job,) = list_jobs("a dataset")
    job.cancel()
    with pytest.raises(CancelledError):
        next(job_steps)
    assert job.state == "cancelled"


def test_no_files_are_no_error() -> None:
    result = hash_files([])
    assert (result.hashes, result.unreadable, result.groups()) == ([], {}, [])
