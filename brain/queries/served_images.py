"""Images at paths on the server's machine, in a query of the App.

Anyone who can open the App may type a path, so a path may only name what FiftyOne's server serves
under ``/media``: a regular file that the server may read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from PIL import Image

from fiftyone_faiss.embedders.images import DECODE_ERRORS, converted
from fiftyone_faiss.embedders.loop import reason_of
from fiftyone_faiss.embedders.pixels import as_query_rgb

MAX_FILE_BYTES = 200 * 1024 * 1024

# The most characters of a path, and of the reason of a failure, in a message.
MAX_SHOWN, MAX_REASON = 85, 107

# The start of a path to another machine on Windows, which accepts either slash.
_SHARES = ("//", "\\\\", "/\\", "\\/")


def read_served_image(path: str | Path) -> Image.Image:
    """Opens an image on the server's machine.

    Args:
        path: the file, on a disk of the server and not ``//host/share/...``; ``~`` is the home
            directory of the user who runs the server

    Returns:
        an RGB image

    Raises:
        ValueError: if the file is on another machine, missing, not a regular file, not permitted,
            larger than 200 MB, not an image, or damaged; the message says which
    """
    # Windows would connect to that machine, and log in there, to check whether the file exists.
    if str(path)[:2] in _SHARES:
        raise ValueError(
            f"{_shown(str(path))!r} is a file on another machine; give an image on the server's "
            "own disks, or drop one on the search bar."
        )
    path = os.path.expanduser(path)
    try:
        # Before it is opened: opening a pipe or a device may block forever.
        _check_file(path, os.stat(path))
        return converted(path, as_query_rgb)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(
            f"There is no file at {_shown(path)} on the server; check the path."
        ) from error
    except DECODE_ERRORS as error:
        reason = reason_of(error).rstrip(".")
        raise ValueError(
            f"'{_shown(path)}' cannot be used as a query: {reason[:MAX_REASON]}; give an image "
            "that the server may read, or drop one on the search bar."
        ) from error


def _shown(path: str) -> str:
    """The end of a path, without characters that do not print."""
    return "".join(c if c.isprintable() else "?" for c in path[-MAX_SHOWN:])


def _check_file(path: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(path)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("the path is not a regular file")
    if status.st_size > MAX_FILE_BYTES:
        raise ValueError(
            f"the file has {status.st_size / 2**20:,.0f} MB, more than the "
            f"{MAX_FILE_BYTES // 2**20} allowed"
        )
    # Reading some system files, which look empty, may block forever.
    if not status.st_size:
        raise ValueError("the file is empty")
