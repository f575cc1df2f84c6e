"""A person before the stand-in's page that asks whether an app is let in."""

import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3

from bothways.connectors.hubspot.facts import OAUTH
from bothways.sandbox.hubspot import CLIENT_ID, Admin, HubSpotSandbox

REDIRECT = "http://127.0.0.1/oauth/callback"
SECRET_NAME = "HUBSPOT_CLIENT_SECRET"
NEEDED = tuple(each.scope for each in OAUTH.permissions if each.needed)
OPTIONAL = tuple(each.scope for each in OAUTH.permissions if not each.needed)
FURTHER = tuple(each.scope for each in OAUTH.further)


def register(hubspot: HubSpotSandbox | Admin, redirect: str = REDIRECT, *, rotates: bool = False) -> None:
    """Set our app up there, with the scopes that our connector wants."""
    hubspot.register([redirect], list(NEEDED), [*OPTIONAL, *FURTHER], rotates=rotates)


def app_text(url: str, name: str = "crm") -> str:
    """Return an app of a settings file that is let in by OAuth."""
    auth = (
        f'{{client_id: "{CLIENT_ID}", client_secret: {{env: {SECRET_NAME}}}, authorize_url: "{url}/oauth/authorize"}}'
    )
    return f'  {name}: {{connector: hubspot, base_url: "{url}", auth: {{oauth: {auth}}}}}\n'


def shown(address: str) -> tuple[int, str]:
    """Open an address as a browser does that follows nowhere: return the status and the page, or where it is sent."""
    answer = urllib3.request("GET", address, redirect=False)
    return answer.status, answer.headers.get("location") or answer.data.decode()


def answered(address: str, button: str = "connect", allow: Sequence[str] | None = None) -> str:
    """Press a button on the page at an address, with these boxes ticked (None: all); return where one is sent to."""
    status, page = shown(address)
    assert status == 200, page
    fields = [(unescape(n), unescape(v)) for n, v in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)]
    boxes = [unescape(each) for each in re.findall(r'name="allow" value="([^"]*)" checked', page)]
    fields += [("allow", each) for each in boxes if allow is None or each in allow]
    at = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}/oauth/authorize"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode([*fields, ("answer", button)])
    answer = urllib3.request("POST", at, body=body, headers=form, redirect=False)
    assert answer.status == 302, answer.data
    return answer.headers["location"]


def words(address: str) -> dict[str, str]:
    """Return what an address says in its query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
