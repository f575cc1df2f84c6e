"""Which addresses may be called."""

import socket

import pytest
import urllib3

from bothways.connectors.guard import pool_classes, refusal
from bothways.errors import AddressNotAllowed


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_may_be_called(address):
    assert refusal(address, allowed=False) is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.10",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_only_if_allowed(address):
    assert refusal(address, allowed=False) is not None
    assert refusal(address, allowed=True) is None


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.1"]
)
def test_some_addresses_never(address):
    assert refusal(address, allowed=True) is not None


def connect(resolve, allow=frozenset()):
    pool = pool_classes(allow, resolve)["http"]("crm.example", 80, timeout=1.0)
    return pool.urlopen("GET", "/", retries=False)


def test_one_bad_address_among_good_ones_is_enough():
    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.215.14", "10.0.0.1")]

    with pytest.raises(AddressNotAllowed, match="private"):
        connect(resolve)


def test_connection_goes_to_the_address_that_was_checked():
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = []

        def resolve(host, port, **_):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", server.getsockname())]

        pool = pool_classes(frozenset({"CRM.example"}), resolve)["http"]("crm.example", 80, timeout=0.2)
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            pool.urlopen("GET", "/", retries=False)
        server.settimeout(1)
        conn, _ = server.accept()
        with conn:
            assert b"Host: crm.example" in conn.recv(1000)
    assert asked == ["crm.example"]


def test_unknown_name():
    def resolve(host, port, **_):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(urllib3.exceptions.NewConnectionError):
        connect(resolve)
