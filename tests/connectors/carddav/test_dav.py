import pytest

from bothways.connectors.carddav import dav
from bothways.connectors.carddav.dav import NotDav

URL = "https://dav.example.org/a/book/"
BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<D:multistatus xmlns:D="DAV:"><D:response><D:href>&b;</D:href></D:response></D:multistatus>"""
FILE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<D:multistatus xmlns:D="DAV:"><D:sync-token>&a;</D:sync-token></D:multistatus>"""


def _answer(inside: str) -> bytes:
    return f'<D:multistatus xmlns:D="DAV:"><D:response>{inside}</D:response></D:multistatus>'.encode()


@pytest.mark.parametrize(
    "body", [BOMB, FILE, b"", b"<html>", b"<a/>", b"\xff\xfe\x00", b'<?xml version="1.0" encoding="x"?><a/>']
)
def test_what_is_no_safe_multistatus_is_refused(body: bytes) -> None:
    with pytest.raises(NotDav):
        dav.multistatus(body, URL)


@pytest.mark.parametrize("href", ["https://evil.example.com/x", "//evil.example.com/a/book/x", "http://[", "ftp://x/y"])
def test_addresses_on_other_hosts_are_refused(href: str) -> None:
    with pytest.raises(NotDav):
        dav.multistatus(_answer(f"<D:href>{href}</D:href>"), URL)


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("/a/b c%20d.vcf", "/a/b%20c%20d.vcf"),
        ("x.vcf", "/a/book/x.vcf"),
        ("https://dav.example.org:443/a/%7euser/é", "/a/~user/%C3%A9"),
        ("/a/%2F%3a@.vcf", "/a/%2F:@.vcf"),
        ("https://dav.example.org", "/"),
        ("\n /a/b.vcf \n", "/a/b.vcf"),
        ("/a/%FF.vcf", "/a/%FF.vcf"),
        ("/a/x.vcf;", "/a/x.vcf%3B"),
        ("/a/b;c%3Bd.vcf", "/a/b%3Bc%3Bd.vcf"),
    ],
)
def test_paths_have_one_spelling(href: str, path: str) -> None:
    assert dav.path_of(href, URL) == path


def test_properties_that_are_not_there_are_left_out() -> None:
    found = "<D:propstat><D:prop><D:getetag> x </D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    absent = "<D:propstat><D:prop><D:displayname/></D:prop><D:status>HTTP/1.1 404 -</D:status></D:propstat>"
    answers = dav.multistatus(_answer(f"<D:href>/x</D:href>{found}{absent}"), URL).answers
    assert [(each.path, each.status, set(each.props), each.text(dav.ETAG)) for each in answers] == [
        ("/x", 200, {dav.ETAG}, "x")
    ]


def test_one_response_may_name_several() -> None:
    body = _answer("<D:href>/x</D:href><D:href>/y</D:href><D:status>HTTP/1.1 404 -</D:status>")
    assert [(each.path, each.status) for each in dav.multistatus(body, URL).answers] == [("/x", 404), ("/y", 404)]


def test_what_is_asked_is_escaped() -> None:
    assert b"<D:href>/a&amp;b</D:href>" in dav.multiget(["/a&b"])
    assert b"<D:sync-token>&lt;x&gt;</D:sync-token>" in dav.sync_collection("<x>")


def test_broken_rule_is_named() -> None:
    assert dav.precondition(b'<error xmlns="DAV:"><valid-sync-token/></error>') == "valid-sync-token"
    assert dav.precondition(b"<html/>") == dav.precondition(b"no") == ""


SABRE = b"""<?xml version="1.0" encoding="utf-8"?>
<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:card="urn:ietf:params:xml:ns:carddav">
  <s:sabredav-version>4.6.0</s:sabredav-version>
  <s:exception>Sabre\\DAV\\Exception\\Forbidden</s:exception>
  <s:message>This is
    not allowed</s:message>
  %s
</d:error>"""


@pytest.mark.parametrize(
    ("element", "rule"),
    [(b"<d:valid-sync-token/>", "valid-sync-token"), (b"<card:no-uid-conflict/>", "no-uid-conflict"), (b"", "")],
)
def test_broken_rule_is_none_of_a_servers_own_elements(element: bytes, rule: str) -> None:
    body = SABRE % element
    assert (dav.precondition(body), dav.message(body)) == (rule, "This is not allowed")
    assert dav.message(b'<error xmlns="DAV:"><valid-sync-token/></error>') == dav.message(b"no") == ""
