"""A new sync and the edit of one on pages: steps that save themselves, what is wrong at its place, the review."""

import re
from collections.abc import Sequence

import pytest

from bothways.errors import AppUnreachable
from bothways.ledger.models import Request
from bothways.records import Field, FieldType, Option
from bothways.service import deleting, drafts, headcount, standing, syncs
from bothways.service.database import used
from bothways.service.rights import Role
from tests.aside import put_aside
from tests.memory_app import PEOPLE, MemoryApp, MemoryConnector
from tests.office import Office
from tests.web.browser import Answer, Browser
from tests.web.filled import filled, is_disabled

BOTH_WAYS = pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
MORE = (
    *PEOPLE,
    Field("country", FieldType.CHOICE, "Country", options=(Option("DE", "Germany"), Option("FR", "France"))),
    Field("born", FieldType.DATE, "Born"),
    Field("score", FieldType.NUMBER, "Score"),
    Field("stage", FieldType.CHOICE, "Stage", options=(Option("lead", "Lead"), Option("customer", "Customer"))),
)


class Wizard(Browser):
    """A browser that fills in the steps of a draft, one after the other."""

    def __init__(self, office: Office, name: str = "Ana Ruiz", role: Role = Role.EDITOR) -> None:
        super().__init__(office.open())
        self.id, self.page = 0, ""
        self.sign_up(name, role)

    def begin(self, name: str = "friends") -> None:
        """Begin a new sync of Anna and Bert."""
        self.get("/new-sync?app-0=Anna&app-1=Bert")
        self.begun(self.post("/new-sync", **{"app-0": "Anna", "app-1": "Bert", "object-0": "people", "name": name}))

    def edit(self, name: str = "people") -> None:
        """Take up the draft of a sync."""
        self.get("/")
        self.begun(self.post(f"/syncs/{name}/edit"))

    def begun(self, answer: Answer) -> None:
        found = re.fullmatch(r"/drafts/(\d+)/records", answer.location)
        assert found, (answer.status, answer.location)
        self.id = int(found[1])

    def step(self, step: str) -> str:
        """Open a step."""
        answer = self.get(f"/drafts/{self.id}/{step}")
        assert answer.status == 200, answer.text
        self.page = answer.text
        return self.page

    def fill(self, step: str, *, htmx: bool = False, quiet: bool = False, **changed: str | list[str]) -> Answer:
        """Open a step, change controls, send it; without script, follow to the page that it leads to."""
        self.step(step)
        return self.send(step, htmx=htmx, quiet=quiet, **changed)

    def send(self, step: str, *, htmx: bool = False, quiet: bool = False, **changed: str | list[str]) -> Answer:
        """Send the step that is open."""
        form: dict[str, str | list[str]] = {**filled(self.page), **changed}
        answer = self.post(f"/drafts/{self.id}/{step}", htmx=htmx, target="saved" if quiet else "", **form)
        if answer.status == 303:
            answer = self.get(answer.location.partition("#")[0])
        self.page = answer.text
        return answer

    @property
    def entry(self) -> dict[str, object]:
        """What the draft says."""
        return dict(drafts.draft(self.workspace, self.id).settings)


def rich(office: Office) -> None:
    """Give both apps more fields, and take the sync out of the way of another one."""
    for app in (office.anna, office.bert):
        app.fields = MORE
    office.change("state: on", "state: off")


def problem_at(page: str, control: str) -> str:
    """Return what a page says is wrong with a control, which must point to it."""
    words = re.search(rf'id="{control}-problem">(?:<svg.*?</svg>)? ?(.*?)</p>', page, re.DOTALL)
    return words[1].strip() if words else ""


# --- beginning ----------------------------------------------------------------------------------------


def test_apps_and_objects_are_chosen_and_a_name_is_suggested(office: Office) -> None:
    here = Wizard(office)
    assert "Which two apps" in here.get("/new-sync").text
    same = here.get("/new-sync?app-0=Anna&app-1=Anna")
    assert (same.status, problem_at(same.text, "app-1")) == (422, "Choose two different apps.")
    page = here.get("/new-sync?app-0=Anna&app-1=Bert").text
    form = filled(page, "draft")
    assert (form["object-0"], form["object-1"], form["name"]) == (["people"], ["people"], ["people 2"])
    here.begun(here.post("/new-sync", **form))
    assert here.entry["send"] == {"Anna": "all", "Bert": "all"}
    assert "people 2" in here.get("/").text


def test_name_that_is_taken_is_told_where_it_is_typed_and_what_was_typed_stays(office: Office) -> None:
    here = Wizard(office)
    form = filled(here.get("/new-sync?app-0=Anna&app-1=Bert").text, "draft")
    refused = here.post("/new-sync", **{**form, "name": "people"})
    assert refused.status == 422
    assert "There is a sync people already" in problem_at(refused.text, "name")
    assert 'value="people"' in refused.text
    assert drafts.drafts(here.workspace) == []


def test_app_that_cannot_be_asked_for_its_objects_is_told(office: Office) -> None:
    here = Wizard(office)
    office.anna.fail("count", AppUnreachable(app="Anna", reason="no route"), times=9)
    assert here.get("/new-sync?app-0=Nobody&app-1=Bert").status == 200


def test_draft_is_listed_goes_on_and_is_discarded(office: Office) -> None:
    here = Wizard(office)
    here.begin()
    home = here.get("/").text
    assert ("Continue" in home, f"/drafts/{here.id}/records" in home) == (True, True)
    assert "cannot be brought back" in here.get(f"/drafts/{here.id}/discard").text
    assert here.post(f"/drafts/{here.id}/discard").location == "/"
    assert "Continue" not in here.get("/").text
    assert here.get(f"/drafts/{here.id}/records").status == 404


def test_who_changes_a_draft_after_the_session_has_ended_comes_back_to_it(office: Office) -> None:
    here = Wizard(office)
    here.begin()
    here.step("records")
    del here.cookies["bothways_session"]
    where = f"/drafts/{here.id}/records"
    answer = here.post(where, htmx=True, page=where, version="1", **{"send-0": "none"})
    assert answer.headers["hx-redirect"] == f"/login?next=%2Fdrafts%2F{here.id}%2Frecords"
    elsewhere = here.post(where, htmx=True, page="@other.example/x", version="1")
    assert elsewhere.headers["hx-redirect"] == "/login"
    assert here.entry["send"] == {"Anna": "all", "Bert": "all"}


# --- records ------------------------------------------------------------------------------------------


@BOTH_WAYS
def test_journey_of_both_dropdowns(office: Office, htmx: bool) -> None:
    """All on both sides is two-way, No on one is one-way in a sentence, No on both is told; the draft survives."""
    rich(office)
    here = Wizard(office)
    here.begin()
    assert "<strong>Two-way.</strong> All Anna people go to Bert. All Bert people go to Anna." in here.step("records")
    answer = here.fill("records", htmx=htmx, **{"send-1": "none"})
    assert "<strong>Anna to Bert.</strong> All Anna people go to Bert. No Bert people go to Anna." in answer.text
    assert ("<html" in answer.text) is not htmx
    answer = here.fill("records", htmx=htmx, **{"send-0": "none"})
    assert "send nothing, so nothing would be synced" in answer.text
    assert "1 to mend" in answer.text
    assert 'value="none" selected' in here.step("records"), "the draft survives a reload"
    here.fill("records", htmx=htmx, do="to-1")
    assert here.entry["send"] == {"Anna": "all", "Bert": "none"}
    here.fill("records", htmx=htmx, do="to-both")
    assert here.entry["send"] == {"Anna": "all", "Bert": "all"}


@BOTH_WAYS
def test_journey_of_a_small_list(office: Office, htmx: bool) -> None:
    """A filter is built, its values are of the field's type, e-mail and a constant are set; counts are the apps'."""
    rich(office)
    for name, country in (("Dana", "DE"), ("Eve", "FR"), ("Fay", "FR")):
        office.anna.add(name=name, email=f"{name}@x.test".lower(), country=country)
    here = Wizard(office)
    here.begin()
    here.fill("records", htmx=htmx, **{"send-0": "filter"})
    assert problem_at(here.page, "send-0") == "Add a condition, or let all be sent."
    here.fill("records", htmx=htmx, **{"filter-0-add": "field:country"}, do="add-filter-0")
    assert here.entry["send"] == {"Anna": {"filter": {"all": [{"field": "country", "known": True}]}}, "Bert": "all"}
    here.fill("records", htmx=htmx, **{"filter-0-0-operator": "is"})
    assert problem_at(here.page, "filter-0-0") == "Fill in a value."
    here.fill("records", htmx=htmx, **{"filter-0-0-value": "FR", "filter-0-add": "field:score"}, do="add-filter-0")
    here.fill("records", htmx=htmx, **{"filter-0-1-operator": "between"})
    here.fill("records", htmx=htmx, **{"filter-0-1-value": "1", "filter-0-1-to": "2.5", "filter-0-kind": "any"})
    conditions = [{"field": "country", "is": "FR"}, {"field": "score", "between": [1, 2.5]}]
    assert here.entry["send"] == {"Anna": {"filter": {"any": conditions}}, "Bert": "all"}
    assert drafts.problems(here.workspace, here.id) == []
    assert "3 <bdi>people</bdi> in <bdi>Anna</bdi>" in here.step("records")
    here.fill("records", htmx=htmx, do="remove-filter-0-1", require=["false", "true"], leaving="unlink")
    assert (here.entry["require"], here.entry["when_leaving_filter"]) == (["email"], "unlink")
    here.fill("records", htmx=htmx, require=["false"])
    assert here.entry["require"] == []
    here.fill("records", htmx=htmx, **{"set-0-add": "stage"}, do="add-set-0")
    assert problem_at(here.page, "set-0-0") == "Fill in a value."
    assert "Fill in a value." in here.step("review")
    here.fill("records", htmx=htmx, **{"set-0-0-value": "lead"})
    assert here.entry["set"] == {"Anna": [{"field": "stage", "value": "lead", "when": "created"}]}
    assert drafts.problems(here.workspace, here.id) == []


def test_only_operators_that_fit_a_field_are_offered_and_its_choices_and_days(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    conditions = [{"field": "country", "is": "DE"}, {"field": "born", "before": "2000-01-31"}]
    here.workspace.actor = None
    drafts.change(here.workspace, here.id, 1, send={"Anna": {"filter": {"all": conditions}}})
    page = here.step("records")
    offered = re.findall(r'<select name="filter-0-0-operator".*?</select>', page, re.DOTALL)[0]
    assert ("greater" in offered, "is_not" in offered) == (False, True)
    assert '<option value="FR">France</option>' in page
    assert '<input name="filter-0-1-value" id="filter-0-1-value" value="2000-01-31" type="date"' in page


def test_group_within_a_filter_is_shown_and_kept(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    inner = {"not": {"field": "country", "is": "DE"}}
    here.workspace.actor = None
    send = {"Anna": {"filter": {"all": [inner, {"field": "score", "known": True}]}}}
    drafts.change(here.workspace, here.id, 1, send=send)
    assert "not:" in here.step("records")
    here.send("records", **{"filter-0-1-operator": "unknown"})
    assert here.entry["send"] == {"Anna": {"filter": {"all": [inner, {"field": "score", "unknown": True}]}}}
    here.fill("records", do="remove-filter-0-0")
    assert here.entry["send"] == {"Anna": {"filter": {"all": [{"field": "score", "unknown": True}]}}}


def test_filter_by_a_list_of_the_app(office: Office) -> None:
    rich(office)
    office.anna.lists = {"Newsletter": [], "Small": []}
    here = Wizard(office)
    here.begin()
    here.fill("records", **{"send-0": "filter"})
    here.fill("records", **{"filter-0-add": "list:"}, do="add-filter-0")
    assert '<option value="Newsletter">Newsletter</option>' in here.page
    here.fill("records", **{"filter-0-0-value": "Small"})
    assert here.entry["send"] == {"Anna": {"filter": {"all": [{"list": "Small"}]}}, "Bert": "all"}
    assert drafts.problems(here.workspace, here.id) == []


def test_what_is_known_already_is_counted_and_nothing_else(office: Office) -> None:
    office.pair("Dana")
    office.pair("Eve")
    here = Wizard(office)
    here.edit()
    here.fill("records", **{"send-0": "filter"})
    here.fill("records", **{"filter-0-add": "field:name"}, do="add-filter-0")
    here.fill("records", **{"filter-0-0-operator": "starts_with"})
    page = here.fill("records", **{"filter-0-0-value": "E"}).text
    assert "1 of 2 <bdi>people</bdi> take part, as last read" in page
    assert "1 of 2 <bdi>people</bdi> take part, as last read" in here.step("review"), "it is counted in the same way"
    for app in (office.anna, office.bert):
        app.fields = MORE
    here.workspace.opened.clear()
    here = Wizard(office, "Ben")
    here.edit()
    here.fill("records", **{"filter-0-add": "field:country"}, do="add-filter-0")
    assert "take part, as last read" not in card(here.page, 0), "the country of nobody was read yet"
    assert "2 <bdi>people</bdi>. How many of them take part is known once they are read" in card(here.page, 0)


def card(page: str, place: int) -> str:
    """Return what a page tells of the numbers of one app."""
    return page.partition(f'id="known-{place}"')[2].partition("</div>")[0]


def test_review_says_how_many_take_part_and_to_begin_with_a_few_of_many(office: Office) -> None:
    rich(office)
    ids = [office.anna.add(name=f"P{number}", email=f"p{number}@x.test") for number in range(101)]
    office.anna.lists = {"Small": ids[:24]}
    here = Wizard(office)
    here.begin()
    here.fill("records", require=["false", "true"])
    page = here.step("review")
    assert "101 <bdi>people</bdi>. How many of them take part is known once they are read" in page
    assert f'href="/drafts/{here.id}/records#send-0">Choose which records</a>' in page
    here.fill("records", require=["false"])
    assert "101 of 101 <bdi>people</bdi> take part." in here.step("review")
    here.fill("records", **{"send-0": "filter"})
    here.fill("records", **{"filter-0-add": "list:"}, do="add-filter-0")
    here.fill("records", **{"filter-0-0-value": "Small"}, htmx=True)
    assert "24 of 101 <bdi>people</bdi> take part." in here.page
    page = here.step("review")
    assert "24 of 101 <bdi>people</bdi> take part." in page
    assert "At most 0 of 0 <bdi>people</bdi> take part: the filter of the other app decides, too." in page
    assert "Choose which records" not in page
    here.fill("records", **{"send-0": "none"})
    page = here.step("review")
    assert "101 <bdi>people</bdi>; none of them is sent." in page
    assert "Choose which records" not in page, "of Bert there are none"


def test_sync_that_has_run_is_not_told_to_begin_with_a_few(office: Office) -> None:
    for number in range(101):
        office.anna.add(name=f"P{number}", email=f"p{number}@x.test")
    office.rest()
    here = Wizard(office)
    here.edit()
    page = here.step("review")
    assert "101 of 101 <bdi>people</bdi> take part" in page
    assert "Choose which records" not in page


def test_what_is_being_counted_is_asked_for_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = put_aside(monkeypatch, headcount)
    monkeypatch.setattr(headcount, "MOST", 1)
    office.pair("Dana")
    office.pair("Eve")
    here = Wizard(office)
    here.edit()
    here.fill("records", require=["false", "true"])
    counting = f'hx-get="/drafts/{here.id}/review" hx-trigger="load delay:1s" hx-select="#known-0 &gt; p"'
    for step in ("records", "review"):
        page = here.step(step).replace("known-0 > p", "known-0 &gt; p")
        assert counting in page
        assert "2 <bdi>people</bdi>; those that take part are being counted." in page
    aside.work()
    part = here.get(f"/drafts/{here.id}/review", htmx=True).text
    assert part.lstrip().startswith("<section")
    assert "2 of 2 <bdi>people</bdi> take part" in part


def test_change_that_needs_no_other_controls_leaves_them_alone(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    quiet = here.fill("records", htmx=True, quiet=True, start="changes_from_now")
    assert ('id="saved"' in quiet.text, 'id="step"' in quiet.text) == (True, False)
    assert 'name="version" value="2"' in quiet.text
    assert here.entry["start"] == "changes_from_now"
    loud = here.fill("conflicts", htmx=True, quiet=True, **{"guard-first_run": "many"})
    assert 'id="step"' in loud.text, "what is wrong now is told at its place"
    assert loud.headers["hx-retarget"] == "#draft"
    assert "must be a whole number" in problem_at(loud.text, "guard-first_run")


@BOTH_WAYS
def test_next_goes_on_whatever_is_wrong(office: Office, htmx: bool) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.step("records")
    form = {**filled(here.page), "send-0": "none", "send-1": "none", "go": "matching"}
    answer = here.post(f"/drafts/{here.id}/records", htmx=htmx, **form)
    assert (answer.headers["hx-redirect"] if htmx else answer.location) == f"/drafts/{here.id}/matching"
    assert here.entry["send"] == {"Anna": "none", "Bert": "none"}


# --- matching -----------------------------------------------------------------------------------------


@BOTH_WAYS
def test_rules_are_added_ordered_and_removed(office: Office, htmx: bool) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    assert "e-mail" in here.step("matching"), "what the usual rules come to"
    here.fill("matching", htmx=htmx, match="rules")
    assert here.entry["match"] == ["usual"]
    here.fill("matching", htmx=htmx, **{"add-0": "phone", "add-1": "phone", "add-compare": "phone"}, do="add-rule")
    here.fill("matching", htmx=htmx, **{"add-0": "name", "add-1": "name", "add-to": "1"}, do="add-rule")
    rule = {"Anna": ["phone", "name"], "Bert": ["phone", "name"], "compare": ["phone", "text"]}
    assert here.entry["match"] == ["usual", rule]
    here.fill("matching", htmx=htmx, do="up-rule-1")
    assert here.entry["match"] == [rule, "usual"]
    here.fill("matching", htmx=htmx, **{"match-0-1": "name"})
    assert here.entry["match"] == [{**rule, "compare": ["phone", "name"]}, "usual"]
    answer = here.fill("matching", htmx=htmx, do="remove-rule-0")
    assert here.entry["match"] == ["usual"]
    if htmx:
        assert re.search(r'<select name="add-0" id="add-0" data-focus', answer.text)
    assert drafts.problems(here.workspace, here.id) == []


def test_rule_of_joined_fields(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.fill("matching", match="rules")
    joined = {"add-0": "name", "add-0-more": "phone", "add-1": "email", "add-compare": "text"}
    here.fill("matching", **joined, do="add-rule")
    assert here.entry["match"] == ["usual", {"Anna": [["name", "phone"]], "Bert": "email", "compare": "text"}]
    assert drafts.problems(here.workspace, here.id) == []


@pytest.mark.parametrize("word", ["as_hubspot", "none"])
def test_matching_by_a_word(office: Office, word: str) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.fill("matching", match=word)
    assert here.entry["match"] == word
    here.fill("matching", match="usual")
    assert "match" not in here.entry


def test_rule_of_a_field_that_is_gone_is_told_at_the_rule(office: Office) -> None:
    here = Wizard(office)
    here.edit()
    here.workspace.actor = None
    drafts.change(here.workspace, here.id, 1, match=["usual", {"Anna": "shoe", "Bert": "name"}])
    assert "has no field" in problem_at(here.step("matching"), "match-1")
    assert "1 to mend" in here.page


# --- conflicts ----------------------------------------------------------------------------------------


@BOTH_WAYS
def test_winners_deletes_limits_and_schedule(office: Office, htmx: bool) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.fill("conflicts", htmx=htmx, winner="newest", empty=["false"])
    assert here.entry["conflicts"] == {"default_app": "Anna", "default": "newest", "when_empty": "clear"}
    here.fill("conflicts", htmx=htmx, **{"add-winner": "name", "add-winner-who": "Bert"}, do="add-winner")
    here.fill("conflicts", htmx=htmx, winner="Bert", empty=["false", "true"])
    expected = {"default_app": "Bert", "when_empty": "keep", "per_field": {"name": "Bert"}}
    assert here.entry["conflicts"] == expected
    here.fill("conflicts", htmx=htmx, **{"deletes-1": "archive", "grace": "12h", "guard-max_change": "20%"})
    assert (here.entry["deletes"], here.entry["guards"]) == ({"Bert": "archive", "grace": "12h"}, {"max_change": "20%"})
    times = {"every": "5m", "quiet-from": "22:00", "quiet-to": "06:00"}
    here.fill("conflicts", htmx=htmx, **times, webhooks=["false"], do="remove-winner-0")
    assert here.entry["schedule"] == {
        "every": "5m",
        "webhooks": False,
        "quiet_hours": {"from": "22:00", "to": "06:00"},
    }
    assert "per_field" not in str(here.entry["conflicts"])
    assert drafts.problems(here.workspace, here.id) == []


@pytest.mark.parametrize(
    ("changed", "control", "words"),
    [
        ({"guard-max_change": "lots"}, "guard-max_change", "must be a percentage"),
        ({"guard-max_deletes": "-1"}, "guard-max_deletes", "must be a whole number"),
        ({"every": "1s"}, "every", "must be a time from 10s"),
        ({"quiet-from": "25:00", "quiet-to": "06:00"}, "quiet-from", "must be a time of day"),
        ({"quiet-from": "22:00"}, "quiet-from", "until when it is quiet"),
        ({"grace": "100d"}, "grace", "must be a time from 0s to 90d"),
        ({"deletes-0": "delete"}, "deletes-0", "cannot delete records"),
        ({"deletes-0": "tag"}, "deletes-0", "Choose a field"),
    ],
)
def test_every_refusal_of_conflicts_is_at_its_field(
    office: Office, changed: dict[str, str], control: str, words: str
) -> None:
    here = Wizard(office)
    here.edit()
    page = here.fill("conflicts", **changed).text
    assert words in problem_at(page, control)
    assert re.search(rf'id="{control}"[^>]* aria-invalid="true" aria-describedby="{control}-problem', page)
    others = {"guard-max_change", "guard-max_deletes", "every", "grace", "deletes-0", "deletes-1"} - {control}
    assert [problem_at(page, other) for other in others] == [""] * len(others)
    review = here.step("review")
    assert f'href="/drafts/{here.id}/conflicts#{control}"' in review, "the review leads there"


def test_delete_against_the_direction_is_told_at_its_app(office: Office) -> None:
    here = Wizard(office)
    here.edit()
    here.fill("records", **{"send-1": "none"})
    here.fill("conflicts", **{"deletes-0": "archive"})
    assert "Bert sends nothing" in problem_at(here.page, "deletes-0")


# --- review and saving --------------------------------------------------------------------------------


def test_review_says_what_a_sync_does_and_what_is_to_be_mended(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.fill("conflicts", **{"guard-first_run": "many"})
    page = here.step("review")
    for words in ("All Anna people go to Bert.", "by e-mail", "Anna wins", "3 fields are kept equal", "Nothing is del"):
        assert words in page, words
    assert "1 thing to mend" in page
    refused = here.post(f"/drafts/{here.id}/review", version="2", do="save")
    assert refused.status == 422
    assert "BW-134" in refused.text
    assert "friends" not in office.file.read_text(encoding="utf-8")


def test_what_is_to_be_mended_is_told_once_in_the_words_of_the_pages(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.fill("records", **{"set-1-add": "stage"}, do="add-set-1")
    here.step("review")
    refused = here.post(f"/drafts/{here.id}/review", version="2", do="sync")
    assert refused.status == 422
    assert refused.text.count("Fill in a value.") == 1
    assert "must be text" not in refused.text


def test_app_whose_partner_has_a_filter_does_not_promise_to_send_all(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.fill("records", **{"send-0": "filter", "filter-0-add": "field:country"}, do="add-filter-0")
    here.fill("records", **{"filter-0-add": "field:country"}, do="add-filter-0")
    said = "Those Bert people that would match the filter of Anna go to Anna."
    assert said in here.step("records")
    assert said in here.step("review")


def test_change_of_the_e_mail_address_is_told_in_words(office: Office) -> None:
    office.change("state: on", "state: off")
    here = Wizard(office)
    here.edit()
    here.fill("records", require=["false", "true"])
    assert '<ins><pre class="yaml">needed</pre></ins>' in here.step("review")


def test_words_of_a_sync_are_on_the_pages(office: Office) -> None:
    """By these words people look for what they want to do."""
    rich(office)
    here = Wizard(office)
    here.begin()
    assert "<legend>Default app: whose value wins when both apps changed a field</legend>" in here.step("conflicts")
    page = here.step("fields")
    for words in ("All mappings</a>", "Field mappings</a>", "Association mappings</a>", "Add mapping</button>"):
        assert words in page, words
    assert "Update</button>" in page[page.index('id="edit"') :].partition("<noscript>")[0]


def test_new_sync_is_renamed_and_a_name_that_is_taken_is_told(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.step("review")
    taken = here.post(f"/drafts/{here.id}/review", version="1", do="rename", name="people")
    assert "There is a sync people already" in problem_at(taken.text, "name")
    assert here.post(f"/drafts/{here.id}/review", version="1", do="rename", name="mates").status == 303
    assert "mates" in here.step("review")


def test_name_that_was_typed_counts_whatever_is_pressed_then(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    form = filled(here.step("review"), "step")
    taken = here.post(f"/drafts/{here.id}/review", **{**form, "name": "people", "do": "save"})
    assert "There is a sync people already" in problem_at(taken.text, "name")
    saved = here.post(f"/drafts/{here.id}/review", **{**form, "name": "mates", "do": "save"})
    assert (saved.status, saved.location) == (303, "/syncs/mates")


def test_save_writes_the_file_and_leaves_a_new_sync_a_draft(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.step("review")
    saved = here.post(f"/drafts/{here.id}/review", version="1", do="save")
    assert (saved.status, saved.location) == (303, "/syncs/friends")
    assert syncs.show_sync(office.open(), "friends").state == "draft"


def test_save_and_preview_goes_to_the_preview(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.step("review")
    assert here.post(f"/drafts/{here.id}/review", version="1", do="preview").location == "/syncs/friends/preview"


def test_save_and_sync_turns_on_and_asks_for_a_run(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.step("review")
    assert here.post(f"/drafts/{here.id}/review", version="1", do="sync").location == "/syncs/friends"
    assert syncs.show_sync(office.open(), "friends").state == "on"
    with used(here.workspace.database):
        (asked,) = Request.objects.all()
        assert (asked.kind, asked.sync.name, asked.asked_by) == ("run", "friends", "Ana Ruiz")
        assert here.triggered == [("sync", [asked.sync_id])]


def test_save_and_sync_while_all_is_paused_turns_on_and_says_so(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    standing.pause_all(office.open())
    here.step("review")
    here.post(f"/drafts/{here.id}/review", version="1", do="sync")
    assert "All syncs are paused" in here.get("/syncs/friends").text
    assert syncs.show_sync(office.open(), "friends").state == "on"


def test_app_that_fails_after_saving_is_told_with_what_is_saved_and_tried_again(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.begin()
    here.step("review")
    office.anna.fail("check", AppUnreachable(app="Anna", reason="no route to it"), nth=2)
    failed = here.post(f"/drafts/{here.id}/review", version="1", do="sync")
    assert failed.status == 422
    assert ("no route to it" in failed.text, "The settings are saved" in failed.text) == (True, True)
    assert syncs.show_sync(office.open(), "friends").state == "draft"
    assert here.post("/syncs/friends/on").location == "/syncs/friends"
    assert syncs.show_sync(office.open(), "friends").state == "on"


def test_old_links_are_asked_about_and_taken_over(office: Office) -> None:
    office.pair("Dana")
    deleting.delete(office.open(), "people", confirmed=True)
    here = Wizard(office)
    here.begin()
    here.step("review")
    asked = here.post(f"/drafts/{here.id}/review", version="1", do="sync")
    assert asked.status == 422
    assert ("Take them over" in asked.text, "Leave them" in asked.text) == (True, True)
    assert syncs.show_sync(office.open(), "friends").state == "draft"
    assert here.post("/syncs/friends/on", old_links="take").location == "/syncs/friends"
    view = syncs.show_sync(office.open(), "friends")
    assert (view.state, view.counts.in_sync + view.counts.waiting) == ("on", 1)


def test_others_that_write_the_same_are_asked_about(office: Office) -> None:
    office.change("  Bert: {connector: memory}\n", "  Bert: {connector: memory}\n  Cleo: {connector: memory}\n")
    MemoryApp("Cleo", office.clock)
    here = Wizard(office)
    here.get("/new-sync?app-0=Cleo&app-1=Bert")
    here.begun(here.post("/new-sync", **{"app-0": "Cleo", "app-1": "Bert", "name": "third"}))
    here.fill("records", **{"send-1": "none"})
    here.step("review")
    version = filled(here.page)["version"]
    asked = here.post(f"/drafts/{here.id}/review", version=version, do="sync")
    assert asked.status == 422
    assert "the sync people writes" in asked.text
    assert syncs.show_sync(office.open(), "third").state == "draft"
    assert here.post("/syncs/third/on", confirmed="yes").location == "/syncs/third"
    assert syncs.show_sync(office.open(), "third").state == "on"


def test_edit_shows_what_changes_and_saves_it_over_a_sync_that_stays_on(office: Office) -> None:
    office.pair()
    here = Wizard(office)
    here.edit()
    here.fill("conflicts", winner="Bert")
    page = here.step("review")
    assert re.search(r"Conflicts: <bdi>default app</bdi>.*?Anna.*?Bert", page, re.DOTALL)
    here.post(f"/drafts/{here.id}/review", version=filled(page)["version"], do="save")
    view = syncs.show_sync(office.open(), "people")
    assert (view.state, view.default_app) == ("on", "Bert")
    assert "# who we know" in office.file.read_text(encoding="utf-8")


def test_tags_are_told_in_words_among_the_changes(office: Office) -> None:
    rich(office)
    here = Wizard(office)
    here.edit()
    here.fill("records", leaving="tag")
    here.fill("records", **{"leaving-1-field": "country"})
    here.fill("records", **{"leaving-1-value": "DE"})
    here.fill("conflicts", **{"deletes-0": "tag"})
    here.fill("conflicts", **{"deletes-0-field": "stage"})
    here.fill("conflicts", **{"deletes-0-value": "lead"})
    page = here.step("review")
    for words, value in (("field of the tag in Bert", "country"), ("value of the tag in Anna", "lead")):
        assert re.search(rf"<bdi>{words}</bdi>.*?<ins><pre class=\"yaml\">{value}</pre>", page, re.DOTALL), words


def test_changes_of_a_draft_that_cannot_be_read_are_told_later(office: Office) -> None:
    here = Wizard(office)
    here.edit()
    assert "<p>Nothing.</p>" in here.step("review")
    here.fill("conflicts", **{"guard-max_change": "lots"})
    page = here.step("review")
    assert ("It is told as soon as all of that is mended." in page, "<p>Nothing.</p>" in page) == (True, False)


def test_settings_changed_meanwhile_are_shown_and_saved_over_or_kept(office: Office) -> None:
    here = Wizard(office)
    here.edit()
    here.fill("conflicts", winner="Bert")
    office.change("max_emptied: 1000", "max_emptied: 7")
    here.workspace.document = office.open().document
    page = here.step("review")
    version = filled(page)["version"]
    outdated = here.post(f"/drafts/{here.id}/review", version=version, do="save")
    assert outdated.status == 422
    assert ("BW-133" in outdated.text, "max_emptied: 1000 → 7" in outdated.text) == (True, True)
    assert ("Save mine over them" in outdated.text, "Discard mine" in outdated.text) == (True, True)
    assert here.post(f"/drafts/{here.id}/review", version=version, do="save", over="yes").status == 303
    assert syncs.show_sync(office.open(), "people").guards["max_emptied"] == 1000


# --- several people -----------------------------------------------------------------------------------


@BOTH_WAYS
def test_of_two_editors_the_second_sees_both_values_and_overwrites_nothing(office: Office, htmx: bool) -> None:
    ana, ben = Wizard(office, "Ana Ruiz"), Wizard(office, "Ben Okri")
    ana.edit()
    ben.id = ana.id
    ben.step("conflicts")
    ana.fill("conflicts", winner="Bert")
    answer = ben.send("conflicts", htmx=htmx, quiet=htmx, winner="newest")
    assert answer.status == 422
    assert "Ana Ruiz has changed the draft of people" in answer.text
    shown = re.findall(r'<pre class="yaml">(.*?)</pre>', answer.text, re.DOTALL)
    assert ("newest" in shown[0], "Bert" in shown[1]) == (True, True)
    assert ana.entry["conflicts"] == {"default_app": "Bert"}
    again = ben.send("conflicts", htmx=htmx, winner="newest")
    assert again.status == 200, "now it is made from what is there"
    assert ana.entry["conflicts"] == {"default_app": "Bert", "default": "newest"}


def test_viewer_sees_all_steps_cannot_change_and_is_told_who_can(office: Office) -> None:
    ana = Wizard(office, "Ana Ruiz", Role.ADMIN)
    ana.edit()
    vera = Wizard(office, "Vera", Role.VIEWER)
    vera.id = ana.id
    for step in ("records", "matching", "conflicts", "review"):
        page = vera.step(step)
        assert "An editor or an admin can" in page
        assert "<bdi>Ana Ruiz</bdi>" in page
        assert is_disabled(page) or step == "review"
        assert 'id="save"' not in page
        assert vera.post(f"/drafts/{ana.id}/{step}", winner="Bert").status == 403
    assert "New sync" not in vera.get("/").text
    assert ana.entry == drafts.draft(ana.workspace, ana.id).settings


def test_step_is_shown_and_kept_though_an_app_cannot_be_asked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Wizard(office)
    here.edit()

    def gone(self: MemoryConnector, object: str) -> Sequence[Field]:
        raise AppUnreachable(app=self.app.name, reason="no route to it")

    monkeypatch.setattr(MemoryConnector, "fields", gone)
    here = Wizard(office, "Ben")
    here.edit()
    page = here.step("conflicts")
    assert "no route to it" in page
    here.send("conflicts", winner="Bert")
    assert here.entry["conflicts"] == {"default_app": "Bert"}


def test_what_people_type_is_never_taken_for_html(office: Office) -> None:
    here = Wizard(office)
    here.edit()
    here.fill("conflicts", every="<img src=x>")
    assert "<img" not in here.page
    assert "&lt;img" in here.page
