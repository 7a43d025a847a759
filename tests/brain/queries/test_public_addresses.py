"""Which internet addresses are public."""

from __future__ import annotations

import os
import resource
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from fiftyone_faiss.brain.queries import public_addresses
from fiftyone_faiss.brain.queries.public_addresses import is_public

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
