"""The field of our own in an app: shown before it is made, made with consent, written into the settings, and once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.connectors.hubspot.facts import MARKER
from bothways.errors import (
    AccountChanged,
    NotAllowed,
    OwnFieldNotAllowed,
    OwnFieldNotConfirmed,
    OwnFieldUnfit,
    PermissionMissing,
    UsageError,
)
from bothways.ledger import db
from bothways.sandbox.hubspot import APP_SECRET, FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.schema import prop
from bothways.service import apps, letting_in, own_fields
from bothways.service.connect import open_app
from bothways.service.database import used
from bothways.service.doctor import examine
from bothways.service.rights import Actor, Role
from bothways.service.workspace import Workspace, open_workspace
from tests.consenting import FURTHER, OPTIONAL, REDIRECT, SECRET_NAME, answered, app_text, register, words
from tests.databases import empty_ledger
from tests.office import Office

ALL = ["Contacts", "Companies", "Deals", "Leads", "Tickets", "Products"]

FILE = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  crm:   # ours
    connector: hubspot
    base_url: {url}
    auth: {{token: {{env: CRM_TOKEN}}}}
syncs: {{}}
"""


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as hubspot:
        yield hubspot


@pytest.fixture
def crm(hubspot: HubSpotSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace with an account of HubSpot."""
    monkeypatch.setenv("CRM_TOKEN", hubspot.token)
    with empty_ledger(tmp_path):
        (tmp_path / "bothways.yaml").write_text(FILE.format(url=hubspot.url))
        yield open_workspace(tmp_path)


def made(hubspot: HubSpotSandbox) -> list[str]:
    return [path for method, path, _ in hubspot.log if method == "POST" and path.startswith("/crm/properties/")]


def test_what_would_be_made_is_shown_and_nothing_is_made_without_consent(
    crm: Workspace, hubspot: HubSpotSandbox
) -> None:
    before = crm.file.read_text()
    view = own_fields.show(crm, "crm")
    assert (view.field, view.in_use, [each.label for each in view.missing]) == (
        MARKER,
        False,
        ALL,
    )
    with pytest.raises(
        OwnFieldNotConfirmed, match="bothways_key on Contacts, Companies, Deals, Leads, Tickets, Products"
    ):
        own_fields.make(crm, "crm")
    assert (made(hubspot), crm.file.read_text()) == ([], before)


def test_nothing_is_made_in_another_account_than_before(crm: Workspace, hubspot: HubSpotSandbox) -> None:
    with used(crm.database):
        db.execute("UPDATE connection SET account='7', trace='another'")
    with pytest.raises(AccountChanged):
        own_fields.make(crm, "crm", confirmed=True)
    assert made(hubspot) == []


def test_it_is_made_where_syncs_are_and_nowhere_else(crm: Workspace, hubspot: HubSpotSandbox) -> None:
    text = crm.file.read_text()
    other = text[text.index("    connector") : text.index("syncs")]
    syncs = "syncs:\n  people: {objects: {crm: contacts, west: contacts}}\n"
    crm.file.write_text(text.replace("syncs: {}\n", f"  west:\n{other}{syncs}"))
    workspace = open_workspace(crm.folder)
    assert [each.label for each in own_fields.show(workspace, "crm").missing] == ["Contacts"]
    own_fields.make(workspace, "crm", confirmed=True)
    assert made(hubspot) == ["/crm/properties/2026-09/contacts"]
    assert apps.check_app(workspace, "crm").warnings == ()
    assert [each.what for each in examine(workspace) if "crm" in each.what] == ["App crm: answers"]


def test_with_consent_it_is_made_once_and_used_from_then_on(crm: Workspace, hubspot: HubSpotSandbox) -> None:
    view = own_fields.make(crm, "crm", confirmed=True)
    assert (view.in_use, view.missing) == (True, ())
    assert len(made(hubspot)) == len(ALL)
    assert (
        crm.file.read_text()
        == FILE.format(url=hubspot.url).replace("    auth:", f"    marker_property: {MARKER}\n    auth:")
        or f"marker_property: {MARKER}" in crm.file.read_text()
    )
    assert "# ours" in crm.file.read_text()
    assert open_app(crm, "crm").connector.capabilities.marker
    assert apps.check_app(crm, "crm").account_id
    again = own_fields.make(crm, "crm")
    assert (again, len(made(hubspot))) == (view, len(ALL))
    assert not apps.show_app(crm, "crm").own_field


def test_one_object_of_which_it_cannot_be_made_stops_all_before_anything_is(
    crm: Workspace, hubspot: HubSpotSandbox
) -> None:
    hubspot.define("deals", prop(MARKER, "Theirs", custom=True))
    view = own_fields.show(crm, "crm")
    assert (view.blocked, [each.label for each in view.missing]) == (True, [each for each in ALL if each != "Deals"])
    with pytest.raises(OwnFieldUnfit, match="Deals"):
        own_fields.make(crm, "crm", confirmed=True)
    assert (made(hubspot), "marker_property" in crm.file.read_text()) == ([], False)


def test_a_permission_that_is_missing_leaves_the_settings_as_they_are_and_the_rest_is_made_later(
    crm: Workspace, hubspot: HubSpotSandbox
) -> None:
    scopes = {
        f"crm.{of}.{name}.{may}"
        for of in ("objects", "schemas")
        for name in ("contacts", "companies", "deals")
        for may in ("read", "write")
    }
    hubspot.grant(hubspot.token, scopes - {"crm.schemas.companies.write"})
    with pytest.raises(PermissionMissing, match=r"crm\.schemas\.companies\.write"):
        own_fields.make(crm, "crm", confirmed=True)
    assert "marker_property" not in crm.file.read_text()
    hubspot.grant(hubspot.token, scopes)
    assert [each.label for each in own_fields.show(crm, "crm").missing] == ["Companies", "Deals"]
    own_fields.make(crm, "crm", confirmed=True)
    assert sorted(made(hubspot)) == sorted(
        f"/crm/properties/2026-09/{name}" for name in ("contacts", "companies", "companies", "deals")
    )


# --- by OAuth ------------------------------------------------------------------------------------------------


@pytest.fixture
def let_in(hubspot: HubSpotSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace that the account has let in by OAuth, and whose sync is about contacts and an object of its own."""
    monkeypatch.setenv(SECRET_NAME, APP_SECRET)
    register(hubspot)
    pets = hubspot.make_object("pet", ("Pet", "Pets"), [prop("pet_name", "Name", group="pet")])
    apps_text = app_text(hubspot.url) + app_text(hubspot.url, "west")
    people = "people: {objects: {crm: contacts, west: contacts}}"
    animals = f'animals: {{objects: {{crm: "{pets}", west: "{pets}"}}}}'
    with empty_ledger(tmp_path):
        (tmp_path / "bothways.yaml").write_text(
            f"version: 1\nallow_hosts: [127.0.0.1]\napps:\n{apps_text}syncs:\n  {people}\n  {animals}\n"
        )
        workspace = open_workspace(tmp_path)
        workspace.clock = hubspot.now
        sign_in(workspace)
        yield workspace


def sign_in(workspace: Workspace, *more: str) -> set[str]:
    """Sign in again, and besides have ``more`` asked for; return the scopes that need not be given."""
    asked = [each.scope for each in letting_in.asked_again(workspace, "crm", more)]
    way = letting_in.way_again(workspace, "crm", {}, REDIRECT, tuple(asked))
    address = letting_in.address_of(way)
    letting_in.arrive(workspace, way, letting_in.code_of(way, letting_in.answer_in(answered(address))))
    return set(words(address)["optional_scope"].split())


CONTACTS, CUSTOM = "crm.schemas.contacts.write", "crm.schemas.custom.write"


def test_the_ordinary_sign_in_asks_for_no_permission_to_make_it(let_in: Workspace) -> None:
    assert sign_in(let_in) == set(OPTIONAL)
    assert not {each.label for each in apps.show_app(let_in, "crm").permissions if "our own" in each.label}


def test_what_lacks_a_permission_is_told_before_anything_is_made(let_in: Workspace, hubspot: HubSpotSandbox) -> None:
    assert apps.show_app(let_in, "crm").own_field
    view = own_fields.show(let_in, "crm")
    assert (view.lacking, [each.lacks for each in view.objects]) == ((CONTACTS, CUSTOM), [CONTACTS, CUSTOM])
    with pytest.raises(OwnFieldNotAllowed) as caught:
        own_fields.make(let_in, "crm", confirmed=True)
    assert caught.value.advice.endswith(f"bothways app login crm --with {CONTACTS} --with {CUSTOM}")
    assert (made(hubspot), "marker_property" in let_in.file.read_text()) == ([], False)


def test_a_sign_in_that_asks_for_it_lets_it_be_made_and_keeps_it(let_in: Workspace, hubspot: HubSpotSandbox) -> None:
    assert sign_in(let_in, CONTACTS, CUSTOM) == {*OPTIONAL, CONTACTS, CUSTOM}
    hubspot.advance(4000)
    assert own_fields.show(let_in, "crm").lacking == (), "what was renewed has what was allowed"
    assert own_fields.make(let_in, "crm", confirmed=True).in_use
    assert len(made(hubspot)) == 2
    allowed = [each.label for each in apps.show_app(let_in, "crm").permissions if each.allowed]
    assert "make a property of our own for contacts" in allowed
    assert sign_in(let_in) == {*OPTIONAL, CONTACTS, CUSTOM}, "signing in again loses nothing"


def test_a_permission_that_the_account_has_not_given_is_still_lacking(let_in: Workspace) -> None:
    way = letting_in.way_again(let_in, "crm", {}, REDIRECT, (*OPTIONAL, *FURTHER))
    back = answered(letting_in.address_of(way), allow=[*OPTIONAL, CUSTOM])
    letting_in.arrive(let_in, way, letting_in.code_of(way, letting_in.answer_in(back)))
    assert own_fields.show(let_in, "crm").lacking == (CONTACTS,)


def test_only_further_permissions_are_asked_for_besides(let_in: Workspace) -> None:
    with pytest.raises(UsageError, match="content cannot be asked for besides"):
        letting_in.asked_again(let_in, "crm", ["content"])


# -------------------------------------------------------------------------------------------------------------


def test_it_takes_an_editor(crm: Workspace) -> None:
    crm.actor = Actor("Ola", Role.OPERATOR)
    for deed in (own_fields.show, own_fields.make):
        with pytest.raises(NotAllowed):
            deed(crm, "crm")


def test_an_app_without_one_says_so(office: Office) -> None:
    with pytest.raises(UsageError, match="no field of our own"):
        own_fields.show(office.open(), "Anna")
