"""Images at URLs: what servers respond, how long they take, and encryption."""

from __future__ import annotations

import gzip
import socket
import threading
import time

import pytest
from PIL import Image
from support.broken import noise
from support.web_server import (
    HEAD,
    MB,
    Handler,
    Names,
    SecureServer,
    Server,
    assert_is_the_picture,
    encoded,
    only_here,
    refused,
)

from fiftyone_faiss.brain.queries import remote_images
from fiftyone_faiss.brain.queries.remote_images import fetch_image


@pytest.mark.parametrize("status", [204, 206, 300, 304, 401, 404, 500])
def test_only_a_success_is_taken(server: Server, status: int) -> None:
    with refused("127.0.0.1", f"its server returned status {status}"):
        fetch_image(server.page("/bad", status=status, body=encoded()), only_here)


def test_a_redirect_to_nowhere_is_refused(server: Server) -> None:
    with refused("127.0.0.1", "its server returned status 302"):
        fetch_image(server.page("/bad", status=302), only_here)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("text/html; charset=utf-8", "text/html"),
        ("application/octet-stream", "application/octet-stream"),
        ("x-image/png", "x-image/png"),
        (None, "a file without a type"),
    ],
)
def test_another_content_type_is_refused(server: Server, kind: str | None, shown: str) -> None:
    url = server.page("/bad", body=encoded(), Content_Type=kind)
    with refused("127.0.0.1", f"its server sent {shown}, not an image"):
        fetch_image(url, only_here)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"I am a text", "is not an image; upload a JPEG"),
        (b"", "is not an image; upload a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not an image; upload a JPEG"),
        (encoded(noise(64, 64))[:3000], "is damaged or cut short"),
        (encoded(Image.new("1", (12_000, 12_000))), "has 12000 x 12000 pixels"),
        (encoded(Image.new("1", (20_000, 20_000))), "has too many pixels; upload a smaller"),
    ],
    ids=["text", "nothing", "svg", "half", "large", "bomb"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_only_says_that_it_is_an_image_is_refused(
    server: Server, body: bytes, sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^The file from 127.0.0.1 {sentence}"):
        fetch_image(server.page("/bad", body=body), only_here)


@pytest.mark.parametrize("start", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xc5\xd0\xd3\xc6"])
def test_postscript_is_refused_before_anything_runs_it(server: Server, start: bytes) -> None:
    body = start + b"%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    with pytest.raises(ValueError, match=r"^The file from 127\.0\.0\.1 is not an image;"):
        fetch_image(server.page("/bad", body=body), only_here)


def test_a_file_of_20_mb_is_taken(server: Server) -> None:
    body = encoded()
    url = server.page("/large", body=body + bytes(20 * MB - len(body)))
    assert_is_the_picture(fetch_image(url, only_here))


def test_a_larger_file_is_refused_by_what_is_announced(server: Server) -> None:
    url = server.page("/large", body=encoded(), Content_Length=str(20 * MB + 1))
    with refused("127.0.0.1", "it is larger than 20 MB"):
        fetch_image(url, only_here)


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_larger_file_is_refused_by_what_comes(server: Server, is_chunked: bool) -> None:
    body = encoded() + bytes(20 * MB)
    if is_chunked:
        chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        url = server.raw("/large", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk)
    else:
        url = server.raw("/large", HEAD + b"\r\n", body)
    with refused("127.0.0.1", "it is larger than 20 MB"):
        fetch_image(url, only_here)


def test_a_file_without_an_end_is_refused(server: Server) -> None:
    with refused("127.0.0.1", "it is larger than 20 MB"):
        fetch_image(server.raw("/endless", HEAD + b"\r\n", forever=bytes(65536)), only_here)


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536),
    ],
    ids=["status", "a header", "headers", "size of a chunk"],
)
def test_a_line_without_an_end_is_refused(server: Server, head: bytes, block: bytes) -> None:
    with refused("127.0.0.1", "its server did not answer, or closed the connection"):
        fetch_image(server.raw("/endless", head, forever=block), only_here)


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_a_compressed_answer_is_not_unpacked(server: Server, coding: str) -> None:
    bomb = gzip.compress(bytes(50 * MB))
    with refused("127.0.0.1", "its server sent it compressed"):
        fetch_image(server.page("/bomb", body=bomb, Content_Encoding=coding), only_here)


def test_an_answer_that_breaks_off_is_refused(server: Server) -> None:
    body = encoded()
    url = server.page("/short", body=body[:-1], Content_Length=str(len(body)))
    with refused("127.0.0.1", "its server did not answer, or closed the connection"):
        fetch_image(url, only_here)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        HEAD + b"X-Slow: ",
        HEAD + b"\r\n" + encoded(),
        HEAD + b"Content-Length: 100000\r\n\r\n" + encoded(),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n",
    ],
    ids=["status", "header", "body", "body of known length", "chunk"],
)
def test_a_server_that_drips_is_given_up(
    server: Server, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_images, "TOTAL_SECONDS", 0.7)
    url = server.raw("/drip", start, forever=b"x", pause=0.05)
    began = time.monotonic()
    with refused("127.0.0.1", "its server took longer than 0.7 seconds"):
        fetch_image(url, only_here)
    assert time.monotonic() - began < 5


def test_the_time_of_all_redirects_counts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_images, "TOTAL_SECONDS", 0.7)

    def slowly(handler: Handler) -> None:
        time.sleep(0.3)
        handler.reply(302, Location=handler.path + "x")

    server.pages.update(dict.fromkeys(["/x", "/xx", "/xxx", "/xxxx"], slowly))
    with refused("127.0.0.1", "its server took longer than 0.7 seconds"):
        fetch_image(server.url("/x"), only_here)


@pytest.mark.parametrize(
    ("scheme", "limit"), [("http", "READ_SECONDS"), ("https", "CONNECT_SECONDS")]
)
def test_a_server_that_says_nothing_is_given_up(
    scheme: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_images, limit, 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with refused("127.0.0.1", "its server did not answer, or closed the connection"):
            fetch_image(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/a.png", only_here)
        assert time.monotonic() - began < 3


def test_no_thread_is_left_behind(server: Server) -> None:
    fetch_image(server.url(), only_here)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(2)
            assert not thread.is_alive()


# -- encryption --------------------------------------------------------------------------------


def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: SecureServer, names: Names
) -> None:
    names.answers["pictures.test"] = [["127.0.0.1"]]
    with pytest.raises(ValueError, match=r"pictures\.test .* is not trusted \(self.signed cert"):
        fetch_image(secure.url(), only_here)
    assert secure.asked == []


def test_the_name_is_asked_for_and_checked_at_the_address_that_was_tested(
    secure: SecureServer, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.certificate))
    names.answers["pictures.test"] = [["127.0.0.1"], ["127.0.0.2"]]
    assert_is_the_picture(fetch_image(secure.url(), only_here))
    assert secure.wanted == ["pictures.test"]
    assert secure.asked == [(f"pictures.test:{secure.server_port}", "/picture")]


@pytest.mark.parametrize("host", ["other.test", "127.0.0.1"])
def test_a_certificate_for_another_name_is_refused(
    secure: SecureServer, names: Names, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.certificate))
    names.answers["other.test"] = [["127.0.0.1"]]
    with pytest.raises(ValueError, match=r"is not trusted \(.* certificate is not valid for"):
        fetch_image(secure.url(host=host), only_here)
    assert secure.asked == []
