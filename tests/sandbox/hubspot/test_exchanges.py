"""What was asked and answered is written down where the environment names a file, without any secret."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
import urllib3

from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.exchanges import EXCHANGES
from tests.consenting import NEEDED, REDIRECT, answered, words
from tests.sandbox.hubspot.client import CONTACTS, Client


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(EXCHANGES, str(tmp_path / "exchanges"))
    return tmp_path / "exchanges"


@pytest.fixture
def hubspot(file: Path) -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as made:
        yield made


def written(file: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def test_question_and_answer_are_one_line(hubspot: HubSpotSandbox, file: Path):
    id = Client(hubspot).post(CONTACTS, {"properties": {"lastname": "Müller"}})["id"]
    Client(hubspot).get(f"{CONTACTS}/{id}?archived=true")
    made, sought = written(file)
    assert (made["method"], made["target"], made["status"]) == ("POST", CONTACTS, 201)
    assert orjson.loads(made["body"]) == {"properties": {"lastname": "Müller"}}
    assert made["answer"]["id"] == id
    assert made["answer_headers"]["Content-Type"].startswith("application/json")
    assert (sought["target"], sought["status"], sought["body"]) == (f"{CONTACTS}/{id}?archived=true", 404, "")
    assert (sought["ordered"], sought["oauth"]) == ([], False)


def test_ordered_faults_are_named_and_a_broken_connection_has_no_answer(hubspot: HubSpotSandbox, file: Path):
    hubspot.fault("503")
    hubspot.fault("timeout-after-commit")
    Client(hubspot).get(CONTACTS)
    with pytest.raises(urllib3.exceptions.HTTPError):
        Client(hubspot).get(CONTACTS)
    assert [(each["ordered"], each["status"]) for each in written(file)] == [
        (["503"], 503),
        (["timeout-after-commit"], 0),
    ]


def test_of_secrets_it_only_says_that_they_were_there(hubspot: HubSpotSandbox, file: Path):
    hubspot.register([REDIRECT], NEEDED)
    query = {"client_id": CLIENT_ID, "redirect_uri": REDIRECT, "scope": " ".join(NEEDED)}
    code = words(answered(f"{hubspot.url}/oauth/authorize?{urlencode(query)}"))["code"]
    known = {"client_id": CLIENT_ID, "client_secret": APP_SECRET, "redirect_uri": REDIRECT}
    form = urlencode({"grant_type": "authorization_code", "code": code, **known})
    given = orjson.loads(urllib3.request("POST", f"{hubspot.url}/oauth/2026-09/token", body=form).data)
    urllib3.request("GET", f"{hubspot.url}/oauth/v1/refresh-tokens/{given['refresh_token']}")
    Client(hubspot, given["access_token"]).get(CONTACTS)
    Client(hubspot).get("/webhooks/v3/4711/settings?hapikey=developer-key-sandbox")
    text = file.read_text()
    secrets = (code, APP_SECRET, given["access_token"], given["refresh_token"], hubspot.token, "developer-key-sandbox")
    assert [each for each in secrets if each in text] == []
    told, held, listed, owned = written(file)[-4:]
    assert "client_secret=***" in told["body"]
    assert told["answer"]["access_token"] == "***"
    assert (listed["headers"]["authorization"], listed["oauth"]) == ("Bearer ***", True)
    assert owned["target"].endswith("?hapikey=***")
    assert held["target"].endswith("/refresh-tokens/***")


def test_nothing_is_written_where_no_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv(EXCHANGES)
    monkeypatch.chdir(tmp_path)
    with HubSpotSandbox(clock=FrozenClock()) as hubspot:
        Client(hubspot).get(CONTACTS)
    assert list(tmp_path.iterdir()) == []
