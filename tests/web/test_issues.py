"""The pages of issues: by cause in tabs, mended in place, with script and without; differences and rules."""

import re
from pathlib import Path

import pytest

from bothways.errors import AppUnreachable, CredentialsRefused, RateLimited
from bothways.ledger import rests, turns
from bothways.service import alerts, drafts, issue_groups, issues
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.service.views import GroupView
from bothways.web.pages.issue_groups import MANY
from tests.lands import ANNAS, BERTS, SETTINGS, land, refuse_closed
from tests.memory_app import PEOPLE, Traits
from tests.office import SYNC, Office
from tests.web.browser import Browser


@pytest.fixture
def world(office: Office, tmp_path: Path) -> Office:
    """Three people of whom Bert does not accept the country, and one whom it refuses."""
    here = Office(
        tmp_path, SETTINGS, fields=(*PEOPLE, ANNAS), bert=Traits(refuses=refuse_closed), bert_fields=(*PEOPLE, BERTS)
    )
    for name, country in (("Una", "uk"), ("Uri", "uk"), ("Hans", "holland"), ("Closed Cleo", "fr")):
        here.anna.add(email=f"{name[-3:]}@x.test", name=name, land=country)
    here.rest()
    here.clock.advance(86_400)
    here.run()
    return here


def signed_in(office: Office, role: Role = Role.EDITOR, name: str = "Ana Ruiz") -> Browser:
    here = Browser(office.open())
    here.sign_up(name, role)
    here.get("/issues")
    return here


def group(here: Browser, cause: str = "unpaired") -> GroupView:
    return next(each for each in issue_groups.groups(here.workspace).rows if each.cause == cause)


def test_issues_are_listed_by_cause_with_their_numbers(world: Office) -> None:
    text = signed_in(world).get("/issues").text
    for words in (
        "Need you 4",
        "Retrying by itself 0",
        "Ignored 0",
        "Everything else keeps syncing",
        "Country is not a value Bert accepts",
        "3 records",
        "You can fix this here",
        "United Kingdom (suggested)",
        "Save and retry 3",
        "Bert refused the change",
        "Period closed",
        "Fix in Bert",
        "Retry 1",
    ):
        assert words in text, words
    assert re.search(r'class="count">4<', text)


def test_values_are_paired_in_place_and_the_group_goes_away(world: Office) -> None:
    here = signed_in(world)
    found = group(here)
    sent = {"revision": str(found.revision), "value": ["uk", "holland"], "option": ["gb", "nl"]}
    done = here.post(f"/issues/groups/{found.id}/pair", htmx=True, **sent)
    assert (done.status, "<html" in done.text, "3 are tried again by the next run" in done.text) == (200, False, True)
    assert 'hx-trigger="every 3s"' in done.text
    assert here.triggered == [(turns.SYNC, [1])]
    world.run()
    gone = here.get(f"/issues/groups/{found.id}", htmx=True)
    assert "Country is not a value Bert accepts: 3 of 3 solved." in gone.text
    assert "Country is not" not in here.get("/issues").text
    solved = here.get("/issues?tab=solved").text
    assert ("3 of 3" in solved, "Ana Ruiz" in solved, "Values were paired" in solved) == (True, True, True)


def test_values_are_paired_without_script(world: Office) -> None:
    here = signed_in(world)
    found = group(here)
    sent = {"revision": str(found.revision), "value": ["uk", "holland"], "option": ["gb", ""]}
    done = here.post(f"/issues/groups/{found.id}/pair", **sent)
    assert (done.status, done.location) == (303, f"/issues#{found.id}")
    assert "2 records are tried again." in here.get("/issues").text


@pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
def test_wrong_choice_is_told_at_the_field_and_kept(world: Office, htmx: bool) -> None:
    here = signed_in(world)
    found = group(here)
    sent = {"revision": str(found.revision), "value": ["uk", "holland"], "option": ["gb", "gb"]}
    wrong = here.post(f"/issues/groups/{found.id}/pair", htmx=htmx, **sent)
    assert wrong.status == 422
    assert len(re.findall(r'<select[^>]*aria-invalid="true" aria-describedby="error"', wrong.text)) == 2
    assert wrong.text.count('<option value="gb" selected>') == 2
    assert "BW-142" in wrong.text
    nothing = here.post(f"/issues/groups/{found.id}/pair", htmx=htmx, **{**sent, "option": ["", ""]})
    assert (nothing.status, "BW-560" in nothing.text) == (422, True)


def test_settings_that_moved_are_shown_and_the_choice_can_be_saved_again(world: Office) -> None:
    here = signed_in(world)
    found = group(here)
    world.change("guards:", "require: []\n    guards:")
    sent = {"value": ["uk", "holland"], "option": ["gb", ""]}
    moved = here.post(f"/issues/groups/{found.id}/pair", htmx=True, revision=str(found.revision), **sent)
    assert (moved.status, "BW-558" in moved.text, "uk is gb" in moved.text) == (422, True, True)
    (revision,) = re.findall(r'name="revision" value="(\d+)"', moved.text)
    assert int(revision) > found.revision
    assert here.post(f"/issues/groups/{found.id}/pair", htmx=True, revision=revision, **sent).status == 200


def test_draft_that_says_otherwise_is_led_to(world: Office) -> None:
    here = signed_in(world)
    found = group(here)
    draft = drafts.edit(here.workspace, "people")
    rows = [*draft.settings["fields"][:2], {**draft.settings["fields"][2], "other": "leave_out"}]
    drafts.change(here.workspace, draft.id, draft.version, fields=rows)
    sent = {"revision": str(found.revision), "value": ["uk"], "option": ["gb"]}
    refused = here.post(f"/issues/groups/{found.id}/pair", **sent)
    assert (refused.status, "BW-559" in refused.text, "leave_out" in refused.text) == (422, True, True)
    assert "Open the draft" in refused.text
    led = here.post("/syncs/people/edit", mapping=found.mapping)
    assert led.location == f"/drafts/{draft.id}/fields/3"


def test_long_lists_of_choices_are_typed(office: Office, tmp_path: Path) -> None:
    many = land("country", *((f"c{n}", f"Country {n}") for n in range(MANY + 1)))
    world = Office(tmp_path, SETTINGS, fields=(*PEOPLE, ANNAS), bert_fields=(*PEOPLE, many))
    world.anna.add(email="u@x.test", name="Una", land="uk")
    world.rest()
    here = signed_in(world)
    text, found = here.get("/issues").text, group(here)
    assert (text.count("<datalist"), text.count("<select")) == (1, 0)
    sent = {"revision": str(found.revision), "value": ["uk"], "option": ["Country 7"]}
    assert here.post(f"/issues/groups/{found.id}/pair", **sent).status == 303
    world.run()
    assert world.bert.live()[0].values["country"] == "c7"


def test_refused_change_is_tried_again(world: Office) -> None:
    here = signed_in(world, Role.OPERATOR)
    found = group(here, "refused")
    again = here.post(f"/issues/groups/{found.id}/retry", htmx=True)
    assert "1 is tried again by the next run" in again.text
    world.run()
    assert "The others were tried again in vain." in here.get("/issues").text
    world.bert.traits = Traits()
    here.post(f"/issues/groups/{found.id}/retry")
    world.run()
    assert "Bert refused" not in here.get("/issues").text


def test_group_that_is_mended_in_part_says_how_many_are_solved(world: Office) -> None:
    world.anna.add(email="carl@x.test", name="Closed Carl", land="fr")
    for _ in range(2):
        world.run()
    here = signed_in(world, Role.OPERATOR)
    found = group(here, "refused")
    assert found.count == 2
    here.post(f"/issues/groups/{found.id}/retry")
    world.bert.traits = Traits(refuses=lambda item: refuse_closed(item) if "Carl" in item.values["name"] else None)
    world.run()
    text = here.get("/issues").text
    assert "<strong>1 of 2 solved.</strong> The others were tried again in vain." in text
    assert "Retry 1" in text


@pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
def test_ignored_group_goes_to_its_tab_and_comes_back(world: Office, htmx: bool) -> None:
    here = signed_in(world, Role.OPERATOR)
    found = group(here)
    said = "3 issues are ignored until their records are edited again."
    answer = here.post(f"/issues/groups/{found.id}/ignore", htmx=htmx)
    assert said in (answer.text if htmx else here.get(answer.location).text)
    if htmx:
        assert "data-focus" in answer.text
    assert "Country is not" not in here.get("/issues").text
    ignored = here.get("/issues?tab=ignored").text
    assert ("Country is not" in ignored, "Take back 3" in ignored, "Save and retry" in ignored) == (True, True, False)
    back = here.post(f"/issues/groups/{found.id}/take-back", htmx=htmx)
    assert "3 issues are back." in (back.text if htmx else here.get("/issues").text)
    assert "Country is not" in here.get("/issues").text


def test_all_issues_of_a_cause_are_listed_and_one_is_ignored_alone(world: Office) -> None:
    here = signed_in(world, Role.OPERATOR)
    found = group(here)
    text = here.get(f"/issues/groups/{found.id}").text
    assert [name in text for name in ("Una", "Uri", "Hans", "Closed Cleo")] == [True, True, True, False]
    assert text.count("<h1>") == 1
    one = issue_groups.group_issues(here.workspace, found.id)[0]
    assert here.post(f"/issues/groups/{one.id}/ignore", htmx=True).status == 200
    assert group(here).count == 2


def test_viewer_sees_causes_and_no_buttons_and_an_operator_who_can_pair(world: Office) -> None:
    text = signed_in(world, Role.VIEWER, "Vera").get("/issues").text
    assert "Country is not" in text
    assert 'action="/issues/groups' not in text
    assert "An editor can pair these values." in signed_in(world, Role.OPERATOR, "Olga").get("/issues").text


def test_unknown_group_is_told(world: Office) -> None:
    here = signed_in(world)
    assert here.get("/issues/groups/g_1_000000000000").status == 404
    assert here.post("/issues/groups/g_9_000000000000/ignore").status == 404


# --- apps and syncs that fail -------------------------------------------------------------------------


def fails(office: Office, error: RateLimited | AppUnreachable | CredentialsRefused) -> None:
    workspace = office.open()
    with used(workspace.database):
        until = office.clock() + 90
        rests.begin("Bert", until, error.code, error.message)
        alerts.fails(alerts.APP, "Bert", error, office.clock(), until)


def test_rate_limit_is_retried_by_itself_and_clears(office: Office) -> None:
    office.pair("Dana")
    fails(office, RateLimited(app="Bert", reason="too many calls"))
    here = signed_in(office)
    text = here.get("/issues").text
    assert ("Retrying by itself 1" in text, "Nothing needs you" in text) == (True, True)
    part = here.get("/issues?tab=retrying", htmx=True).text
    assert ("next try" in part, "in 1 min" in part, "<html" in part) == (True, True, False)
    workspace = office.open()
    with used(workspace.database):
        rests.end(["Bert"])
        alerts.works(alerts.APP, ["Bert"], office.clock())
    assert "Nothing is being tried again" in here.get("/issues?tab=retrying", htmx=True).text


def test_refused_credentials_need_somebody_and_lead_to_the_sign_in(office: Office) -> None:
    office.pair("Dana")
    fails(office, CredentialsRefused(app="Bert", reason="the token was revoked"))
    here = signed_in(office)
    text = here.get("/issues").text
    assert ("Need you 1" in text, 'href="/apps/Bert/sign-in"' in text, "You can fix this here" in text) == (
        True,
        True,
        True,
    )
    here.languages = "de"
    text = here.get("/issues").text
    assert "Bert nimmt die Zugangsdaten nicht an." in text
    assert "Geben Sie" in text, "what to do"


# --- who belongs together -----------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [True, False], ids=["in its place", "a page"])
def test_who_may_be_meant_since_the_page_was_loaded_is_shown_before_the_record_is_declared_new(
    office: Office, htmx: bool
) -> None:
    ann = office.anna.add(email="ann@x.test", name="Ann Lee")
    for name in ("Ann Lee", "Anna Lee"):
        office.bert.add(email="ann@x.test", name=name)
    office.run()
    here = signed_in(office, Role.OPERATOR)
    issue = next(each.id for each in issues.list_issues(here.workspace) if each.record == ann)
    create = f'action="/issues/{issue}/create"'
    said = {"seen": "1", "record": re.findall(r'name="record" value="(\w+)"', form_of(here, create))}
    assert len(said["record"]) == 2
    office.bert.add(email="ann@x.test", name="Ann Third")
    office.run()
    answer = here.post(f"/issues/{issue}/create", htmx=htmx, **said)
    assert (answer.status, "BW-577" in answer.text, "<html" in answer.text) == (422, True, not htmx)
    assert ("Ann Third" in answer.text) == htmx
    assert issues.show_issue(here.workspace, issue).decided == ""
    said["record"] = re.findall(r'name="record" value="(\w+)"', form_of(here, create))
    assert here.post(f"/issues/{issue}/create", htmx=htmx, **said).status in (200, 303)
    assert issues.show_issue(here.workspace, issue).decided == "create"


def form_of(here: Browser, action: str) -> str:
    """Return the form that does this on the page of who belongs together."""
    text = here.get(f"/issues/groups/{group(here, 'match').id}").text
    return text[text.index(action) :].partition("</form>")[0]


# --- differences --------------------------------------------------------------------------------------


@pytest.fixture
def differing(office: Office) -> Office:
    """Let four people have differing names, three of them alike."""
    office.write(SYNC.replace("    guards", "    conflicts: {default: ask}\n    guards"))
    pairs = [office.pair(name) for name in ("Dana", "Eve", "Fay", "Gus")]
    for number, (left, right) in enumerate(pairs):
        office.anna.edit(left, name="Dee" if number else "Di")
        office.bert.edit(right, name="Dora")
    office.run()
    return office


def test_differences_are_decided_alone_or_with_those_alike(differing: Office) -> None:
    here = signed_in(differing, Role.OPERATOR)
    text = here.get("/issues").text
    assert ("Name differs in Anna and Bert" in text, "Decide 4" in text) == (True, True)
    text = here.get("/issues/conflicts").text
    assert text.count("Do the same for 2 like this") == 3
    found = issue_groups.group_issues(here.workspace, group(here, "conflict").id)
    first = next(each for each in found if each.name == "Eve" or each.values["Anna"] == "Dee")
    here.post(f"/issues/{first.id}/choose", app="Anna", alike="1")
    assert here.get("/issues/conflicts").text.count("you chose the value of Anna") == 3


def seen(text: str, issue: str) -> str:
    """Return what a page says of the values that it shows of an issue."""
    return re.findall(rf'action="/issues/{issue}/choose".*?name="seen" value="(\w+)"', text, re.S)[0]


@pytest.mark.parametrize("htmx", [True, False], ids=["in its place", "a page"])
def test_value_that_changed_since_the_page_was_loaded_is_shown_before_anything_is_decided(
    differing: Office, htmx: bool
) -> None:
    here = signed_in(differing, Role.OPERATOR)
    issue = next(each for each in issues.list_issues(here.workspace) if each.values["Anna"] == "Di")
    text = here.get("/issues/conflicts").text
    differing.anna.edit(differing.anna.holding("name", "Di")[0], name="Dinah")
    differing.run()
    said = {"app": "Anna", "seen": seen(text, issue.id)}
    answer = here.post(f"/issues/{issue.id}/choose", htmx=htmx, **said)
    assert (answer.status, "BW-566" in answer.text) == (422, True)
    assert ("Dinah" in answer.text, "<html" in answer.text) == (htmx, not htmx)
    assert issues.show_issue(here.workspace, issue.id).decided == ""
    said["seen"] = seen(here.get("/issues/conflicts").text, issue.id)
    assert here.post(f"/issues/{issue.id}/choose", htmx=htmx, **said).status in (200, 303)
    assert issues.show_issue(here.workspace, issue.id).decided == "you chose the value of Anna"


@pytest.mark.parametrize("htmx", [True, False], ids=["in its place", "a page"])
def test_value_that_cannot_be_taken_is_refused_and_stays_where_it_was_typed(differing: Office, htmx: bool) -> None:
    here = signed_in(differing, Role.OPERATOR)
    issue = next(each for each in issues.list_issues(here.workspace) if each.values["Anna"] == "Dee")
    answer = here.post(f"/issues/{issue.id}/choose", htmx=htmx, value="  ")
    assert (answer.status, "BW-162" in answer.text, "<html" in answer.text) == (422, True, not htmx)
    if htmx:
        assert 'value="  " data-kept aria-invalid="true" aria-describedby="error"' in answer.text
        assert "Do the same for 2 like this" in answer.text
    assert issues.show_issue(here.workspace, issue.id).decided == ""


@pytest.mark.parametrize("htmx", [True, False], ids=["a dialog", "a page"])
def test_rule_says_first_what_it_means_and_is_saved(differing: Office, htmx: bool) -> None:
    here = signed_in(differing)
    found = issues.list_issues(here.workspace)
    alone = next(each for each in found if each.values["Anna"] == "Di")
    here.post(f"/issues/{alone.id}/choose", app="Anna")
    asked = here.get(f"/issues/{alone.id}/rule", htmx=htmx).text
    assert ("<dialog" in asked, "<html" in asked) == (htmx, not htmx)
    assert "If Bert wins: 3 records that wait get the Name of Bert in Anna, by the next run." in asked
    assert "1 that is decided already stays as decided." in asked
    (revision, *_) = re.findall(r'name="revision" value="(\d+)"', asked)
    done = here.post(f"/issues/{alone.id}/rule", app="Bert", revision=revision)
    assert (done.status, done.location) == (303, "/issues/conflicts")
    assert "name: Bert" in differing.file.read_text(encoding="utf-8")
    differing.rest()
    names = sorted(str(item.values["name"]) for item in differing.anna.live())
    assert names == ["Di", "Dora", "Dora", "Dora"], "what waited is settled by the rule, what was decided stays"
    assert "Nothing differs that waits for you" in here.get("/issues/conflicts").text


def test_rule_is_refused_when_the_settings_moved_or_a_draft_says_otherwise(differing: Office) -> None:
    here = signed_in(differing)
    issue = issues.list_issues(here.workspace)[0]
    (revision, *_) = re.findall(r'name="revision" value="(\d+)"', here.get(f"/issues/{issue.id}/rule").text)
    differing.change("guards:", "require: []\n    guards:")
    moved = here.post(f"/issues/{issue.id}/rule", app="Bert", revision=revision)
    assert (moved.status, "BW-558" in moved.text) == (422, True)
    (revision, *_) = re.findall(r'name="revision" value="(\d+)"', moved.text)
    draft = drafts.edit(here.workspace, "people")
    conflicts = {**draft.settings["conflicts"], "per_field": {"name": "Anna"}}
    drafts.change(here.workspace, draft.id, draft.version, conflicts=conflicts)
    refused = here.post(f"/issues/{issue.id}/rule", app="Bert", revision=revision)
    assert (refused.status, "BW-559" in refused.text) == (422, True)
    assert "name: Bert" not in differing.file.read_text(encoding="utf-8")
