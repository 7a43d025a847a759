"""Pictures named by a URL or a path: fetched and opened when harmless, else refused in words."""

from __future__ import annotations

import datetime
import gzip
import io
import os
import re
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from support.broken import BROKEN, noise
from support.privileges import without_privileges

from fiftyone_faiss.brain.queries import public_addresses, remote_images, served_images
from fiftyone_faiss.brain.queries.public_addresses import IPAddress, is_public
from fiftyone_faiss.brain.queries.remote_images import fetch_image
from fiftyone_faiss.brain.queries.served_images import read_served_image

MB = 2**20
PICTURE = noise(40, 20)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
REMEDY = "; download the picture and drop it on the search bar."


def encoded(image: Image.Image = PICTURE) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def assert_is_the_picture(image: Image.Image) -> None:
    assert image.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(image), np.asarray(PICTURE))


def only_here(address: IPAddress) -> bool:
    """The policy of most tests: this machine by its usual address, and nothing else."""
    return address == ip_address("127.0.0.1")


@contextmanager
def refused(host: str, reason: str) -> Iterator[None]:
    """What is done inside is refused in one sentence: which host, why, what to do."""
    sentence = f"The picture at {host} was not fetched: {reason}{REMEDY}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        yield


# -- which addresses are public ----------------------------------------------------------------


PUBLIC = {
    "1.1.1.1": True,
    "93.184.216.34": True,
    "172.32.0.1": True,
    "100.128.0.1": True,
    "2606:4700:4700::1111": True,
    "2a00:1450:4001:81b::200e": True,
    "::ffff:93.184.216.34": True,
    "2002:5db8:d822::1": True,  # 6to4 of 93.184.216.34
    "64:ff9b::5db8:d822": True,  # NAT64 of 93.184.216.34
    "0.0.0.0": False,
    "0.1.2.3": False,
    "10.0.0.1": False,
    "100.64.0.1": False,
    "100.100.100.200": False,  # Alibaba's metadata
    "127.0.0.1": False,
    "127.255.255.254": False,
    "168.63.129.16": False,  # Azure's wire server
    "169.254.169.254": False,  # the metadata of most clouds
    "172.16.0.1": False,
    "172.31.255.255": False,
    "192.0.0.8": False,
    "192.0.0.192": False,  # Oracle's metadata
    "192.0.2.1": False,
    "192.88.99.1": False,
    "192.168.1.1": False,
    "198.18.0.1": False,
    "198.51.100.1": False,
    "203.0.113.1": False,
    "224.0.0.1": False,
    "239.255.255.250": False,
    "240.0.0.1": False,
    "255.255.255.255": False,
    "::": False,
    "::1": False,
    "::127.0.0.1": False,
    "::93.184.216.34": False,  # IPv4-compatible, given up long ago
    "::ffff:127.0.0.1": False,
    "::ffff:10.0.0.1": False,
    "::ffff:169.254.169.254": False,
    "64:ff9b::7f00:1": False,  # NAT64 of 127.0.0.1
    "64:ff9b::a9fe:a9fe": False,  # NAT64 of 169.254.169.254
    "64:ff9b:1::5db8:d822": False,  # NAT64 of a network's own
    "100::1": False,
    "2001::1": False,  # Teredo by way of 0.0.0.0
    "2001:0:5db8:d822::f5ff:fffe": False,  # Teredo of 10.0.0.1
    "2001:0:a00:1::a247:27dd": False,  # Teredo of 93.184.216.34 by way of 10.0.0.1
    "2001:0:5db8:d822::a247:27dd": True,  # Teredo of 93.184.216.34 by way of itself
    "2001:1::1": False,
    "2001:2::1": False,
    "2001:20::1": False,
    "2001:db8::1": False,
    "2002:7f00:1::1": False,  # 6to4 of 127.0.0.1
    "2002:c0a8:101::1": False,  # 6to4 of 192.168.1.1
    "3fff::1": False,
    "fc00::1": False,
    "fd00:ec2::254": False,  # Amazon's metadata
    "fe80::1": False,
    "fe80::1%eth0": False,
    "fec0::1": False,
    "ff02::1": False,
    "ff0e::1": False,
}


@pytest.mark.parametrize("address", PUBLIC)
def test_only_addresses_of_the_public_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address)) is PUBLIC[address]


class Interface(socket.socket):
    """Stands in for a network interface with public addresses, which a test's machine may lack."""

    OWN = ("93.184.216.34", "2606:4700:4700::1111")

    def bind(self, address: Any) -> None:
        super().bind(("", 0) if address[0] in self.OWN else address)


@pytest.mark.parametrize(
    "address", [*Interface.OWN, "::ffff:93.184.216.34", "64:ff9b::5db8:d822", "2002:5db8:d822::1"]
)
def test_the_machine_s_own_addresses_are_not_public(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_public(ip_address(address))
    monkeypatch.setattr(socket, "socket", Interface)
    assert not is_public(ip_address(address))
    assert is_public(ip_address("1.1.1.1"))


@pytest.mark.parametrize(
    ("address", "is_own"),
    [("127.0.0.1", True), ("::ffff:127.0.0.1", True), ("192.0.2.1", False), ("2001:db8::1", False)],
)
def test_the_addresses_of_the_machine_s_interfaces_are_its_own(address: str, is_own: bool) -> None:
    assert public_addresses._is_own(ip_address(address)) is is_own


def test_where_no_socket_can_be_had_no_address_passes_for_public() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    first_free = os.dup(0)
    os.close(first_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (first_free, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            is_public(ip_address("1.1.1.1"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# -- a web server, and names for it ------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Answers each path as the server's pages say, and writes down who is asked for what."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        # Whoever refuses an answer does not wait for all of it.
        with suppress(ConnectionError):
            self.server.pages[self.path](self)

    def reply(self, status: int = 200, body: bytes = b"", **headers: str | None) -> None:
        self.send_response(status)
        default = {"Content_Type": "image/png", "Content_Length": str(len(body))}
        for name, value in {**default, **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keeps the terminal quiet."""


class Server(ThreadingHTTPServer):
    """A web server at a free port of 127.0.0.1; at "/picture" is a picture."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Callable[[Handler], object]] = {}
        self.asked: list[tuple[str, str]] = []
        self.page("/picture", body=encoded())

    def url(self, path: str = "/picture", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"

    def page(self, path: str, **answer: Any) -> str:
        """Adds a page; see :meth:`Handler.reply`."""
        self.pages[path] = lambda handler: handler.reply(**answer)
        return self.url(path)

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.page(path, status=status, Location=to)

    def raw(self, path: str, *blocks: bytes, forever: bytes = b"", pause: float = 0.0) -> str:
        """Adds a page that sends these bytes as they are, and then one block again and again."""

        def send(handler: Handler) -> None:
            handler.wfile.writelines(blocks)
            while forever:
                handler.wfile.write(forever)
                time.sleep(pause)

        self.pages[path] = send
        return self.url(path)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as server:
        yield server


class Names:
    """Stands in for the names of the internet, which a test has none of.

    Attributes:
        answers: for each name its addresses at the first look-up, the second and so on
        asked: the names that were looked up
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, *arguments: Any, **options: Any) -> list[Any]:
        with suppress(ValueError):
            ip_address(host)
            return self._real(host, *arguments, **options)
        self.asked.append(host)
        addresses = self.answers[host].pop(0)
        return [one for a in addresses for one in self._real(a, *arguments, **options)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


# -- fetching ----------------------------------------------------------------------------------


def test_a_picture_is_fetched(server: Server) -> None:
    assert_is_the_picture(fetch_image(f"  {server.url()}\n", only_here))
    assert server.asked == [(f"127.0.0.1:{server.server_port}", "/picture")]


def test_a_picture_that_comes_in_chunks_is_fetched(server: Server) -> None:
    body = encoded()
    url = server.raw(
        "/chunks",
        b"HTTP/1.1 200 OK\r\nContent-Type: IMAGE/PNG; q=1\r\nTransfer-Encoding: chunked\r\n\r\n",
        *(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:70], body[70:])),
        b"0\r\n\r\n",
    )
    assert_is_the_picture(fetch_image(url, only_here))


def test_the_path_and_the_query_of_a_url_are_sent_and_its_fragment_is_not(server: Server) -> None:
    server.pages["/a%20b/%C3%A4?q=1%2F2&r"] = server.pages["/picture"]
    assert_is_the_picture(fetch_image(server.url("/a b/ä?q=1%2F2&r#part"), only_here))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_three_redirects_are_followed(server: Server, status: int) -> None:
    server.redirect("/one", "/deeper/two", status)
    server.redirect("/deeper/two", "three?x", status)
    server.redirect("/deeper/three?x", server.url(), status)
    assert_is_the_picture(fetch_image(server.url("/one"), only_here))
    paths = [path for _, path in server.asked]
    assert paths == ["/one", "/deeper/two", "/deeper/three?x", "/picture"]


def test_a_fourth_redirect_is_not_followed(server: Server) -> None:
    for i in range(4):
        server.redirect(f"/{i}", f"/{i + 1}")
    server.page("/4", body=encoded())
    with refused("127.0.0.1", "its address sends on more than 3 times"):
        fetch_image(server.url("/0"), only_here)
    assert [path for _, path in server.asked] == ["/0", "/1", "/2", "/3"]


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "10.0.0.1", "127.0.0.2", "[::1]", "2130706434"]
)
def test_a_redirect_to_an_address_that_is_not_allowed_is_refused(server: Server, host: str) -> None:
    url = server.redirect("/away", f"http://{host}:{server.server_port}/picture")
    with refused(host, "that is no host of the public internet"):
        fetch_image(url, only_here)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/a.png", "gopher://127.0.0.1:70/", "data:,a"]
)
def test_a_redirect_to_another_scheme_is_refused(server: Server, to: str) -> None:
    sentence = f"^'{re.escape(to)}' is no address of the kind http://host/picture{REMEDY}$"
    with pytest.raises(ValueError, match=sentence):
        fetch_image(server.redirect("/away", to), only_here)


def test_a_redirect_to_an_address_with_a_password_is_refused(server: Server) -> None:
    url = server.redirect("/away", f"http://me:secret@127.0.0.1:{server.server_port}/picture")
    with refused("127.0.0.1", "its address holds a user or a password"):
        fetch_image(url, only_here)
    assert len(server.asked) == 1


def test_proxies_of_the_environment_are_not_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert_is_the_picture(fetch_image(server.url(), only_here))


# -- hosts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
        "localhost", "LOCALHOST",
    ],
)  # fmt: skip
def test_this_machine_is_not_asked_however_it_is_spelt(server: Server, host: str) -> None:
    with refused(host.lower(), "that is no host of the public internet"):
        fetch_image(server.url(host=host))
    assert server.asked == []


@pytest.mark.parametrize(
    "host", ["localhost.", "127.0.0.1.", "127。0。0。1", "①②⑦.0.0.1", "localhost%00"]
)
def test_spellings_that_only_some_systems_know_are_refused_too(server: Server, host: str) -> None:
    with pytest.raises(ValueError, match=f"[^.]{REMEDY}$"):
        fetch_image(server.url(host=host))
    assert server.asked == []


def test_a_name_is_looked_up_once_for_each_request(server: Server, names: Names) -> None:
    names.answers["pictures.test"] = [["127.0.0.1"], ["127.0.0.1"]]
    server.redirect("/away", "/picture")
    assert_is_the_picture(fetch_image(server.url("/away", "pictures.test"), only_here))
    host = f"pictures.test:{server.server_port}"
    assert server.asked == [(host, "/away"), (host, "/picture")]
    assert names.asked == ["pictures.test", "pictures.test"]


def test_a_name_that_changes_its_address_gains_nothing(server: Server, names: Names) -> None:
    # Looked up again to connect, it would lead to a place where nothing listens.
    names.answers["pictures.test"] = [["127.0.0.1"], ["127.0.0.2"]]
    assert_is_the_picture(fetch_image(server.url(host="pictures.test"), only_here))
    with refused("pictures.test", "that is no host of the public internet"):
        fetch_image(server.url(host="pictures.test"), only_here)
    assert names.asked == ["pictures.test", "pictures.test"]


def test_a_name_that_changes_its_address_between_redirects_is_refused(
    server: Server, names: Names
) -> None:
    names.answers["pictures.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    server.redirect("/away", "/picture")
    with refused("pictures.test", "that is no host of the public internet"):
        fetch_image(server.url("/away", "pictures.test"), only_here)
    assert [path for _, path in server.asked] == ["/away"]


@pytest.mark.parametrize("addresses", [["127.0.0.1", "10.0.0.1"], ["::1", "127.0.0.1"]])
def test_a_name_with_one_address_that_is_not_allowed_is_refused(
    server: Server, names: Names, addresses: list[str]
) -> None:
    names.answers["pictures.test"] = [addresses]
    with refused("pictures.test", "that is no host of the public internet"):
        fetch_image(server.url(host="pictures.test"), only_here)
    assert server.asked == []


def test_the_next_address_is_tried_where_nobody_listens(server: Server, names: Names) -> None:
    names.answers["pictures.test"] = [["127.0.0.2", "127.0.0.1"]]
    url = server.url(host="pictures.test")
    assert_is_the_picture(fetch_image(url, lambda address: address.is_loopback))


def test_a_name_with_an_umlaut_is_looked_up_as_the_internet_spells_it(
    server: Server, names: Names
) -> None:
    names.answers["xn--bcher-kva.test"] = [["127.0.0.1"]]
    assert_is_the_picture(fetch_image(server.url(host="Bücher.test"), only_here))
    assert names.asked == ["xn--bcher-kva.test"]


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", f"{'a' * 70}.invalid"])
def test_an_unknown_name_is_refused(host: str) -> None:
    with refused(host, "no host of that name is known"):
        fetch_image(f"http://{host}/a.png")


def test_a_host_where_nobody_listens_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, it does not listen
        with refused("127.0.0.1", "its server did not answer, or broke off"):
            fetch_image(f"http://127.0.0.1:{taken.getsockname()[1]}/a.png", only_here)


@pytest.mark.parametrize(
    "url",
    [
        "", "a.png", "/a.png", "host/a.png", "//host/a.png", "file:///etc/passwd", "ftp://host/a",
        "data:image/png;base64,AAAA", "javascript:alert(1)", "http://", "http:///a.png", "http:a",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    sentence = f"{url!r} is no address of the kind http://host/picture{REMEDY}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        fetch_image(url)


@pytest.mark.parametrize("url", ["http://[::1/a", "http://host:70000/a", "http://host:port/a"])
def test_an_address_that_cannot_be_read_is_refused(url: str) -> None:
    sentence = f"{url!r} is no address that can be read{REMEDY}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        fetch_image(url)


@pytest.mark.parametrize("user", ["me", "me:secret", "me:", ":secret"])
def test_an_address_with_a_user_is_refused(server: Server, user: str) -> None:
    with refused("127.0.0.1", "its address holds a user or a password"):
        fetch_image(server.url(host=f"{user}@127.0.0.1"), only_here)
    assert server.asked == []


# -- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 206, 300, 304, 401, 404, 500])
def test_only_a_success_is_taken(server: Server, status: int) -> None:
    with refused("127.0.0.1", f"its server answers with status {status}"):
        fetch_image(server.page("/bad", status=status, body=encoded()), only_here)


def test_a_redirect_to_nowhere_is_refused(server: Server) -> None:
    with refused("127.0.0.1", "its server answers with status 302"):
        fetch_image(server.page("/bad", status=302), only_here)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("text/html; charset=utf-8", "text/html"),
        ("application/octet-stream", "application/octet-stream"),
        ("x-image/png", "x-image/png"),
        (None, "a file of no type"),
    ],
)
def test_another_content_type_is_refused(server: Server, kind: str | None, shown: str) -> None:
    url = server.page("/bad", body=encoded(), Content_Type=kind)
    with refused("127.0.0.1", f"its server sends {shown}, not an image"):
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
    with refused("127.0.0.1", "it has more than 20 MB"):
        fetch_image(url, only_here)


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_larger_file_is_refused_by_what_comes(server: Server, is_chunked: bool) -> None:
    body = encoded() + bytes(20 * MB)
    if is_chunked:
        chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        url = server.raw("/large", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk)
    else:
        url = server.raw("/large", HEAD + b"\r\n", body)
    with refused("127.0.0.1", "it has more than 20 MB"):
        fetch_image(url, only_here)


def test_a_file_without_an_end_is_refused(server: Server) -> None:
    with refused("127.0.0.1", "it has more than 20 MB"):
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
    with refused("127.0.0.1", "its server did not answer, or broke off"):
        fetch_image(server.raw("/endless", head, forever=block), only_here)


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_a_compressed_answer_is_not_unpacked(server: Server, coding: str) -> None:
    bomb = gzip.compress(bytes(50 * MB))
    with refused("127.0.0.1", "its server sends it compressed"):
        fetch_image(server.page("/bomb", body=bomb, Content_Encoding=coding), only_here)


def test_an_answer_that_breaks_off_is_refused(server: Server) -> None:
    body = encoded()
    url = server.page("/short", body=body[:-1], Content_Length=str(len(body)))
    with refused("127.0.0.1", "its server did not answer, or broke off"):
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
        with refused("127.0.0.1", "its server did not answer, or broke off"):
            fetch_image(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/a.png", only_here)
        assert time.monotonic() - began < 3


def test_no_thread_is_left_behind(server: Server) -> None:
    fetch_image(server.url(), only_here)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(2)
            assert not thread.is_alive()


# -- encryption --------------------------------------------------------------------------------


class SecureServer(Server):
    """Speaks TLS with a certificate of its own making for the name "pictures.test".

    Attributes:
        certificate: its file, for those who want to trust it
        wanted: the names that clients asked for
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.certificate = folder / "certificate.pem"
        self.wanted: list[str | None] = []
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pictures.test")])
        today = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("pictures.test")]), False)
            .sign(key, hashes.SHA256())
        )
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "key.pem")
        context.sni_callback = lambda connection, name, context: self.wanted.append(name)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def url(self, path: str = "/picture", host: str = "pictures.test") -> str:
        return f"https://{host}:{self.server_port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the server's."""


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[SecureServer]:
    with running(SecureServer(tmp_path)) as server:
        assert isinstance(server, SecureServer)
        yield server


def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: SecureServer, names: Names
) -> None:
    names.answers["pictures.test"] = [["127.0.0.1"]]
    with pytest.raises(ValueError, match=r"pictures\.test .* not to be trusted \(self.signed cert"):
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
    with pytest.raises(ValueError, match=r"not to be trusted \(.* certificate is not valid for"):
        fetch_image(secure.url(host=host), only_here)
    assert secure.asked == []


# -- files of the server's machine -------------------------------------------------------------


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
    with pytest.raises(ValueError, match="the file has 300 MB, more than the 200 allowed; name a"):
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
        assert str(path) in str(caught.value)
        assert reason in str(caught.value)
        assert str(caught.value).endswith("; name a picture that the server may read, or drop "
                                          "one on the search bar.")  # fmt: skip


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as line:
        line.bind("line.png")
        with pytest.raises(ValueError, match=r"^'line\.png' .*: the path is no regular file; name"):
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
    with pytest.raises(ValueError, match=f" cannot be searched with: .*{reason}.*; name a picture"):
        read_served_image(path)


def test_the_system_s_own_files_are_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_images, "ImageSource", lambda path: pytest.fail("opened"))
    with pytest.raises(ValueError, match=r"^'/proc/self/environ' .*: the file is empty; name"):
        read_served_image("/proc/self/environ")


def test_a_file_that_may_not_be_read_is_refused(file: Path) -> None:
    file.chmod(0)
    with (
        without_privileges(),
        pytest.raises(ValueError, match="searched with: the file may not be read; name a picture"),
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
    with pytest.raises(
        ValueError, match=r": the file is not an image of a supported format; name a"
    ):
        read_served_image(path)


@pytest.mark.parametrize("start", ["//", "\\\\", "/\\", "\\/", "\\\\?\\UNC\\"])
def test_a_path_to_another_machine_is_refused_before_it_is_looked_for(
    start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_images.os, "stat", lambda path: pytest.fail("looked for"))
    path = f"{start}host/share/picture.png"
    sentence = (
        f"{path!r} would be a file of another machine; name a picture on the server's own disks, "
        "or drop one on the search bar."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read_served_image(path)
