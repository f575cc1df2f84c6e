"""Finding address books on servers laid out in other ways than Radicale."""

from collections.abc import Mapping

import pytest

from bothways.connectors.base import ObjectType
from bothways.errors import (
    AddressNotAllowed,
    BothwaysError,
    ObjectGone,
    PermissionMissing,
    SettingsError,
    UnknownObject,
)
from tests.connectors.carddav.support import Bill, make_connector
from tests.connectors.support import Answer, Asked, web

BOOK = "<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>"
READ = "<D:current-user-privilege-set><D:privilege><D:read/></D:privilege></D:current-user-privilege-set>"
WRITE = READ.replace("D:read", "D:write-content")
PRINCIPAL = "<D:current-user-principal><D:href>/p/ann/</D:href></D:current-user-principal>"
HOME = "<CR:addressbook-home-set><D:href>/books/ann/</D:href></CR:addressbook-home-set>"


def _name(text: str) -> str:
    return f"<D:displayname>{text}</D:displayname>"


def _site(pages: Mapping[str, Mapping[str, str] | Answer]):
    """Serve properties by path; "path|1" is what depth 1 shows."""

    def script(asked: Asked) -> Answer:
        found = pages.get(asked.path + ("|1" if asked.headers["Depth"] == "1" else ""), Answer(404))
        if isinstance(found, Answer):
            return found
        rows = "".join(
            f"<D:response><D:href>{path}</D:href><D:propstat><D:prop>{props}</D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            for path, props in found.items()
        )
        spaces = 'xmlns:D="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"'
        return Answer(207, f"<D:multistatus {spaces}>{rows}</D:multistatus>".encode())

    return web(script)


HOMES = {
    "/p/ann/": {"/p/ann/": HOME},
    "/books/ann/|1": {"/books/ann/": "", "/books/ann/b/": BOOK, "/books/ann/cal/": ""},
}


def test_address_of_a_book_is_that_book() -> None:
    with _site({"/books/ann/b": {"/books/ann/b/": BOOK + _name("Mine") + READ}}) as site:
        bill = Bill()
        connector = make_connector(site.url + "/books/ann/b", budget=bill)
        assert connector.objects() == [ObjectType("contacts", "Mine", writable=False, meaning="Person")]
        assert bill.calls == 1
        with pytest.raises(UnknownObject):
            connector.count("contacts/other")


@pytest.mark.parametrize(
    "pages",
    [
        {"/": {"/": PRINCIPAL}},
        {"/": {"/": HOME}},
        {"/": Answer(404), "/.well-known/carddav": {"/.well-known/carddav": PRINCIPAL}},
        {"/": Answer(200, b"<html>"), "/.well-known/carddav": {"/.well-known/carddav": PRINCIPAL}},
        {
            "/": Answer(405),
            "/.well-known/carddav": Answer(301, headers={"Location": "/dav/"}),
            "/dav/": {"/dav/": PRINCIPAL},
        },
        {
            "/": {"/": ""},
            "/.well-known/carddav": Answer(308, headers={"Location": "/dav/"}),
            "/dav/": {"/dav/": PRINCIPAL},
        },
    ],
)
def test_book_is_found_from_the_root(pages: Mapping[str, Mapping[str, str] | Answer]) -> None:
    with _site({**pages, **HOMES}) as site:
        connector = make_connector(site.url + "/")
        assert [each.name for each in connector.objects()] == ["contacts"]
        assert "/books/ann/b/" in connector.check().notes[0]


def test_several_books_go_by_their_own_names() -> None:
    two = {"/books/ann/b/": BOOK + WRITE, "/books/ann/caf%C3%A9/": BOOK + _name("Café") + READ}
    with _site({"/": {"/": HOME}, "/books/ann/|1": two}) as site:
        connector = make_connector(site.url)
        offered = {each.name: (each.label, each.writable) for each in connector.objects()}
        assert offered == {"contacts/b": ("Contacts", True), "contacts/café": ("Café", False)}
        with pytest.raises(UnknownObject) as told:
            list(connector.ids("contacts"))
        assert "contacts/b" in told.value.advice


def test_book_that_is_gone_is_not_replaced_by_another() -> None:
    well_known = {"/.well-known/carddav": {"/.well-known/carddav": PRINCIPAL}}
    with _site({**HOMES, **well_known}) as site, pytest.raises(ObjectGone):
        make_connector(site.url + "/books/ann/gone/").objects()


@pytest.mark.parametrize(
    ("pages", "error", "words"),
    [
        ({"/": Answer(403)}, PermissionMissing, "may not be read"),
        ({"/": {"/": ""}}, SettingsError, "no address book"),
        ({"/": {"/": HOME}, "/books/ann/|1": {"/books/ann/": ""}}, SettingsError, "no address book"),
        (
            {"/": {"/": HOME.replace("/books", "https://p1.example.com/books")}},
            SettingsError,
            "https://p1.example.com/books/ann/",
        ),
    ],
)
def test_what_is_wrong_is_told_in_words(pages: Mapping[str, object], error: type[BothwaysError], words: str) -> None:
    with _site(pages) as site, pytest.raises(error) as told:  # type: ignore[arg-type]
        make_connector(site.url).check()
    assert words in told.value.message


def test_password_does_not_travel_unprotected() -> None:
    with pytest.raises(AddressNotAllowed) as told:
        make_connector("http://dav.example.org/")
    assert "correct horse" not in str(told.value)
