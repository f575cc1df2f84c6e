"""The field of our own in an app: shown before it is made, made with consent, written into the settings, and once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.connectors.hubspot.facts import MARKER
from bothways.errors import NotAllowed, OwnFieldNotConfirmed, OwnFieldUnfit, PermissionMissing, UsageError
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.schema import prop
from bothways.service import apps, own_fields
from bothways.service.connect import open_app
from bothways.service.rights import Actor, Role
from bothways.service.workspace import Workspace, open_workspace
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


def test_it_is_made_where_syncs_are_and_nowhere_else(crm: Workspace, hubspot: HubSpotSandbox) -> None:
    text = crm.file.read_text()
    other = text[text.index("    connector") : text.index("syncs")]
    syncs = "syncs:\n  people: {objects: {crm: contacts, west: contacts}}\n"
    crm.file.write_text(text.replace("syncs: {}\n", f"  west:\n{other}{syncs}"))
    workspace = open_workspace(crm.folder)
    assert [each.label for each in own_fields.show(workspace, "crm").missing] == ["Contacts"]
    own_fields.make(workspace, "crm", confirmed=True)
    assert made(hubspot) == ["/crm/properties/2026-09/contacts"]


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


def test_it_takes_an_editor(crm: Workspace) -> None:
    crm.actor = Actor("Ola", Role.OPERATOR)
    for deed in (own_fields.show, own_fields.make):
        with pytest.raises(NotAllowed):
            deed(crm, "crm")


def test_an_app_without_one_says_so(office: Office) -> None:
    with pytest.raises(UsageError, match="no field of our own"):
        own_fields.show(office.open(), "Anna")
