"""All syncs and one of them on pages: apps that do not answer, runs that were stopped, why records are left out."""

import re
from contextlib import suppress

import pytest

from bothways.errors import AppUnreachable, CredentialsRefused, StoppedByBrake
from bothways.ledger import due, rests
from bothways.ledger.models import Sync
from bothways.service import alerts, reasons
from bothways.service.database import used
from bothways.service.rights import Role
from tests.aside import put_aside
from tests.office import Office
from tests.web.browser import Browser


def signed_in(office: Office, role: Role = Role.EDITOR, name: str = "Ana Ruiz") -> Browser:
    here = Browser(office.open())
    here.sign_up(name, role)
    return here


def fails(office: Office, error: AppUnreachable | CredentialsRefused) -> None:
    """Let Bert fail as a whole."""
    workspace = office.open()
    with used(workspace.database):
        rests.begin("Bert", office.clock() + 90, error.code, error.message)
        alerts.fails(alerts.APP, "Bert", error, office.clock(), office.clock() + 90)


def works(office: Office) -> None:
    """Let Bert work again."""
    workspace = office.open()
    with used(workspace.database):
        rests.end(["Bert"])
        alerts.works(alerts.APP, ["Bert"], office.clock())


def test_app_that_asks_to_be_signed_in_to_is_told_above_the_numbers_with_what_waits(office: Office) -> None:
    for name in ("Dana", "Eve"):
        office.pair(name)
    here = signed_in(office)
    assert "the numbers below are from before" not in here.get("/").text
    fails(office, CredentialsRefused(app="Bert", reason="the token was revoked"))
    assert ">2</a></td>" in here.get("/").text, "the last numbers stay"
    with used(here.workspace.database):
        due.mark_everything(Sync.objects.get())
        waiting = due.count(Sync.objects.get())
    text = here.get("/").text
    assert "<strong>Bert does not accept the credentials.</strong>" in text, "its code comes in the end"
    assert f"Nothing is lost: {waiting} changes wait and are sent when Bert works again." in text
    assert ("the numbers below are from before." in text, "BW-202" in text) == (True, True)
    assert 'href="/apps/Bert/sign-in">Sign in to Bert again</a>' in text
    assert "sign-in" not in signed_in(office, Role.OPERATOR, "Olga Brandt").get("/").text
    works(office)
    assert "the numbers below are from before" not in here.get("/").text


def test_app_that_is_tried_again_by_itself_says_when(office: Office) -> None:
    office.pair("Dana")
    fails(office, AppUnreachable(app="Bert", reason="no answer"))
    text = signed_in(office).get("/").text
    assert "Nothing is lost: what changes waits and is sent when Bert works again." in text
    assert ("Next try" in text, "in 1 min" in text, "sign-in" in text) == (True, True, False)


@pytest.fixture
def braked(office: Office) -> Office:
    """A sync that stops before it empties a telephone number."""
    office.change("max_emptied: 1000", "max_emptied: 0")
    office.change("    guards:", "    conflicts: {when_empty: clear}\n    guards:")
    left, _ = office.pair("Dana", phone="+4930123456")
    office.anna.edit(left, phone=None)
    with suppress(StoppedByBrake):
        office.run()
    return office


def test_run_that_a_safety_limit_stopped_says_why_and_what_to_do_on_its_page_and_on_that_of_the_sync(
    braked: Office,
) -> None:
    here = signed_in(braked)
    run = here.get("/syncs/people").text.partition('href="/runs/')[2].partition('"')[0]
    for address in ("/syncs/people", f"/runs/{run}"):
        text = here.get(address).text
        assert text.count("Phone in Bert would be emptied in 1 record") >= 1, address
        assert "It goes on by itself once what it would write is within the limits." in text, address
        assert 'href="/syncs/people/preview">See in a preview which records these are</a>' in text, address
    assert 'id="braked"' not in here.get("/runs/r_1").text, "an earlier run was not stopped"
    braked.change("max_emptied: 0", "max_emptied: 1000")
    braked.run()
    assert 'id="braked"' not in here.get("/syncs/people").text
    assert 'id="braked"' not in here.get(f"/runs/{run}").text


def test_how_often_it_looks_is_said_in_the_unit_that_people_use(office: Office) -> None:
    here = signed_in(office)
    assert "every 1 min" in here.get("/syncs/people").text
    office.change("    guards:", "    schedule: {every: 90s}\n    guards:")
    assert "every 90 s" in signed_in(office, name="Ben Ott").get("/syncs/people").text


def test_drafts_are_counted_beside_those_that_are_on(office: Office) -> None:
    assert "draft" not in signed_in(office).get("/").text.partition("</h1>")[2].partition("</p>")[0]
    office.change("    state: on", "    state: draft")
    head = signed_in(office, name="Ben Ott").get("/").text.partition("</h1>")[2].partition("</p>")[0]
    assert ("0 on" in head, "1 draft" in head) == (True, True)


# --- why records are left out -------------------------------------------------------------------------


@pytest.fixture
def some_out(office: Office) -> Office:
    """One record that is left out since it holds nothing, and one since its partner was deleted."""
    _, right = office.pair("Dana")
    office.anna.add()
    office.bert.delete(right)
    office.run(approved=True)
    office.rest()
    return office


def test_number_of_those_left_out_is_split_by_its_reasons_each_a_link_to_its_list(some_out: Office) -> None:
    here = signed_in(some_out)
    text = here.get("/syncs/people").text
    listed = "/syncs/people/records?state=left_out&amp;reason="
    for reason, words in (("partner", "partner gone"), ("empty", "nothing to send")):
        assert re.search(
            rf'<a href="{re.escape(listed)}{reason}" id="why-{reason}">{words} <strong>1</strong></a>', text
        )
    text = here.get("/syncs/people/records?state=left_out&reason=partner").text
    assert ("its partner was deleted" in text, "none of its mapped fields" in text) == (True, False)
    assert 'id="why-partner" aria-current="true"' in text
    assert '<input type="hidden" name="reason" value="partner">' in text, "a search keeps it"
    assert 'href="?state=left_out&amp;q=" id="any-reason"' in text
    for other in ("state=left_out&reason=nonsense", "state=left_out", "state=&reason=partner"):
        text = here.get(f"/syncs/people/records?{other}").text
        assert ("none of its mapped fields" in text, "any-reason" in text) == (True, False), other


def test_pages_of_a_list_keep_the_reason(some_out: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.web.pages.syncs.PAGE", 1)
    some_out.anna.add()
    some_out.rest()
    text = signed_in(some_out).get("/syncs/people/records?state=left_out&reason=empty").text
    assert re.search(r'href="\?state=left_out&amp;reason=empty&amp;q=&amp;after=[^"]+">Next 50', text)


def test_list_that_looked_at_some_goes_on_with_the_reason(some_out: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.service.records.EFFORT", 1)
    text = signed_in(some_out).get("/syncs/people/records?state=left_out&reason=person").text
    goes_on = r'"\?state=left_out&amp;reason=person&amp;q=&amp;after=[^"]+&amp;looked=\d+"'
    assert re.search(f'id="more" href={goes_on} hx-get={goes_on}', text)


def test_page_says_that_it_is_being_counted_and_asks_for_that_part_again(
    some_out: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = put_aside(monkeypatch, reasons)
    monkeypatch.setattr(reasons, "FEW", 0)
    here = signed_in(some_out)
    text = here.get("/syncs/people").text
    assert ("is being counted" in text, 'hx-get="/syncs/people?part=left_out"' in text) == (True, True)
    aside.work()
    part = here.get("/syncs/people?part=left_out", htmx=True).text
    assert ("<html" in part, "partner gone" in part, "counted" in part) == (False, True, True)
    assert "<html" in here.get("/syncs/people?part=left_out").text


def test_nobody_left_out_is_no_line(office: Office) -> None:
    office.pair("Dana")
    assert "left-out-why" not in signed_in(office).get("/syncs/people").text
