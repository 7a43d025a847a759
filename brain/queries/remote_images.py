"""Images at URLs of a query.

Anyone who can open the App may type a URL, so a URL must not give access to the server's own
network: only public addresses are contacted, at exactly the address that was checked.
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

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.queries.public_addresses import IPAddress, is_public
from fiftyone_faiss.embedders import decode_image
from fiftyone_faiss.embedders.images import MAX_UPLOAD_BYTES

MAX_REDIRECTS = 3
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
"""For all redirects together. Name lookups have the operating system's limit."""

REMEDY = "download the image and drop it on the search bar"

_BLOCK = 64 * 1024


def fetch_image(url: str, is_allowed: Callable[[IPAddress], bool] = is_public) -> Image.Image:
    """Downloads an image from a server on the public internet.

    Each host is looked up once; all of its addresses must be allowed, and the connection goes to
    one of these addresses, so that changing the address of a name in between has no effect. At most
    3 redirects are followed, with the same checks. Proxies of the environment are not used.

    Args:
        url: an ``http`` or ``https`` URL without user and password
        is_allowed (is_public): whether an address may be contacted

    Returns:
        an RGB image

    Raises:
        ValueError: if the address is not allowed, does not answer within 20 seconds in total, or
            does not answer with an image of at most 20 MB; the message says which
    """
    deadline = time.monotonic() + TOTAL_SECONDS
    target = _parsed(url.strip())
    for _ in range(1 + MAX_REDIRECTS):
        response = _request(target, _looked_up(target, is_allowed), deadline)
        if isinstance(response, bytes):
            return decode_image(response, f"The file from {_host(target)}")
        target = _parsed(response, target.url)
    raise _refusal(target, f"its URL has more than {MAX_REDIRECTS} redirects")


# The same for both: a person must not learn which names of the server's network exist.
_NOT_PUBLIC = "there is no host with that name on the public internet"
_MAX_SHOWN = 100


def _refusal(target: Url, reason: str) -> ValueError:
    return ValueError(f"The image at {_host(target)} was not fetched: {reason}; {REMEDY}.")


def _host(target: Url) -> str:
    """The host for a message."""
    return str(target.host)[:_MAX_SHOWN]


def _parsed(url: str, base: str = "") -> Url:
    """The parts of a URL, which may be relative to another."""
    try:
        target = parse_url(urljoin(base, url))
    except ValueError as error:
        raise ValueError(f"{quoted(url)} is no valid URL; {REMEDY}.") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise ValueError(f"{quoted(url)} is no URL like http://host/image; {REMEDY}.")
    if target.auth is not None:
        raise _refusal(target, "its URL contains a user or a password")
    return target


def _bare_host(target: Url) -> str:
    assert target.host is not None
    return target.host.strip("[]")


def _port(target: Url) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def _looked_up(target: Url, is_allowed: Callable[[IPAddress], bool]) -> list[str]:
    """The addresses of a host, all of which are allowed."""
    try:
        infos = socket.getaddrinfo(_bare_host(target), _port(target), type=socket.SOCK_STREAM)
    # UnicodeError if a part of the name is empty, or too long.
    except (OSError, UnicodeError) as error:
        raise _refusal(target, _NOT_PUBLIC) from error
    addresses = [str(address[0]) for *_, address in infos]
    # The message does not contain the address, which may be a secret of the network.
    if not all(is_allowed(ip_address(address)) for address in addresses):
        raise _refusal(target, _NOT_PUBLIC)
    return addresses


def _request(target: Url, addresses: Sequence[str], deadline: float) -> bytes | str:
    """The body of the response, or the URL that it redirects to."""
    try:
        connection = _connected(target, addresses, deadline)
        with _closed_at(deadline, connection, target):
            return _response(connection, target)
    except ssl.SSLCertVerificationError as error:
        reason = f"its certificate is not trusted ({error.verify_message.rstrip('.')})"
        raise _refusal(target, reason) from error
    except (OSError, HTTPException, HTTPError) as error:
        raise _refusal(target, "its server did not answer, or closed the connection") from error


def _connected(target: Url, addresses: Sequence[str], deadline: float) -> HTTPConnection:
    """A connection to the first of the addresses that accepts one."""
    failure: Exception = OSError("no address")
    for address in addresses:
        timeout = max(0.001, min(CONNECT_SECONDS, deadline - time.monotonic()))
        connection = (
            # The certificate must be for the name, not for the address.
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
def _closed_at(deadline: float, connection: HTTPConnection, target: Url) -> Iterator[None]:
    """Closes a connection at the end of the block, or at the deadline.

    A timeout limits only the wait for the next byte, and a server may send one every few seconds.
    """
    sock = connection.sock
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, [sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    # A response that was interrupted may be invalid in many ways, or look complete.
    except (OSError, ValueError, HTTPException, HTTPError) as error:
        _check_time(target, deadline, error)
        raise
    else:
        _check_time(target, deadline)
    finally:
        timer.cancel()
        connection.close()


def _shut(sock: socket.socket) -> None:
    # It may just have been closed. Not the method of a TLS socket, which would continue in plain
    # text.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _check_time(target: Url, deadline: float, cause: Exception | None = None) -> None:
    if time.monotonic() >= deadline:
        reason = f"its server took longer than {TOTAL_SECONDS:g} seconds"
        raise _refusal(target, reason) from cause


def _response(connection: HTTPConnection, target: Url) -> bytes | str:
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
        _check_response(response, target)
        return _body(response, target)
    finally:
        response.close()


def _check_response(response: HTTPResponse, target: Url) -> None:
    if response.status != 200:
        raise _refusal(target, f"its server returned status {response.status}")
    kind = response.headers.get("Content-Type", "a file without a type").split(";")[0].strip()
    if not kind.lower().startswith("image/"):
        raise _refusal(target, f"its server sent {kind[:80]}, not an image")
    # The request excludes compression: a few bytes may decompress to very many.
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise _refusal(target, "its server sent it compressed")


def _body(response: HTTPResponse, target: Url) -> bytes:
    too_large = _refusal(target, f"it is larger than {MAX_UPLOAD_BYTES // 2**20} MB")
    if (response.length_remaining or 0) > MAX_UPLOAD_BYTES:
        raise too_large
    body = bytearray()
    # stream() of older urllib3 releases reads lines of any length.
    while block := response.read(_BLOCK):
        body += block
        if len(body) > MAX_UPLOAD_BYTES:
            raise too_large
    return bytes(body)
