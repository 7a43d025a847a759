"""Which addresses belong to the public internet, as opposed to this machine or its network."""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IPAddress = IPv4Address | IPv6Address

# "Global" to Python, or to some of its versions, and yet no place for a guest: what the protocols
# keep for themselves (which holds a cloud's metadata), the old 6to4 relays, Azure's wire server.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL_V4 = [IPv4Network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")]
# Of IPv6, IANA has given out this for global use, and in it keeps the two others for protocols and
# for documentation. https://www.iana.org/assignments/iana-ipv6-special-registry
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = [IPv6Network("2001::/23"), IPv6Network("3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


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
