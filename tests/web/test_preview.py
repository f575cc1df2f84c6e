"""The preview: what a run would do, record by record; asked for of the service, written exactly as it was shown."""

import csv
import io
import re

import pytest

from bothways.ledger.models import Feed, Plan, Request, Sync
from bothways.ledger.turns import SYNC
from bothways.service import drafts, preview, requests
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.service.views import PlanView
from tests.jobs.served import Served
from tests.office import Office
from tests.web.browser import Browser
from tests.web.until import until


@pytest.fixture
def busy(office: Office) -> Office:
    """A conflict, two creates, a link, a choice for a person, a record with nothing in it."""
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.bert.edit(right, name="Daisy")
    office.anna.add(email="l@x.test", name="Lea")
    office.bert.add(email="l@x.test", phone="+4930111222")
    office.anna.add(email="c@x.test", name="Cleo")
    office.bert.add(email="k@x.test", name="Karl")
    office.anna.add(email="h@x.test", name="H1")
    office.anna.add(email="h@x.test", name="H2")
    office.anna.add()
    office.clock.advance(120)
    office.plan()
    office.clock.advance(120)
    return office


def signed_in(office: Office, role: Role = Role.ADMIN, name: str = "Ana Ruiz") -> Browser:
    here = Browser(office.open())
    here.sign_up(name, role)
    return here


def served(office: Office) -> Served:
    """Return a service that does nothing but what somebody asks for."""
    with used(office.open().database):
        for kind in (Feed, Sync):
            kind.objects.update(due_at=office.clock() + 3600)
    return Served(office)


def made_by_service(office: Office, here: Browser, sync: str = "people") -> str:
    """Have a preview made by a service, as the button does, and return the page that shows it."""
    here.get(f"/syncs/{sync}/preview")
    with served(office):
        assert here.post(f"/syncs/{sync}/preview").location == f"/syncs/{sync}/preview"

        def done() -> bool:
            asked = requests.last_asked(here.workspace, sync, "plan")
            return asked is not None and not asked.is_open

        assert until(done)
    return here.get(f"/syncs/{sync}/preview").text


def chips(text: str) -> dict[str, int]:
    """Return the number beside each filter."""
    found = re.findall(r'name="show" value="(\w+)"[^>]*> ([^<]*?) (\d+)</label>', text)
    return {show: int(count) for show, _, count in found}


def test_preview_is_asked_for_of_the_service_and_not_made_in_the_request(busy: Office) -> None:
    here = signed_in(busy, Role.OPERATOR, "Olga")
    calls = dict(busy.anna.calls)
    here.get("/syncs/people/preview")
    assert here.post("/syncs/people/preview").status == 303
    with used(here.workspace.database):
        (asked,) = Request.objects.all()
        assert (asked.kind, asked.asked_by, asked.state) == ("plan", "Olga", "asked")
        assert here.triggered == [(SYNC, [asked.sync_id])]
    assert dict(busy.anna.calls) == calls, "no app was asked by the page"
    text = here.get("/syncs/people/preview").text
    assert 'data-src="/syncs/people/now?for=plan"' in text
    assert "live.js" in text or "live." in text
    assert '<noscript><meta http-equiv="refresh"' in text
    here.post("/syncs/people/preview")
    with used(here.workspace.database):
        assert Request.objects.count() == 1, "who asks twice gets one"


def test_page_shows_what_a_run_would_do_and_nothing_is_written(busy: Office) -> None:
    here, before = signed_in(busy), busy.writes
    text = made_by_service(busy, here)
    assert busy.writes == before
    for part in (
        "Dora",
        "Daisy",
        "Cleo",
        "Create in Bert",
        "Create in Anna",
        "Both changed; Anna wins",
        "Need a decision",
    ):
        assert part in text, part
    assert "<del>" in text
    assert "Write these 4 changes" in text


def test_preview_equals_what_is_then_written_and_nothing_else_is(busy: Office) -> None:
    here = signed_in(busy)
    text = made_by_service(busy, here)
    plan = re.search(r'name="plan" value="(p_\d+)"', text)
    assert plan
    shown = list(preview.each_action(here.workspace, plan[1], show="all"))
    expected = [
        (field.app, action.ids[field.app], field.field, field.after)
        for action in shown
        for field in action.fields
        if not field.hold
    ]
    known = {"Anna": {item.id for item in busy.anna.live()}, "Bert": {item.id for item in busy.bert.live()}}
    before = {"Anna": len(busy.anna.writes), "Bert": len(busy.bert.writes)}
    with served(busy):
        assert here.post("/syncs/people/preview/write", plan=plan[1]).location == "/syncs/people/now"
        assert until(lambda: not requests.last_asked(here.workspace, "people", "apply").is_open)  # type: ignore[union-attr]
        written = [
            (name, None if each.kind == "create" else each.id, field, value)
            for name, app in (("Anna", busy.anna), ("Bert", busy.bert))
            for each in app.writes[before[name] :]
            for field, value in each.values.items()
        ]
    assert known["Anna"] < {item.id for item in busy.anna.live()}
    assert sorted(map(str, written)) == sorted(map(str, expected))


@pytest.mark.parametrize("state", ["off", "draft"])
def test_sync_that_is_off_or_a_draft_is_previewed_and_not_written(office: Office, state: str) -> None:
    office.anna.add(email="c@x.test", name="Cleo")
    office.change("state: on", f"state: {state}")
    here = signed_in(office)
    text = made_by_service(office, here)
    assert "Cleo" in text
    assert chips(text)["create"] == 1
    assert "Turn it on" in text
    assert "/preview/write" not in text
    plan = preview.latest_plan(here.workspace, "people")
    assert plan is not None
    refused = here.post("/syncs/people/preview/write", plan=plan.view.id)
    assert (refused.status, "BW-123" in refused.text) == (422, True)
    assert office.writes == 0


def test_each_number_is_that_of_its_list_and_lists_come_from_the_server(busy: Office) -> None:
    here = signed_in(busy)
    counted = chips(made_by_service(busy, here))
    assert counted == {
        "all": 6,
        "create": 2,
        "update": 2,
        "emptied": 0,
        "conflicts": 1,
        "held": 2,
        "left_out": 1,
    }
    for show, count in counted.items():
        part = here.get(f"/syncs/people/preview?show={show}", htmx=True).text
        assert (part.count("<summary"), "<html" in part) == (count, False), show
    found = here.get("/syncs/people/preview?q=CLEO", htmx=True).text
    assert ("Cleo" in found, found.count("<summary")) == (True, 1)
    by_id = here.get("/syncs/people/preview?q=a00001", htmx=True).text
    assert ("Dora" in by_id, by_id.count("<summary")) == (True, 1)
    assert "No records here." in here.get("/syncs/people/preview?q=100%25", htmx=True).text


def test_long_plan_is_read_in_pages_of_fifty(office: Office) -> None:
    for number in range(60):
        office.anna.add(email=f"p{number}@x.test", name=f"P{number:02}")
    here = signed_in(office)
    office.plan()
    first = here.get("/syncs/people/preview").text
    more = re.search(r'id="more" href="(\?[^"]+)"', first)
    assert more
    second = here.get("/syncs/people/preview" + more[1].replace("&amp;", "&")).text
    names = re.findall(r"<bdi>(P\d\d)</bdi></strong>", first) + re.findall(r"<bdi>(P\d\d)</bdi></strong>", second)
    assert names == [f"P{number:02}" for number in range(60)]
    assert 'id="more"' not in second


def test_viewer_looks_and_cannot_write_nor_have_a_preview_made(busy: Office) -> None:
    workspace = signed_in(busy).workspace
    plan = busy.plan()
    for name, role, forms in (("Vera", Role.VIEWER, 0), ("Olga", Role.OPERATOR, 1)):
        here = Browser(workspace)
        here.sign_up(name, role)
        text = here.get("/syncs/people/preview").text
        assert "Dora" in text
        assert text.count('/syncs/people/preview">') == forms, "the button that makes one is an operator's"
        assert "/preview/write" not in text
        assert "An editor can have exactly this written." in text
        assert here.post("/syncs/people/preview/write", plan=plan.id).status == 403
    with used(workspace.database):
        assert not Request.objects.exists()


def test_outdated_plan_is_refused_with_its_words(busy: Office) -> None:
    plan, before = busy.plan(), busy.writes
    busy.change("max_emptied: 1000", "max_emptied: 7")
    here = signed_in(busy)
    text = here.get("/syncs/people/preview").text
    assert "The settings were changed since." in text
    assert "/preview/write" not in text
    refused = here.post("/syncs/people/preview/write", plan=plan.id)
    assert refused.status == 422
    assert "cannot be applied: the settings were changed since" in refused.text
    assert "BW-120" in refused.text
    assert "Refresh" in refused.text
    assert here.post("/syncs/people/preview/write", plan="p_999").status == 422
    assert busy.writes == before


def test_preview_says_that_a_run_has_written_since(busy: Office) -> None:
    busy.plan()
    here = signed_in(busy)
    assert "A run has written since." not in here.get("/syncs/people/preview").text
    busy.run()
    assert "A run has written since." in here.get("/syncs/people/preview").text


def test_brake_says_why_and_how_to_mend_it_and_is_released_by_an_editor_who_says_so(office: Office) -> None:
    office.change("max_emptied: 1000", "max_emptied: 0")
    office.change("    guards:", "    conflicts: {when_empty: clear}\n    guards:")
    left, _ = office.pair("Dana", phone="+4930123456")
    office.anna.edit(left, phone=None)
    plan = office.plan()
    here = signed_in(office)
    text = here.get("/syncs/people/preview").text
    for part in ("Phone in Bert would be emptied in 1 record", "set the field to be never emptied", "?show=emptied"):
        assert part in text, part
    assert "Write 1 record all the same" in text
    assert "Write this 1 change" not in text
    refused = here.post("/syncs/people/preview/write", plan=plan.id)
    assert (refused.status, "BW-400" in refused.text) == (422, True)
    assert here.post("/syncs/people/preview/write", plan=plan.id, anyway="yes").status == 303
    with used(here.workspace.database):
        (asked,) = Request.objects.all()
        assert asked.parameters == {"plan": plan.id, "limit": None, "max_change": None, "approved": True}


def test_a_few_records_can_be_tried_first(office: Office) -> None:
    office.change("first_run: 1000", "first_run: 2")
    for number in range(5):
        office.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    office.plan()
    here = signed_in(office)
    text = here.get("/syncs/people/preview").text
    assert "Try 2 records" in text
    plan = re.search(r'name="plan" value="(p_\d+)"', text)
    assert plan
    with served(office):
        here.post("/syncs/people/preview/write", plan=plan[1], limit="2")
        assert until(lambda: not requests.last_asked(here.workspace, "people", "apply").is_open)  # type: ignore[union-attr]
    assert len(office.bert.live()) == 2
    now = here.get("/syncs/people/now").text
    assert "2 records were written first" in now
    assert "Continue with 3 more" in now


def test_nothing_to_do_is_said_so(office: Office) -> None:
    office.pair()
    office.plan()
    text = signed_in(office).get("/syncs/people/preview").text
    assert "Nothing would change" in text
    assert "Both apps hold the same already." in text


def test_what_is_held_is_not_told_to_be_the_same_though_nothing_would_change(office: Office) -> None:
    office.change("    guards:", "    conflicts: {default: ask}\n    guards:")
    left, right = office.pair()
    office.anna.edit(left, name="Dana A")
    office.bert.edit(right, name="Dana B")
    office.run()
    office.plan()
    text = signed_in(office).get("/syncs/people/preview").text
    assert "Nothing would change" in text
    assert "1 record is held or failing, and stays so until that is decided." in text
    assert 'href="/issues"' in text
    assert "Both apps hold the same already." not in text
    assert "/preview/write" not in text


def test_preview_that_failed_says_why_and_keeps_the_last_one(busy: Office) -> None:
    here = signed_in(busy)
    made_by_service(busy, here)
    busy.clock.advance(60)
    busy.bert.fail("changes", ConnectionError("secret words"))
    text = made_by_service(busy, here)
    assert "BW-900" in text
    assert "Dora" in text
    busy.clock.advance(60)
    assert "BW-900" not in made_by_service(busy, here)


def test_file_for_spreadsheets_has_every_record_and_no_formula(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="=1+1")
    office.anna.add()
    plan = office.plan()
    here = signed_in(office, Role.VIEWER, "Vera")
    answer = here.get(f"/syncs/people/preview/csv?plan={plan.id}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="people {plan.id}.csv"' in answer.headers["content-disposition"]
    assert answer.file, "it is sent piece by piece, however many records a plan has"
    rows = list(csv.DictReader(io.StringIO(answer.file.decode("utf-8-sig"))))
    assert {row["after"] for row in rows} == {"'=1+1", ""}
    assert {row["action"] for row in rows} == {"update", "leave out"}
    assert here.get("/syncs/people/preview/csv?plan=p_99").status == 422


def test_values_are_never_taken_for_html(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name='<img src=x onerror="alert(1)">')
    office.plan()
    text = signed_in(office).get("/syncs/people/preview").text
    assert "<img" not in text
    assert "&lt;img" in text


def test_stored_plan_is_shown_as_it_was_when_it_was_made(busy: Office) -> None:
    made = busy.plan()
    workspace = busy.open()
    shown = preview.latest_plan(workspace, "people")
    assert shown is not None
    assert (shown.view, isinstance(shown.view, PlanView)) == (made, True)
    with used(workspace.database):
        Plan.objects.update(totals={"writes": 1})
    assert preview.latest_plan(workspace, "people") is None, "one of an older version is not half shown"


# --- of a draft ---------------------------------------------------------------------------------------


def draft_with_phones(office: Office) -> int:
    """Begin a draft that maps the telephone, too, of a pair that differs in it."""
    office.change("    objects:", "    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name}]\n    objects:")
    left, _ = office.pair("Dana")
    office.anna.edit(left, phone="+4722864400")
    office.rest()
    draft = drafts.edit(office.open(), "people")
    fields = [*draft.settings["fields"], {"Anna": "phone", "Bert": "phone"}]
    drafts.change(office.open(), draft.id, draft.version, fields=fields)
    office.clock.advance(60)
    return draft.id


def test_review_asks_for_a_preview_of_the_changes_and_the_worker_makes_it(office: Office) -> None:
    id = draft_with_phones(office)
    here = signed_in(office, Role.EDITOR, "Edo")
    page = here.get(f"/drafts/{id}/review").text
    for part in ("Preview these changes", "Look at what these changes touch", "Look at all records"):
        assert part in page, part
    assert "No preview yet" in here.get(f"/drafts/{id}/preview").text
    sent = here.post(f"/drafts/{id}/preview", everything="")
    assert (sent.status, sent.location) == (303, f"/drafts/{id}/preview")
    assert "Both apps are read and compared." in here.get(sent.location).text
    here.post(f"/drafts/{id}/preview", everything="")
    assert len(requests.list_requests(here.workspace)) == 1, "it is asked for once"
    with Served(office):
        assert until(lambda: "Download CSV" in here.get(sent.location).text)
    page = here.get(sent.location).text
    for part in ("What the draft would change", "+4722864400", "Save and sync", f'action="/drafts/{id}/review"'):
        assert part in page, part
    assert ("Write this" in page, office.writes) == (False, 0)
    assert "No preview yet" in here.get("/syncs/people/preview").text, "it is none of the settings in force"
    part = here.get(f"/drafts/{id}/preview?show=create", htmx=True).text
    assert ("No records here." in part, "<html" in part) == (True, False)
    plan = preview.latest_of_draft(here.workspace, id)
    assert plan is not None
    assert b"+4722864400" in here.get(f"/syncs/people/preview/csv?plan={plan.view.id}").file
    here.get(f"/drafts/{id}/preview")
    version = drafts.draft(here.workspace, id).version
    assert here.post(f"/drafts/{id}/review", version=str(version), do="sync").location == "/syncs/people"
    office.run()
    assert [each.values.get("phone") for each in office.bert.live()] == ["+4722864400"]


def test_preview_that_waits_is_followed_though_that_of_a_draft_is_asked_for_after_it(office: Office) -> None:
    id = draft_with_phones(office)
    here = signed_in(office, Role.EDITOR, "Edo")
    here.post("/syncs/people/preview")
    here.post(f"/drafts/{id}/preview", everything="")
    here.post("/syncs/people/preview")
    assert len(requests.list_requests(here.workspace)) == 2, "each is asked for once"
    assert "<live-stream" in here.get("/syncs/people/preview").text
    assert "<live-stream" in here.get(f"/drafts/{id}/preview").text


def test_preview_of_a_draft_says_when_it_no_longer_tells_what_would_happen(office: Office) -> None:
    id = draft_with_phones(office)
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.get("/syncs/people")
    here.post(f"/drafts/{id}/preview", everything="yes")
    with Served(office):
        assert until(lambda: "Download CSV" in here.get(f"/drafts/{id}/preview").text)
    assert "An editor can save the draft." in here.get(f"/drafts/{id}/preview").text
    draft = drafts.draft(here.workspace, id)
    drafts.change(office.open(), id, draft.version, guards={"first_run": 7})
    assert "was changed since. Refresh it." in here.get(f"/drafts/{id}/preview").text


def test_new_sync_has_no_preview_before_it_is_saved(office: Office) -> None:
    draft = drafts.begin(office.open(), "friends", ("Anna", "Bert"), ("people", "people"))
    here = signed_in(office, Role.EDITOR, "Edo")
    assert here.get(f"/drafts/{draft.id}/preview").location == f"/drafts/{draft.id}/review"
