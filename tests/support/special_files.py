"""Paths that are no files: what is opened in their place would wait, never end, or be a folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path


def _make_socket(path: Path) -> None:
    # The path of a socket may have at most 107 bytes, so it is bound by a relative one.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as unused:
            unused.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "fifo": (os.mkfifo, "it is a FIFO instead of a file"),
    "socket": (_make_socket, "it is a socket instead of a file"),
    "folder": (Path.mkdir, "it is a folder instead of a file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "it is a device instead of a file"),
}
"""For each kind, a function that makes it, and a part of the error."""


def replace_by(kind: str, path: Path) -> str:
    """Replaces a file by something else, and returns a part of the error."""
    make, reason = SPECIAL[kind]
    path.unlink(missing_ok=True)
    make(path)
    return reason
