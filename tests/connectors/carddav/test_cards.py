"""Cards in a book that offers both versions of vCard, whose server may convert what it hands out."""

from dataclasses import replace

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.carddav import CardDav
from bothways.records import Record
from tests.connectors.carddav.scripted import BOOK, Server, serving
from tests.connectors.carddav.support import card, listed, seen
from tests.connectors.support import Answer

BOTH = """<CR:supported-address-data><CR:address-data-type content-type="text/vcard" version="3.0"/>
    <CR:address-data-type content-type="text/vcard" version="4.0"/></CR:supported-address-data>"""


def _server(*, converts: bool = False) -> Server:
    server = Server(props=BOTH, converts=converts)
    server.put("1.vcf", card("u1", "FN:Ada Ng", "TITLE:old"))
    return server


def _record(connector: CardDav) -> Record:
    return seen(listed(connector))["u1"].record


def _retitle(connector: CardDav, record: Record, title: str) -> WriteResult:
    base = {"title": record.values["title"]}
    return connector.write("contacts", [WriteItem("k", WriteKind.UPDATE, {"title": title}, record.ref, base=base)])[0]


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_card_is_patched_in_the_version_it_is_stored_in(version: str) -> None:
    server = _server(converts=True)
    with serving(server) as (connector, _, bill):
        lines = ("FN:Ada Ng", "KIND:individual", "PRODID:x", "RELATED;TYPE=friend:urn:uuid:x")
        server.put("1.vcf", card("u1", *lines, "TITLE:old", version=version))
        record = _record(connector)
        connector.check()
        before = bill.calls
        assert _retitle(connector, record, "new").outcome is Outcome.DONE
        assert bill.calls - before == 3
        assert server.cards[BOOK + "1.vcf"] == card("u1", *lines, "TITLE:new", version=version)


def test_server_that_does_not_show_what_is_stored_is_asked_once() -> None:
    server = _server()
    with serving(server) as (connector, _, bill):
        record = _record(connector)
        connector.check()
        before = bill.calls
        result = _retitle(connector, record, "new")
        assert bill.calls - before == 3
        _retitle(connector, result.record, "again")
        assert bill.calls - before == 5
        assert b"TITLE:again" in server.cards[BOOK + "1.vcf"]


def test_card_that_is_handed_out_in_another_version_is_not_written() -> None:
    server = _server(converts=True)
    with serving(server) as (connector, _, _):
        server.put("1.vcf", card("u1", "FN:x", "KIND:individual", "TITLE:old", version="4.0"))
        record = _record(connector)
        asked_for_none = {"Accept": "text/vcard"}
        server.before = lambda asked: (
            server._get(replace(asked, headers=asked_for_none)) if asked.method == "GET" else None
        )
        result = _retitle(connector, record, "new")
        assert (result.outcome, "4.0" in result.message) == (Outcome.REFUSED, True)
        assert b"KIND" in server.cards[BOOK + "1.vcf"]


@pytest.mark.parametrize("answer", [Answer(207, b"<\x01"), Answer(404)])
def test_card_whose_stored_version_is_not_told_is_not_written(answer: Answer) -> None:
    server = _server(converts=True)
    with serving(server) as (connector, _, _):
        record = _record(connector)
        connector.check()
        server.before = lambda asked: answer if asked.method == "PROPFIND" else None
        expected = Outcome.GONE if answer.status == 404 else Outcome.REFUSED
        assert _retitle(connector, record, "new").outcome is expected
        server.before = lambda asked: None
        assert _retitle(connector, record, "new").outcome is Outcome.DONE
