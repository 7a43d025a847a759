"""Images that a person names: by a URL, or by a path on the server's machine.

Whoever reaches the App can name any, so a URL must not become a way into the server's own network:
only public addresses are asked, at the very address that was tested. A path may be what FiftyOne's
server itself serves under ``/media``: a regular file that it may read.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import Url, parse_url

from fiftyone_faiss.embedders import ImageSource, decode_image
from fiftyone_faiss.embedders.images import DECODE_ERRORS, MAX_UPLOAD_BYTES
from fiftyone_faiss.embedders.loop import reason_of

IPAddress = IPv4Address | IPv6Address

MAX_REDIRECTS = 3
MAX_FILE_BYTES = 200 * 1024 * 1024
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
"""For all redirects together. The system's own limit holds for looking up a name."""

REMEDY = "download the picture and drop it on the search bar"

# "Global" to Python, or to some of its versions, and yet no place for a guest: what the protocols
# keep for themselves (which holds a cloud's metadata), the old 6to4 relays, Azure's wire server.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL_V4 = [IPv4Network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")]
# Of IPv6, IANA has given out this for global use, and in it keeps the two others for protocols and
# for documentation. https://www.iana.org/assignments/iana-ipv6-special-registry
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = [IPv6Network("2001::/23"), IPv6Network("3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052

# How the path of a file of another machine begins on Windows, which takes either slash.
_SHARES = ("//", "\\\\", "/\\", "\\/")
_BLOCK = 64 * 1024


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the public internet, as opposed to this machine's or network's.

    Refused are all that are not global (private, shared, link-local, loopback, multicast, reserved,
    and a cloud's metadata), and those of this machine's own interfaces, global ones too. An IPv6
    address that stands for an IPv4 one (mapped, 6to4, Teredo, NAT64) is judged by both.

    Not refused are other machines of one's own network that have global addresses, as they mostly
    do with IPv6, nor a global address that a router sends on to this machine. Only a firewall can
    tell those from the rest of the internet.
    """
    inner = _ipv4_inside(address)
    if inner:
        return all(is_public(one) for one in inner) and not _is_own(address)
    if isinstance(address, IPv6Address) and address not in _UNICAST_V6:
        return False
    special = _SPECIAL_V4 if isinstance(address, IPv4Address) else _SPECIAL_V6
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in special)
        and not _is_own(address)
    )


def _is_own(address: IPAddress) -> bool:
    """Whether one of this machine's interfaces has the address: only then it can be bound."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.bind((str(address), 0))
    except OSError as error:
        # The latter of a machine without IPv6. Any other error says nothing about the address.
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return False
        raise
    return True


def _ipv4_inside(address: IPAddress) -> tuple[IPv4Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


# -- from a URL --------------------------------------------------------------------------------


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


# -- from a path -------------------------------------------------------------------------------


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
