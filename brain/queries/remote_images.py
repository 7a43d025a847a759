"""Images that a person names by a URL.

Whoever reaches the App can name any, so a URL must not become a way into the server's own network:
only public addresses are asked, at the very address that was tested.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from ipaddress import ip_address
from urllib.parse import urljoin

from PIL import Image
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import Url, parse_url

from fiftyone_faiss.brain.queries.public_addresses import IPAddress, is_public
from fiftyone_faiss.embedders import decode_image
from fiftyone_faiss.embedders.images import MAX_UPLOAD_BYTES

MAX_REDIRECTS = 3
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
"""For all redirects together. The system's own limit holds for looking up a name."""

REMEDY = "download the picture and drop it on the search bar"

_BLOCK = 64 * 1024


def fetch_image(url: str, is_allowed: Callable[[IPAddress], bool] = is_public) -> Image.Image:
    """Downloads a picture from a server of the public internet.

    Each host is looked up once; every address it has must be allowed, and the connection goes to
    one of those, so that a name which changes its address in between gains nothing. Redirects, 3
    at most, are treated alike. No proxy of the environment is used.

    Args:
        url: an ``http`` or ``https`` address without user and password
        is_allowed (is_public): whether an address may be asked

    Returns:
        an RGB image

    Raises:
        ValueError: if the address is not allowed, does not answer within 20 seconds in all, or
            answers with anything but an image of at most 20 MB, saying which
    """
    deadline = time.monotonic() + TOTAL_SECONDS
    target = _parsed(url.strip())
    for _ in range(1 + MAX_REDIRECTS):
        answer = _ask(target, _looked_up(target, is_allowed), deadline)
        if isinstance(answer, bytes):
            return decode_image(answer, f"The file from {target.host}")
        target = _parsed(answer, target.url)
    raise _refusal(target, f"its address sends on more than {MAX_REDIRECTS} times")


def _refusal(target: Url, reason: str) -> ValueError:
    return ValueError(f"The picture at {target.host} was not fetched: {reason}; {REMEDY}.")


def _parsed(url: str, base: str = "") -> Url:
    """The parts of a URL; of a relative one, on the page that it was found on."""
    try:
        target = parse_url(urljoin(base, url))
    except ValueError as error:
        raise ValueError(f"{url[:200]!r} is no address that can be read; {REMEDY}.") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise ValueError(f"{url[:200]!r} is no address of the kind http://host/picture; {REMEDY}.")
    if target.auth is not None:
        raise _refusal(target, "its address holds a user or a password")
    return target


def _bare_host(target: Url) -> str:
    assert target.host is not None
    return target.host.strip("[]")


def _port(target: Url) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def _looked_up(target: Url, is_allowed: Callable[[IPAddress], bool]) -> list[str]:
    """The addresses of a host, each of them allowed."""
    try:
        found = socket.getaddrinfo(_bare_host(target), _port(target), type=socket.SOCK_STREAM)
    # The latter if a part of the name is empty, or longer than names may be.
    except (OSError, UnicodeError) as error:
        raise _refusal(target, "no host of that name is known") from error
    addresses = [str(where[0]) for *_, where in found]
    # Which address it is stays unsaid: it may be a secret of the network.
    if not all(is_allowed(ip_address(address)) for address in addresses):
        raise _refusal(target, "that is no host of the public internet")
    return addresses


def _ask(target: Url, addresses: Sequence[str], deadline: float) -> bytes | str:
    """The body of the answer, or where it sends on to."""
    try:
        connection = _connected(target, addresses, deadline)
        with _hung_up_at(deadline, connection, target):
            return _answer(connection, target)
    except ssl.SSLCertVerificationError as error:
        reason = f"its certificate is not to be trusted ({error.verify_message.rstrip('.')})"
        raise _refusal(target, reason) from error
    except (OSError, HTTPException, HTTPError) as error:
        raise _refusal(target, "its server did not answer, or broke off") from error


def _connected(target: Url, addresses: Sequence[str], deadline: float) -> HTTPConnection:
    """A connection to the first of the addresses that takes one."""
    failure: Exception = OSError("no address")
    for address in addresses:
        timeout = max(0.001, min(CONNECT_SECONDS, deadline - time.monotonic()))
        connection = (
            # The name, and not the address, is asked for and looked for in the certificate.
            HTTPSConnection(
                address, _port(target), timeout=timeout, server_hostname=_bare_host(target)
            )
            if target.scheme == "https"
            else HTTPConnection(address, _port(target), timeout=timeout)
        )
        try:
            connection.connect()
        except (OSError, HTTPError) as error:
            connection.close()
            failure = error
        else:
            connection.timeout = READ_SECONDS
            return connection
    raise failure


@contextmanager
def _hung_up_at(deadline: float, connection: HTTPConnection, target: Url) -> Iterator[None]:
    """Ends a connection when it is done with, and at the deadline.

    A timeout limits the wait for the next byte, and a server may send one every few seconds.
    """
    line = connection.sock
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    # Cut short, an answer may look bad in many ways, or good.
    except (OSError, ValueError, HTTPException, HTTPError) as error:
        _check_time(target, deadline, error)
        raise
    else:
        _check_time(target, deadline)
    finally:
        timer.cancel()
        connection.close()


def _shut(line: socket.socket) -> None:
    # It may have ended a moment before. Not the method of a TLS socket, which would go on in
    # plain text.
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _check_time(target: Url, deadline: float, cause: Exception | None = None) -> None:
    if time.monotonic() >= deadline:
        reason = f"its server took longer than {TOTAL_SECONDS:g} seconds"
        raise _refusal(target, reason) from cause


def _answer(connection: HTTPConnection, target: Url) -> bytes | str:
    headers = {
        "Host": target.netloc or "",
        "User-Agent": "fiftyone-faiss",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
    }
    connection.request(
        "GET", target.request_uri, headers=headers, preload_content=False, decode_content=False
    )
    response = connection.getresponse()
    try:
        location = response.get_redirect_location()
        if location:
            return location
        _check_answer(response, target)
        return _body(response, target)
    finally:
        response.close()


def _check_answer(response: HTTPResponse, target: Url) -> None:
    if response.status != 200:
        raise _refusal(target, f"its server answers with status {response.status}")
    kind = response.headers.get("Content-Type", "a file of no type").split(";")[0].strip()
    if not kind.lower().startswith("image/"):
        raise _refusal(target, f"its server sends {kind[:80]}, not an image")
    # Not asked for, and a few bytes may unpack to very many.
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise _refusal(target, "its server sends it compressed")


def _body(response: HTTPResponse, target: Url) -> bytes:
    too_large = _refusal(target, f"it has more than {MAX_UPLOAD_BYTES // 2**20} MB")
    if (response.length_remaining or 0) > MAX_UPLOAD_BYTES:
        raise too_large
    body = bytearray()
    # Not stream(): older releases of urllib3 read lines of any length there.
    while block := response.read(_BLOCK):
        body += block
        if len(body) > MAX_UPLOAD_BYTES:
            raise too_large
    return bytes(body)
