"""Writing to servers that answer little, rewrite cards, break off, or refuse."""

from collections.abc import Mapping

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.carddav import CardDav
from bothways.connectors.carddav.api import Api
from bothways.connectors.carddav.writing import uid_of
from bothways.connectors.http import Response
from bothways.errors import AppUnreachable, CredentialsRefused, ObjectGone, PermissionMissing
from bothways.records import Record, Ref, Value
from tests.connectors.carddav.scripted import BOOK, Server, serving
from tests.connectors.carddav.support import FIELDS, card, listed, seen
from tests.connectors.support import Answer, Asked

UPDATE, CREATE, ARCHIVE = WriteKind.UPDATE, WriteKind.CREATE, WriteKind.ARCHIVE


def _server(**options: object) -> Server:
    server = Server(**options)  # type: ignore[arg-type]
    server.put("1.vcf", card("u1", "FN:Ada Ng", "N:Ng;Ada;;;", "TITLE:old", "X-KEPT:\\,as it is"))
    return server


def _record(connector: CardDav, id: str = "u1") -> Record:
    return seen(listed(connector))[id].record


def _update(connector: CardDav, record: Record, values: Mapping[str, Value], **changes: object) -> WriteResult:
    base = {name: record.values.get(name) for name in values}
    ref = Ref(record.id, changes.get("address", record.address), changes.get("version", record.version))  # type: ignore[arg-type]
    return connector.write("contacts", [WriteItem("k", UPDATE, values, ref, base=base)])[0]


def _create(connector: CardDav, mark: str = "m", **values: Value) -> WriteResult:
    item = WriteItem("k", CREATE, {"full name": "New One", **values}, marker=mark)
    return connector.write("contacts", [item])[0]


def _rule(name: str) -> bytes:
    return f'<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><C:{name}/></D:error>'.encode()


# --- update -------------------------------------------------------------------------------------------


def test_update_costs_two_calls_and_keeps_every_other_byte() -> None:
    server = _server()
    with serving(server) as (connector, site, bill):
        record = _record(connector)
        before = bill.calls
        result = _update(connector, record, {"title": "new; one"})
        assert (result.outcome, bill.calls - before) == (Outcome.DONE, 2)
        assert server.cards[BOOK + "1.vcf"] == card(
            "u1", "FN:Ada Ng", "N:Ng;Ada;;;", "TITLE:new\\; one", "X-KEPT:\\,as it is"
        )
        assert site.asked[-1].headers["If-Match"] == record.version
        assert result.record == Record("u1", {"title": "new; one"}, BOOK + "1.vcf", server.tags[BOOK + "1.vcf"])


def test_update_without_a_change_puts_nothing() -> None:
    with serving(_server()) as (connector, site, _):
        record = _record(connector)
        assert _update(connector, record, {"title": "old"}).record.version == record.version
        assert site.asked[-1].method == "GET"


@pytest.mark.parametrize("tells_tags", [True, False])
def test_card_that_was_changed_is_not_overwritten(tells_tags: bool) -> None:
    server = _server(tells_tags=tells_tags)
    with serving(server) as (connector, _site, _):
        record = _record(connector)
        server.put("1.vcf", card("u1", "FN:Ada Ng", "TITLE:old", "NOTE:by a person"))
        assert _update(connector, record, {"title": "new"}).outcome is Outcome.CHANGED
        assert b"by a person" in server.cards[BOOK + "1.vcf"]


def test_card_that_is_changed_between_get_and_put_is_not_overwritten() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)

        def person(asked: Asked) -> Answer | None:
            if asked.method == "PUT" and b"by a person" not in server.cards[BOOK + "1.vcf"]:
                server.put("1.vcf", card("u1", "FN:Ada Ng", "TITLE:by a person"))
            return None

        server.before = person
        assert _update(connector, record, {"title": "new"}).outcome is Outcome.CHANGED
        assert b"by a person" in server.cards[BOOK + "1.vcf"]


def test_without_a_version_the_values_that_were_read_are_compared() -> None:
    server = _server()
    with serving(server) as (connector, site, _):
        record = _record(connector)
        server.put("1.vcf", card("u1", "FN:Ada Ng", "TITLE:by a person", "NOTE:n"))
        assert _update(connector, record, {"title": "new"}, version=None).outcome is Outcome.CHANGED
        assert _update(connector, record, {"note": "m"}, version=None).outcome is Outcome.CHANGED
        assert _update(connector, record, {"nickname": "m"}, version=None).outcome is Outcome.DONE
        assert site.asked[-1].headers["If-Match"] == '"t2"'


@pytest.mark.parametrize("told", ['W/"t1"', '"t1-gzip"', '"t1"'])
def test_tags_that_a_proxy_touched_are_the_same_version(told: str) -> None:
    server = _server()
    with serving(server) as (connector, site, _):
        record = _record(connector)
        server.before = lambda asked: (
            Answer(200, server.cards[asked.path], {"ETag": told}) if asked.method == "GET" else None
        )
        assert _update(connector, record, {"title": "new"}).outcome is Outcome.DONE
        assert site.asked[-1].headers["If-Match"] == '"t1"'


def test_card_without_known_place_is_looked_up() -> None:
    with serving(_server()) as (connector, _, _):
        record = _record(connector)
        assert _update(connector, record, {"title": "new"}, address=None).outcome is Outcome.DONE
        gone = Ref("nobody")
        results = connector.write("contacts", [WriteItem("a", UPDATE, {"title": "x"}, gone)])
        assert results[0].outcome is Outcome.GONE


def test_place_that_another_card_has_taken_is_left_alone() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)
        server.put("1.vcf", card("other", "FN:Other"))
        assert _update(connector, record, {"title": "new"}).outcome is Outcome.GONE
        item = WriteItem("k", ARCHIVE, ref=Ref("u1", record.address))
        assert connector.write("contacts", [item])[0].outcome is Outcome.GONE
        assert b"Other" in server.cards[BOOK + "1.vcf"]


def test_card_that_cannot_be_read_is_not_written() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)
        broken = server.cards[BOOK + "1.vcf"].replace(b"TITLE:old", b"no property")
        server.before = lambda asked: Answer(200, broken) if asked.method == "GET" else None
        result = _update(connector, record, {"title": "new"})
        assert result.outcome is Outcome.REFUSED
        assert "names no property" in result.message


def test_value_that_no_card_can_hold_is_refused_by_field() -> None:
    with serving(_server()) as (connector, _, _):
        result = _update(connector, _record(connector), {"birthday": "\x00", "title": "new"})
        assert (result.outcome, result.fields) == (Outcome.REFUSED, ("birthday",))


# --- what the server makes of it ----------------------------------------------------------------------


def test_without_a_tag_the_card_is_read_back() -> None:
    server = _server(tells_tags=False, stores=lambda data: data.replace(b"New, title", b"NEW TITLE"))
    with serving(server) as (connector, _, bill):
        record = _record(connector)
        before = bill.calls
        result = _update(connector, record, {"title": "new title", "note": "n"})
        assert bill.calls - before == 3
        assert result.record == Record("u1", {"title": "new title", "note": "n"}, BOOK + "1.vcf", '"t2"')
        server.stores = lambda data: data.replace(b"third", b"THIRD")
        again = Record("u1", result.record.values, BOOK + "1.vcf", '"t2"')
        assert _update(connector, again, {"title": "third"}).record.values == {"title": "THIRD"}


def test_value_that_is_not_taken_is_told_and_a_strangers_is_not() -> None:
    """The read-back may show a person's edit: it must not pass for what our write made of the value."""
    server = _server(tells_tags=False, stores=lambda data: data.replace(b"TITLE:mine", b"TITLE:old"))
    with serving(server) as (connector, _, _):
        record = _record(connector)
        assert _update(connector, record, {"title": "mine"}).record.values == {"title": "old"}
        server.stores = lambda data: data.replace(b"TITLE:again", b"TITLE:by a person")
        record = _record(connector)
        assert _update(connector, record, {"title": "again"}).record.values == {}


# --- create -------------------------------------------------------------------------------------------


def test_create_costs_one_call_and_is_found_by_its_mark() -> None:
    server = _server()
    with serving(server) as (connector, site, bill):
        connector.check()
        before = bill.calls
        result = _create(connector, "mark-1", title="t")
        assert (result.outcome, bill.calls - before) == (Outcome.DONE, 1)
        assert site.asked[-1].headers["If-None-Match"] == "*"
        uid = uid_of("mark-1", "3.0")
        values = {"full name": "New One", "title": "t"}
        assert result.record == Record(uid, values, f"{BOOK}{uid}.vcf", '"t2"')
        assert connector.find("contacts", "", ["mark-1", "mark-2"]) == {"mark-1": [result.record.id]}
        assert connector.find("contacts", "email", ["x"]) == {}


def test_second_create_with_a_mark_makes_no_second_card() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        first = _create(connector, title="t")
        again = _create(connector, title="t")
        assert (again.outcome, again.existing_id) == (Outcome.DUPLICATE, first.record.id)
        assert len(server.cards) == 2


def test_mark_that_a_stranger_has_used_before_is_refused() -> None:
    """Two installations could make the same mark: the other's card must not pass for ours."""
    server = _server()
    with serving(server) as (connector, _, _):
        _create(connector, title="t")
        other = _create(connector, title="something else")
        assert (other.outcome, other.existing_id) == (Outcome.REFUSED, None)


def test_card_that_the_server_put_elsewhere_is_found() -> None:
    server = _server()
    with serving(server) as (connector, _, _):

        def elsewhere(asked: Asked) -> Answer | None:
            if asked.method != "PUT":
                return None
            if asked.body in server.cards.values():
                return Answer(409, _rule("no-uid-conflict"))
            server.put("chosen.vcf", asked.body)
            return Answer(201, b"", {"ETag": '"t2"', "Location": BOOK + "chosen.vcf"})

        server.before = elsewhere
        first = _create(connector)
        assert first.record.address == BOOK + "chosen.vcf"
        assert _create(connector).existing_id == first.record.id
        assert connector.find("contacts", "", ["m"]) == {"m": [first.record.id]}


def test_create_in_a_book_that_is_gone_says_so() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        connector.check()
        server.before = lambda asked: Answer(409 if asked.method == "PUT" else 404)
        with pytest.raises(ObjectGone):
            _create(connector)


def test_book_of_version_4_gets_cards_of_version_4() -> None:
    formats = '<CR:supported-address-data><CR:address-data-type version="4.0"/></CR:supported-address-data>'
    server = _server()
    with serving(server) as (connector, _, _):
        real = server._propfind

        def propfind(asked: Asked) -> Answer:
            answer = real(asked)
            return Answer(207, answer.body.replace(b"</D:prop>", formats.encode() + b"</D:prop>"))

        server._propfind = propfind  # type: ignore[method-assign]
        result = _create(connector)
        assert result.record.id.startswith("urn:uuid:")
        assert b"VERSION:4.0" in server.cards[result.record.address]
        assert connector.find("contacts", "", ["m"]) == {"m": [result.record.id]}
        server._propfind = real  # type: ignore[method-assign]  # the server learns version 3.0
        connector.check()
        assert connector.find("contacts", "", ["m"]) == {"m": [result.record.id]}


# --- delete -------------------------------------------------------------------------------------------


def test_delete_compares_the_version() -> None:
    server = _server()
    with serving(server) as (connector, _, bill):
        record = _record(connector)
        server.put("1.vcf", card("u1", "FN:Ada Ng", "TITLE:by a person"))
        item = WriteItem("k", ARCHIVE, ref=record.ref)
        assert connector.write("contacts", [item])[0].outcome is Outcome.CHANGED
        item = WriteItem("k", ARCHIVE, ref=_record(connector).ref)
        assert connector.write("contacts", [item])[0].outcome is Outcome.DONE
        assert connector.write("contacts", [item])[0].outcome is Outcome.GONE
        assert server.cards == {}
        assert bill.bill["delete"] == 3


# --- failures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [Answer(204, cut=0), Answer(500), Answer(502)])
def test_put_of_unknown_outcome_is_sent_once_and_told_as_unknown(cut: Answer) -> None:
    server = _server()
    with serving(server) as (connector, site, _):
        record = _record(connector)
        server.before = lambda asked: (server._put(asked), cut)[1] if asked.method == "PUT" else None
        assert _update(connector, record, {"title": "new"}).outcome is Outcome.UNKNOWN
        assert _create(connector).outcome is Outcome.UNKNOWN
        assert [asked.method for asked in site.asked].count("PUT") == 2
        server.before = lambda asked: None
        assert _record(connector).values["title"] == "new"
        assert list(connector.find("contacts", "", ["m"])) == ["m"]


@pytest.mark.parametrize(
    ("status", "rule", "outcome"),
    [
        (403, "valid-address-data", Outcome.REFUSED),
        (403, "max-resource-size", Outcome.REFUSED),
        (413, "", Outcome.REFUSED),
        (415, "", Outcome.REFUSED),
        (400, "", Outcome.REFUSED),
        (423, "", Outcome.LATER),
        (507, "", Outcome.REFUSED),
        (429, "", Outcome.LATER),
        (405, "", Outcome.REFUSED),
        (428, "", Outcome.REFUSED),
        (425, "", Outcome.LATER),
        (202, "", Outcome.UNKNOWN),
        (404, "", Outcome.GONE),
    ],
)
def test_refusals_are_told_apart(status: int, rule: str, outcome: Outcome) -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)
        body = _rule(rule) if rule else b""
        server.before = lambda asked: Answer(status, body) if asked.method == "PUT" else None
        result = _update(connector, record, {"title": "new"})
        assert result.outcome is outcome
        assert not rule or result.message == rule.replace("-", " ")


@pytest.mark.parametrize(
    ("status", "outcome"), [(404, Outcome.REFUSED), (412, Outcome.REFUSED), (202, Outcome.UNKNOWN)]
)
def test_create_that_a_book_does_not_take_is_no_record_that_is_gone(status: int, outcome: Outcome) -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        server.before = lambda asked: Answer(status, b"") if asked.method == "PUT" else None
        assert _create(connector).outcome is outcome


@pytest.mark.parametrize(
    ("status", "outcome"), [(207, Outcome.UNKNOWN), (202, Outcome.UNKNOWN), (405, Outcome.REFUSED)]
)
def test_delete_that_is_answered_in_another_way_is_not_told_as_not_done(status: int, outcome: Outcome) -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)
        server.before = lambda asked: Answer(status, b"") if asked.method == "DELETE" else None
        result = connector.write("contacts", [WriteItem("k", ARCHIVE, ref=record.ref)])[0]
        assert result.outcome is outcome


def test_tag_that_the_server_itself_does_not_accept_is_told_and_not_tried_for_ever() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)
        server.before = lambda asked: Answer(412) if asked.method == "PUT" else None
        result = _update(connector, record, {"title": "new"})
        assert (result.outcome, "tag" in result.message) == (Outcome.REFUSED, True)


@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_write_that_is_led_to_a_page_of_its_own_is_in_doubt(status: int) -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)

        def sign_in(asked: Asked) -> Answer | None:
            if asked.path == "/login":
                return Answer(200, b"<html>Who are you?</html>")
            return Answer(status, b"", {"Location": "/login"}) if asked.method in ("PUT", "DELETE") else None

        server.before = sign_in
        results = [_update(connector, record, {"title": "new"}), _create(connector)]
        results += connector.write("contacts", [WriteItem("k", ARCHIVE, ref=record.ref)])
        assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3


def test_card_that_is_taken_and_not_there_is_in_doubt() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)
        server.before = lambda asked: Answer(201, b"") if asked.method == "PUT" else None
        assert _create(connector).outcome is Outcome.UNKNOWN
        server.before = lambda asked: (server.cards.clear(), Answer(204, b""))[1] if asked.method == "PUT" else None
        assert _update(connector, record, {"title": "new"}).outcome is Outcome.UNKNOWN


def test_card_to_which_the_server_gives_a_uid_of_its_own_is_found_by_it() -> None:
    server = _server(tells_tags=False)
    with serving(server) as (connector, _, _):
        own = uid_of("m", "3.0").encode()
        server.stores = lambda data: data.replace(b"UID:" + own, b"UID:given-by-the-server")
        result = _create(connector)
        assert (result.outcome, result.record.id) == (Outcome.DONE, "given-by-the-server")
        assert connector.find("contacts", "", ["m"]) == {"m": ["given-by-the-server"]}
        again = _create(connector)
        assert (again.outcome, again.existing_id) == (Outcome.DUPLICATE, "given-by-the-server")
        assert len(server.cards) == 2


def test_address_that_may_not_be_called_leaves_the_results_of_the_others() -> None:
    server = _server()
    server.put("2.vcf", card("u2", "FN:Ben Ng"))
    with serving(server) as (connector, _, _):
        refs = [_record(connector, id).ref for id in ("u1", "u2")]
        elsewhere = Answer(302, b"", {"Location": "http://10.11.12.13/2.vcf"})
        server.before = lambda asked: elsewhere if asked.method == "GET" and "2.vcf" in asked.path else None
        items = [WriteItem(ref.id, UPDATE, {"title": "new"}, ref) for ref in refs]
        assert [each.outcome for each in connector.write("contacts", items)] == [Outcome.DONE, Outcome.LATER]


@pytest.mark.parametrize("tag", ['"\N{SNOWMAN}"', '"two&#10;lines"'])
def test_tag_that_cannot_be_sent_back_is_none(tag: str) -> None:
    server = _server(tells_tags=False)
    server.put("2.vcf", card("u2", "FN:Ben Ng"))
    with serving(server) as (connector, _, _):
        told = server.tags[BOOK + "2.vcf"]
        server._card = lambda path, real=server._card: real(path).replace(told, tag)  # type: ignore[method-assign]
        refs = [_record(connector, id).ref for id in ("u1", "u2")]
        items = [WriteItem(ref.id, UPDATE, {"title": "new"}, ref, base={"title": None}) for ref in refs[1:]]
        assert [each.outcome for each in connector.write("contacts", items)] == [Outcome.DONE]
        assert connector.write("contacts", [WriteItem("k", ARCHIVE, ref=refs[1])])[0].outcome is Outcome.DONE


READ_ONLY = "<D:current-user-privilege-set><D:privilege><D:read/></D:privilege></D:current-user-privilege-set>"


@pytest.mark.parametrize(("status", "error"), [(401, CredentialsRefused), (403, PermissionMissing)])
def test_what_concerns_all_is_raised_if_nothing_was_written(status: int, error: type[Exception]) -> None:
    server = _server(props=READ_ONLY)
    with serving(server) as (connector, _, _):
        items = [WriteItem(str(n), CREATE, {"full name": "x"}, marker=str(n)) for n in range(3)]
        connector.check()
        server.before = lambda asked: Answer(status) if asked.method == "PUT" else None
        with pytest.raises(error):
            connector.write("contacts", items)


def test_server_that_cannot_be_reached_is_told_unless_something_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        connector.check()
        put, reached = Api.put, {0: True}

        def put_if_reached(api: Api, path: str, data: bytes, condition: tuple[str, str]) -> Response:
            if not any(reached.get(number) and b"FN:x%d" % number in data for number in range(3)):
                raise AppUnreachable(app="Book", reason="connection refused")
            return put(api, path, data, condition)

        monkeypatch.setattr(Api, "put", put_if_reached)
        items = [WriteItem(str(n), CREATE, {"full name": f"x{n}"}, marker=str(n)) for n in range(3)]
        later, done = Outcome.LATER, Outcome.DONE
        assert [result.outcome for result in connector.write("contacts", items)] == [done, later, later]
        with pytest.raises(AppUnreachable):
            connector.write("contacts", items[1:])


def test_each_item_of_a_batch_has_its_own_result() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        connector.check()
        server.before = lambda asked: Answer(403) if b"FN:forbidden" in asked.body else None
        names = ["a", "forbidden", "b", "", "c"]
        items = [WriteItem(str(n), CREATE, {"full name": name}, marker=str(n)) for n, name in enumerate(names)]
        results = connector.write("contacts", items)
        assert [result.key for result in results] == ["0", "1", "2", "3", "4"]
        done, refused = Outcome.DONE, Outcome.REFUSED
        assert [result.outcome for result in results] == [done, refused, done, refused, done]
        assert connector.write("contacts", []) == []
        assert set(FIELDS) >= set(results[0].record.values)


# --- single cards that are forbidden or unreadable ----------------------------------------------------


NEED_PRIVILEGES = b"""<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:sabredav-version>4.6.0</s:sabredav-version>
    <s:message>User did not have the required privileges</s:message><d:need-privileges/></d:error>"""


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(("body", "words"), [(b"", "Forbidden"), (NEED_PRIVILEGES, "required privileges")])
def test_card_that_is_forbidden_is_refused_and_the_others_are_written(method: str, body: bytes, words: str) -> None:
    server = _server()
    server.put("2.vcf", card("u2", "FN:x", "TITLE:old"))
    with serving(server) as (connector, _, _):
        records = seen(listed(connector))
        server.before = lambda asked: (
            Answer(403, body) if asked.method == method and asked.path.endswith("1.vcf") else None
        )
        kind, values = (ARCHIVE, {}) if method == "DELETE" else (UPDATE, {"title": "new"})
        items = [WriteItem(id, kind, values, row.record.ref) for id, row in records.items()]
        results = connector.write("contacts", items)
        assert [result.outcome for result in results] == [Outcome.REFUSED, Outcome.DONE]
        assert words in results[0].message
        assert connector.write("contacts", items[:1])[0].outcome is Outcome.REFUSED


def test_forbidden_write_in_a_book_that_is_gone_says_so() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        record = _record(connector)
        server.before = lambda asked: Answer(403 if asked.method == "PUT" else 404) if asked.method != "GET" else None
        with pytest.raises(ObjectGone):
            _update(connector, record, {"title": "new"})


@pytest.mark.parametrize("kind", [UPDATE, ARCHIVE])
def test_card_that_lost_its_uid_is_not_told_to_be_gone(kind: WriteKind) -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        server.put("1.vcf", server.cards[BOOK + "1.vcf"].replace(b"UID:u1\r\n", b""))
        item = WriteItem("k", kind, {"title": "new"} if kind is UPDATE else {}, Ref("u1", BOOK + "1.vcf"))
        result = connector.write("contacts", [item])[0]
        assert (result.outcome, result.message) == (Outcome.REFUSED, "the card cannot be read: it has no UID")


def test_card_that_may_be_one_that_is_not_handed_out_waits() -> None:
    server = _server()
    server.sick = {BOOK + "1.vcf": 500}
    with serving(server) as (connector, _, _):
        item = WriteItem("k", UPDATE, {"title": "new"}, Ref("u1"))
        assert connector.write("contacts", [item])[0].outcome is Outcome.LATER


# --- after the write ----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Answer(n) for n in (401, 403, 404, 429, 500, 503)] + [Answer(200, cut=0)])
@pytest.mark.parametrize("kind", [UPDATE, CREATE])
def test_write_that_landed_is_done_whatever_becomes_of_the_reading(kind: WriteKind, answer: Answer) -> None:
    server = _server(tells_tags=False)
    with serving(server) as (connector, _, _):
        record, put = _record(connector), []

        def fail(asked: Asked) -> Answer | None:
            put.extend([asked] if asked.method == "PUT" else [])
            return answer if put and asked.method != "PUT" else None

        server.before = fail
        result = _create(connector) if kind is CREATE else _update(connector, record, {"title": "new"})
        assert result.outcome is Outcome.DONE
        assert result.record.version is None


def test_create_that_may_have_been_made_before_is_not_told_as_not_written() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        made = _create(connector).record
        server.sick = {made.address: 500}
        assert _create(connector).outcome is Outcome.UNKNOWN
        server.sick = {}
        server.before = lambda asked: Answer(200, cut=0) if asked.method == "REPORT" else None
        assert _create(connector).outcome is Outcome.UNKNOWN


def test_weak_tag_does_not_say_that_it_is_stored_as_sent() -> None:
    server = _server(stores=lambda data: data.replace(b"TITLE:new", b"TITLE:NEW"))
    with serving(server) as (connector, _, _):
        record = _record(connector)
        server.before = lambda asked: _weakened(server._put(asked)) if asked.method == "PUT" else None
        result = _update(connector, record, {"title": "new"})
        assert result.record == Record("u1", {"title": "NEW"}, BOOK + "1.vcf", server.tags[BOOK + "1.vcf"])


def _weakened(answer: Answer) -> Answer:
    return Answer(answer.status, b"", {name: "W/" + value for name, value in answer.headers.items()})
