"""What a draft would change, planned on a copy of the ledger: shown as any plan, and nothing of it is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways import errors
from bothways.jobs import now
from bothways.jobs.doing import do
from bothways.ledger import looking
from bothways.ledger.models import Due, Feed, Journal, Link, Plan, Revision, Run, Seen, Sync
from bothways.service import drafts, preview, requests
from bothways.service.database import used
from bothways.service.requests import ToPlan
from bothways.service.turn import own_turn
from bothways.service.views import DraftView, PlanView
from tests.databases import empty_ledger
from tests.office import Office, office_on, plug_in


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office on either database, with two pairs at rest that differ in their telephone."""
    plug_in(monkeypatch)
    if request.param == "sqlite":
        with empty_ledger(tmp_path):
            yield settled(Office(tmp_path))
        return
    with office_on(request.getfixturevalue("postgresql"), tmp_path, monkeypatch) as office:
        yield settled(office)


def settled(office: Office) -> Office:
    office.change("    objects:", "    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name}]\n    objects:")
    for name in ("Dana", "Eve"):
        left, _ = office.pair(name)
        office.anna.edit(left, phone="+4722864400")
    office.rest()
    return office


def with_phones(office: Office) -> DraftView:
    """A draft that maps the telephone, too."""
    begun = drafts.edit(office.open(), "people")
    fields = [*begun.settings["fields"], {"Anna": "phone", "Bert": "phone"}]
    return drafts.change(office.open(), begun.id, begun.version, fields=fields)


def planned(office: Office, draft: DraftView, *, everything: bool = False) -> PlanView:
    """Have a draft planned, as a worker does."""
    office.clock.advance(60)
    workspace = office.open()
    with used(workspace.database), own_turn(workspace, Sync.objects.get()) as turn:
        made = do(workspace, ToPlan("people", draft.id, draft.version, everything), turn.worker)
        assert isinstance(made, PlanView)
        return made


def ledger(office: Office) -> list[object]:
    """What the ledger holds that a run would go by."""
    with used(office.open().database):
        feeds = [(each.fields, each.slots, each.cursor, each.polled_at) for each in Feed.objects.order_by("id")]
        counts = [kind.objects.count() for kind in (Due, Journal, Link, Revision, Run, Seen)]
        return [feeds, counts, sorted(Seen.objects.values_list("record_id", "data"))]


def test_what_a_draft_would_change_is_shown_and_nothing_of_it_is_kept(home: Office) -> None:
    draft, before, text = with_phones(home), ledger(home), home.file.read_text()
    view = planned(home, draft)
    assert (view.updated, view.changes) == ({"Anna": 0, "Bert": 2}, 2)
    assert (ledger(home), home.file.read_text(), home.writes) == (before, text, 0)
    made = preview.latest_of_draft(home.open(), draft.id)
    assert made is not None
    assert (made.view.id, made.outdated) == (view.id, "")
    found = preview.plan_page(home.open(), view.id)
    assert [[(field.label, field.after) for field in row.fields] for row in found.rows] == [
        [("Phone", "+4722864400")],
        [("Phone", "+4722864400")],
    ]
    run = home.run()
    assert (home.writes, run.updated) == (0, {"Anna": 0, "Bert": 0}), "no run does it"
    assert not list(home.folder.rglob(".copy-*")), "the copy is gone"


def test_what_is_previewed_is_what_happens_when_it_is_saved(home: Office) -> None:
    draft = with_phones(home)
    view = planned(home, draft)
    drafts.save(home.open(), draft.id, draft.version)
    assert home.run().updated == view.updated


def test_only_what_the_changes_touch_is_looked_at_unless_all_is_asked_for(home: Office) -> None:
    begun = drafts.edit(home.open(), "people")
    draft = drafts.change(home.open(), begun.id, begun.version, conflicts={"default_app": "Bert"})
    assert planned(home, draft).compared == 0
    assert planned(home, draft, everything=True).compared == 2


def test_preview_of_a_draft_is_never_written_and_is_no_preview_of_the_sync(home: Office) -> None:
    view = planned(home, with_phones(home))
    assert preview.latest_plan(home.open(), "people") is None
    with pytest.raises(errors.PlanOutdated, match="not saved"):
        requests.ask_to_apply(home.open(), view.id)
    with pytest.raises(errors.PlanOutdated):
        now.apply_plan(home.open(), view.id, approved=True)
    assert home.writes == 0


def test_preview_is_outdated_by_another_version_and_gone_with_its_draft(home: Office) -> None:
    draft = with_phones(home)
    planned(home, draft)
    newer = drafts.change(home.open(), draft.id, draft.version, guards={"first_run": 7})
    made = preview.latest_of_draft(home.open(), draft.id)
    assert made is not None
    assert made.outdated == "settings"
    with pytest.raises(errors.DraftChanged):
        planned(home, draft)
    drafts.change(home.open(), draft.id, newer.version, fields=[{"Anna": "email", "Bert": "nothing"}])
    with pytest.raises(errors.DraftRefused):
        planned(home, drafts.draft(home.open(), draft.id))
    drafts.discard(home.open(), draft.id)
    with pytest.raises(errors.UnknownDraft):
        preview.latest_of_draft(home.open(), draft.id)


def test_run_meanwhile_leaves_the_preview_of_a_draft_to_be_looked_at(home: Office) -> None:
    draft = with_phones(home)
    view = planned(home, draft)
    home.run()
    made = preview.latest_of_draft(home.open(), draft.id)
    assert made is not None
    assert made.view.id == view.id
    with used(home.open().database):
        assert Plan.objects.filter(revision=0).count() == 1
        assert looking.counts(Sync.objects.get())["waiting"] == 0
