"""Hashes of the contents of media files, to find exact copies and to match files."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

import fiftyone.core.storage as fos
from blake3 import blake3
from PIL import Image

from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.media import open_anywhere
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.embedders import ImageSource, open_local
from fiftyone_faiss.embedders.images import DECODE_ERRORS
from fiftyone_faiss.embedders.loop import reason_of

Value = TypeVar("Value")

_CHUNK = 2**20
# The files that wait for each thread, so that a cancellation takes effect at once.
_WAITING = 4
# Progress is reported this often, in seconds.
_EVERY = 0.1
_MAX_REASON = 120


@dataclass(frozen=True)
class FileHashes:
    """The hashes of files.

    Attributes:
        hashes: for each path, 64 hexadecimal digits that are equal exactly for equal contents, in
            any process and on any platform. None for a file that is unreadable, and for one that
            needs no hash because no other file has its size
        unreadable: why, in a sentence, for each path that cannot be read
    """

    hashes: list[str | None]
    unreadable: dict[str, str]

    def groups(self) -> list[list[int]]:
        """Returns the positions of the files that share their contents with others, in groups."""
        positions: dict[str, list[int]] = {}
        for position, value in enumerate(self.hashes):
            if value is not None:
                positions.setdefault(value, []).append(position)
        return [group for group in positions.values() if len(group) > 1]

    def __str__(self) -> str:
        hashed = sum(value is not None for value in self.hashes)
        return (
            f"{hashed:,} of {len(self.hashes):,} files hashed, {len(self.unreadable):,} unreadable"
        )


def hash_files(
    paths: Sequence[str],
    pixels: bool = False,
    num_workers: int | None = None,
    progress: ProgressOption = None,
    all_sizes: bool = False,
) -> FileHashes:
    """Hashes files; those that are missing or unreadable are reported and skipped.

    Args:
        paths: the files, on any file system that FiftyOne supports; a path may repeat
        pixels (False): whether to hash the decoded pixels of images, so that the same image in
            another lossless format has the same hash. It is turned upright, and transparent pixels
            are blended with white. By default, the bytes of the files are hashed, and only those of
            files with the same size
        num_workers (None): the number of threads, by default twice the number of processors
        progress (None): whether to show a progress bar, or a callback
        all_sizes (False): whether to hash the bytes of files with a size of their own, too

    Returns:
        a :class:`FileHashes`
    """
    return run_steps(hash_files_steps(paths, pixels, num_workers, all_sizes), progress)


def hash_files_steps(
    paths: Sequence[str],
    pixels: bool = False,
    num_workers: int | None = None,
    all_sizes: bool = False,
) -> Steps[FileHashes]:
    """Does the work of :func:`hash_files` in steps that can be tracked and canceled."""
    work = _hash_pixels if pixels else _hash_bytes
    unique = list(dict.fromkeys(paths))
    hashes: dict[str, str | None] = {}
    unreadable: dict[str, str] = {}
    workers = num_workers or 2 * (os.cpu_count() or 1)
    with ThreadPoolExecutor(workers, "hash") as threads:
        if not (pixels or all_sizes):
            sizes = dict(zip(unique, threads.map(partial(_attempt, _size_of), unique), strict=True))
            unreadable = {path: error for path, (_, error) in sizes.items() if error is not None}
            counts = Counter(size for size, _ in sizes.values() if size is not None)
            unique = [p for p in unique if p not in unreadable and _may_repeat(sizes[p][0], counts)]
        started, told = time.perf_counter(), -_EVERY
        results = _unordered(threads, partial(_attempt, work), unique, _WAITING * workers)
        for done, (path, (value, error)) in enumerate(results, start=1):
            hashes[path] = value
            if error is not None:
                unreadable[path] = error
            seconds = time.perf_counter() - started
            if seconds - told >= _EVERY or done == len(unique):
                told = seconds
                yield Progress(done, len(unique), len(unreadable), seconds, "hashed")
    order = {path: unreadable[path] for path in paths if path in unreadable}
    return FileHashes([hashes.get(path) for path in paths], order)


def _may_repeat(size: int | None, counts: Counter[int]) -> bool:
    """Returns whether another file may have the same bytes; the size of a remote file is -1."""
    return size is not None and (size < 0 or counts[size] > 1)


def _unordered(
    threads: ThreadPoolExecutor,
    work: Callable[[str], tuple[str | None, str | None]],
    paths: Sequence[str],
    waiting: int,
) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
    """Yields the result of each path when it is ready, and keeps few paths waiting."""
    remaining = iter(paths)
    running: dict[Future[tuple[str | None, str | None]], str] = {}
    try:
        while True:
            for path in islice(remaining, waiting - len(running)):
                running[threads.submit(work, path)] = path
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()


def _attempt(work: Callable[[str], Value], path: str) -> tuple[Value | None, str | None]:
    """Returns the result for a path, or why there is none."""
    try:
        return work(path), None
    except DECODE_ERRORS as error:
        reason = _reason_of(error)
        return None, f"{reason[0].upper()}{reason[1:_MAX_REASON].rstrip('.')}."


def _reason_of(error: Exception) -> str:
    if isinstance(error, (FileNotFoundError, IsADirectoryError, PermissionError)):
        return reason_of(error)
    # The message of an error of the system starts with a number and ends with the path.
    return getattr(error, "strerror", None) or reason_of(error)


def _size_of(path: str) -> int:
    """Returns the size of a file that can be opened; -1 on other file systems."""
    if not fos.is_local(path):
        return -1
    status = os.stat(path)
    # Opening a pipe might block forever.
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("the path is not a regular file")
    if not status.st_size:
        raise ValueError("the file is empty")
    with open(path, "rb"):
        return status.st_size


def _hash_bytes(path: str) -> str:
    size, count, hasher = _size_of(path), 0, blake3()
    with (open_local if size >= 0 else open_anywhere)(path) as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
            count += len(chunk)
    if size not in (-1, count):
        raise ValueError("the file changed while it was read; try again")
    return hasher.hexdigest()


def _hash_pixels(path: str) -> str:
    opener = open_local if fos.is_local(path) else open_anywhere
    return ImageSource(path, opener=opener).apply(_hash_image)


def _hash_image(image: Image.Image) -> str:
    # Images of other shapes may have the same bytes.
    hasher = blake3(f"{image.width}x{image.height} {image.mode}\n".encode())
    hasher.update(image.tobytes())
    return hasher.hexdigest()
