"""Tells public internet addresses from those of this machine and its network."""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IPAddress = IPv4Address | IPv6Address

# "Global" in some or all Python versions, but not public: protocol assignments (which contain cloud
# metadata services), the old 6to4 relays, Azure's wire server.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL_V4 = [IPv4Network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")]
# IANA assigned this IPv6 network for global use; the two networks within it are reserved for
# protocols and for documentation. https://www.iana.org/assignments/iana-ipv6-special-registry
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = [IPv6Network("2001::/23"), IPv6Network("3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


def is_public(address: IPAddress) -> bool:
    """Whether an address is on the public internet.

    Addresses that are not global are not public (private, shared, link-local, loopback, multicast,
    reserved, cloud metadata), nor are the addresses of this machine's interfaces, even if they are
    global. An IPv6 address that stands for an IPv4 address (mapped, 6to4, Teredo, NAT64) is public
    if both are.

    Global addresses of other machines in the same network count as public, which is common with
    IPv6, and so does a global address that a router forwards to this machine. Only a firewall can
    tell these from the rest of the internet.
    """
    inner = _ipv4_inside(address)
    if inner:
        return all(is_public(ipv4) for ipv4 in inner) and not _is_own(address)
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
    """Whether an interface of this machine has the address: only then can a socket bind to it."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((str(address), 0))
    except OSError as error:
        # EAFNOSUPPORT on a machine without IPv6. Other errors say nothing about the address.
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
