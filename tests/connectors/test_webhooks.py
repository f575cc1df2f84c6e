"""What all apps' webhooks share: proofs of who sent one, against published vectors and ones made without our code."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.connectors.webhooks import (
    TOLERANCE,
    Delivery,
    ReceivesWebhooks,
    flaw_of_stamp,
    flaw_of_stamped,
    is_user,
    moment_of,
    signed_by,
)

NOW = 1_700_000_000.0
BODY = b'{"id": "evt_1"}'


def by_rfc_2104(key: bytes, message: bytes) -> bytes:
    """Return an HMAC-SHA256 as RFC 2104 writes it, of plain hashes."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in block) + message).digest()
    return hashlib.sha256(bytes(each ^ 0x5C for each in block) + inner).digest()


def stamped(secret: str, body: bytes, at: str) -> str:
    return by_rfc_2104(secret.encode(), at.encode() + b"." + body).hex()


def test_headers_are_found_in_any_case_and_never_printed():
    delivery = Delivery("POST", "https://x/", {"X-Some-Signature": "abc"}, b"Ann", NOW)
    assert delivery.header("x-some-SIGNATURE") == "abc"
    assert delivery.header("authorization") == ""
    assert "abc" not in repr(delivery)
    assert "Ann" not in repr(delivery)


def test_whoever_has_hints_and_can_prove_itself_receives_webhooks():
    class Receiver:
        def awaits_webhooks(self):
            return True

        def test_call(self, url: str, at: float):
            return Delivery("POST", url, {}, b"", at)

        def hints(self, delivery: Delivery):
            return ()

    assert isinstance(Receiver(), ReceivesWebhooks)
    assert not isinstance(object(), ReceivesWebhooks)


# --- HMAC-SHA256 --------------------------------------------------------------------------------------

RFC_4231 = [
    (
        "Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        "\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
]


@pytest.mark.parametrize(("secret", "message", "digest"), RFC_4231)
def test_signatures_of_rfc_4231_are_known(secret: str, message: bytes, digest: str):
    assert signed_by(secret, message, digest, "hex")
    assert signed_by(secret, message, digest.upper(), "hex")
    assert signed_by(secret, message, base64.b64encode(bytes.fromhex(digest)).decode(), "base64")
    assert not signed_by(secret, message + b" ", digest, "hex")
    assert not signed_by(secret + "x", message, digest, "hex")
    assert not signed_by(secret, message, digest[:-1], "hex")
    assert not signed_by(secret, message, digest, "base64")
    assert not signed_by(secret, message, "", "hex")


@given(st.text(min_size=1), st.binary(), st.text(alphabet=st.characters(exclude_categories=())))
def test_only_the_signature_by_the_standard_is_taken(secret: str, message: bytes, other: str):
    digest = by_rfc_2104(secret.encode(), message)
    assert signed_by(secret, message, digest.hex(), "hex")
    assert not signed_by(secret, message, other, "base64") or other == base64.b64encode(digest).decode()


def test_empty_secret_signs_nothing():
    digest = by_rfc_2104(b"", BODY)
    assert not signed_by("", BODY, digest.hex(), "hex")
    assert not signed_by("", BODY, base64.b64encode(digest).decode(), "base64")
    assert flaw_of_stamped("", BODY, f"t={NOW:.0f},v1={stamped('', BODY, f'{NOW:.0f}')}", NOW)
    assert not is_user("", "", f"Basic {base64.b64encode(b':').decode()}")


# --- times --------------------------------------------------------------------------------------------


def test_five_minutes_are_the_limit_both_ways():
    assert [bool(flaw_of_stamp(NOW + late, NOW)) for late in (-301, -TOLERANCE, 0, TOLERANCE, 301)] == [
        *(True, False, False, False, True)
    ]
    assert "older" in flaw_of_stamp(NOW - 301, NOW)
    assert "clock" in flaw_of_stamp(NOW + 301, NOW)


def test_only_plain_numbers_are_times():
    assert moment_of(" 1700000000000 ") == 1_700_000_000_000
    for text in ("", "-1", "1.5", "1e9", "١٢٣", "²", "9" * 5000, "None", "0x10", "1_000"):
        assert moment_of(text) is None


# --- t=...,v1=... -------------------------------------------------------------------------------------


def test_stamped_signature_is_taken_for_five_minutes():
    at = "1700000000"
    header = f"t={at},v1={stamped('whsec_a', BODY, at)},v0=other"
    assert flaw_of_stamped("whsec_a", BODY, header, NOW) == ""
    assert flaw_of_stamped("whsec_a", BODY, header, NOW + 300) == ""
    assert "older" in flaw_of_stamped("whsec_a", BODY, header, NOW + 301)
    assert "wrong" in flaw_of_stamped("whsec_b", BODY, header, NOW)
    assert "wrong" in flaw_of_stamped("whsec_a", BODY + b" ", header, NOW)
    assert "wrong" in flaw_of_stamped("whsec_a", BODY, header.replace(at, "1700000001"), NOW)


def test_any_of_several_stamped_signatures_will_do():
    at = "1700000000"
    old, new = (stamped(secret, BODY, at) for secret in ("whsec_old", "whsec_new"))
    header = f"t={at}, v1={old}, v1={new}"
    assert flaw_of_stamped("whsec_old", BODY, header, NOW) == flaw_of_stamped("whsec_new", BODY, header, NOW) == ""


@pytest.mark.parametrize("header", ["", "t=1700000000", "v1=abc", "t=,v1=abc", "t=x,v1=abc", "v0=a,t=1", ",,=,"])
def test_incomplete_stamped_signature_is_none(header: str):
    assert flaw_of_stamped("whsec_a", BODY, header, NOW) == "it has no signature"


def test_two_times_are_no_time():
    old, now = "1600000000", "1700000000"
    header = f"t={now},t={old},v1={stamped('whsec_a', BODY, old)}"
    assert flaw_of_stamped("whsec_a", BODY, header, NOW) == "it has no signature"


def test_other_schemes_do_not_stand_in():
    """A signature under another name than v1 is not taken, though it be right."""
    at = "1700000000"
    assert "wrong" in flaw_of_stamped("whsec_a", BODY, f"t={at},v0={stamped('whsec_a', BODY, at)},v1=", NOW)


@given(st.text(alphabet=st.characters(exclude_categories=())), st.binary())
def test_nothing_in_a_stamped_header_is_a_failure(header: str, body: bytes):
    assert flaw_of_stamped("whsec_a", body, header, NOW)


# --- basic authentication -----------------------------------------------------------------------------


def test_users_of_rfc_7617_are_known():
    assert is_user("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    assert is_user("test", "123£", "basic dGVzdDoxMjPCow==")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZA==",
        "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Basic Aladdin:open sesame",
        "Basic \udc80",
    ],
)
def test_anybody_else_is_not(header: str):
    assert not is_user("Aladdin", "open sesame", header)
