"""What was done, as pages and as a file: runs, changes of settings, and undos of very much."""

import csv
import io

import pytest

from bothways.service import syncs, undo
from bothways.service.rights import Role
from bothways.service.views import KeptView, UndoView
from tests.office import Office
from tests.web.browser import Browser


def signed_in(office: Office, role: Role = Role.EDITOR, name: str = "Ana Ruiz") -> Browser:
    here = Browser(office.open())
    here.sign_up(name, role)
    return here


def test_nothing_was_done_yet(office: Office) -> None:
    text = signed_in(office).get("/activity").text
    assert "Nothing has run yet." in text
    assert 'href="/activity/settings"' in text


def test_states_of_runs_are_words_for_people(office: Office) -> None:
    office.pair("Dana")
    text = signed_in(office).get("/activity").text
    assert ("<td>Done" in text, "<td>done" in text) == (True, False)


def test_changes_of_settings_say_who_when_and_what(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    here.get("/syncs/people")
    here.post("/syncs/people/off")
    text = here.get("/activity/settings").text
    first, _, rest = text.partition("</article>")
    for words in ("Ana Ruiz", "revision 2", "Before it", "After it", "State", ">on</pre></del>", ">off</pre></ins>"):
        assert words in first, words
    assert "The first settings of this sync." in rest
    assert "In force" not in text, "it is what was in force then"
    assert text.count('aria-labelledby="change-') == 3, "each table has a name of its own"
    viewer = signed_in(office, Role.VIEWER, "Vera Holt")
    assert viewer.get("/activity/settings").text.count("</article>") == text.count("</article>")


def test_changes_of_settings_are_read_in_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.web.pages.activity.PAGE", 2)
    here = signed_in(office)
    for state in ("off", "on"):
        here.get("/syncs/people")
        here.post(f"/syncs/people/{state}", start="all")
    assert syncs.show_sync(here.workspace, "people").state == "on"
    text = here.get("/activity/settings").text
    assert (text.count("</article>"), "Older changes" in text) == (2, True)
    older = text.partition('id="more" href="')[2].partition('"')[0]
    text = here.get(f"/activity/settings{older}").text
    assert ("The first settings of this sync." in text, "Older changes" in text) == (True, False)


def test_file_has_runs_and_changes_of_settings_latest_first_and_no_formula(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dave")
    done = office.run()
    office.clock.advance(60)
    here = signed_in(office, name="=HYPERLINK(1)")
    here.get("/syncs/people")
    here.post("/syncs/people/off")
    answer = here.get("/activity/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="activity.csv"'
    head, *rows = csv.reader(io.StringIO(answer.file.decode("utf-8-sig")))
    found = [dict(zip(head, row, strict=True)) for row in rows]
    times = [each["when (UTC)"] for each in found if each["what"] == "run"]
    assert times == sorted(times, reverse=True)
    latest = found[0]
    assert (latest["what"], latest["setting"], latest["before"], latest["after"]) == ("settings", "state", "on", "off")
    assert latest["who"] == "'=HYPERLINK(1)"
    run = next(each for each in found if each["id"] == done.id)
    assert (run["what"], run["state"], run["updated"], run["deleted"]) == ("run", "done", "Bert: 1", "")
    assert [each["setting"] for each in found if each["what"] == "settings"] == ["state", "first settings"]


def test_undo_says_how_many_records_and_lists_all_that_stay_when_asked_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tuple(KeptView("Bert", f"Person {number}", "it was changed since", f"b{number}") for number in range(60))
    monkeypatch.setattr(undo, "preview_undo", lambda *_, **__: UndoView("", "r_1", 3, 2, kept, unlinked=1))
    here = signed_in(office)
    text = here.get("/runs/r_1/undo").text
    assert "Undo what is possible: 6 records" in text
    assert "<dt>Linked no longer</dt><dd>1</dd>" in text
    assert (text.count("It was changed since"), "See all 60" in text) == (50, True)
    text = here.get("/runs/r_1/undo?all=1").text
    assert (text.count("It was changed since"), "See all" in text) == (60, False)
    assert '<bdi>Person 1</bdi> <bdi class="id">b1</bdi>' in text, "by their names, ids second"
