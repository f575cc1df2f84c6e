"""The fields of a draft on the pages: rows edited one at a time, with script and without, and what that weighs."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bothways.errors import AppUnreachable
from bothways.records import Field, FieldType, Option
from bothways.service import apps, draft_fields, drafts
from bothways.service.resolution import Resolution
from bothways.service.rights import Role
from bothways.service.views import ProblemView
from bothways.service.workspace import Workspace
from bothways.web import assets
from tests.databases import empty_ledger
from tests.drafting import EMAIL, HUBSPOT, LEDGER, NAME, PHONE, SINCE, STAGE, Drafting
from tests.memory_app import MemoryConnector
from tests.office import plug_in
from tests.web.browser import Answer, Browser

ROWS = [EMAIL, NAME, {**PHONE, "direction": "to_Ledger", "only_when_empty": True}]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an empty ledger; the connectors of the tests are plugged in."""
    plug_in(monkeypatch)
    with empty_ledger(tmp_path):
        yield tmp_path


@pytest.fixture
def here(folder: Path) -> Drafting:
    """A draft of three mappings."""
    return Drafting(folder, ROWS)


def editor(here: Drafting, role: Role = Role.EDITOR) -> Browser:
    browser = Browser(here.workspace)
    browser.sign_up("Ana Ruiz", role)
    browser.get("/settings/people")
    browser.get(address(here))
    return browser


def address(here: Drafting, rest: str = "/fields") -> str:
    return f"/drafts/{here.id}{rest}"


def post(here: Drafting, browser: Browser, rest: str, *, htmx: bool = True, **fields: str) -> Answer:
    return browser.post(address(here, rest), htmx=htmx, **{"version": str(here.version), **fields})


class Elements(HTMLParser):
    """All elements of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.all.append((tag, dict(attrs)))

    def ids(self, beginning: str = "") -> list[str]:
        """Return the ids, in their order."""
        found = [str(attrs["id"]) for _, attrs in self.all if attrs.get("id")]
        return [each for each in found if each.startswith(beginning)]

    def one(self, id: str) -> dict[str, str | None]:
        """Return the attributes of the element with an id."""
        return next(attrs for _, attrs in self.all if attrs.get("id") == id)


# --- what is shown ------------------------------------------------------------------------------------


def test_page_shows_rows_with_words_for_directions_and_counts_them(here: Drafting) -> None:
    here.set(fields=[*ROWS, {**SINCE, "enabled": False}])
    text = editor(here).get(address(here)).text
    page = Elements(text)
    assert page.ids("m-") == ["m-1", "m-2", "m-3", "m-4"]
    assert (page.one("on-1")["role"], "checked" in page.one("on-1"), "checked" in page.one("on-4")) == (
        "switch",
        True,
        False,
    )
    assert "checked" in page.one("way-3-1")
    assert "<bdi>HubSpot</bdi> to <bdi>Ledger</bdi>" in text
    assert "4 mappings, 3 on" in text
    assert "1 to fix" in text
    assert "Only when empty." in text
    assert not re.search("[→←⇄↔]", text), "arrows are icons beside words"
    assert text.count("is read-only in HubSpot") == 1
    wrong = page.one("f-4-left")
    assert (wrong["aria-invalid"], wrong["aria-describedby"]) == ("true", "e-4")
    assert "aria-invalid" not in page.one("f-4-right")


def test_draft_is_checked_once_for_its_rows_its_associations_and_the_steps(
    here: Drafting, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, checked = editor(here), list[str]()

    def counted(workspace: Workspace, name: str, entry: drafts.Entry) -> tuple[list[ProblemView], Resolution | None]:
        checked.append(name)
        return check(workspace, name, entry)

    check = drafts.checked
    monkeypatch.setattr(drafts, "checked", counted)
    assert browser.get(address(here)).status == 200
    assert len(checked) == 1


def test_every_control_has_an_id_and_none_stands_twice(here: Drafting) -> None:
    here.set(fields=[*ROWS, STAGE])
    browser = editor(here)
    for rest in ("/fields", "/fields/1", "/fields/4?side=right", "/values/4", "/associations"):
        page = Elements(browser.get(address(here, rest)).text)
        controls = [
            attrs for tag, attrs in page.all if tag in ("input", "select", "button") and attrs.get("type") != "hidden"
        ]
        assert all(attrs.get("id") for attrs in controls), rest
        assert max(Counter(page.ids()).values()) == 1, rest
        names = {attrs["for"] for tag, attrs in page.all if tag == "label" and attrs.get("for")}
        assert names <= set(page.ids()), rest


def test_viewer_sees_all_of_it_and_who_can_change_it(here: Drafting) -> None:
    text = editor(here, Role.VIEWER).get(address(here)).text
    assert ("Given name" in text, "Editors and admins can change this draft." in text) == (True, True)
    assert ("hx-post" in text, "field-picker" in text) == (False, False)


def test_labels_of_apps_are_never_taken_for_html(folder: Path) -> None:
    evil = (*HUBSPOT, Field("x", label='<i onclick="x">"&'))
    here = Drafting(folder, [{"HubSpot": "x", "Ledger": "Note"}, {"HubSpot": "<b>", "Ledger": "Tel"}], hubspot=evil)
    browser = editor(here)
    for rest in ("/fields", "/fields/1", "/fields/1?side=left", "/options?side=left&row=1&q="):
        text = browser.get(address(here, rest)).text
        assert "&lt;i onclick" in text, rest
        assert ("<i onclick" in text, "<b>" in text) == (False, False), rest


def test_search_shows_the_rows_that_have_the_words(here: Drafting) -> None:
    browser = editor(here)
    assert Elements(browser.get(address(here, "/fields?q=GIVEN")).text).ids("m-") == ["m-2"]
    found = browser.get(address(here, "/fields?q=tel"), htmx=True).text
    assert (Elements(found).ids("m-"), "<html" in found) == (["m-3"], False)
    assert "No mapping has this in its name." in browser.get(address(here, "/fields?q=zzz"), htmx=True).text


def test_apps_that_do_not_answer_leave_the_rows_to_be_read(here: Drafting, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Sequence[Field]:
        raise AppUnreachable(app="Ledger", reason="it does not answer")

    browser = editor(here)
    here.workspace.clock.advance(3600)  # type: ignore[attr-defined]
    monkeypatch.setattr(MemoryConnector, "fields", fails)
    answer = browser.get(address(here))
    assert (answer.status, "(BW-201)" in answer.text, "GivenName" in answer.text) == (200, True, True)
    assert "hx-post" not in answer.text
    switched = post(here, browser, "/fields/1", **{"direction-1": "both"})
    assert (switched.status, Elements(switched.text).one("trouble")["hx-swap-oob"]) == (200, "true")
    refused = post(here, browser, "/fields/suggest")
    assert (refused.status, refused.headers["hx-retarget"]) == (422, "#trouble")


def test_field_that_an_app_took_away_is_told_at_its_row(here: Drafting) -> None:
    here.set(fields=[EMAIL, {"HubSpot": "firstname", "Ledger": "Taken"}])
    text = editor(here).get(address(here)).text
    row = text.partition('id="m-2"')[2].partition("</tbody>")[0]
    assert '<span class="badge warn">Gone in Ledger</span>' in row
    assert "1 to fix" in text
    assert "Gone in" not in text.partition('id="m-2"')[0]


def test_page_of_what_is_in_force_leads_to_a_draft(here: Drafting) -> None:
    text = editor(here).get("/syncs/contacts/fields").text
    assert '<form class="edit" method="post" action="/syncs/contacts/edit">' in text
    assert text.count('id="edit"') == 1
    assert '<input type="hidden" name="step" value="fields">' in text
    viewer = Browser(here.workspace)
    viewer.sign_up("Vera", Role.VIEWER)
    assert "/edit" not in viewer.get("/syncs/contacts/fields").text


# --- a row is changed ---------------------------------------------------------------------------------


def test_switched_row_is_swapped_alone(here: Drafting) -> None:
    answer = post(here, editor(here), "/fields/2", **{"direction-2": "both", "told": ""})
    assert answer.status == 200
    found = Elements(answer.text)
    assert (found.ids("m-"), found.ids("on-")) == ([], ["on-2"])
    assert "checked" not in found.one("on-2")
    assert found.one("state")["hx-swap-oob"] == "true"
    assert f'name="version" value="{here.version}"' in answer.text
    assert "3 mappings, 2 on" in answer.text
    assert here.rows == [EMAIL, {**NAME, "enabled": False}, ROWS[2]]


def test_other_rows_come_along_only_where_what_is_wrong_with_them_changed(here: Drafting) -> None:
    here.set(fields=[*ROWS, SINCE])
    browser = editor(here)
    told = str(re.search(r'name="told" value="([^"]*)"', browser.get(address(here)).text)[1])  # type: ignore[index]
    assert told.startswith("4:")
    taken = post(
        here, browser, "/fields/1", **{"direction-1": "both", "on-1": "on", "field-right": "GivenName", "told": told}
    )
    found = Elements(taken.text)
    assert (found.ids("m-"), found.ids("on-")) == (["m-2"], ["on-1", "on-2"])
    assert "is mapped in row 1 already" in taken.text
    assert found.one("m-2")["hx-swap-oob"] == "innerHTML"
    told = str(re.search(r'name="told" value="([^"]*)"', taken.text)[1])  # type: ignore[index]
    back = post(
        here, browser, "/fields/1", **{"direction-1": "both", "on-1": "on", "field-right": "Email", "told": told}
    )
    assert Elements(back.text).ids("on-") == ["on-1", "on-2"]
    assert "mapped in row" not in back.text


@pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
def test_review_takes_all_rows_along(here: Drafting, htmx: bool) -> None:
    browser = editor(here)
    answer = post(here, browser, "/fields", htmx=htmx, go="review", **{"direction-2": "to_Ledger", "on-2": "on"})
    where = answer.headers["hx-redirect"] if htmx else answer.location
    assert (answer.status, where) == (200 if htmx else 303, address(here, "/review"))
    assert here.rows[1]["direction"] == "to_Ledger"


def test_review_tells_of_a_row_what_the_row_tells(here: Drafting) -> None:
    browser = editor(here)
    post(here, browser, "/fields/add")
    post(here, browser, "/fields/2", **{"field-right": "Email"})
    page = browser.get(address(here, "/review")).text
    words = unescape(page)
    assert "Choose a field of HubSpot." in words
    assert '"E-mail" of Ledger is mapped in row 1 already. Keep one of the two mappings.' in words
    assert "is missing" not in words


def test_associations_are_a_part_of_the_step_fields(here: Drafting) -> None:
    page = Elements(editor(here).get(address(here, "/associations")).text)
    assert page.one("step-fields")["aria-current"] == "step"
    assert page.one("review")["href"] == address(here, "/review")


def test_update_swaps_the_rows_and_says_so(here: Drafting) -> None:
    browser = editor(here)
    answer = post(here, browser, "/fields", **{"direction-2": "to_Ledger"})
    assert (answer.status, "<html" in answer.text) == (200, False)
    assert "The draft is updated." in answer.text
    assert here.rows[1]["enabled"] is False
    assert f'value="{here.version}"' in answer.text
    assert '<tbody id="m-3"' in answer.text
    shown = post(here, browser, "/fields", q="nothing like this", **{"direction-2": "to_Ledger"})
    assert "No mapping has this in its name." in shown.text


def test_without_script_all_rows_are_updated_at_once(here: Drafting) -> None:
    answer = post(
        here,
        editor(here),
        "/fields",
        htmx=False,
        **{"direction-1": "to_HubSpot", "on-1": "on", "direction-2": "both", "direction-3": "to_Ledger", "on-3": "on"},
    )
    assert (answer.status, answer.location) == (303, address(here))
    assert here.rows == [{**EMAIL, "direction": "to_HubSpot"}, {**NAME, "enabled": False}, ROWS[2]]


@pytest.mark.parametrize(
    ("row", "said", "words"),
    [
        (
            NAME,
            {"field-right": "Email"},
            '"E-mail" of Ledger is mapped in row 1 already. Keep one of the two mappings.',
        ),
        (
            PHONE,
            {"field-right": "Since"},
            '"Phone" (phone) and "Client since" (datetime) cannot be mapped to each other.',
        ),
        (
            {**SINCE, "direction": "to_Ledger"},
            {"direction-2": "both"},
            '"Create date" is read-only in HubSpot. Change the direction to: HubSpot to Ledger.',
        ),
        (
            {"HubSpot": "firstname", "Ledger": "Note"},
            {"field-left": "addresses"},
            'The HubSpot field "All addresses" holds several values, and "Note" of Ledger holds one.',
        ),
        (NAME, {"field-right": ""}, "Choose a field of Ledger."),
    ],
    ids=["duplicate", "types", "read-only", "several values", "unfinished"],
)
def test_what_does_not_fit_is_refused_at_its_row(
    here: Drafting, row: dict[str, Any], said: dict[str, str], words: str
) -> None:
    here.set(fields=[EMAIL, row])
    browser = editor(here)
    assert words not in browser.get(address(here)).text.replace("&quot;", '"')
    answer = post(here, browser, "/fields/2", **{"direction-2": row.get("direction", "both"), "on-2": "on", **said})
    assert Elements(answer.text).ids("on-") == ["on-2"]
    place = answer.text.index('id="e-2"')
    assert words in answer.text[place:].replace("&quot;", '"')
    assert "1 to fix" in answer.text


def test_mapping_is_added_and_the_focus_goes_to_its_first_field(here: Drafting) -> None:
    browser = editor(here)
    answer = post(here, browser, "/fields/add", told="")
    found = Elements(answer.text)
    assert found.ids("m-") == ["m-4"]
    begin = [attrs for tag, attrs in found.all if tag == "field-picker" and "data-begin" in attrs]
    assert [attrs["data-side"] for attrs in begin] == ["left"]
    assert here.rows == [*ROWS, {}]
    plain = post(here, browser, "/fields/add", htmx=False)
    assert (plain.status, plain.location) == (303, address(here, "/fields/5?side=left"))


def test_removed_row_leaves_the_focus_to_the_next_one_and_the_last_to_the_one_before(here: Drafting) -> None:
    browser = editor(here)

    def focus(answer: Answer) -> list[str | None]:
        return [attrs["id"] for _, attrs in Elements(answer.text).all if "data-focus" in attrs]

    first = post(here, browser, "/fields/2/remove", q="")
    assert (focus(first), here.rows) == (["remove-2"], [EMAIL, ROWS[2]])
    assert Elements(first.text).ids("m-") == ["m-1", "m-2"]
    assert focus(post(here, browser, "/fields/2/remove", q="")) == ["remove-1"]
    assert focus(post(here, browser, "/fields/1/remove", q="")) == []
    assert here.rows == []
    assert "No mapping is on" in browser.get(address(here)).text


def test_without_script_a_row_is_removed_too(here: Drafting) -> None:
    answer = post(here, editor(here), "/fields/2/remove", htmx=False)
    assert (answer.status, answer.location, here.rows) == (303, address(here, "/fields#m-2"), [EMAIL, ROWS[2]])


def test_without_script_what_was_switched_is_kept_when_a_row_is_added_or_removed(here: Drafting) -> None:
    browser = editor(here)
    ways = {"direction-1": "both", "direction-2": "to_Ledger", "on-2": "on", "direction-3": "to_Ledger", "on-3": "on"}
    post(here, browser, "/fields/add", htmx=False, **ways)
    post(here, browser, "/fields/3/remove", htmx=False, **ways)
    assert here.rows == [{**EMAIL, "enabled": False}, {**NAME, "direction": "to_Ledger"}, {}]


def test_suggested_mappings_are_added(here: Drafting) -> None:
    here.set(fields=[NAME])
    browser = editor(here)
    assert "Suggest 2" in browser.get(address(here)).text
    assert post(here, browser, "/fields/suggest", htmx=False).status == 303
    assert here.rows == [NAME, EMAIL, PHONE]
    assert "Suggest" not in browser.get(address(here)).text


def test_who_may_not_change_it_any_more_is_told_on_a_whole_page(here: Drafting) -> None:
    browser = editor(here, Role.VIEWER)
    answer = post(here, browser, "/fields/1", **{"direction-1": "to_Ledger"})
    assert (answer.status, answer.headers["hx-retarget"]) == (403, "#main")
    forged = browser.post(address(here, "/fields/1"), htmx=True, token=False)
    assert (forged.status, forged.headers["hx-retarget"]) == (403, "#main")
    assert here.rows == ROWS


# --- others were faster -------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
@pytest.mark.parametrize(
    "rest", ["/fields/1", "/fields/add", "/fields/suggest", "/fields/1/remove", "/values/4", "/fields"]
)
def test_older_version_is_told_who_was_faster_and_led_to_the_newest(here: Drafting, rest: str, htmx: bool) -> None:
    here.set(fields=[*ROWS, {**STAGE, "other": "hold"}])
    browser = editor(here)
    old = here.version
    draft_fields.set_mapping(here.by("Ben"), here.id, old, 2, on=False)
    before = here.draft
    answer = browser.post(address(here, rest), htmx=htmx, version=str(old), **{"direction-1": "to_Ledger"})
    assert answer.status == 409
    assert "Ben has changed the draft" in answer.text
    assert f'href="{address(here)}"' in answer.text
    assert ("<html" in answer.text) is not htmx
    assert answer.headers.get("hx-retarget", "") == ("#trouble" if htmx else "")
    assert here.draft == before


def test_row_or_draft_that_is_not_there_is_told(here: Drafting) -> None:
    browser = editor(here)
    assert browser.get("/drafts/99/fields").status == 404
    assert browser.get(address(here, "/fields/9")).status == 404
    assert browser.get(address(here, "/values/9")).status == 404
    assert post(here, browser, "/fields/9", htmx=False, **{"direction-9": "both"}).status == 404


# --- what can be chosen -------------------------------------------------------------------------------


def test_options_are_a_list_whose_items_can_be_named(here: Drafting) -> None:
    text = editor(here).get(address(here, "/options?side=right&row=2&q=e"), htmx=True).text
    items = [attrs for tag, attrs in Elements(text).all if tag == "li"]
    assert all(attrs["role"] == "option" for attrs in items)
    assert len({attrs["id"] for attrs in items}) == len(items)
    values = [attrs["data-value"] for attrs in items]
    assert values.index("GivenName") < values.index("Email")
    assert "mapped in row 1" in text
    assert "No field has this" in editor_text(here, "/options?side=right&row=2&q=zzz")


def editor_text(here: Drafting, rest: str) -> str:
    browser = Browser(here.workspace)
    browser.sign_up("Somebody else", Role.EDITOR)
    return browser.get(address(here, rest)).text


def test_page_of_one_row_has_one_full_list_at_most(here: Drafting) -> None:
    browser = editor(here)
    assert '<select id="field"' not in browser.get(address(here, "/fields/2")).text
    text = browser.get(address(here, "/fields/2?side=right")).text
    assert text.count('<select id="field"') == 1
    assert len(re.findall(r'<option value="(?:Email|GivenName|Tel|Note|Stage|Firm)"', text)) == 6
    assert "E-mail (mapped in row 1)" in text


def test_field_that_no_list_has_is_kept_by_the_page_of_its_row(here: Drafting) -> None:
    here.set(fields=[EMAIL, {"HubSpot": "firstname + score", "Ledger": "Note"}])
    text = editor(here).get(address(here, "/fields/2?side=left")).text
    assert '<option value="firstname + score" selected>' in text


def test_page_of_one_row_takes_all_that_is_said_of_it(here: Drafting) -> None:
    answer = post(
        here,
        editor(here),
        "/fields/3",
        htmx=False,
        **{
            "field-right": "Note",
            "direction-3": "both",
            "on-3": "on",
            "options": "1",
            "winner": "newest",
            "only": "",
            "when_empty": "clear",
            "clean": "trim",
            "case": "",
        },
    )
    assert (answer.status, answer.location) == (303, address(here, "/fields#m-3"))
    expected = {"HubSpot": "phone", "Ledger": "Note", "winner": "newest", "when_empty": "clear", "clean": ["trim"]}
    assert here.rows == [EMAIL, NAME, expected]


def test_consent_of_one_app_alone_is_refused_with_what_was_said(here: Drafting) -> None:
    here.set(fields=[EMAIL, {"HubSpot": "optout", "Ledger": "NoMail"}])
    said = {
        "direction-2": "both",
        "on-2": "on",
        "options": "1",
        "winner": "ask",
        "consent-left": "opt_out",
        "consent-right": "",
    }
    answer = post(here, editor(here), "/fields/2", htmx=False, **said)
    page = Elements(answer.text)
    assert (answer.status, "BW-521" in answer.text) == (422, True)
    assert (page.one("consent-2")["aria-invalid"], page.one("consent-2")["aria-describedby"]) == ("true", "error")
    assert "checked" in page.one("winner-4")
    assert '<option value="opt_out" selected>' in answer.text
    assert here.rows == [EMAIL, {"HubSpot": "optout", "Ledger": "NoMail"}]


# --- values and associations --------------------------------------------------------------------------


def test_values_are_paired_and_counted(here: Drafting) -> None:
    here.set(fields=[EMAIL, {**STAGE, "direction": "to_Ledger"}])
    browser = editor(here)
    assert "1 of 3 values paired" in browser.get(address(here)).text
    text = browser.get(address(here, "/values/2")).text
    assert "2 values without a partner" in text
    assert '<option value="L" selected>Lead</option>' in text
    sent = browser.post(
        address(here, "/values/2"),
        version=str(here.version),
        **{"left": "customer", "right": "C", "other": "default", "default-right": "X"},
    )
    assert (sent.status, sent.location) == (303, address(here, "/values/2"))
    assert here.rows is not None
    assert here.rows[1]["values"] == {"customer": "C"}
    assert here.rows[1]["other"] == {"default": {"Ledger": "X"}}


def test_wrong_partner_is_refused_at_its_field_with_what_was_typed(here: Drafting) -> None:
    here.set(fields=[EMAIL, {"HubSpot": "firstname", "Ledger": "Stage", "direction": "to_Ledger"}])
    browser = editor(here)
    before = here.draft
    answer = browser.post(
        address(here, "/values/2"),
        version=str(here.version),
        **{"left": "warm", "right": "L", "other": "default", "default-right": ""},
    )
    assert (answer.status, "BW-522" in answer.text) == (422, True)
    assert 'value="warm"' in answer.text
    assert here.draft == before


def test_many_options_are_typed_and_not_listed_in_every_row(folder: Path) -> None:
    countries = tuple(Option(f"c{number}", f"Country {number}") for number in range(250))
    field = Field("country", FieldType.CHOICE, "Country", options=countries)
    here = Drafting(
        folder, [{"HubSpot": "country", "Ledger": "country"}], hubspot=(*HUBSPOT, field), ledger=(*LEDGER, field)
    )
    browser = editor(here)
    text = browser.get(address(here, "/values/1")).text
    assert text.count("<datalist") == 1
    assert len(Elements(text).all) < 3_000
    wrong = browser.post(address(here, "/values/1"), version=str(here.version), left="c0", right="Nowhere", other="")
    page = Elements(wrong.text)
    assert (wrong.status, page.one("p-1")["value"], page.one("p-1")["aria-invalid"]) == (422, "Nowhere", "true")
    right = browser.post(
        address(here, "/values/1"), version=str(here.version), left="c0", right="country 7", other="hold"
    )
    assert right.status == 303
    assert here.rows is not None
    assert here.rows[0]["values"] == {"c0": "c7"}


def test_all_pairs_of_a_very_long_list_are_taken(folder: Path) -> None:
    kinds = tuple(Option(f"k{number}", f"Kind {number}") for number in range(500))
    field = Field("kind", FieldType.CHOICE, "Kind", options=kinds)
    here = Drafting(folder, [{"HubSpot": "kind", "Ledger": "kind"}], hubspot=(*HUBSPOT, field), ledger=(*LEDGER, field))
    browser = editor(here)
    left, right = [each.key for each in kinds], [each.label for each in reversed(kinds)]
    sent = browser.post(address(here, "/values/1"), version=str(here.version), left=left, right=right, other="")
    assert sent.status == 303, sent.text
    assert here.rows is not None
    assert len(here.rows[0]["values"]) == 500


@pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
def test_association_is_turned_off(folder: Path, htmx: bool) -> None:
    here = Drafting(folder, [EMAIL], firms="draft")
    browser = editor(here)
    for rest in ("/fields", "/associations"):
        text = browser.get(address(here, rest)).text
        assert "needs the sync &quot;firms&quot; to be on" in text, rest
        assert Elements(text).one("a-on-1")["aria-checked"] == "true"
    assert "firms" not in browser.get(address(here, "/fields?show=fields")).text
    answer = post(here, browser, "/associations/1/switch", htmx=htmx, on="0")
    assert answer.status == (200 if htmx else 303)
    if htmx:
        assert Elements(answer.text).one("a-on-1")["aria-checked"] == "false"
        assert f'name="version" value="{here.version}" hx-swap-oob="true"' in answer.text
        assert 'name="told"' not in answer.text, "what the page shows of the fields is as it was"
    assert here.draft.settings["associations"] == [
        {"HubSpot": "companies", "Ledger": "Firm", "sync": "firms", "enabled": False}
    ]


# --- what it weighs -----------------------------------------------------------------------------------


@pytest.fixture
def large(folder: Path) -> Drafting:
    """Sixty mappings of two objects with three hundred fields each."""
    fields = {
        app: tuple(Field(f"{app}{number:03}", label=f"{app} property of the number {number}") for number in range(300))
        for app in ("HubSpot", "Ledger")
    }
    rows = [{app: f"{app}{number:03}" for app in fields} for number in range(60)]
    return Drafting(folder, rows, hubspot=fields["HubSpot"], ledger=fields["Ledger"])


def test_sixty_mappings_of_three_hundred_fields_are_small(large: Drafting) -> None:
    browser = editor(large)
    text = browser.get(address(large)).text
    assert Elements(text).ids("m-")[-1] == "m-60"
    assert len(Elements(text).all) < 3_000
    loaded = sum(len(each.packed) for each in assets.assets().values())
    assert loaded + len(gzip.compress(text.encode())) < 60_000
    assert len(Elements(browser.get(address(large, "/fields/7?side=left")).text).all) < 3_000


def test_one_switch_of_sixty_moves_two_kilobytes_and_asks_no_app(
    large: Drafting, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = editor(large)

    def asked(*_: object) -> Sequence[Field]:
        raise AssertionError("asked again")

    monkeypatch.setattr(MemoryConnector, "fields", asked)
    answer = post(large, browser, "/fields/7", **{"direction-7": "both", "told": ""})
    assert large.rows is not None
    assert large.rows[6]["enabled"] is False
    assert len(gzip.compress(answer.text.encode())) <= 2_000
    assert len(answer.text.encode()) <= 2_500
    options = browser.get(address(large, "/options?side=left&row=7&q="), htmx=True).text
    assert len([tag for tag, attrs in Elements(options).all if attrs.get("data-value")]) == 100
    assert "200 more" in options


def test_what_a_rule_of_an_app_demands_of_a_field_is_said_on_the_page_of_its_mapping(
    here: Drafting, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def told(workspace: Workspace, app: str, object: str) -> dict[str, str]:
        asked.append(app)
        if app == "Ledger":
            raise AppUnreachable(app=app, reason="no answer")
        return {EMAIL["HubSpot"]: "an e-mail address of acme.test"}

    monkeypatch.setattr(apps, "field_rules", told)
    browser = editor(here)
    assert "A rule of the app demands: an e-mail address of acme.test" in browser.get(address(here, "/fields/1")).text
    assert sorted(asked) == ["HubSpot", "Ledger"]
    assert "A rule of the app demands" not in browser.get(address(here, "/fields/2")).text
    browser.languages = "de"
    german = browser.get(address(here, "/fields/1")).text
    assert "Eine Regel der App verlangt: eine E-Mail-Adresse von acme.test" in german
