"""Allowed and forbidden addresses; sources: the IANA special-purpose registries, RFC 6890."""

import socket
from ipaddress import ip_network

import pytest

from ingestd.web.connection.guard import Blocked, Guard


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert Guard().blocked_reason(address) is None


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("127.255.255.254", id="loopback, far end"),
        pytest.param("0.0.0.0", id="unspecified"),
        pytest.param("0.1.2.3", id="this network"),
        pytest.param("10.1.2.3", id="private 10"),
        pytest.param("172.16.0.1", id="private 172"),
        pytest.param("192.168.1.1", id="private 192"),
        pytest.param("100.64.0.1", id="carrier-grade NAT"),
        pytest.param("169.254.169.254", id="link-local, metadata"),
        pytest.param("192.0.0.8", id="protocol assignments"),
        pytest.param("192.0.2.1", id="documentation"),
        pytest.param("198.18.0.1", id="benchmarks"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("239.255.255.250", id="multicast, own"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::", id="v6 unspecified"),
        pytest.param("::1", id="v6 loopback"),
        pytest.param("::7f00:1", id="v6 compatible"),
        pytest.param("::ffff:127.0.0.1", id="v6 mapped"),
        pytest.param("::ffff:169.254.169.254", id="v6 mapped metadata"),
        pytest.param("64:ff9b::7f00:1", id="NAT64"),
        pytest.param("64:ff9b:1::808:808", id="NAT64, local"),
        pytest.param("2002:7f00:1::", id="6to4"),
        pytest.param("2001:0:4136:e378:8000:63bf:3fff:fdd2", id="Teredo"),
        pytest.param("2001:db8::1", id="v6 documentation"),
        pytest.param("3fff::1", id="v6 documentation, new"),
        pytest.param("fc00::1", id="v6 private"),
        pytest.param("fe80::1", id="v6 link-local"),
        pytest.param("fe80::1%eth0", id="v6 link-local with zone"),
        pytest.param("fec0::1", id="v6 site-local"),
        pytest.param("ff02::1", id="v6 multicast"),
        pytest.param("5f00::1", id="v6 segment routing"),
        pytest.param("4000::1", id="v6 not given out"),
    ],
)
def test_special_addresses_are_forbidden(address: str) -> None:
    assert Guard().blocked_reason(address)


def test_the_reason_names_the_setting_that_allows_the_address() -> None:
    assert Guard().blocked_reason("127.0.0.1") == "127.0.0.1 is a private address; set allow_networks to allow it"


@pytest.mark.parametrize(
    ("network", "address", "allowed"),
    [
        pytest.param("127.0.0.0/8", "127.0.0.1", True, id="inside"),
        pytest.param("127.0.0.0/8", "::ffff:127.0.0.1", True, id="mapped"),
        pytest.param("127.0.0.0/8", "64:ff9b::7f00:1", False, id="behind NAT64"),
        pytest.param("127.0.0.0/8", "10.0.0.1", False, id="outside"),
        pytest.param("127.0.0.0/8", "::1", False, id="of the other family"),
        pytest.param("fd00::/8", "fd12::1", True, id="v6"),
        pytest.param("10.0.0.1/32", "10.0.0.2", False, id="next to it"),
    ],
)
def test_allow_networks_allows_those_networks_and_no_other_address(network: str, address: str, allowed: bool) -> None:
    assert (Guard([ip_network(network)]).blocked_reason(address) is None) is allowed


def test_a_socket_is_opened_only_for_an_allowed_address() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))

    with pytest.raises(Blocked) as caught:
        Guard().open_socket(info)
    with Guard([ip_network("127.0.0.1/32")]).open_socket(info) as opened:
        assert opened.family == socket.AF_INET

    assert isinstance(caught.value, OSError)
    assert "127.0.0.1" in caught.value.reason


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("10.0.0.1", "10.0.0.1 is a private address"),
        ("fd00::1", "fd00::1 is a private address"),
        ("2130706433", "127.0.0.1 is a private address"),
        ("0x7f.1", "127.0.0.1 is a private address"),
        ("localhost", "127.0.0.1 is a private address"),
        ("desk.localhost.", "127.0.0.1 is a private address"),
        ("8.8.8.8", None),
        ("desk.example", None),
        ("localhost.example", None),
    ],
)
def test_a_host_that_is_written_as_an_address_can_be_refused_before(host: str, reason: str | None) -> None:
    found = Guard().blocked_host(host)

    assert (found or "").startswith(reason or "")
    assert (found is None) == (reason is None)


def test_this_host_is_allowed_with_one_of_its_addresses() -> None:
    assert Guard([ip_network("::1/128")]).blocked_host("localhost") is None
