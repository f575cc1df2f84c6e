"""The settings on pages: what they show to whom, and what their forms do."""

import io
import re
import tarfile

import pytest

from bothways.connectors.base import Connector
from bothways.errors import AppUnreachable
from bothways.ledger import turns
from bothways.service import history, tokens
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.web.pages.settings import PAGE
from tests.mail_server import mail_server
from tests.office import Office
from tests.postgres import free_port
from tests.web.browser import Answer, Browser
from tests.web.filled import filled

MAIL = {"to": "ops@x.test, ana@x.test", "from": "bothways@x.test", "security": "none"}


@pytest.fixture
def ana(office: Office) -> Browser:
    """A browser in which an admin is signed in."""
    here = Browser(office.open())
    here.sign_up("Ana Ruiz")
    return here


def somebody(office: Office, role: Role) -> Browser:
    """Return a browser in which somebody of a role is signed in."""
    here = Browser(office.open())
    here.sign_up(f"The {role}", role)
    return here


def after(here: Browser, answer: Answer) -> str:
    """Follow a form to the page it leads to."""
    assert answer.status == 303, answer.text
    return here.get(answer.location).text


# --- general ------------------------------------------------------------------------------------------


def test_general_page_tells_what_runs(office: Office, ana: Browser) -> None:
    assert "No worker is there" in ana.get("/settings").text
    with used(ana.workspace.database):
        turns.serve("here-1", ana.workspace.clock())
    text = ana.get("/settings").text
    assert ("1 worker is there." in text, "here-1" in text, "SQLite 3." in text) == (True, True, True)


def test_general_page_tells_what_history_is_kept_and_what_is_gone(office: Office, ana: Browser) -> None:
    assert "are kept for 730 days. Then they go by themselves." in ana.get("/settings").text
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    text = ana.get("/settings").text
    assert '<time datetime="1970-01-12">' in text
    assert "what is older than" not in text
    office.clock.advance(731 * 86_400)
    office.run()
    history.prune(office.open(), confirmed=True)
    text = somebody(office, Role.OPERATOR).get("/settings").text
    assert '<dd>what is older than <time datetime="1970-01-12">' in text
    assert '<time datetime="1972-01-' in text
    office.change("version: 1\n", "version: 1\nhistory: {keep: forever}\n")
    assert "are kept for ever." in somebody(office, Role.VIEWER).get("/settings").text


def test_how_long_history_is_kept_is_said_by_admins_and_asked_about_where_some_goes(
    office: Office, ana: Browser
) -> None:
    text = ana.get("/settings").text
    assert filled(text, "keep-form") == {"keep": ["days"], "days": ["730"]}
    for wrong, told in (("89", "not for 89."), ("x", "not for 0."), ("", "not for 0.")):
        refused = ana.post("/settings/history", keep="days", days=wrong)
        assert (refused.status, "BW-567" in refused.text, told in refused.text) == (422, True, True)
        assert re.search(
            rf'<input id="days"[^>]*value="{wrong}" aria-invalid="true" aria-describedby="days-error', refused.text
        )
    assert "are kept for 400 days." in after(ana, ana.post("/settings/history", keep="days", days="400"))
    assert "history: {keep: 400d}\n" in office.file.read_text()
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    office.clock.advance(100 * 86_400)
    office.run()
    asked = ana.post("/settings/history", keep="days", days="90")
    assert (asked.status, "runs from before" in asked.text, "let what is older go" in asked.text) == (422, True, True)
    assert filled(asked.text, "keep-form") == {"confirmed": ["90"], "keep": ["days"], "days": ["90"]}
    other = ana.post("/settings/history", keep="days", days="91", confirmed="90")
    assert other.status == 422, "another number is asked about again"
    assert "are kept for 90 days." in after(ana, ana.post("/settings/history", keep="days", days="90", confirmed="90"))
    assert "are kept for ever." in after(ana, ana.post("/settings/history", keep="forever", days="90"))
    text = somebody(office, Role.EDITOR).get("/settings").text
    assert ("keep-form" in text, "An admin can change that." in text) == (False, True)


def test_limits_lead_editors_to_where_they_are_changed(office: Office, ana: Browser) -> None:
    text = ana.get("/settings").text
    assert re.search(r'<bdi>people</bdi></a></th>\s*<td class="num">1,000</td>\s*<td class="num">100 %</td>', text)
    assert ana.post("/syncs/people/edit", step="conflicts").location.endswith("/conflicts")
    assert 'action="/syncs/people/edit"' not in somebody(office, Role.OPERATOR).get("/settings").text


def test_parts_that_take_an_admin_are_shown_to_admins_alone(office: Office, ana: Browser) -> None:
    vera = somebody(office, Role.VIEWER).get("/settings").text
    for part in ("people", "alerts", "tokens", "backup"):
        assert (f'"/settings/{part}"' in ana.get("/settings").text, f'"/settings/{part}"' in vera) == (True, False)
    assert ('id="examine"' in vera, '"/settings/about"' in vera) == (False, True)


def test_look_is_chosen_for_oneself_and_told_by_the_server(office: Office, ana: Browser) -> None:
    vera = somebody(office, Role.VIEWER)
    assert "data-look" not in ana.get("/settings").text
    text = after(ana, ana.post("/settings/look", look="dark"))
    assert '<html lang="en" dir="ltr" data-look="dark">' in text
    assert '<meta name="color-scheme" content="dark">' in text
    assert "data-look" not in vera.get("/settings").text
    assert 'data-look="dark"' in ana.get("/").text
    assert "data-look" not in after(ana, ana.post("/settings/look", look=""))
    refused = ana.post("/settings/look", look='"><b>')
    assert (refused.status, "BW-549" in refused.text) == (422, True)


def test_doctor_tells_in_words_what_is_wrong(office: Office, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ana.post("/settings/doctor").text
    assert ("App Anna: answers" in text, "To fix" in text) == (True, False)

    def check(_: Connector) -> None:
        raise AppUnreachable(app="Anna", reason="no route to host")

    monkeypatch.setattr("tests.memory_app.MemoryConnector.check", check)
    text = ana.post("/settings/doctor").text
    assert ("To fix" in text, "no route to host" in text, "BW-201" in text) == (True, True, True)


# --- alerts -------------------------------------------------------------------------------------------


def test_mail_is_set_and_a_test_shows_what_the_server_answers(office: Office, ana: Browser) -> None:
    office.change("version: 1\n", "version: 1\nallow_hosts: [127.0.0.1]\n")
    ana.get("/settings/alerts")
    with mail_server() as mailbox:
        sent = ana.post("/settings/alerts/mail", **MAIL, host="127.0.0.1", port=str(mailbox.port))
        assert "Send a test alert" in after(ana, sent)
        mailbox.answer = "250 kept as 4711"
        tested = ana.post("/settings/alerts/test")
        assert ("250 kept as 4711" in tested.text, "ops@x.test, ana@x.test" in tested.text) == (True, True)
        assert mailbox.mails[0]["To"] == "ops@x.test, ana@x.test"
        mailbox.answer = "554 we know you not"
        tested = ana.post("/settings/alerts/test")
        assert ("554 we know you not" in tested.text, "BW-19" in tested.text) == (True, True)
        ana.languages = "de"
        assert "Alerts cannot be sent" not in ana.post("/settings/alerts/test").text
    assert office.file.read_text().startswith("version: 1\nallow_hosts: [127.0.0.1]\n")
    assert "# who we know" in office.file.read_text()


def test_mail_that_cannot_be_used_is_shown_with_its_words_at_the_field(office: Office, ana: Browser) -> None:
    ana.get("/settings/alerts")
    before = office.file.read_text()
    given = {**MAIL, "host": "smtp.x.test", "user": "ann", "password": "s3cret word"}
    for wrong, field in (({"to": "nobody"}, "to"), ({"from": "x"}, "from"), ({"port": "x"}, "port")):
        answer = ana.post("/settings/alerts/mail", **{**given, "security": "tls", **wrong})
        assert answer.status == 422
        [control] = re.findall(r'<(?:input|select) id="(\w+)"[^>]*aria-invalid', answer.text)
        assert control == field
        assert 'value="smtp.x.test"' in answer.text
        assert "the alerts:" not in answer.text, "no line of a file that nobody sees"
        assert "s3cret" not in answer.text
    assert office.file.read_text() == before


def test_address_that_is_a_secret_is_never_shown(office: Office, ana: Browser) -> None:
    ana.get("/settings/alerts")
    port = free_port()
    sent = ana.post("/settings/alerts/webhook", url=f"http://127.0.0.1:{port}/T0/abc", hidden="on")
    assert "/T0/abc" not in after(ana, sent)
    tested = ana.post("/settings/alerts/test").text
    assert ("/T0/abc" in tested, "BW-19" in tested) == (False, True)
    refused = ana.post("/settings/alerts/webhook", url="ftp://x.test/T0/abc", hidden="on")
    assert (refused.status, "/T0/abc" in refused.text) == (422, False)


def test_channel_is_ended(office: Office, ana: Browser) -> None:
    ana.get("/settings/alerts")
    ana.post("/settings/alerts/webhook", url="https://hooks.x.test/")
    assert "Post no more alerts" in ana.get("/settings/alerts").text
    assert "Post no more alerts" not in after(ana, ana.post("/settings/alerts/remove", channel="webhook"))
    assert ana.post("/settings/alerts/remove", channel="nothing").status == 303
    assert ana.post("/settings/alerts/test").status == 422


# --- tokens and the backup ----------------------------------------------------------------------------


def test_admin_sees_and_revokes_the_tokens_of_everybody(office: Office, ana: Browser) -> None:
    vera = somebody(office, Role.VIEWER)
    vera.get("/settings/me")
    vera.post("/settings/me/tokens/make", name="nightly", role="viewer", days="90")
    text = ana.get("/settings/tokens").text
    assert ("nightly" in text, "The viewer" in text) == (True, True)
    [id] = re.findall(r'name="id" value="(t_\d+)"', text)
    assert "The token nightly of The viewer is revoked." in after(ana, ana.post("/settings/tokens/revoke", id=id))
    assert "None yet." in ana.get("/settings/tokens").text
    assert ana.post("/settings/tokens/revoke", id=id).status == 422


def test_tokens_are_shown_by_pages(office: Office, ana: Browser) -> None:
    workspace = office.open()
    for number in range(PAGE + 2):
        tokens.make_token(workspace, f"number {number}", Role.VIEWER, person="Ana Ruiz")
    first = ana.get("/settings/tokens").text
    [more] = re.findall(r'href="(\?after=t_\d+)"', first)
    second = ana.get(f"/settings/tokens{more}").text
    assert (first.count('name="id"'), re.findall(r"number \d+(?=</bdi>)", second)) == (PAGE, ["number 1", "number 0"])


def test_backup_is_a_file_to_be_saved(office: Office, ana: Browser) -> None:
    ana.get("/settings/backup")
    answer = ana.post("/settings/backup")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/gzip")
    assert re.fullmatch(r'attachment; filename="bothways-[\d-]+\.tar\.gz"', answer.headers["content-disposition"])
    assert answer.headers["cache-control"] == "no-store"
    with tarfile.open(fileobj=io.BytesIO(answer.file)) as archive:
        assert archive.getnames()[0] == "bothways.yaml"
    assert "made a backup" in ana.get("/settings/people").text


def test_about_page_tells_versions_and_licences(office: Office, ana: Browser) -> None:
    text = ana.get("/settings/about").text
    assert re.search(r"<bdi>Django</bdi></th><td>5\.2\.\d+</td><td><bdi>BSD-3-Clause</bdi>", text)
