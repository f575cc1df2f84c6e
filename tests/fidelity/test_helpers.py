"""What HubSpot's client for Python has besides its calls: all pages at once, letting in by OAuth, signed webhooks."""

import time
from collections.abc import Iterator

import pytest

from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, CLIENT_SECRET, HubSpotSandbox
from bothways.sandbox.hubspot.hooks import signature
from tests.consenting import REDIRECT, answered, words

pytestmark = pytest.mark.server("hubspot-python")


@pytest.fixture
def account() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None) as hubspot:
        yield hubspot


def test_all_pages_at_once(account: HubSpotSandbox) -> None:
    from hubspot import HubSpot

    ids = account.seed("contacts", [{"lastname": str(number)} for number in range(250)])
    crm = HubSpot(access_token=account.token, host=account.url).crm
    assert [each.id for each in crm.contacts.get_all(properties=["lastname"])] == ids


def test_app_is_let_in_and_goes_on_with_its_refresh_token(account: HubSpotSandbox) -> None:
    from hubspot import HubSpot
    from hubspot.utils.oauth import get_auth_url

    scopes = ("oauth", "crm.objects.contacts.read")
    account.register([REDIRECT], scopes)
    asked = get_auth_url(scope=scopes, client_id=CLIENT_ID, redirect_uri=REDIRECT)
    code = words(answered(asked.replace("https://app.hubspot.com", account.url)))["code"]
    tokens = HubSpot(host=account.url).oauth.tokens_api
    app = {"client_id": CLIENT_ID, "client_secret": APP_SECRET, "redirect_uri": REDIRECT}
    first = tokens.create(grant_type="authorization_code", code=code, **app)
    again = tokens.create(grant_type="refresh_token", refresh_token=first.refresh_token, **app)
    assert (first.token_type, again.expires_in) == ("bearer", 1800)
    crm = HubSpot(access_token=again.access_token, host=account.url).crm
    assert crm.contacts.basic_api.get_page().results == []


def test_webhooks_are_signed_as_the_client_checks_them() -> None:
    from hubspot.utils.signature import Signature

    url, body, stamp = "https://example.com/hooks?a=b", b'[{"eventId": 1}]', str(round(time.time() * 1000))
    signed = signature(CLIENT_SECRET, url, body, stamp)
    sent = {"request_body": body.decode(), "http_uri": url, "signature_version": "v3", "timestamp": stamp}
    assert Signature.is_valid(signature=signed, client_secret=CLIENT_SECRET, **sent)
    assert not Signature.is_valid(signature=signed, client_secret="another", **sent)
