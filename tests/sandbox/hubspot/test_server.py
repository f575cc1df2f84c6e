"""The account as a whole: its clock, its file, its threads, its command."""

import io
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
import urllib3
from urllib3.exceptions import HTTPError

from bothways.sandbox.hubspot import Clock, FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.clocks import FrozenClock as Frozen
from bothways.sandbox.hubspot.web import Reply, Web
from tests.sandbox.hubspot.client import CONTACTS, Client


def test_account_in_a_file_goes_on_where_it_was(tmp_path: Path):
    path = str(tmp_path / "hubspot.sqlite3")
    with HubSpotSandbox(database=path) as hubspot:
        one, two = hubspot.seed("contacts", [{"email": "a@example.com"}, {"lastname": "B"}])
        gone = hubspot.create("contacts", {"lastname": "C"})
        hubspot.archive("contacts", gone)
        id = hubspot.merge("contacts", one, two)
    with HubSpotSandbox(database=path) as hubspot:
        client = Client(hubspot)
        assert client.get(f"{CONTACTS}/{one}")["id"] == id
        assert client.search().ids == [id]
        assert client.post(CONTACTS, {"properties": {"email": "a@example.com"}}).code == 409
        assert int(hubspot.create("contacts", {"lastname": "D"})) > int(id)


def test_clocks():
    clock = Clock()
    before = time.time()
    clock.advance(3600)
    assert clock.now() >= before + 3600
    clock.set(1000.0)
    assert 1000.0 <= clock.now() < 1010.0
    frozen = Frozen(5.0)
    frozen.advance(2)
    assert frozen.now() == 7.0


def test_answers_carry_the_clocks_date():
    clock = FrozenClock()
    clock.set(1_800_000_000.9)
    with HubSpotSandbox(clock=clock) as hubspot:
        said = Client(hubspot).post(CONTACTS, {"properties": {"lastname": "A"}})
    assert said.headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert said["createdAt"] == "2027-01-15T08:00:00.900Z"


def test_seeded_records_can_share_a_date(hubspot: HubSpotSandbox, client: Client):
    rows = [{"lastname": "A", "lastmodifieddate": "1767323045678", "createdate": "2026-01-01T00:00:00Z"}] * 2
    ids = hubspot.seed("contacts", rows)
    shown = client.get(f"{CONTACTS}/{ids[1]}")
    assert (shown["createdAt"], shown["updatedAt"]) == ("2026-01-01T00:00:00.000Z", "2026-01-02T03:04:05.678Z")
    assert client.search().ids == ids


def test_connection_is_kept(hubspot: HubSpotSandbox):
    client = Client(hubspot)
    for _ in range(3):
        client.get(CONTACTS)
    pool = client.pool.connection_from_url(hubspot.url)
    assert (pool.num_connections, pool.num_requests) == (1, 3)


def test_many_at_once(hubspot: HubSpotSandbox):
    client = Client(hubspot)

    def make(number: int) -> int:
        return client.batch(
            "create", [{"properties": {"email": f"{number % 5}-{n}@example.com"}} for n in range(5)]
        ).code

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(make, range(20)))
    assert codes == [201] * 5 + [409] * 15
    assert len(hubspot.records("contacts")) == 25


def test_closed_account_answers_nobody():
    with HubSpotSandbox() as hubspot:
        client = Client(hubspot)
        client.get(CONTACTS)
    with pytest.raises(HTTPError):
        client.get(CONTACTS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals):
    path = tmp_path / "hubspot.sqlite3"
    command = [sys.executable, "-m", "bothways.sandbox.hubspot", "--token", "t", "--database", str(path), "--rate", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        url = line.split()[-1]
        headers = {"Authorization": "Bearer t"}
        assert urllib3.request("GET", url + CONTACTS, headers=headers).status == 200
        process.send_signal(number)
        assert process.wait(10) == 0
    assert path.exists()


class Told(io.StringIO):
    """What is written to standard error; ``all`` is set when the last line of a traceback came."""

    def __init__(self) -> None:
        super().__init__()
        self.all = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if "ZeroDivisionError" in self.getvalue():
            self.all.set()
        return written


def test_mistake_of_ours_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch):
    told = Told()
    monkeypatch.setattr(sys, "stderr", told)
    web = Web(lambda request: Reply(1 // 0), time.time)
    web.start()
    try:
        assert urllib3.request("GET", web.url, retries=False).status == 500
        assert told.all.wait(10)
    finally:
        web.stop()


@pytest.mark.parametrize(
    ("line", "header", "status"),
    [
        ("POST", "Content-Length: many", 411),
        ("POST", "Content-Length: -1", 411),
        ("POST", "Transfer-Encoding: chunked", 411),
        ("GET", "A: b\r\n" * 101, 431),
        ("BREW", "Content-Length: 0", 501),
    ],
)
def test_what_is_no_call_is_refused_in_the_form_of_refusals(
    hubspot: HubSpotSandbox, line: str, header: str, status: int
):
    with socket.create_connection(("127.0.0.1", int(hubspot.url.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(f"{line} {CONTACTS} HTTP/1.1\r\n{header}\r\n\r\n".encode())
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert orjson.loads(body)["status"] == "error"


def test_other_methods_are_not_allowed(hubspot: HubSpotSandbox, client: Client):
    assert client("OPTIONS", CONTACTS)["message"] == "Method not allowed"
    assert client.pool.request("HEAD", hubspot.url + CONTACTS).status == 405
    assert client.get(CONTACTS).code == 200


def test_client_that_goes_away_is_no_mistake(hubspot: HubSpotSandbox, capfd: pytest.CaptureFixture[str]):
    with socket.create_connection(("127.0.0.1", int(hubspot.url.rpartition(":")[2]))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET / HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
    Client(hubspot).get(CONTACTS)
    hubspot.close()
    assert capfd.readouterr().err == ""
