"""The page of a record: why a value is there, and what somebody can do about this record alone."""

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from bothways.service import history, requests
from bothways.service.requests import ToRun, ToUndo
from bothways.service.rights import Role
from bothways.service.views import RunView, WhyView
from bothways.service.why import why
from bothways.web.pages import records
from tests.jobs.served import Served
from tests.office import Office
from tests.web.browser import Browser
from tests.web.until import until

RECORDS = "/syncs/people/records/"


def signed_in(office: Office, role: Role = Role.ADMIN, name: str = "Ana Ruiz") -> Browser:
    here = Browser(office.open())
    here.sign_up(name, role)
    return here


def dave(office: Office) -> tuple[str, str, RunView]:
    """Let both apps change Dan: Anna wins, and Bert's David is written over."""
    left, right = office.pair("Dan")
    office.anna.edit(left, name="Dave")
    office.bert.edit(right, name="David")
    return left, right, office.run()


def page_of(left: str, **more: str) -> str:
    return f"{RECORDS}Anna:{left}" + "".join(f"?{key}={value}" for key, value in more.items())


def ask(what: str, left: str, **more: str) -> str:
    query = "&".join(f"{key}={quote(text, safe='')}" for key, text in more.items())
    return f"/syncs/people/{what}?record={quote(f'Anna:{left}', safe='')}&{query}"


@pytest.mark.parametrize("gone", ["Anna", "Bert"])
def test_record_that_was_deleted_in_one_app_says_so(office: Office, gone: str) -> None:
    office.pair("Eve")
    left, right = office.pair("Dan")
    (office.anna if gone == "Anna" else office.bert).delete(left if gone == "Anna" else right)
    office.rest()
    here = signed_in(office)
    texts = {app: here.get(f"{RECORDS}{app}:{id}").text for app, id in (("Anna", left), ("Bert", right))}
    other = "Bert" if gone == "Anna" else "Anna"
    assert f"No longer there in {gone}." in texts[gone]
    assert "Its partner was deleted; it is not created again." in texts[other]
    for text in texts.values():
        history = text.partition('<ol class="timeline">')[2].partition("</ol>")[0]
        first = history.partition("</li>")[0]
        assert ("Linked no longer" in first, f"deleted in {gone}" in first) == (True, True)
        assert "<del>" not in first, "nothing was written to the other one"
    assert f"<p>dan@x.test in {other}: changed there" in texts[other], "the value as it is"


# --- why ----------------------------------------------------------------------------------------------


def test_page_says_why_the_value_that_was_written_last_is_there(office: Office) -> None:
    left, right, run = dave(office)
    text = signed_in(office).get(page_of(left)).text
    for part in (
        "Why is Name “Dave”?",
        "had changed it to <strong><bdi>Dave</bdi></strong>",
        "to <strong><bdi>David</bdi></strong>. Both changed; Anna wins. So",
        f'by run <a href="/runs/{run.id}">{run.id}</a>',
        "Put back “David” in Bert",
        "Let Bert win for this field",
        "over a change",
        '<bdi class="id">' + right,
    ):
        assert part in text, part
    assert "Let Anna win" not in text, "Anna wins already"


def test_value_whose_run_is_gone_is_still_explained_and_leads_to_no_dead_page(office: Office) -> None:
    left, _, run = dave(office)
    office.clock.advance(731 * 86_400)
    office.run()
    here = signed_in(office)
    assert f'href="/runs/{run.id}"' in here.get(page_of(left)).text
    history.prune(office.open(), confirmed=True)
    text = here.get(page_of(left)).text
    assert f"by run {run.id}; " in text or f"by run {run.id}." in text
    assert f'href="/runs/{run.id}"' not in text
    assert "Put back" not in text
    assert 'Of its history before <time datetime="1970-01-12">' in text
    text = here.get(page_of(left, field="email%3Demail")).text
    assert "no run wrote it after 1970-01-12" in text
    assert "Nothing was written to it so far" not in text


def test_other_field_is_explained_when_it_is_asked_for(office: Office) -> None:
    left, _, _ = dave(office)
    text = signed_in(office).get(page_of(left, field="email%3Demail")).text
    assert "Why does E-mail hold" in text or "Why is E-mail" in text
    assert "typed or imported there; no run wrote it" in text
    assert "Put back" not in text


def test_record_that_a_run_created_says_so_and_offers_to_put_nothing_back(office: Office) -> None:
    left = office.anna.add(email="c@x.test", name="Cleo")
    office.rest()
    text = signed_in(office).get(page_of(left)).text
    assert "came with the record, which was created in" in text
    assert "put-back?" not in text


def test_each_role_is_offered_what_it_may_do(office: Office) -> None:
    left, _, _ = dave(office)
    seen = {}
    for role in Role:
        text = signed_in(office, role, f"Some {role}").get(page_of(left)).text
        seen[role] = ["put-back?" in text, 'id="unlink"' in text, 'id="run"' in text, "/winner?" in text]
    assert seen[Role.VIEWER] == [False, False, False, False]
    assert seen[Role.OPERATOR] == [True, True, True, False]
    assert seen[Role.EDITOR] == seen[Role.ADMIN] == [True, True, True, True]


def test_long_history_is_shown_in_part_and_as_a_whole_when_asked_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bothways.web.pages import records

    monkeypatch.setattr(records, "HISTORY", 2)
    left, _ = office.pair("Dan")
    for name in ("Dea", "Deb", "Dee"):
        office.anna.edit(left, name=name)
        office.run()
        office.clock.advance(120)
    here = signed_in(office)
    text = here.get(page_of(left)).text
    assert ("1 earlier event" in text, "Dea" in text.split("Written to")[-1]) == (True, True)
    assert text.count("Written to") == 2
    assert here.get(page_of(left, all="1")).text.count("Written to") == 3


# --- put back -----------------------------------------------------------------------------------------


def test_value_is_put_back_by_the_service_and_that_can_be_undone(office: Office) -> None:
    left, right, run = dave(office)
    here = signed_in(office, Role.OPERATOR, "Olga")
    asked = here.get(ask("put-back", left, field="name=name", run=run.id))
    for part in ("Put back “David” in Bert", "<ins><bdi>David</bdi></ins>", "This can itself be undone."):
        assert part in asked.text, part
    assert "<dialog" in here.get(ask("put-back", left, field="name=name", run=run.id), htmx=True).text
    assert office.bert.items[right].values["name"] == "Dave", "nothing is written by looking"
    sent = here.post("/syncs/people/put-back", record=f"Anna:{left}", field="name=name", run=run.id)
    assert (sent.status, sent.location) == (303, page_of(left, field="name%3Dname").replace("Anna:", "Anna%3A"))
    assert "Waiting for its turn" in here.get(sent.location).text
    with Served(office):
        assert until(lambda: office.bert.items[right].values["name"] == "David")
        assert until(lambda: "Put back in" in here.get(page_of(left)).text)
        assert until(lambda: "Put back “Dave” in Bert" in here.get(page_of(left)).text), "an undo can be undone"
        assert office.anna.items[left].values["name"] == "Dave"
        again = why(here.workspace, "people", f"Anna:{left}", "name").fields[0].events[0]
        here.post("/syncs/people/put-back", record=f"Anna:{left}", field="name=name", run=again.run)
        assert until(lambda: office.bert.items[right].values["name"] == "Dave")


def test_what_somebody_asks_of_another_record_hides_nothing(office: Office) -> None:
    left, right, run = dave(office)
    other, _ = office.pair("Eve")
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.post("/syncs/people/put-back", record=f"Anna:{left}", field="name=name", run=run.id)
    later = requests.ask(here.workspace, ToUndo(run.id, f"Anna:{other}"))
    assert "<live-stream" in here.get(page_of(left)).text
    assert requests.withdraw(here.workspace, later.id)
    assert "<live-stream" in here.get(page_of(left)).text
    assert "Waiting for its turn" in here.get("/syncs/people/now?for=undo", htmx=True).text, "the stream goes on"
    requests.ask(here.workspace, ToUndo(run.id, f"Anna:{other}"))
    office.bert.edit(right, name="Dora")
    office.clock.advance(60)
    with Served(office):
        assert until(lambda: all(not each.is_open for each in requests.list_requests(here.workspace)))
    text = here.get(page_of(left)).text
    assert ("<live-stream" in text, "was edited since" in text) == (False, True)


def test_button_that_is_pressed_twice_asks_once(office: Office) -> None:
    left, _right, run = dave(office)
    here = signed_in(office, Role.OPERATOR, "Olga")
    for _ in range(2):
        here.post("/syncs/people/put-back", record=f"Anna:{left}", field="name=name", run=run.id)
        here.post("/syncs/people/run")
        here.post("/syncs/people/run", record=f"Anna:{left}")
    asked = requests.list_requests(here.workspace)
    assert [each.wish for each in reversed(asked)] == [
        ToUndo(run.id, f"Anna:{left}", "name=name"),
        ToRun("people"),
        ToRun("people", record=f"Anna:{left}"),
    ]


def test_page_that_is_made_while_an_undo_ends_tells_of_it_or_follows_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right, run = dave(office)
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.post("/syncs/people/put-back", record=f"Anna:{left}", field="name=name", run=run.id)

    def ends_meanwhile(*asked: Any) -> WhyView:
        read = why(*asked)
        with Served(office):
            assert until(lambda: all(not each.is_open for each in requests.list_requests(here.workspace)))
        return read

    monkeypatch.setattr(records, "why", ends_meanwhile)
    text = here.get(page_of(left)).text
    assert office.bert.items[right].values["name"] == "David"
    assert "Put back in" in text or "<live-stream" in text


def test_value_that_was_changed_since_is_refused_before_and_left_alone_after(office: Office) -> None:
    left, right, run = dave(office)
    here = signed_in(office, Role.OPERATOR, "Olga")
    page = here.get(ask("put-back", left, field="name=name", run=run.id)).text
    assert "It cannot be put back" not in page
    office.bert.edit(right, name="Davy")
    office.clock.advance(60)
    page = here.get(ask("put-back", left, field="name=name", run=run.id)).text
    assert "It cannot be put back" in page
    assert "do-put-back" not in page
    sent = here.post("/syncs/people/put-back", record=f"Anna:{left}", field="name=name", run=run.id)
    assert (sent.status, "It cannot be put back" in sent.text) == (422, True)
    assert requests.list_requests(here.workspace) == []


def test_what_is_changed_between_the_question_and_the_answer_is_left_alone_and_said(office: Office) -> None:
    left, right, run = dave(office)
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.get(page_of(left))
    here.post("/syncs/people/put-back", record=f"Anna:{left}", field="name=name", run=run.id)
    office.bert.edit(right, name="Davy")
    office.clock.advance(60)
    with Served(office):
        assert until(lambda: "Nothing was put back." in here.get(page_of(left)).text)
    assert "Name was edited since" in here.get(page_of(left)).text
    assert office.bert.items[right].values["name"] in ("Davy", "Dave"), "no run writes David"


def test_question_is_answered_though_a_run_is_at_work(office: Office) -> None:
    left, _, run = dave(office)
    here = signed_in(office, Role.OPERATOR, "Olga")
    writing, go_on = threading.Event(), threading.Event()
    office.bert.hook = held_at_a_write(writing, go_on)
    office.anna.edit(left, email="dave@x.test")
    office.clock.advance(60)
    here.get("/syncs/people")
    with Served(office):
        here.post("/syncs/people/run")
        assert writing.wait(30)
        try:
            page = here.get(ask("put-back", left, field="name=name", run=run.id)).text
            assert "A run is at work, so the record was not read again" in page
            assert "do-put-back" in page
        finally:
            go_on.set()


def held_at_a_write(writing: threading.Event, go_on: threading.Event) -> Callable[[str, str], None]:
    def slowly(when: str, call: str) -> None:
        if when == "before" and call.startswith("write"):
            writing.set()
            go_on.wait(30)

    return slowly


def test_what_no_run_wrote_cannot_be_put_back(office: Office) -> None:
    left, _, run = dave(office)
    here = signed_in(office)
    assert here.get(ask("put-back", left, field="email=email", run=run.id)).status == 404
    assert here.get(ask("put-back", left, field="name=name", run="r_99")).status == 404


# --- who wins -----------------------------------------------------------------------------------------


def test_app_is_let_win_a_field_from_now_on(office: Office) -> None:
    left, right, _ = dave(office)
    here = signed_in(office, Role.EDITOR, "Edo")
    asked = here.get(ask("winner", left, field="name=name", app="Bert")).text
    for part in ("Let Bert win Name", "Until now, Anna wins.", "What both apps hold now stays as it is."):
        assert part in asked, part
    before = office.file.read_text()
    sent = here.post("/syncs/people/winner", record=f"Anna:{left}", field="name=name", app="Bert")
    assert sent.status == 303
    assert "Bert wins Name from now on." in here.get(sent.location).text
    after = office.file.read_text()
    assert ("name: Bert" in after, after.replace(" ", "").startswith(before.replace(" ", "")[:40])) == (True, True)
    text = here.get(page_of(left)).text
    office.anna.edit(left, name="Dale")
    office.bert.edit(right, name="Dirk")
    office.run()
    assert office.anna.items[left].values["name"] == "Dirk"
    assert "Let Bert win" not in here.get(page_of(left)).text
    assert "Let Bert win" in text or "Let Anna win" in text


# --- linked by hand, and no longer --------------------------------------------------------------------


def test_pair_is_unlinked_and_linked_again_by_hand(office: Office) -> None:
    left, right = office.pair("Dana")
    here = signed_in(office, Role.OPERATOR, "Olga")
    assert "neither is created anew" in here.get(ask("unlink", left)).text
    assert "<dialog" in here.get(ask("unlink", left), htmx=True).text
    sent = here.post("/syncs/people/unlink", record=f"Anna:{left}")
    assert sent.status == 303
    page = here.get(sent.location).text
    assert "They are linked no longer." in page
    assert "Find its partner in Bert" in page
    assert here.post("/syncs/people/unlink", record=f"Anna:{left}").status == 422
    office.run()
    found = here.get(ask("link", left)).text
    assert f'value="Bert:{right}"' in found, "its own name is looked for first"
    assert "called so there" in here.get(ask("link", left, q="nobody at all")).text
    assert f'value="Bert:{right}"' in here.get(ask("link", left, q=right)).text
    sent = here.post("/syncs/people/link", record=f"Anna:{left}", partner=f"Bert:{right}")
    assert sent.status == 303
    office.run()
    assert 'id="unlink"' in here.get(page_of(left)).text


def test_record_that_is_linked_has_no_partner_to_be_found(office: Office) -> None:
    left, _ = office.pair("Dana")
    _, finn = office.pair("Eve")
    here = signed_in(office, Role.OPERATOR, "Olga")
    assert "LinkedAlready" not in here.get(ask("link", left)).text
    assert here.get(ask("link", left)).status == 409 or here.get(ask("link", left)).status == 422
    assert finn not in here.get(ask("link", left, q="Eve")).text


# --- one record now -----------------------------------------------------------------------------------


def test_one_record_is_synced_now_though_no_listing_tells_of_its_change(office: Office) -> None:
    left, right = office.pair("Dana")
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.get(page_of(left))
    sent = here.post("/syncs/people/run", record=f"Anna:{left}")
    assert (sent.status, sent.location) == (303, page_of(left).replace("Anna:", "Anna%3A"))
    (asked,) = requests.list_requests(here.workspace)
    assert asked.wish == requests.ToRun("people", record=f"Anna:{left}")
    assert "asked for by Olga" in here.get(page_of(left)).text
    office.anna.items[left].values["name"] = "Dora"  # an edit that its app's listing does not tell of
    with Served(office):
        assert until(lambda: office.bert.items[right].values["name"] == "Dora")
    assert here.post("/syncs/people/run", record="Anna:nobody").status == 404
