"""Turning on and off, deleting and having back: each asks first, says what follows, and does it only then."""

import re
from datetime import UTC, datetime

import pytest

from bothways.ledger import turns
from bothways.ledger.models import Request, Sync
from bothways.service import deleting, syncs
from bothways.service.database import used
from bothways.service.rights import Role
from tests.memory_app import MemoryApp
from tests.office import SYNC, Office
from tests.web.browser import Browser

SECOND = """\
  again:
    state: off
    objects: {Cora: people, Bert: people}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
"""


def signed_in(office: Office, role: Role = Role.EDITOR, name: str = "Ana Ruiz") -> Browser:
    here = Browser(office.open())
    here.sign_up(name, role)
    return here


@pytest.mark.parametrize("what", ["on", "off", "delete"])
def test_question_is_a_page_or_a_dialog_and_asking_changes_nothing(office: Office, what: str) -> None:
    office.pair("Dana")
    if what == "on":
        syncs.turn_off(office.open(), "people")
    here, before = signed_in(office), office.file.read_text(encoding="utf-8")
    page, dialog = here.get(f"/syncs/people/{what}"), here.get(f"/syncs/people/{what}", htmx=True)
    assert (page.status, page.text.count("<h1>"), "<dialog" in page.text) == (200, 1, False)
    assert ("<html" in dialog.text, dialog.text.count("<dialog"), "data-close" in dialog.text) == (False, 1, True)
    for text in (page.text, dialog.text):
        assert f'method="post" action="/syncs/people/{what}"' in text
    assert office.file.read_text(encoding="utf-8") == before


def test_turning_off_says_what_follows_in_numbers(office: Office) -> None:
    office.pair("Dana")
    office.pair("Eve")
    here = signed_in(office)
    assert "2 records stay as they are in both apps" in here.get("/syncs/people/off").text
    assert here.post("/syncs/people/off").location == "/syncs/people"
    assert syncs.show_sync(here.workspace, "people").state == "off"


@pytest.mark.parametrize(("start", "name"), [("all", "Dora"), ("now", "Dana")])
def test_turned_on_again_it_catches_up_or_carries_only_what_changes_from_now_on(
    office: Office, start: str, name: str
) -> None:
    left, right = office.pair("Dana")
    here = signed_in(office)
    here.get("/syncs/people")
    here.post("/syncs/people/off")
    office.anna.edit(left, name="Dora")
    asked = here.get("/syncs/people/on").text
    assert "What changed while it was off?" in asked
    assert 'id="turn-on"' in asked
    assert here.post("/syncs/people/on", start=start).location == "/syncs/people"
    office.rest()
    assert office.bert.values(right)["name"] == name
    office.anna.edit(left, phone="+4930111222")
    office.rest()
    assert office.bert.values(right)["phone"] == "+4930111222"


def test_who_else_writes_the_same_is_told_before_it_is_turned_on(office: Office) -> None:
    office.pair("Dana")
    MemoryApp("Cora", office.clock)
    office.write(SYNC.replace("syncs:", "  Cora: {connector: memory}\nsyncs:") + SECOND)
    here = signed_in(office)
    here.get("/syncs/again/on")
    refused = here.post("/syncs/again/on", start="now")
    assert refused.status == 422
    assert "the sync people writes" in refused.text
    assert "BW-184" in refused.text
    assert 'value="now" checked' in refused.text, "what was chosen is kept"
    assert syncs.show_sync(here.workspace, "again").state == "off"
    assert 'name="confirmed" value="yes"' in refused.text
    assert here.post("/syncs/again/on", start="now", confirmed="yes").status == 303
    assert syncs.show_sync(office.open(), "again").state == "on"


@pytest.mark.parametrize(("answer", "linked"), [("take", 1), ("leave", 0)])
def test_links_of_a_deleted_sync_like_it_are_taken_over_or_left_as_is_said(
    office: Office, answer: str, linked: int
) -> None:
    office.pair("Dana")
    deleting.delete(office.open(), "people", confirmed=True)
    office.write(SYNC.replace("  people:", "  friends:").replace("state: on", "state: off"))
    here = signed_in(office)
    assert "links of the deleted sync" not in here.get("/syncs/friends/on").text
    refused = here.post("/syncs/friends/on", start="all")
    assert (refused.status, "people, deleted since" in refused.text) == (422, True)
    assert syncs.show_sync(here.workspace, "friends").state == "off"
    assert here.post("/syncs/friends/on", start="all", old_links=answer).status == 303
    with used(here.workspace.database):
        friends = Sync.objects.get(name="friends")
        assert friends.link_set.count() == linked


def test_sync_is_deleted_only_when_its_name_is_typed(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    asked = here.get("/syncs/people/delete").text
    assert "The records in both apps stay as they are" in asked
    assert "for 30 days, until" in asked
    until = datetime.fromtimestamp(office.clock() + 30 * 86_400, UTC).date()
    assert f'<time datetime="{until.isoformat()}">' in asked
    wrong = here.post("/syncs/people/delete", typed="peopel")
    assert wrong.status == 422
    assert re.search(
        r'<input id="typed"[^>]*value="peopel"[^>]*aria-invalid="true" aria-describedby="differs"', wrong.text
    )
    assert "This is not people. Nothing was deleted." in wrong.text
    assert syncs.show_sync(office.open(), "people").state == "on"
    writes = office.writes
    assert here.post("/syncs/people/delete", typed="people").location == "/"
    assert here.get("/syncs/people").status == 404
    assert (office.writes, len(office.anna.live()), len(office.bert.live())) == (writes, 1, 1)


def test_deleted_sync_is_listed_until_it_is_restored_with_all_that_it_knew(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    assert "Deleted syncs" not in here.get("/").text
    here.get("/syncs/people/delete")
    here.post("/syncs/people/delete", typed="people")
    home = here.get("/").text
    assert "Deleted syncs" in home
    assert '<td class="num">1</td>' in home
    viewer = Browser(here.workspace)
    viewer.sign_up("Vera", Role.VIEWER)
    seen = viewer.get("/").text
    assert ("Deleted syncs" in seen, "/restore" in seen) == (True, False)
    assert viewer.post("/syncs/people/restore").status == 403
    assert here.post("/syncs/people/restore").location == "/syncs/people"
    found = syncs.show_sync(office.open(), "people")
    assert (found.state, found.counts.in_sync) == ("off", 1)
    assert "Deleted syncs" not in here.get("/").text


def test_deleted_sync_is_listed_no_longer_than_it_is_kept_and_not_where_its_name_is_taken(office: Office) -> None:
    office.pair("Dana")
    deleting.delete(office.open(), "people", confirmed=True)
    (kept,) = deleting.deleted(office.open())
    assert (kept.sync, kept.links) == ("people", 1)
    office.write(SYNC)
    assert deleting.deleted(office.open()) == []
    office.write(SYNC.replace("  people:", "  others:"))
    assert [each.sync for each in deleting.deleted(office.open())] == ["people"]
    office.clock.now = kept.until + 1
    assert deleting.deleted(office.open()) == []


def test_sync_that_is_at_work_is_not_waited_for_by_a_page(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    here.get("/syncs/people/delete")
    with used(here.workspace.database):
        [id] = Sync.objects.values_list("pk", flat=True)
        turn = turns.take_now(id, "beside-other", office.clock(), though_paused=False)
        assert turn is not None
    refused = here.post("/syncs/people/delete", typed="people")
    assert (refused.status, "BW-510" in refused.text) == (422, True)
    assert syncs.show_sync(office.open(), "people").state == "on"
    assert "The run that is at work now ends first." in here.get("/syncs/people/off").text


def test_what_was_asked_for_goes_with_the_sync(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    here.get("/syncs/people/preview")
    here.post("/syncs/people/preview")
    here.post("/syncs/people/delete", typed="people")
    with used(here.workspace.database):
        assert [each.state for each in Request.objects.all()] == ["withdrawn"]
