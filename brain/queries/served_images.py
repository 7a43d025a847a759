"""Images that a person of the App names by a path on the server's machine.

Whoever reaches the App can name any, so a path may be what FiftyOne's server itself serves under
``/media``: a regular file that it may read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from PIL import Image

from fiftyone_faiss.embedders import ImageSource
from fiftyone_faiss.embedders.images import DECODE_ERRORS
from fiftyone_faiss.embedders.loop import reason_of

MAX_FILE_BYTES = 200 * 1024 * 1024

# How the path of a file of another machine begins on Windows, which takes either slash.
_SHARES = ("//", "\\\\", "/\\", "\\/")


def read_served_image(path: str | Path) -> Image.Image:
    """Opens a picture on the server's machine that a person of the App named.

    Args:
        path: the file, on a disk of the server and not ``//host/share/...``; ``~`` is the home of
            whoever runs the server

    Returns:
        an RGB image

    Raises:
        ValueError: if it is another machine's, missing, not a regular file, not permitted, larger
            than 200 MB, not an image, or damaged, saying which
    """
    # Windows would ask that machine for the file, and log in there, as soon as it looks for it.
    if str(path)[:2] in _SHARES:
        raise ValueError(
            f"{str(path)!r} would be a file of another machine; name a picture on the server's own "
            "disks, or drop one on the search bar."
        )
    path = os.path.expanduser(path)
    try:
        # Before it is opened: a pipe or a device might never answer.
        _check_file(path, os.stat(path))
        return ImageSource(path).open()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(f"There is no file at {path} on the server; check the path.") from error
    except DECODE_ERRORS as error:
        reason = reason_of(error).rstrip(".")
        raise ValueError(
            f"{path!r} cannot be searched with: {reason}; name a picture that the server may "
            "read, or drop one on the search bar."
        ) from error


def _check_file(path: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("the path is no regular file")
    if found.st_size > MAX_FILE_BYTES:
        raise ValueError(
            f"the file has {found.st_size / 2**20:,.0f} MB, more than the "
            f"{MAX_FILE_BYTES // 2**20} allowed"
        )
    # Some files of the system that are "empty" until they are read would be waited for for ever.
    if not found.st_size:
        raise ValueError("the file is empty")
