"""Answers that HubSpot's documentation does not foresee do no harm."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from bothways.connectors.base import Exists, Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot import HubSpot
from bothways.errors import AppFailed, PageIncomplete, ProtocolError
from bothways.records import Ref
from tests.connectors.support import Answer, Asked, Script, Time, Web, make_setup, web


def connector(site: Web) -> HubSpot:
    return HubSpot(make_setup(Time(), settings={"base_url": site.url}, secrets={"token": "t"}))


def said(body: Any, status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(body))


def answers(**by_kind: Answer) -> Script:
    """Return a script by kind of call: ``batch``, ``archived``, ``one``, ``gone``."""

    def script(asked: Asked) -> Answer:
        archived = "archived=true" in asked.path
        if "/batch/" in asked.path:
            return by_kind["archived" if archived else "batch"]
        return by_kind["gone" if archived else "one"]

    return script


@pytest.mark.parametrize("body", [[], {}, {"results": {}}, {"results": [7]}, {"results": [{"properties": {}}]}])
def test_results_that_are_none(body: Any):
    with web([said(body)]) as site:
        hubspot = connector(site)
        for call in (
            lambda: list(hubspot.changes("contacts", None, ["email"])),
            lambda: list(hubspot.ids("contacts")),
            lambda: hubspot.fields("contacts"),
            lambda: hubspot.read("contacts", [Ref("1")], ["email"]),
        ):
            with pytest.raises(ProtocolError):
                call()
        items = [WriteItem("k", WriteKind.CREATE, {"lastname": "N"})]
        assert [each.outcome for each in hubspot.write("contacts", items)] == [Outcome.UNKNOWN]


@pytest.mark.parametrize(("status", "exists"), [(404, Exists.MISSING), (200, Exists.ARCHIVED)])
def test_id_that_a_batch_passes_over_is_gone_only_if_it_is_said_so(status: int, exists: Exists):
    script = answers(batch=said({"results": []}), one=said({}, 404), gone=said({"id": "5"}, status))
    with web(script) as site:
        (answer,) = connector(site).read("contacts", [Ref("5")], ["email"])
        assert answer.exists is exists
        assert len(site.asked) == 3


def test_item_that_an_answer_passes_over_is_unknown():
    body = {"results": [{"id": "1", "properties": {"lastname": "N"}}]}
    with web([said(body)]) as site:
        items = [WriteItem(id, WriteKind.UPDATE, {"lastname": "N"}, Ref(id)) for id in "12"]
        results = connector(site).write("contacts", items)
    assert [each.outcome for each in results] == [Outcome.DONE, Outcome.UNKNOWN]


def test_row_refused_by_a_limit_is_left_for_later():
    error = {"category": "RATE_LIMITS", "message": "busy", "context": {"objectWriteTraceId": ["k"]}}
    with web([said({"results": [], "errors": [error]}, 207)]) as site:
        (result,) = connector(site).write("contacts", [WriteItem("k", WriteKind.CREATE, {"lastname": "N"})])
    assert result.outcome is Outcome.LATER


def test_properties_that_are_left_out_when_empty_are_blank():
    """The schema is asked once whether they exist, and not again for every page."""
    rows = {"results": [{"id": "1", "properties": {"lastname": "N"}}]}
    schema = {"results": [{"name": name, "type": "string"} for name in ("lastname", "phone")]}

    def script(asked: Asked) -> Answer:
        return said(schema if "/properties/" in asked.path else rows)

    with web(script) as site:
        hubspot = connector(site)
        for _ in range(3):
            (answer,) = hubspot.read("contacts", [Ref("1")], ["lastname", "phone"])
            assert answer.record is not None
            assert answer.record.values == {"lastname": "N", "phone": None}
        assert sum("/properties/" in asked.path for asked in site.asked) == 1


def test_look_up_refused_for_another_reason_is_no_empty_answer():
    def script(asked: Asked) -> Answer:
        if "/properties/" in asked.path:
            return said({"results": [{"name": "email", "type": "string"}]})
        return said({"category": "SOMETHING_NEW", "message": "not today"}, 400)

    with web(script) as site, pytest.raises(AppFailed, match="not today"):
        connector(site).find("contacts", "email", ["a@example.com"])


@pytest.mark.parametrize("headers", [{"Date": "Mon, 21 Sep 2026 14:13:20 GMT"}, {}])
def test_listing_that_goes_round_in_circles_is_left(headers: Mapping[str, str]):
    page = {"results": [{"id": "1", "updatedAt": "2026-09-21T14:13:20Z"}], "paging": {"next": {"after": "2"}}}
    with web([Answer(200, orjson.dumps(page), headers)]) as site:
        pages = connector(site).changes("contacts", None, [])
        first = next(pages)
        assert orjson.loads(first.cursor or "")["since"] == 1790000000000
        with pytest.raises(PageIncomplete, match="same page"):
            next(pages)
