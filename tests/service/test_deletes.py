"""Deletes from the settings to the apps: refused where an app cannot do them, shown in plans, records and why."""

from dataclasses import replace
from pathlib import Path

import pytest

from bothways import errors
from bothways.connectors.base import Capabilities
from bothways.engine.deletes import Removal
from bothways.engine.sides import SIDES, Side
from bothways.jobs import now
from bothways.service import preview, records, syncs, why
from bothways.service.reading import document_of
from bothways.service.spec import resolve
from bothways.service.sync_settings import settings_of
from bothways.service.undo import preview_undo
from bothways.service.yaml_file import parse
from tests.memory_app import PEOPLE, MemoryConnector
from tests.office import SYNC, Office, plug_in

DELETES = "    deletes: {Bert: archive, grace: 2d}\n"
DAY = 86_400.0


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connectors of the tests be known."""
    plug_in(monkeypatch)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Five pairs in step; Bert's records are archived two days after their partners were deleted."""
    made = Office(tmp_path, SYNC + DELETES)
    for name in ("ann", "ben", "cy", "dan", "eve"):
        made.pair(name)
    return made


def noticed(office: Office) -> str:
    """Delete a record of Anna's, let a run notice it, and return the id of its partner."""
    pair = next(row for row in records.list_records(office.open(), "people").rows if row.name == "ann")
    office.anna.delete(str(pair.ids["Anna"]))
    office.run()
    office.run()
    return str(pair.ids["Bert"])


def test_settings_are_shown_kept_and_read_back(office: Office) -> None:
    view = syncs.show_sync(office.open(), "people")
    assert (dict(view.deletes), view.grace) == ({"Anna": "keep", "Bert": "archive"}, 2 * DAY)
    document = office.open().sync("people")
    assert settings_of(document)["deletes"] == {"Bert": "archive", "grace": "172800s"}
    again = document_of(parse(syncs.export(office.open(), "people"), "f.yaml")).syncs["people"]
    assert (again.deletes.removals, again.deletes.grace) == ({Side.RIGHT: Removal.ARCHIVE}, 2 * DAY)


@pytest.mark.parametrize(("archives", "word", "possible"), [(True, "delete", "archive"), (False, "archive", "delete")])
def test_app_is_refused_what_it_cannot_do(tmp_path: Path, archives: bool, word: str, possible: str) -> None:
    made = Office(tmp_path, SYNC + DELETES.replace("archive", word))
    document = made.open().sync("people")
    schema = {side: {field.name: field for field in PEOPLE} for side in SIDES}
    can = dict.fromkeys(SIDES, Capabilities(archives=archives))
    with pytest.raises(errors.RemovalNotPossible, match=f"Bert cannot {word}") as refused:
        resolve(document, schema, can)
    assert refused.value.advice == f"What it can do is: keep or {possible}."
    line = made.file.read_text().splitlines().index(DELETES.replace("archive", word).rstrip()) + 1
    assert refused.value.where.startswith(f"bothways.yaml:{line}:")


def test_credentials_that_may_not_delete_are_refused_at_the_door(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = MemoryConnector.objects
    kept = lambda self: [replace(each, deletable=False) for each in objects(self)]  # noqa: E731
    monkeypatch.setattr(MemoryConnector, "objects", kept)
    with pytest.raises(errors.PermissionMissing, match="may not be deleted"):
        syncs.turn_on(office.open(), "people")


def test_what_waits_and_what_would_be_deleted_is_shown_before_it_is_done(office: Office) -> None:
    partner = noticed(office)
    row = next(each for each in records.list_records(office.open(), "people").rows if each.ids["Bert"] == partner)
    assert (row.state, row.left_out_by) == ("waiting", "deletion")
    assert row.reason.startswith("deleted in Anna; archived here too after ")
    assert row.reason.endswith(", unless it is edited or restored")
    office.clock.advance(2 * DAY)
    plan = office.plan()
    assert (dict(plan.deleted), plan.changes) == ({"Anna": 0, "Bert": 1}, 1)
    [action] = preview.plan_actions(office.open(), plan.id)
    assert (action.kind, action.rule, action.ids["Bert"]) == ("delete", "R4d", partner)
    assert office.bert.items[partner].live
    done = office.run()
    assert (dict(done.deleted), sum(done.updated.values())) == ({"Anna": 0, "Bert": 1}, 0)
    assert not office.bert.items[partner].live
    story = why.why(office.open(), "people", f"Bert:{partner}", "name").fields[0]
    assert [(each.what, each.before, each.rule) for each in story.events if each.what == "deleted"] == [
        ("deleted", "ann", "R4d")
    ]
    looked_at = preview_undo(office.open(), done.id)
    assert (looked_at.remade, looked_at.restored) == (1, 0)
    assert now.undo_run(office.open(), done.id).remade == 1
    assert office.bert.holding("name", "ann")
