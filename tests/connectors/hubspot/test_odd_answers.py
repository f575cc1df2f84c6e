"""Answers that HubSpot's documentation does not foresee do no harm."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest

from bothways.connectors.base import Exists, Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot import HubSpot
from bothways.connectors.hubspot.facts import LONGEST_QUERY
from bothways.errors import AppFailed, PageIncomplete, ProtocolError, UnknownField
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


@pytest.mark.parametrize("body", [{}, {"portalId": None}, {"portalId": "none"}])
def test_account_without_a_number_is_none(body: Any):
    """Taken for the account that it was, it might be any."""
    with web([said(body)]) as site, pytest.raises(ProtocolError):
        connector(site).check()


@pytest.mark.parametrize(("status", "exists"), [(404, Exists.MISSING), (200, Exists.ARCHIVED)])
def test_id_that_a_batch_passes_over_is_gone_only_if_it_is_said_so(status: int, exists: Exists):
    script = answers(batch=said({"results": []}), one=said({}, 404), gone=said({"id": "5"}, status))
    with web(script) as site:
        (answer,) = connector(site).read("contacts", [Ref("5")], ["email"])
        assert answer.exists is exists
        assert len(site.asked) == 3


@pytest.mark.parametrize("shown", ["", None])
def test_stage_that_was_cleared_is_not_one_that_stayed_however_nothing_is_shown(shown: str | None):
    body = {"results": [{"id": "1", "properties": {"lifecyclestage": shown}}]}
    with web([said(body)]) as site:
        items = [WriteItem("1", WriteKind.UPDATE, {"lifecyclestage": None}, Ref("1"))]
        (result,) = connector(site).write("contacts", items)
    assert (result.outcome, result.fields, result.message) == (Outcome.DONE, (), "")


def test_item_that_an_answer_passes_over_is_unknown():
    body = {"results": [{"id": "1", "properties": {"lastname": "N"}}]}
    with web([said(body)]) as site:
        items = [WriteItem(id, WriteKind.UPDATE, {"lastname": "N"}, Ref(id)) for id in "12"]
        results = connector(site).write("contacts", items)
    assert [each.outcome for each in results] == [Outcome.DONE, Outcome.UNKNOWN]


def test_archiving_that_names_a_row_it_refuses_is_not_done_for_that_one():
    error = {"category": "CONFLICT", "message": "not this one", "context": {"ids": ["2"]}}
    with web([said({"results": [], "errors": [error]}, 207)]) as site:
        items = [WriteItem(id, WriteKind.ARCHIVE, ref=Ref(id)) for id in "123"]
        results = connector(site).write("contacts", items)
    assert [each.outcome for each in results] == [Outcome.DONE, Outcome.REFUSED, Outcome.DONE]
    assert results[1].message == "not this one"


def test_archiving_that_refuses_a_row_without_naming_it_is_done_for_nobody_surely():
    errors = [{"category": "CONFLICT", "message": "not one of them", "context": {"ids": ["7"]}}]
    with web([said({"results": [], "errors": errors}, 207)]) as site:
        items = [WriteItem(id, WriteKind.ARCHIVE, ref=Ref(id)) for id in "12"]
        results = connector(site).write("contacts", items)
    assert [each.outcome for each in results] == [Outcome.UNKNOWN, Outcome.UNKNOWN]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 524])
def test_create_answered_by_something_in_between_is_unknown(status: int):
    """What HubSpot has made of it nobody knows, and no JSON tells."""
    with web([Answer(status, b"<html><h1>Bad gateway</h1></html>")]) as site:
        (result,) = connector(site).write("companies", [WriteItem("k", WriteKind.CREATE, {"name": "N"})])
        assert result.outcome is Outcome.UNKNOWN
        assert len(site.asked) == 1


def test_row_refused_by_a_limit_is_left_for_later():
    error = {"category": "RATE_LIMITS", "message": "busy", "context": {"objectWriteTraceId": ["k"]}}
    with web([said({"results": [], "errors": [error]}, 207)]) as site:
        (result,) = connector(site).write("contacts", [WriteItem("k", WriteKind.CREATE, {"lastname": "N"})])
    assert result.outcome is Outcome.LATER


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ({"category": "VALIDATION_ERROR"}, Outcome.REFUSED),
        ({"errorType": "RATE_LIMIT"}, Outcome.LATER),
        ({"status": "423"}, Outcome.LATER),
        ({"status": "503"}, Outcome.UNKNOWN),
        ({"category": "INTERNAL_ERROR"}, Outcome.UNKNOWN),
        ({"context": ["of another shape"], "errors": "text"}, Outcome.UNKNOWN),
    ],
)
def test_what_a_row_that_failed_means(error: dict[str, Any], outcome: Outcome):
    """Only what HubSpot has judged is refused; where it failed itself, nobody knows."""
    row = {"context": {"objectWriteTraceId": ["k"]}, "message": "no", **error}
    with web([said({"results": [], "errors": [row, "text"]}, 207)]) as site:
        (result,) = connector(site).write("contacts", [WriteItem("k", WriteKind.CREATE, {"lastname": "N"})])
    assert result.outcome is outcome


@pytest.mark.parametrize(
    "row",
    [
        {"message": 'Property values were not valid: [{"error": "CONFLICTING_UNIQUE_VALUE", "name": "email"}]'},
        {"errors": [{"code": "CONFLICTING_UNIQUE_VALUE", "context": {"propertyName": ["email"]}}]},
    ],
)
def test_contact_is_not_made_without_an_address_that_somebody_has_whoever_that_is(row: dict[str, Any]):
    error = {"category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": ["k"]}, **row}
    with web([said({"results": [], "errors": [error]}, 207)]) as site:
        item = WriteItem("k", WriteKind.CREATE, {"lastname": "N", "email": "a@example.com"})
        (result,) = connector(site).write("contacts", [item])
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ())


def test_row_that_failed_is_not_that_of_a_record_it_only_mentions():
    context = {"objectWriteTraceId": ["2"], "ids": ["1"]}
    body = {
        "results": [{"id": "1", "properties": {"lastname": "N"}}],
        "errors": [{"category": "CONFLICT", "message": "in use by 1", "context": context}],
    }
    with web([said(body, 207)]) as site:
        items = [WriteItem(id, WriteKind.UPDATE, {"lastname": "N"}, Ref(id)) for id in "12"]
        results = connector(site).write("contacts", items)
    assert [each.outcome for each in results] == [Outcome.DONE, Outcome.REFUSED]


@pytest.mark.parametrize(
    ("shown", "placed"),
    [
        ([{"lastname": "Lee"}, {"lastname": "Lee", "firstname": "Ann", "points": "1.50"}], {"a": "0", "b": "1"}),
        ([{"lastname": "Lee", "firstname": "Ann", "points": "1.5"}], {}),
        ([{"lastname": "Lee", "firstname": "Ann", "points": "1.5"}, {"lastname": " LEE "}], {"a": "1"}),
        ([{"lastname": "Lee"}, {"lastname": "Lee"}], {}),
        ([{"lastname": "Else", "email": "C@example.com"}, {"lastname": "Lee"}], {"c": "0", "a": "1"}),
    ],
)
def test_rows_without_traces_are_placed_only_where_nothing_else_is_alike(
    shown: list[dict[str, str]], placed: dict[str, str]
):
    """What is taken for the answer to a create will be linked: a wrong one joins two people."""
    items = [
        WriteItem("a", WriteKind.CREATE, {"lastname": "Lee"}),
        WriteItem("b", WriteKind.CREATE, {"lastname": "Lee", "firstname": "Ann", "points": "1.50"}),
        WriteItem("c", WriteKind.CREATE, {"lastname": "Ray", "email": "c@example.com"}),
    ]
    rows = [{"id": str(number), "properties": values} for number, values in enumerate(shown)]
    with web([said({"results": rows}, 201)]) as site:
        results = connector(site).write("contacts", items)
    assert {each.key: each.record.id for each in results if each.record is not None} == placed
    assert {each.key for each in results if each.outcome is Outcome.UNKNOWN} == {"a", "b", "c"} - placed.keys()


def test_update_of_what_is_not_there_is_gone_though_nothing_is_said():
    with web([Answer(404, b"<html>")]) as site:
        items = [WriteItem(id, WriteKind.UPDATE, {"lastname": "N"}, Ref(id)) for id in "12"]
        results = connector(site).write("contacts", items)
    assert [each.outcome for each in results] == [Outcome.GONE, Outcome.GONE]


def test_token_that_is_quoted_is_in_no_message():
    error = {"category": "VALIDATION_ERROR", "message": "bad token SECRET1", "context": {"objectWriteTraceId": ["k"]}}
    with web([said({"results": [], "errors": [error]}, 207)]) as site:
        hubspot = HubSpot(make_setup(Time(), settings={"base_url": site.url}, secrets={"token": "SECRET1"}))
        (result,) = hubspot.write("contacts", [WriteItem("k", WriteKind.CREATE, {"lastname": "N"})])
    assert result.message == "bad token ***"


def test_half_a_character_spoils_one_record_only():
    rows = [rb'{"id": "1", "properties": {"lastname": "\ud83d"}}', rb'{"id": "2", "properties": {"lastname": "N"}}']
    body = b'{"results": [' + b",".join(rows) + b"]}"
    with web([Answer(200, body)]) as site:
        page = next(connector(site).changes("contacts", None, ["lastname"]))
    assert [seen.record.values["lastname"] for seen in page.seen] == ["\ud83d", "N"]


def test_property_deleted_while_we_run_is_missed_by_the_next_poll():
    names = ["lastname", "phone"]

    def script(asked: Asked) -> Answer:
        if "/properties/" in asked.path:
            return said({"results": [{"name": name, "type": "string"} for name in names]})
        return said({"results": [{"id": "1", "properties": {"lastname": "N"}}]})

    with web(script) as site:
        hubspot = connector(site)
        list(hubspot.changes("contacts", None, ["lastname", "phone"]))
        names.remove("phone")
        with pytest.raises(UnknownField, match="phone"):
            list(hubspot.changes("contacts", None, ["lastname", "phone"]))


def test_merged_id_is_resolved_before_more_properties_are_asked_for_than_fit():
    names = [f"property_{number}_of_many_with_a_long_name" for number in range(200)]
    row = {"id": "9", "properties": dict.fromkeys(names, "x")}

    def script(asked: Asked) -> Answer:
        if "/batch/" in asked.path:
            return said({"results": [row] if b'"9"' in asked.body else []})
        return said({"id": "9", "properties": {}}) if len(asked.path) < 2000 else said({}, 414)

    with web(script) as site:
        (answer,) = connector(site).read("contacts", [Ref("5")], names)
    assert answer.record is not None
    assert (answer.record.id, answer.record.values[names[0]]) == ("9", "x")


def test_sensitive_properties_are_offered_though_there_are_more_of_them_than_fit_in_an_address():
    names = [f"property_{number}_of_many_with_a_long_name" for number in range(120)]

    def script(asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if len(query) > LONGEST_QUERY:
            return said({}, 414)
        if "/properties/" in path:
            return said({"results": [{"name": name, "type": "string"} for name in names if "dataSens" in query]})
        wanted = [name for each in parse_qs(query).get("properties", ()) for name in each.split(",")]
        return said({"results": [{"id": "1", "properties": dict.fromkeys(wanted)}] if wanted else []})

    with web(script) as site:
        fields = connector(site).fields("companies")
    assert [each.name for each in fields] == names


def test_properties_that_are_not_sensitive_are_offered_once_though_they_are_answered_twice():
    def script(asked: Asked) -> Answer:
        if "/properties/" in asked.path:
            kinds = {"city": "non_sensitive", "passport": "sensitive", "diagnosis": "highly_sensitive"}
            rows = [{"name": name, "type": "string", "dataSensitivity": kind} for name, kind in kinds.items()]
            return said({"results": rows if "dataSensitivity" in asked.path else rows[:1]})
        return said({"results": [{"id": "1", "properties": {"city": "", "passport": "", "diagnosis": ""}}]})

    with web(script) as site:
        fields = connector(site).fields("companies")
    assert [(each.name, each.read_only) for each in fields] == [("city", False), ("passport", True)]


@pytest.mark.parametrize("error", [{"category": "RATE_LIMITS"}, {"status": "500"}])
def test_look_up_that_failed_for_a_row_is_no_empty_answer(error: dict[str, str]):
    def script(asked: Asked) -> Answer:
        if "/properties/" in asked.path:
            return said({"results": [{"name": "email", "type": "string"}]})
        return said({"results": [], "errors": [{"message": "not now", **error}]}, 207)

    with web(script) as site, pytest.raises(AppFailed, match="not now"):
        connector(site).find("contacts", "email", ["a@example.com"])


def test_lists_of_other_objects_are_left_out_though_all_are_answered():
    """The numbered versions know no search by object, and the members of a list are known by their numbers alone."""
    rows = [{"listId": str(n), "name": f"L{n}", "objectTypeId": f"0-{1 + n % 2}"} for n in range(5)]

    def script(asked: Asked) -> Answer:
        offset = orjson.loads(asked.body)["offset"]
        return said({"lists": rows[offset : offset + 2], "hasMore": offset + 2 < len(rows), "offset": offset + 2})

    with web(script) as site:
        hubspot = HubSpot(
            make_setup(Time(), settings={"base_url": site.url, "api_version": "v3"}, secrets={"token": "t"})
        )
        assert [each.name for each in hubspot.lists("contacts")] == ["L0", "L2", "L4"]
        assert [each.name for each in hubspot.lists("companies")] == ["L1", "L3"]
        assert len(site.asked) == 6


def test_who_is_there_already_is_no_twin_where_nothing_says_by_which_property():
    error = {"status": "error", "category": "CONFLICT", "message": "Company already exists. Existing ID: 5"}
    with web([said(error, 409)]) as site:
        (result,) = connector(site).write("companies", [WriteItem("k", WriteKind.CREATE, {"name": "Acme"})])
    assert (result.outcome, result.existing_id) == (Outcome.REFUSED, None)


def test_list_whose_members_are_still_worked_out_is_not_whole():
    states = {"A": "COMPLETE", "B": "PROCESSING", "C": None}
    rows = [{"listId": name, "name": name, "processingStatus": state} for name, state in states.items()]
    with web([said({"lists": rows, "hasMore": False})]) as site:
        assert [each.whole for each in connector(site).lists("contacts")] == [True, False, True]


def test_size_of_a_list_is_told_where_hubspot_tells_it():
    told = [{"hs_list_size": "7"}, {"hs_list_size": "0"}, {}, None]
    rows = [{"listId": str(n), "name": str(n), "additionalProperties": more} for n, more in enumerate(told)]
    with web([said({"lists": rows, "hasMore": False})]) as site:
        assert [each.size for each in connector(site).lists("contacts")] == [7, 0, None, None]


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
        assert orjson.loads(first.cursor or "")["polled"] == 1790000000000
        with pytest.raises(PageIncomplete, match="same page"):
            next(pages)
