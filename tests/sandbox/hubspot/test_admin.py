"""The strings pulled from another process: the same as in the same one."""

import inspect
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from urllib3.exceptions import HTTPError

from bothways.sandbox.hubspot import Admin, HubSpotSandbox, Refused, start
from bothways.sandbox.hubspot.admin import NAMES
from bothways.sandbox.hubspot.schema import prop
from tests.sandbox.hubspot.client import CONTACTS, Client


@pytest.fixture
def admin(hubspot: HubSpotSandbox) -> Iterator[Admin]:
    admin = Admin(hubspot.url, hubspot.token)
    yield admin
    admin.close()


def test_admin_has_the_methods_of_the_sandbox():
    for name in NAMES:
        here = list(inspect.signature(getattr(HubSpotSandbox, name)).parameters)
        there = list(inspect.signature(getattr(Admin, name)).parameters)
        assert name == "change" or here == there, name


def test_people_act_from_afar(hubspot: HubSpotSandbox, admin: Admin):
    one, two = admin.seed("contacts", [{"email": "a@example.com"}, {"email": "b@example.com"}])
    three = admin.create("companies", {"name": "C"})
    admin.edit("companies", three, {"name": "D"})
    assert admin.get("companies", three) == hubspot.get("companies", three)
    survivor = admin.merge("contacts", one, two)
    assert admin.records("contacts") == hubspot.records("contacts")
    admin.archive("contacts", survivor)
    assert admin.records("contacts") == {}
    admin.restore("contacts", survivor)
    assert list(admin.records("contacts")) == [survivor]
    assert admin.get("contacts", "999999") is None


def test_time_and_index_are_ordered_from_afar(hubspot: HubSpotSandbox, admin: Admin, client: Client):
    admin.set_time(1_800_000_000.5)
    admin.advance(2)
    assert admin.now() == hubspot.now() == 1_800_000_002.5
    admin.change(index_lag=60, search_cap=1)
    ids = [admin.create("contacts", {"lastname": "A"}) for _ in range(2)]
    assert client.search().ids == []
    admin.indexed()
    assert client.search().ids == ids[:1]


def test_faults_are_ordered_from_afar(admin: Admin, client: Client):
    admin.fault("429", times=2, match="GET /crm", retry_after=3)
    admin.fault("500")
    assert admin.faults_waiting() == 3
    said = client.get(CONTACTS)
    assert (said.code, said.headers["Retry-After"]) == (429, "3")
    admin.clear_faults()
    assert client.get(CONTACTS).code == 200
    assert admin.calls == {"list": 2}
    assert admin.log == [("GET", CONTACTS, 429), ("GET", CONTACTS, 200)]


def test_tokens_are_granted_and_revoked_from_afar(hubspot: HubSpotSandbox, admin: Admin):
    admin.grant("narrow", {"crm.objects.companies.read"})
    assert Client(hubspot, "narrow").get(CONTACTS).code == 403
    admin.grant("narrow")
    assert Client(hubspot, "narrow").get(CONTACTS).code == 200
    admin.revoke("narrow")
    assert Client(hubspot, "narrow").get(CONTACTS).code == 401


def test_properties_are_defined_from_afar(admin: Admin, client: Client):
    admin.define("contacts", prop("size", "Size", custom=True))
    id = admin.create("contacts", {"size": "XL"})
    assert client.get(f"{CONTACTS}/{id}?properties=size")["properties"]["size"] == "XL"
    admin.define("contacts", {**prop("size", "Size", custom=True), "archived": True})
    assert "size" not in client.get(f"{CONTACTS}/{id}?properties=size")["properties"]


def test_refusals_come_back_as_they_are(admin: Admin):
    id = admin.create("contacts", {"email": "a@example.com"})
    with pytest.raises(Refused, match=f"409 CONFLICT: Contact already exists. Existing ID: {id}"):
        admin.create("contacts", {"email": "A@example.com"})
    for call in (
        lambda: admin.fault("earthquake"),
        lambda: admin.create("meetings", {}),
        lambda: admin.change(colour="red"),
        lambda: admin.restore("contacts", id),
        lambda: admin._ask("close"),
    ):
        with pytest.raises(Refused):
            call()


def test_only_posts_are_obeyed(hubspot: HubSpotSandbox, client: Client):
    assert client.get("/_admin/indexed").code == 405
    assert client.post("/_admin/seed", ["no object"]).code == 400


def test_account_in_a_process_of_its_own_goes_on_where_it_was(tmp_path: Path):
    with start(tmp_path, rate=0, frozen=True, index_lag=5, token="t") as hubspot:
        (id,) = hubspot.seed("contacts", [{"email": "a@example.com"}])
        before = hubspot.now()
        assert urllib3.request("GET", hubspot.url + CONTACTS, headers={"Authorization": "Bearer t"}).status == 200
        assert (hubspot.now(), hubspot.calls) == (before, {"list": 1})
    with start(tmp_path) as hubspot:
        assert list(hubspot.records("contacts")) == [id]


def test_account_survives_clients_that_are_killed(hubspot: HubSpotSandbox, client: Client):
    """A client that dies in the middle of its request, or before the answer came."""
    script = (
        "import socket, sys, os\n"
        "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "s.sendall(sys.argv[2].encode())\n"
        "print('sent', flush=True)\n"
        "sys.stdin.read()\n"
    )
    port = hubspot.url.rpartition(":")[2]
    head = f"POST {CONTACTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {hubspot.token}\r\n"
    for request in (head + "Content-Length: 100\r\n\r\n{half", head[:30]):
        command = [sys.executable, "-c", script, port, request]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"sent\n"
            os.kill(process.pid, signal.SIGKILL)
    assert client.get(CONTACTS).code == 200
    assert hubspot.records("contacts") == {}


def test_nothing_is_left_of_a_thrown_away_account():
    with start() as hubspot:
        hubspot.create("contacts", {"lastname": "A"})
        url = hubspot.url
    with pytest.raises((HTTPError, OSError)):
        urllib.request.urlopen(url + CONTACTS, timeout=5)
