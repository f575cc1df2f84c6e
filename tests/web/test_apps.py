"""Apps on the pages: found, connected by what is typed, signed in to again, disconnected."""

from typing import ClassVar

import pytest

from bothways.connectors import registry
from bothways.connectors.abilities import OWN_FIELD, OwnField
from bothways.connectors.base import Account, Setting
from bothways.connectors.ends import End
from bothways.errors import BothwaysError, CredentialsRefused, NoRoomForOwnField
from bothways.service import alerts, apps
from bothways.service.database import used
from bothways.service.rights import Role
from tests.memory_app import MemoryApp, MemoryConnector
from tests.office import Office
from tests.web.browser import Browser
from tests.web.filled import filled

TYPED = {"name": "crm", "set-url": "https://crm.example/", "set-user": "ana", "set-password": "hunter2"}


@pytest.fixture
def here(office: Office) -> Browser:
    """Return a browser in which an admin is signed in."""
    made = Browser(office.open())
    made.sign_up("Ana Ruiz")
    return made


@pytest.fixture
def crm(office: Office) -> MemoryApp:
    """A third app, not connected yet."""
    return MemoryApp("crm", office.clock)


def send(here: Browser, address: str, fields: dict[str, str]) -> tuple[int, str, str]:
    """Load a form, send it, and return status, where to, and the text."""
    here.get(address)
    answer = here.post(address, **fields)
    return answer.status, answer.location, answer.text


def test_apps_and_kinds_are_found_by_a_part_of_their_names(here: Browser) -> None:
    text = here.get("/apps?q=ann").text
    assert "Anna" in text
    assert "Bert" not in text
    assert "Check Anna" in text


def test_category_is_chosen_together_with_a_search_and_stays_in_the_address(here: Browser) -> None:
    kinds = ("many", "memory", "locked")

    def shown(query: str) -> tuple[bool, list[str]]:
        text = here.get(f"/apps{query}").text
        assert (" selected>" in text) == ("category" in query)
        return "Check Anna" in text, [each for each in kinds if f'href="/connect/{each}"' in text]

    text = here.get("/apps").text
    assert '<option value="In memory">In memory</option><option value="Vault">Vault</option>' in text
    assert shown("") == (True, ["many", "memory", "locked"])
    assert shown("?q=&category=In+memory") == (True, ["many", "memory"])
    assert shown("?q=ann&category=In+memory") == (True, [])
    assert shown("?q=man&category=In+memory") == (False, ["many"])
    assert shown("?category=Vault") == (False, ["locked"])
    assert 'value="man"' in here.get("/apps?q=man&category=In+memory").text


def test_script_gets_the_lists_alone(here: Browser) -> None:
    text = here.get("/apps?category=Vault", htmx=True).text
    assert ('href="/connect/locked"' in text, "<h1>" in text) == (True, False)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("q=sales", "No app is called like “sales”."),
        ("category=Bakery", "There is no app of the category “Bakery”."),
        ("q=sales&category=Vault", "No app of the category “Vault” is called like “sales”."),
    ],
)
def test_search_without_a_hit_says_how_one_is_built_and_leads_back(here: Browser, asked: str, told: str) -> None:
    text = here.get(f"/apps?{asked}").text
    assert told in text
    assert "<code>bothways app new</code>" in text
    assert 'id="clear" href="/apps"' in text
    assert "bothways app new" not in here.get("/apps").text


@pytest.mark.parametrize("where", ["list", ""], ids=["on its card", "on its page"])
def test_check_that_fails_is_told_where_it_was_asked_for(here: Browser, office: Office, where: str) -> None:
    office.bert.fail("check", CredentialsRefused(app="Bert", reason="the token was revoked"))
    here.get("/apps")
    answer = here.post("/apps/Bert/check", **({"in": where} if where else {}))
    assert (answer.status, "That did not work" in answer.text) == (422, False)
    before, _, after = answer.text.partition('id="error"')
    assert "Bert does not accept the credentials." in after
    assert "BW-202" in after
    if where:
        assert ("Check Bert" in before, "Can be connected" in after) == (True, True), "on the card of Bert"
    else:
        assert ("<h1>" in before, "Used by" in after, "Check Bert" in answer.text) == (True, True, False)


def test_app_in_trouble_says_so_on_its_card(here: Browser, office: Office) -> None:
    assert "Needs you" not in here.get("/apps").text
    error = CredentialsRefused(app="Bert", reason="the token was revoked")
    with used(here.workspace.database):
        alerts.fails(alerts.APP, "Bert", error, office.clock(), office.clock() + 90)
    anna, _, bert = here.get("/apps").text.partition("Check Anna")
    assert ("Needs you" in anna, "Needs you" in bert, "BW-202" in bert) == (False, True, True)


def test_another_account_of_the_same_kind_can_be_connected(here: Browser) -> None:
    assert 'href="/connect/memory">Add an account</a>' in here.get("/apps/Bert").text
    assert 'value="memory"' in here.get("/connect/memory").text


def test_app_is_connected_by_what_is_typed_and_its_secret_never_shown(
    here: Browser, office: Office, crm: MemoryApp
) -> None:
    form = here.get("/connect/locked").text
    assert 'name="name" value="locked"' in form
    assert 'id="set-password" name="set-password" type="password"' in form
    status, location, _ = send(here, "/connect/locked", TYPED)
    assert (status, location) == (303, "/apps/crm")
    page = here.get("/apps/crm").text
    assert "crm is connected, as crm." in page
    assert "typed in here" in page
    assert "hunter2" not in page
    assert "hunter2" not in office.file.read_text()


def test_page_of_an_app_leads_to_a_sync_of_it_and_of_another_one(here: Browser) -> None:
    assert 'href="/new-sync?app-0=Bert">Set up your sync</a>' in here.get("/apps/Bert").text
    form = filled(here.get("/new-sync?app-0=Bert").text, "apps")
    assert (form["app-0"], form["app-1"]) == (["Bert"], ["Anna"])
    viewer = Browser(here.workspace)
    viewer.sign_up("Vera Holt", Role.VIEWER)
    assert "Set up your sync" not in viewer.get("/apps/Bert").text


def test_connecting_an_app_belongs_to_the_apps(here: Browser) -> None:
    assert '<a href="/apps" aria-current="page">' in here.get("/connect/memory").text


def test_who_has_no_sync_is_led_to_the_apps_and_then_to_a_sync(office: Office) -> None:
    office.write("version: 1\napps:\n  Anna: {connector: memory}\n")
    here = Browser(office.open())
    here.sign_up("Ana Ruiz")
    assert 'href="/apps">Connect two apps</a>' in here.get("/").text
    office.write("version: 1\napps:\n  Anna: {connector: memory}\n  Bert: {connector: memory}\n")
    here = Browser(office.open())
    here.sign_up("Edo Sato")
    assert 'href="/new-sync">Set up your sync</a>' in here.get("/").text


def test_app_that_refuses_is_told_in_its_words_and_nothing_is_kept(
    here: Browser, office: Office, crm: MemoryApp
) -> None:
    before = office.file.read_text()
    crm.fail("check", CredentialsRefused(app="crm"))
    status, _, text = send(here, "/connect/locked", TYPED)
    assert status == 422
    assert "BW-202" in text
    assert 'value="https://crm.example/"' in text, "what is no secret need not be typed again"
    assert "hunter2" not in text
    assert office.file.read_text() == before


def test_wrong_setting_is_marked_at_its_field(here: Browser, crm: MemoryApp) -> None:
    status, _, text = send(here, "/connect/locked", {**TYPED, "set-url": "nonsense"})
    field = text[text.index('id="set-url"') :].partition(">")[0]
    assert (status, 'aria-invalid="true"' in field) == (422, True)


@pytest.mark.parametrize("name", ["Anna", "a/b", ""])
def test_name_that_cannot_be_is_refused_with_its_words(here: Browser, name: str) -> None:
    status, _, text = send(here, "/connect/locked", {**TYPED, "name": name})
    assert status == 422
    assert "BW-101" in text


def test_kind_that_there_is_not_has_no_page(here: Browser) -> None:
    assert here.get("/connect/nothing").status == 404


def test_signing_in_again_takes_another_secret_of_the_same_account_alone(
    here: Browser, office: Office, crm: MemoryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(here, "/connect/locked", TYPED)
    assert send(here, "/apps/crm/sign-in", {"set-password": ""})[0] == 422
    assert send(here, "/apps/crm/sign-in", {"set-password": "hunter3"})[:2] == (303, "/apps/crm")
    assert "What waited goes on." in here.get("/apps/crm").text
    monkeypatch.setattr(MemoryConnector, "check", lambda connector: Account("4242", "account 4242"))
    status, _, text = send(here, "/apps/crm/sign-in", {"set-password": "hunter4"})
    assert status == 422
    assert "BW-212" in text
    [kept] = (office.folder / ".bothways" / "secrets").iterdir()
    assert kept.read_text() == "hunter3"


def test_app_that_became_another_account_can_be_said_to_be_the_same(
    here: Browser, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.pair()
    office.write(office.file.read_text().replace("Bert: {connector: memory}", "Bert: {connector: many}"))
    assert "It is the same account" not in here.get("/apps/Anna").text
    here.get("/apps/Anna")
    monkeypatch.setattr(MemoryConnector, "check", lambda connector: Account("4242", "account 4242"))
    answer = here.post("/apps/Anna/same")
    assert (answer.status, answer.location) == (303, "/apps/Anna")
    page = here.get("/apps/Anna").text
    assert "account 4242 counts as the same account from now on." in page


def test_app_that_is_used_is_not_disconnected_and_says_by_what(here: Browser) -> None:
    page = here.get("/apps/Anna/disconnect").text
    assert "must be deleted first" in page
    assert here.post("/apps/Anna/disconnect").status == 422


def test_app_is_disconnected(here: Browser, office: Office, crm: MemoryApp) -> None:
    send(here, "/connect/locked", TYPED)
    status, location, _ = send(here, "/apps/crm/disconnect", {})
    assert (status, location) == (303, "/apps")
    assert [each.name for each in apps.list_apps(office.open())] == ["Anna", "Bert"]
    assert here.get("/apps/crm").status == 404


class Keeping(MemoryConnector):
    """A kind of app that can keep our marks, in fields that are made for them."""

    settings = (Setting(OWN_FIELD, "Our marks", required=False),)
    made: ClassVar[list[str]] = []
    problem: ClassVar[BothwaysError | None] = None

    def own_fields(self) -> list[OwnField]:
        names = ("people", "firms")
        return [OwnField("our_key", name, name.title(), name in self.made, self.problem) for name in names]

    def make_own_field(self, object: str) -> None:
        self.made.append(object)


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> type[Keeping]:
    """Let all apps be of that kind."""
    monkeypatch.setattr(registry, "connector_class", lambda name: Keeping)
    monkeypatch.setattr(Keeping, "made", [])
    return Keeping


def test_the_field_for_our_marks_is_shown_before_it_is_made_and_made_by_a_button(
    here: Browser, office: Office, keeping: type[Keeping]
) -> None:
    assert 'href="/apps/Anna/own-field"' in here.get("/apps/Anna").text
    text = here.get("/apps/Anna/own-field").text
    assert (text.count("Will be made"), "Make the property our_key" in text, keeping.made) == (1, True, [])
    status, where, _ = send(here, "/apps/Anna/own-field", {})
    assert (status, where, keeping.made) == (303, "/apps/Anna", ["people"])
    assert "marker_property: our_key" in office.file.read_text()
    assert "own-field" not in here.get("/apps/Anna").text, "it is in use"


def test_what_keeps_the_field_from_being_made_is_said_and_no_button_is_shown(
    here: Browser, keeping: type[Keeping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "problem", NoRoomForOwnField(app="Anna", object="People", most=10))
    text = here.get("/apps/Anna/own-field").text
    assert ("People of Anna have 10 properties" in text, 'id="make"' in text) == (True, False)


def test_an_app_without_such_a_field_offers_none(here: Browser) -> None:
    assert "own-field" not in here.get("/apps/Anna").text


def test_what_an_app_works_by_that_ends_is_said_on_its_page(here: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = [End("version 1 of its API", 1.0, "1970-01", "Speak version 2")]
    monkeypatch.setattr(MemoryConnector, "ends", staticmethod(lambda settings: ends), raising=False)
    assert "supported no longer since 1970-01. Speak version 2." in here.get("/apps/Anna").text
    assert "supported no longer since 1970-01" in here.post("/apps/Anna/check").text


def test_a_setting_with_few_values_is_chosen_from_them(here: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting("version", "Version", required=False, choices=("1", "2"))
    monkeypatch.setattr(MemoryConnector, "settings", (setting,))
    text = here.get("/connect/memory").text
    assert '<option value="1">1</option><option value="2">2</option></select>' in text
    assert (send(here, "/connect/memory", {"name": "crm", "set-version": "3"}))[0] == 422
