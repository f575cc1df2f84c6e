"""An app is let in on a page of its own: the way there and back, by who began it, once, and in time."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from bothways.ledger import chronicles, db
from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, FrozenClock, HubSpotSandbox, single
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.service import visits
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.service.workspace import Workspace, open_workspace
from tests.consenting import FURTHER, NEEDED, OPTIONAL, REDIRECT, answered, register
from tests.databases import empty_ledger
from tests.web.browser import Browser

COMPANIES, LISTS = "crm.objects.companies.read", "crm.lists.read"


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as made:
        register(made)
        yield made


@pytest.fixture
def workspace(tmp_path: Path, hubspot: HubSpotSandbox) -> Iterator[Workspace]:
    """A workspace without apps, on the account's clock."""
    (tmp_path / "bothways.yaml").write_text("version: 1\nallow_hosts: [127.0.0.1]\napps: {}\nsyncs: {}\n")
    with empty_ledger(tmp_path):
        opened = open_workspace(tmp_path)
        opened.clock = hubspot.now
        yield opened


@pytest.fixture
def here(workspace: Workspace) -> Browser:
    """A browser in which an admin is signed in."""
    made = Browser(workspace)
    made.sign_up("Ana Ruiz")
    return made


def typed(hubspot: HubSpotSandbox, **changed: str) -> dict[str, str | list[str]]:
    """Return what is typed into the form."""
    fields = {"name": "crm", "set-client_id": CLIENT_ID, "set-client_secret": APP_SECRET, "set-base_url": hubspot.url}
    return {**fields, "set-authorize_url": f"{hubspot.url}/oauth/authorize", "allow": list(OPTIONAL), **changed}


def leave(here: Browser, hubspot: HubSpotSandbox, **changed: str) -> str:
    """Type the form, and return the address of the page that waits for the app."""
    here.get("/connect/hubspot")
    sent = here.post("/connect/hubspot", **typed(hubspot, **changed))
    assert sent.status == 303, sent.text
    return sent.location


def address_on(page: str) -> str:
    """Return the address of the app on the page that waits for it."""
    return unescape(re.findall(r'id="go" href="([^"]+)"', page)[0])


def connect(here: Browser, hubspot: HubSpotSandbox, button: str = "connect", allow: list[str] | None = None):
    """Go the whole way, and return what comes of it."""
    waiting = leave(here, hubspot)
    return here.get(answered(address_on(here.get(waiting).text), button, allow).removeprefix("http://127.0.0.1"))


def kept_secrets(workspace: Workspace) -> list[str]:
    folder = workspace.folder / ".bothways" / "secrets"
    return [path.read_text() for path in folder.iterdir()] if folder.is_dir() else []


def test_what_is_asked_for_is_said_before_anybody_goes_there(here: Browser) -> None:
    page = here.get("/connect/hubspot").text
    assert "This lets Bothways" in page
    assert "add and change contacts" in page
    assert "It never does this" in page
    assert "delete records, unless you turn that on" in page
    assert REDIRECT in page
    assert "Go to HubSpot to allow" in page
    assert f'value="{COMPANIES}" checked' in page
    by_key = here.get("/connect/hubspot?by=secrets").text
    assert 'id="set-token"' in by_key
    assert 'action="/connect/hubspot?by=secrets"' in by_key
    assert '<code class="help">crm.objects.contacts.write</code>' in by_key
    assert '<code class="help">oauth</code>' in page
    assert '<code class="help">oauth</code>' not in by_key, "a key knows nothing of it"


def test_who_allows_it_lands_on_the_page_of_the_app(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    waiting = leave(here, hubspot)
    first = here.get(waiting)
    assert "Waiting for HubSpot" in first.text
    assert first.headers["refresh"] == f"0; url={address_on(first.text)}"
    assert "refresh" not in here.get(waiting).headers, "who comes back by the browser's own button stays"
    assert here.get("/connect/hubspot").location == waiting
    assert here.get("/connect/hubspot?by=secrets").status == 200
    assert here.get(waiting, htmx=True).status == 204
    back = answered(address_on(first.text)).removeprefix("http://127.0.0.1")
    arrived = here.get(back)
    assert (arrived.status, arrived.location) == (303, "/apps/crm")
    assert here.get(waiting).location == "/apps/crm"
    assert here.get(waiting, htmx=True).headers["hx-redirect"] == "/apps/crm"
    page = here.get("/apps/crm").text
    assert "crm is connected." in page
    assert page.count(">Allowed<") == len(NEEDED) + len(OPTIONAL)
    assert "Not allowed" not in page
    assert kept_secrets(workspace) == [APP_SECRET]
    assert "by its journal" not in page
    with used(workspace.database):
        chronicles.take("crm", workspace.clock() + 5, workspace.clock())
        chronicles.read("crm", workspace.clock())
    assert "come at once by its journal, last read" in here.get("/apps/crm").text
    for secret in (APP_SECRET, *hubspot.refresh_tokens()):
        assert secret not in page + first.text + workspace.file.read_text()


def test_what_was_not_allowed_is_shown_with_what_it_blocks(here: Browser, hubspot: HubSpotSandbox) -> None:
    connect(here, hubspot, allow=[each for each in OPTIONAL if each not in (COMPANIES, LISTS)])
    page = here.get("/apps/crm").text
    assert "2 permissions were not allowed" in page
    assert "Without it these cannot be synced: companies." in page
    assert "Without it no sync can make use of that." in page
    checked = here.post("/apps/crm/check").text
    assert checked.count(str(PORTAL)) == 1
    row = checked[checked.index(">Companies<") :].partition("</tr>")[0]
    assert row.count(">no<") == 2


def test_who_is_refused_is_told_why_and_what_to_copy_and_can_go_once_more(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    before = workspace.file.read_text()
    arrived = connect(here, hubspot, "cancel")
    assert arrived.status == 303
    page = here.get(arrived.location).text
    assert "HubSpot did not let us in" in page
    assert "The user has not allowed it" in page
    assert page.count(REDIRECT) == 2
    assert workspace.file.read_text() == before
    assert here.get(arrived.location, htmx=True).headers["hx-redirect"] == arrived.location
    again = here.post(f"{arrived.location}/again")
    assert (again.status, again.location) == (303, arrived.location)
    waiting = here.get(arrived.location)
    assert "refresh" in waiting.headers
    assert here.get(answered(address_on(waiting.text)).removeprefix("http://127.0.0.1")).location == "/apps/crm"


def test_cancelled_visit_is_forgotten_with_what_was_typed_and_nobody_comes_back_by_it(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    waiting = leave(here, hubspot)
    back = answered(address_on(here.get(waiting).text)).removeprefix("http://127.0.0.1")
    assert kept_secrets(workspace) == [APP_SECRET]
    cancelled = here.post(f"{waiting}/cancel")
    assert (cancelled.status, cancelled.location) == (303, "/apps")
    assert kept_secrets(workspace) == []
    assert here.get(waiting).status == 422
    assert "BW-541" in here.get(back).text
    assert "crm" not in workspace.file.read_text()


def test_answer_is_taken_once_in_time_and_from_the_session_that_began_alone(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    waiting = leave(here, hubspot)
    back = answered(address_on(here.get(waiting).text)).removeprefix("http://127.0.0.1")
    other = Browser(workspace)
    assert "BW-541" in other.get(back).text, "nobody is signed in there"
    other.sign_up("Edo Sato", Role.EDITOR)
    assert "BW-541" in other.get(back).text
    assert other.get(waiting).status == 422
    assert other.post(f"{waiting}/cancel").status == 422
    for forged in (back.replace("state=", "state=x"), re.sub(r"&?state=[^&]*", "", back)):
        assert "BW-541" in here.get(forged).text
    assert here.get(back, method="HEAD").status == 405
    assert here.get(back).location == "/apps/crm"
    assert "BW-541" in here.get(back).text, "once"


def test_answer_that_comes_too_late_is_not_taken(here: Browser, workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    waiting = leave(here, hubspot)
    address = address_on(here.get(waiting).text)
    hubspot.advance(visits.LASTS - 1)
    back = answered(address).removeprefix("http://127.0.0.1")
    hubspot.advance(1)
    assert "BW-541" in here.get(back).text
    assert "HubSpot did not let us in" in here.get(waiting).text
    assert here.get("/connect/hubspot").status == 200
    assert "crm" not in workspace.file.read_text()
    hubspot.advance(visits.KEPT)
    leave(here, hubspot, name="two")
    assert len(kept_secrets(workspace)) == 1, "what was typed for the first is forgotten with it"


def test_what_is_typed_wrongly_is_told_at_its_field(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    here.get("/connect/hubspot")
    wrong = here.post("/connect/hubspot", **typed(hubspot, **{"set-authorize_url": "nonsense"}))
    field = wrong.text[wrong.text.index('id="set-authorize_url"') :].partition(">")[0]
    assert (wrong.status, 'aria-invalid="true"' in field) == (422, True)
    assert f'value="{CLIENT_ID}"' in wrong.text
    assert APP_SECRET not in wrong.text
    assert kept_secrets(workspace) == []
    assert here.post("/connect/hubspot", **typed(hubspot, name="a/b")).status == 422


def test_secret_that_the_app_does_not_know_is_told_and_nothing_is_connected(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    waiting = leave(here, hubspot, **{"set-client_secret": "guessed-and-wrong"})
    arrived = here.get(answered(address_on(here.get(waiting).text)).removeprefix("http://127.0.0.1"))
    page = here.get(arrived.location).text
    assert "BW-239" in page
    assert "guessed-and-wrong" not in page
    assert "crm" not in workspace.file.read_text()


def again(here: Browser, hubspot: HubSpotSandbox, **fields: str):
    """Sign in again, and return what comes of it."""
    here.get("/apps/crm/sign-in")
    sent = here.post("/apps/crm/sign-in", allow=list(OPTIONAL), **fields)
    assert sent.status == 303, sent.text
    return here.get(answered(address_on(here.get(sent.location).text)).removeprefix("http://127.0.0.1"))


def test_signing_in_again_goes_the_same_way(here: Browser, workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    connect(here, hubspot)
    hubspot.remove_apps()
    refused = here.post("/apps/crm/check")
    assert (refused.status, "BW-238" in refused.text) == (422, True)
    form = here.get("/apps/crm/sign-in").text
    assert "the same account as before" in form
    assert again(here, hubspot).location == "/apps/crm"
    assert "crm lets us in. What waited goes on." in here.get("/apps/crm").text
    assert "May be written" in here.post("/apps/crm/check").text
    assert kept_secrets(workspace) == [APP_SECRET]


def test_permission_for_the_own_field_is_asked_for_on_its_page_and_leads_back_there(
    here: Browser, hubspot: HubSpotSandbox
) -> None:
    connect(here, hubspot)
    scope = "crm.schemas.contacts.write"
    assert scope not in here.get("/apps/crm/sign-in").text
    page = here.get("/apps/crm/own-field").text
    [link] = re.findall(r'id="allow" href="([^"]+)"', page)
    assert ('id="make"' in page, f"with={scope}&amp;with=" in link) == (False, True)
    form = here.get(unescape(link)).text
    assert f'value="{scope}" checked' in form
    fields = {"allow": [*OPTIONAL, *FURTHER], "with": re.findall(r'name="with" value="([^"]+)"', form)}
    sent = here.post("/apps/crm/sign-in", **fields)
    arrived = here.get(answered(address_on(here.get(sent.location).text)).removeprefix("http://127.0.0.1"))
    assert arrived.location == "/apps/crm/own-field"
    assert 'id="make"' in here.get(arrived.location).text
    assert f'value="{scope}" checked' in here.get("/apps/crm/sign-in").text
    assert again(here, hubspot).location == "/apps/crm"


def test_another_client_secret_takes_the_place_of_the_former(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    connect(here, hubspot)
    hubspot._desk.apps[CLIENT_ID].secret = "rotated-secret"
    assert again(here, hubspot, **{"set-client_secret": "rotated-secret"}).location == "/apps/crm"
    assert kept_secrets(workspace) == ["rotated-secret"]
    hubspot.advance(4000)
    assert "May be written" in here.post("/apps/crm/check").text


def test_another_account_is_refused(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(here, hubspot)
    with used(workspace.database):
        db.execute("UPDATE connection SET account='48151623'")
    monkeypatch.setattr(single, "PORTAL", 4242)
    arrived = again(here, hubspot)
    assert arrived.location.startswith("/visits/")
    assert "BW-212" in here.get(arrived.location).text
    cancelled = here.post(f"{arrived.location}/cancel")
    assert cancelled.location == "/apps/crm"
    monkeypatch.undo()
    assert "May be written" in here.post("/apps/crm/check").text


def test_disconnecting_gives_back_what_the_app_gave(
    here: Browser, workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    connect(here, hubspot)
    here.get("/apps/crm/disconnect")
    assert here.post("/apps/crm/disconnect").location == "/apps"
    assert hubspot.refresh_tokens() == []
    assert kept_secrets(workspace) == []
    connect(here, hubspot)
    hubspot.fault("503", times=9, match="revoke")
    here.get("/apps/crm/disconnect")
    here.post("/apps/crm/disconnect")
    assert "It could not be told" in here.get("/apps").text
