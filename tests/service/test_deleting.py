"""A deleted sync leaves the records alone, and can be had back for a while."""

from pathlib import Path

import pytest
from django.apps import apps

from bothways.errors import DeleteNotConfirmed, NameTaken, NotDeleted, OldLinks, UnknownSync
from bothways.ledger import db
from bothways.service import deleting
from bothways.service.conflicts import choose_app
from bothways.service.database import used
from bothways.service.deleting import KEPT_DAYS, LEAVE, TAKE, delete, restore
from bothways.service.issues import leave_out, link_issue, list_issues, withdraw
from bothways.service.records import list_records
from bothways.service.syncs import show_sync, turn_on
from tests.office import SYNC, Office

UNMATCHED = SYNC.replace("    guards", "    match: none\n    guards")


def rows(office: Office, table: str) -> int:
    with used(office.open().database):
        return int(db.value(f"SELECT COUNT(*) FROM {table}"))


def deleted(folder: Path, text: str = SYNC) -> tuple[Office, str, str]:
    """Return an office whose sync was deleted after it had linked and written a pair, and the two ids."""
    office = Office(folder, text)
    left = office.anna.add(email="dana@x.test", name="Dana")
    office.rest()
    (made,) = office.bert.live()
    view = delete(office.open(), "people", confirmed=True)
    assert (view.links, view.until) == (1, office.clock() + KEPT_DAYS * 86_400)
    return office, left, made.id


def test_records_of_both_apps_stay_and_nothing_flows(folder: Path) -> None:
    office, left, right = deleted(folder)
    written = office.writes
    assert "people:   #" not in office.file.read_text()
    assert "# the first" in office.file.read_text()
    office.anna.edit(left, name="Other")
    with pytest.raises(UnknownSync):
        office.run()
    assert office.writes == written
    assert office.bert.values(right)["name"] == "Dana"


def test_deleting_asks_first_and_changes_nothing_until_it_is_confirmed(office: Office) -> None:
    office.pair("Dana")
    before = office.file.read_text()
    with pytest.raises(DeleteNotConfirmed, match="1 links"):
        delete(office.open(), "people")
    assert office.file.read_text() == before
    assert office.rest().state == "done"


def test_a_restored_sync_has_its_settings_links_and_history_and_is_off(folder: Path) -> None:
    office, left, right = deleted(folder)
    restore(office.open(), "people")
    view = show_sync(office.open(), "people")
    assert (view.state, view.counts.in_sync, view.guards["first_run"]) == ("off", 1, 1000)
    turn_on(office.open(), "people")
    office.anna.edit(left, name="Dana II")
    office.rest()
    assert office.bert.values(right)["name"] == "Dana II"
    assert len(office.bert.live()) == 1


def test_a_pair_whose_records_were_known_to_be_gone_is_no_longer_linked_once_it_is_restored(folder: Path) -> None:
    office = Office(folder, SYNC)
    pairs = [office.pair(name) for name in ("Dana", "Eve", "Finn")]
    office.anna.delete(pairs[0][0])
    office.bert.delete(pairs[0][1])
    office.plan()
    delete(office.open(), "people", confirmed=True)
    restore(office.open(), "people")
    turn_on(office.open(), "people")
    office.rest()
    assert show_sync(office.open(), "people").counts.in_sync == 2


def test_after_the_days_all_of_it_is_removed_by_the_next_run_of_any_sync(folder: Path) -> None:
    office, _, _ = deleted(folder)
    office.write(SYNC.replace("  people:", "  others:"))
    turn_on(office.open(), "others", old_links=LEAVE)
    office.clock.advance(KEPT_DAYS * 86_400 - 120)
    office.run(sync="others")
    with used(office.open().database):
        assert db.value("SELECT COUNT(*) FROM sync WHERE deleted_at>0") == 1
    office.clock.advance(200)
    office.run(sync="others")
    with used(office.open().database):
        assert db.value("SELECT COUNT(*) FROM sync WHERE deleted_at>0") == 0
        for table in ("link", "journal", "run", "revision", "plan"):
            others = "SELECT COUNT(*) FROM {} WHERE sync_id NOT IN (SELECT id FROM sync)"
            assert db.value(others.format(table)) == 0, table
        assert db.value("SELECT COUNT(*) FROM shadow WHERE link_id NOT IN (SELECT id FROM link)") == 0
    office.write(SYNC.replace("  people:", "  others:"))
    with pytest.raises(NotDeleted):
        restore(office.open(), "people")


def test_a_name_in_use_is_not_restored_over(folder: Path) -> None:
    office, _, _ = deleted(folder)
    office.write(SYNC)
    with pytest.raises(NameTaken):
        restore(office.open(), "people")


def test_the_same_sync_made_anew_is_offered_the_old_links(folder: Path) -> None:
    office, left, right = deleted(folder, UNMATCHED)
    office.write(UNMATCHED.replace("state: on", "state: draft"))
    with pytest.raises(OldLinks, match="1 links"):
        turn_on(office.open(), "people")
    turn_on(office.open(), "people", old_links=TAKE)
    office.rest()
    office.anna.edit(left, name="Dana II")
    office.rest()
    assert office.bert.values(right)["name"] == "Dana II"
    assert (len(office.anna.live()), len(office.bert.live())) == (1, 1)


def test_what_was_deleted_is_not_created_again_by_a_new_sync_that_takes_what_the_old_one_knew(folder: Path) -> None:
    office = Office(folder, SYNC)
    left = [office.anna.add(email=f"{name}@x.test", name=name) for name in ("dana", "eve", "finn")]
    office.rest()
    for item in office.bert.live():
        if item.values["name"] != "eve":
            office.bert.delete(item.id)
            office.rest()
    office.anna.delete(left[1])
    office.rest()
    delete(office.open(), "people", confirmed=True)
    office.write(SYNC.replace("state: on", "state: draft"))
    with pytest.raises(OldLinks, match="3 links, also of what is not to be created again"):
        turn_on(office.open(), "people")
    turn_on(office.open(), "people", old_links=TAKE)
    office.rest()
    assert (len(office.anna.live()), [item.values["name"] for item in office.bert.live()]) == (2, ["eve"])


def test_what_was_left_out_stays_so_in_a_new_sync_that_takes_what_the_old_one_knew(folder: Path) -> None:
    office = Office(folder, SYNC)
    office.pair("Dana")
    eve, *_ = (app.add(email="eve@x.test", name="Eve") for app in (office.anna, office.bert, office.bert))
    office.rest()
    (issue,) = (each for each in list_issues(office.open(), "people") if each.record == eve)
    leave_out(office.open(), issue.id)
    office.rest()
    (before,) = list_records(office.open(), "people", state="left_out").rows
    delete(office.open(), "people", confirmed=True)
    office.write(SYNC.replace("state: on", "state: draft"))
    turn_on(office.open(), "people", old_links=TAKE)
    office.rest()
    assert list_records(office.open(), "people", state="left_out").rows == (before,)
    withdraw(office.open(), issue.id)
    office.rest()
    assert eve in [each.record for each in list_issues(office.open(), "people")]


def test_what_a_person_has_chosen_or_decided_is_carried_out_by_a_new_sync_that_takes_what_the_old_one_knew(
    folder: Path,
) -> None:
    text = SYNC + "    conflicts: {default: ask}\n"
    office = Office(folder, text)
    dana = office.pair("Dana")
    eve, *others = (app.add(email="eve@x.test", name="Eve") for app in (office.anna, office.bert, office.bert))
    office.rest()
    office.anna.edit(dana[0], name="Dana A")
    office.bert.edit(dana[1], name="Dana B")
    office.run()
    asked = {each.record: each for each in list_issues(office.open(), "people")}
    choose_app(office.open(), asked[dana[0]].id, "Bert")
    link_issue(office.open(), asked[eve].id, others[1])
    delete(office.open(), "people", confirmed=True)
    office.write(text.replace("state: on", "state: draft"))
    turn_on(office.open(), "people", old_links=TAKE)
    office.rest()
    assert office.anna.values(dana[0])["name"] == "Dana B"
    office.anna.edit(eve, name="Eva")
    office.rest()
    assert [office.bert.values(each)["name"] for each in others] == ["Eve", "Eva"]


def test_old_links_are_left_where_that_is_said(folder: Path) -> None:
    office, _, _ = deleted(folder)
    office.write(SYNC.replace("state: on", "state: draft"))
    turn_on(office.open(), "people", old_links=LEAVE)
    assert show_sync(office.open(), "people").counts.in_sync == 0
    office.rest()
    assert show_sync(office.open(), "people").counts.in_sync == 1


def test_one_of_several_syncs_is_deleted_and_restored_without_touching_the_others_in_the_file(folder: Path) -> None:
    text = SYNC + "  # the second\n  more:\n    objects: {Bert: people, Anna: people}   # turned\n    state: off\n"
    office = Office(folder, text)
    delete(office.open(), "more", confirmed=True)
    assert office.file.read_text().startswith(SYNC)
    assert list(office.open().document.syncs) == ["people"]
    restore(office.open(), "more")
    assert list(office.open().document.syncs) == ["people", "more"]


def test_nothing_that_belongs_to_a_sync_is_left_out_of_what_is_removed() -> None:
    known = {each._meta.db_table for each in apps.get_models() if any(f.name == "sync" for f in each._meta.fields)}
    assert known <= set(deleting._TABLES)
