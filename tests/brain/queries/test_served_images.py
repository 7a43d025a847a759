"""Images at paths on the server's machine."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest
from support.broken import BROKEN
from support.privileges import without_privileges
from support.web_server import (
    MB,
    assert_is_the_picture,
    encoded,
)

from fiftyone_faiss.brain.queries import served_images
from fiftyone_faiss.brain.queries.served_images import read_served_image


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(encoded())
    return path


def test_a_file_is_opened(file: Path) -> None:
    assert_is_the_picture(read_served_image(file))
    assert_is_the_picture(read_served_image(str(file)))


def test_a_link_to_a_file_is_followed(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    assert_is_the_picture(read_served_image(link))


def test_a_tilde_is_the_home_of_whoever_runs_the_server(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(file.parent))
    assert_is_the_picture(read_served_image("~/picture.png"))


def test_a_file_may_be_larger_than_an_upload(file: Path) -> None:
    os.truncate(file, 200 * MB)
    assert_is_the_picture(read_served_image(file))


def test_a_file_of_more_than_200_mb_is_refused(file: Path) -> None:
    os.truncate(file, 300 * MB)
    with pytest.raises(ValueError, match="the file has 300 MB, more than the 200 allowed; give an"):
        read_served_image(file)


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_file_that_is_no_image_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    make, reason = BROKEN[name]
    path = tmp_path / name
    make(path)
    with pytest.raises(ValueError) as caught:
        read_served_image(path)
    if reason == "the file is missing":
        assert str(caught.value) == f"There is no file at {path} on the server; check the path."
    else:
        # A long path is cut at its beginning.
        assert str(path)[-60:] in str(caught.value)
        assert reason in str(caught.value)
        assert str(caught.value).endswith("; give an image that the server may read, or drop "
                                          "one on the search bar.")  # fmt: skip


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as line:
        line.bind("line.png")
        with pytest.raises(ValueError, match=r"^'line\.png' .*: the path is not a regular file"):
            read_served_image("line.png")


def test_a_file_below_a_file_is_missing(file: Path) -> None:
    with pytest.raises(ValueError, match=r"^There is no file at .*below\.png on the server; check"):
        read_served_image(file / "below.png")


@pytest.mark.parametrize("path", ["", "~nobody-of-that-name/a.png", "a.png"])
def test_a_path_to_nowhere_is_missing(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"^There is no file at {path} on the server; check"):
        read_served_image(path)


@pytest.mark.parametrize(
    ("path", "reason"), [("a\0b", "embedded null byte"), ("a" * 300, "File name too long")]
)
def test_what_cannot_be_a_path_is_refused(path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f" cannot be used as a query: .*{reason}.*; give an"):
        read_served_image(path)


def test_the_system_s_own_files_are_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_images, "converted", lambda *_: pytest.fail("opened"))
    with pytest.raises(ValueError, match=r"^'/proc/self/environ' .*: the file is empty; give"):
        read_served_image("/proc/self/environ")


def test_a_file_that_may_not_be_read_is_refused(file: Path) -> None:
    file.chmod(0)
    with (
        without_privileges(),
        pytest.raises(ValueError, match="as a query: the file may not be read; give an image"),
    ):
        read_served_image(file)


def test_a_file_in_a_folder_that_may_not_be_entered_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "picture.png").write_bytes(encoded())
    folder.chmod(0)
    try:
        with without_privileges(), pytest.raises(ValueError, match="the file may not be read"):
            read_served_image(folder / "picture.png")
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("start", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xc5\xd0\xd3\xc6"])
def test_a_file_of_postscript_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(start + b"%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    with pytest.raises(ValueError, match=r": the file is not an image of a supported format; give"):
        read_served_image(path)


@pytest.mark.parametrize("start", ["//", "\\\\", "/\\", "\\/", "\\\\?\\UNC\\"])
def test_a_path_to_another_machine_is_refused_before_it_is_looked_for(
    start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_images.os, "stat", lambda path: pytest.fail("looked for"))
    path = f"{start}host/share/picture.png"
    sentence = (
        f"{path!r} is a file on another machine; give an image on the server's own disks, or drop "
        "one on the search bar."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read_served_image(path)
