"""The versions of the API: by their own paths, and with the same results."""

import pytest

from bothways.connectors.abilities import RecordList
from bothways.connectors.base import Exists, Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot.paths import CURRENT, DATED, NUMBERED, VERSIONS, path
from bothways.errors import WrongType
from bothways.records import Ref
from bothways.service.entries import checked
from tests.connectors.hubspot.account import Account, unlimited


@pytest.fixture(params=VERSIONS)
def spoken(request: pytest.FixtureRequest):
    """An account, and a connector that speaks one of the versions: it asks for no path of another one."""
    with unlimited() as hubspot:
        yield Account(hubspot, {"api_version": request.param})
        own = {request.param, "v4"} if request.param == NUMBERED else {request.param}
        assert [path for _, path, _ in hubspot.log if not own & set(path.split("/"))] == []


def test_every_version_lists_reads_searches_and_finds(spoken: Account):
    one, two = spoken.people(2)
    cursor = spoken.cursor()
    spoken.hubspot.edit("contacts", two, {"lastname": "New"})
    spoken.hubspot.indexed()
    assert spoken.poll(cursor)[0] == {one, two}
    (found,) = spoken.read(two)
    assert found.exists is Exists.EXISTS
    assert found.record
    assert found.record.values["lastname"] == "New"
    assert spoken.connector.find("contacts", "email", ["p0@example.com"]) == {"p0@example.com": [one]}
    assert spoken.connector.count("contacts") == 2
    assert [ref.id for page in spoken.connector.ids("contacts") for ref in page] == [one, two]


def test_every_version_writes_records_and_what_they_belong_to(spoken: Account):
    home = spoken.hubspot.create("companies", {"name": "Acme"})
    (made,) = spoken.create({"lastname": "N", "associations.companies": [home]})
    assert made.outcome is Outcome.DONE
    assert made.record
    assert made.record.values["associations.companies"] == [home]
    id = made.record.id
    (changed,) = spoken.update({id: {"lastname": "M", "associations.companies": []}})
    assert changed.outcome is Outcome.DONE
    assert changed.record
    part = {"associations.companies": [home]}
    item = WriteItem("a", WriteKind.UPDATE, {"associations.companies": []}, Ref(id), base=part)
    assert spoken.connector.write("contacts", [item])[0].outcome is Outcome.DONE
    assert spoken.hubspot.associated("contacts", id, "companies") == []
    (gone,) = spoken.connector.write("contacts", [WriteItem("g", WriteKind.ARCHIVE, ref=Ref(id))])
    assert gone.outcome is Outcome.DONE
    assert spoken.read(id)[0].exists is Exists.ARCHIVED


def test_every_version_tells_its_account_fields_labels_and_lists(spoken: Account):
    spoken.hubspot.add_label("contacts", "companies", "Billing")
    names = {each.label: each.name for each in spoken.connector.fields("contacts")}
    assert names["Email"] == "email"
    assert names["Billing"].startswith("associations.companies.user_defined.")
    (id,) = spoken.people(1)
    list = spoken.hubspot.set_list("contacts", "VIP", [id])
    assert spoken.connector.lists("contacts") == [RecordList(list, "VIP", size=1)]
    assert [*spoken.connector.members("contacts", list)] == [[id]]
    assert spoken.connector.check().id
    assert spoken.connector.time_zone() == "UTC"


def test_paths_have_the_version_behind_the_api_by_date_and_before_it_by_number():
    assert path(CURRENT, "objects", "contacts", "1/2") == "/crm/objects/2026-09/contacts/1%2F2"
    assert path(DATED[0], "limits", "records") == "/crm/limits/2026-03/records"
    assert path(NUMBERED, "objects", "contacts") == "/crm/v3/objects/contacts"
    assert path(NUMBERED, "associations", "contacts", "companies") == "/crm/v4/associations/contacts/companies"


def test_a_version_that_nobody_speaks_is_refused_by_the_settings_file():
    entry = {"connector": "hubspot", "auth": {"token": {"env": "T"}}}
    assert checked("crm", {**entry, "api_version": NUMBERED}).settings["api_version"] == NUMBERED
    with pytest.raises(WrongType, match="must be one of these: v3, 2026-03, 2026-09"):
        checked("crm", {**entry, "api_version": "2025-09"})
