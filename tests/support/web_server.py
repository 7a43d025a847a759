"""A web server with an image, and names for it; tests fetch images from it."""

from __future__ import annotations

import datetime
import io
import re
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

from fiftyone_faiss.brain.queries.public_addresses import IPAddress
from support.broken import noise

MB = 2**20
IMAGE = noise(40, 20)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
REMEDY = "; download the image and drop it on the search bar."


def encoded(image: Image.Image = IMAGE) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def assert_is_the_picture(image: Image.Image) -> None:
    assert image.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(image), np.asarray(IMAGE))


def only_here(address: IPAddress) -> bool:
    """The policy of most tests: this machine by its usual address, and nothing else."""
    return address == ip_address("127.0.0.1")


@contextmanager
def refused(host: str, reason: str) -> Iterator[None]:
    """What is done inside is refused in one sentence: which host, why, what to do."""
    sentence = f"The image at {host} was not fetched: {reason}{REMEDY}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        yield


class Handler(BaseHTTPRequestHandler):
    """Answers each path as the server's pages say, and writes down who is asked for what."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        # A client that refuses an answer does not read all of it.
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


class Names:
    """Stands in for the names of the internet, which a test has none of.

    Attributes:
        answers: for each name its addresses at the first look-up, the second and so on; there are
            no other names
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
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = self.answers[host].pop(0)
        return [info for a in addresses for info in self._real(a, *arguments, **options)]


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
