"""The demo's address book is a real one."""

import urllib.error

import pytest

from bothways.sandbox.people.vcard import card, cards_in, first
from bothways.sandbox.radicale import radicale

pytestmark = pytest.mark.server("radicale")

ANN = card([("UID", "ann"), ("FN", "Ann Example"), ("N", "Example;Ann;;;"), ("X-OWN", "kept")])
BEN = card([("UID", "ben"), ("FN", "Ben Example"), ("N", "Example;Ben;;;")])


def test_it_serves_the_cards_it_was_filled_with_and_takes_new_ones(tmp_path):
    with radicale(tmp_path, {"ann.vcf": ANN}) as server:
        server.put("ben.vcf", BEN)
        names = {first(lines, "FN") for lines in cards_in(server.read())}
    assert names == {"Ann Example", "Ben Example"}


def test_a_card_changed_meanwhile_is_not_overwritten(tmp_path):
    with radicale(tmp_path, {"ann.vcf": ANN}) as server:
        etag, text = server.get("ann.vcf")
        server.put("ann.vcf", text.replace("kept", "changed"), etag)
        with pytest.raises(urllib.error.HTTPError) as refusal:
            server.put("ann.vcf", text, etag)
        assert refusal.value.code == 412
        assert "changed" in server.get("ann.vcf")[1]


def test_what_was_saved_is_there_after_a_restart(tmp_path):
    with radicale(tmp_path, {"ann.vcf": ANN, "ben.vcf": BEN}) as server:
        server.delete("ben.vcf")
    with radicale(tmp_path, {}) as server:
        assert [first(lines, "UID") for lines in cards_in(server.read())] == ["ann"]
