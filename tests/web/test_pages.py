"""The pages: who may see which, what they show, and what their forms do."""

import re
from pathlib import Path

import pytest
from django.db import OperationalError
from django.urls import get_resolver

import bothways.web  # noqa: F401 - prepares Django
from bothways.engine.deletes import DAY
from bothways.errors import DatabaseUnreachable
from bothways.ledger.models import Request, Revision
from bothways.ledger.sessions import SessionStore
from bothways.service import accounts, issues, syncs
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.web import assets
from bothways.web import context as web_context
from bothways.web.pages.page import roles_of
from tests.office import Office
from tests.web.browser import PASSWORD, Browser

NOBODY = None
TABLE = {
    "welcome": {"GET": NOBODY, "POST": NOBODY},
    "login": {"GET": NOBODY, "POST": NOBODY},
    "login/code": {"GET": NOBODY, "POST": NOBODY},
    "login/with": {"GET": NOBODY},
    "login/back": {"GET": NOBODY},
    "logout": {"POST": NOBODY},
    "": {"GET": Role.VIEWER},
    "new-sync": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "syncs/<str:name>": {"GET": Role.VIEWER},
    "syncs/<str:name>/edit": {"POST": Role.EDITOR},
    "syncs/<str:name>/on": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "syncs/<str:name>/off": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "syncs/<str:name>/delete": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "syncs/<str:name>/restore": {"POST": Role.EDITOR},
    "syncs/<str:name>/run": {"POST": Role.OPERATOR},
    "syncs/<str:name>/now": {"GET": Role.VIEWER},
    "syncs/<str:name>/continue": {"POST": Role.EDITOR},
    "syncs/<str:name>/preview": {"GET": Role.VIEWER, "POST": Role.OPERATOR},
    "syncs/<str:name>/preview/write": {"POST": Role.EDITOR},
    "syncs/<str:name>/preview/csv": {"GET": Role.VIEWER},
    "syncs/<str:name>/fields": {"GET": Role.VIEWER},
    "syncs/<str:name>/yaml": {"GET": Role.VIEWER, "POST": Role.EDITOR},
    "syncs/<str:name>/yaml/file": {"GET": Role.VIEWER},
    "syncs/<str:name>/records": {"GET": Role.VIEWER},
    "syncs/<str:name>/records/<path:key>": {"GET": Role.VIEWER},
    "syncs/<str:name>/halt": {"POST": Role.OPERATOR},
    "syncs/<str:name>/resume": {"POST": Role.OPERATOR},
    "syncs/<str:name>/put-back": {"GET": Role.OPERATOR, "POST": Role.OPERATOR},
    "syncs/<str:name>/winner": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "syncs/<str:name>/unlink": {"GET": Role.OPERATOR, "POST": Role.OPERATOR},
    "syncs/<str:name>/link": {"GET": Role.OPERATOR, "POST": Role.OPERATOR},
    "drafts/<int:id>/records": {"GET": Role.VIEWER, "POST": Role.EDITOR},
    "drafts/<int:id>/matching": {"GET": Role.VIEWER, "POST": Role.EDITOR},
    "drafts/<int:id>/conflicts": {"GET": Role.VIEWER, "POST": Role.EDITOR},
    "drafts/<int:id>/review": {"GET": Role.VIEWER, "POST": Role.EDITOR},
    "drafts/<int:id>/preview": {"GET": Role.VIEWER, "POST": Role.OPERATOR},
    "drafts/<int:id>/discard": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "drafts/<int:id>/fields": {"GET": Role.VIEWER, "POST": Role.EDITOR},
    "drafts/<int:id>/fields/add": {"POST": Role.EDITOR},
    "drafts/<int:id>/fields/suggest": {"POST": Role.EDITOR},
    "drafts/<int:id>/fields/<int:number>": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "drafts/<int:id>/fields/<int:number>/remove": {"POST": Role.EDITOR},
    "drafts/<int:id>/options": {"GET": Role.VIEWER},
    "drafts/<int:id>/values/<int:number>": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "drafts/<int:id>/associations": {"GET": Role.VIEWER},
    "drafts/<int:id>/associations/<int:number>/switch": {"POST": Role.EDITOR},
    "pause": {"POST": Role.EDITOR},
    "resume": {"POST": Role.EDITOR},
    "apps": {"GET": Role.VIEWER},
    "apps/<str:name>": {"GET": Role.VIEWER},
    "apps/<str:name>/check": {"POST": Role.OPERATOR},
    "apps/<str:name>/sign-in": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "apps/<str:name>/same": {"POST": Role.EDITOR},
    "apps/<str:name>/own-field": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "apps/<str:name>/disconnect": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "connect/<str:connector>": {"GET": Role.EDITOR, "POST": Role.EDITOR},
    "visits/<str:mark>": {"GET": Role.EDITOR},
    "visits/<str:mark>/again": {"POST": Role.EDITOR},
    "visits/<str:mark>/cancel": {"POST": Role.EDITOR},
    "oauth/callback": {"GET": NOBODY},
    "issues": {"GET": Role.VIEWER},
    "issues/<str:issue>/link": {"POST": Role.OPERATOR},
    "issues/<str:issue>/create": {"POST": Role.OPERATOR},
    "issues/<str:issue>/leave-out": {"POST": Role.OPERATOR},
    "issues/<str:issue>/apart": {"POST": Role.OPERATOR},
    "issues/<str:issue>/choose": {"POST": Role.OPERATOR},
    "issues/<str:issue>/withdraw": {"POST": Role.OPERATOR},
    "issues/<str:issue>/rule": {"GET": Role.VIEWER, "POST": Role.EDITOR},
    "issues/conflicts": {"GET": Role.VIEWER},
    "issues/groups/<str:group>": {"GET": Role.VIEWER},
    "issues/groups/<str:group>/retry": {"POST": Role.OPERATOR},
    "issues/groups/<str:group>/ignore": {"POST": Role.OPERATOR},
    "issues/groups/<str:group>/take-back": {"POST": Role.OPERATOR},
    "issues/groups/<str:group>/pair": {"POST": Role.EDITOR},
    "activity": {"GET": Role.VIEWER},
    "activity/settings": {"GET": Role.VIEWER},
    "activity/csv": {"GET": Role.VIEWER},
    "runs/<str:run>": {"GET": Role.VIEWER},
    "runs/<str:run>/undo": {"GET": Role.EDITOR},
    "runs/<str:run>/undo/do": {"POST": Role.EDITOR},
    "settings": {"GET": Role.VIEWER},
    "settings/look": {"POST": Role.VIEWER},
    "settings/history": {"POST": Role.ADMIN},
    "settings/doctor": {"POST": Role.OPERATOR},
    "settings/alerts": {"GET": Role.ADMIN},
    "settings/alerts/mail": {"POST": Role.ADMIN},
    "settings/alerts/webhook": {"POST": Role.ADMIN},
    "settings/alerts/remove": {"POST": Role.ADMIN},
    "settings/alerts/test": {"POST": Role.ADMIN},
    "settings/tokens": {"GET": Role.ADMIN},
    "settings/tokens/revoke": {"POST": Role.ADMIN},
    "settings/backup": {"GET": Role.ADMIN, "POST": Role.ADMIN},
    "settings/about": {"GET": Role.VIEWER},
    "settings/people": {"GET": Role.ADMIN},
    "settings/people/invite": {"POST": Role.ADMIN},
    "settings/people/revoke": {"POST": Role.ADMIN},
    "settings/people/role": {"POST": Role.ADMIN},
    "settings/people/off": {"POST": Role.ADMIN},
    "settings/people/reset": {"POST": Role.ADMIN},
    "settings/me": {"GET": Role.VIEWER},
    "settings/me/password": {"POST": Role.VIEWER},
    "settings/me/language": {"POST": Role.VIEWER},
    "settings/me/sessions/end": {"POST": Role.VIEWER},
    "settings/me/sessions/end-others": {"POST": Role.VIEWER},
    "settings/me/second-factor": {"GET": Role.VIEWER},
    "settings/me/second-factor/begin": {"POST": Role.VIEWER},
    "settings/me/second-factor/confirm": {"POST": Role.VIEWER},
    "settings/me/second-factor/off": {"POST": Role.VIEWER},
    "settings/me/tokens/make": {"POST": Role.VIEWER},
    "settings/me/tokens/revoke": {"POST": Role.VIEWER},
}
"""The one table of who may do what on the pages."""

SOMETHING = {
    "connector": "memory",
    "name": "people",
    "key": "nobody",
    "issue": "h_999",
    "group": "g_9_000000000000",
    "run": "r_999",
    "id": "999",
    "number": "999",
    "mark": "nobody",
}


def browser(office: Office) -> Browser:
    """Return a browser in which nobody is signed in."""
    return Browser(office.open())


def test_table_has_every_address_and_the_views_say_the_same(office: Office) -> None:
    browser(office)
    found = {str(each.pattern): dict(roles_of(each.callback)) for each in get_resolver().url_patterns}
    assert {path: {m: role for m, role in roles.items() if m != "HEAD"} for path, roles in found.items()} == TABLE


def addresses() -> list[tuple[str, str, Role | None]]:
    """Return every address with something in its place, the method, and the role that it takes."""
    return [
        (f"/{re.sub(r'<[a-z]+:([a-z]+)>', lambda found: SOMETHING[found[1]], path)}", method, role)
        for path, roles in TABLE.items()
        for method, role in roles.items()
    ]


@pytest.mark.parametrize("who", [NOBODY, *Role])
def test_every_address_is_refused_to_who_lacks_its_role_and_to_nobody_else(office: Office, who: Role | None) -> None:
    here = browser(office)
    Browser(here.workspace).sign_up("Ana Ruiz")
    if who:
        here.sign_up("Somebody", who)
    else:
        here.get("/login")
    for address, method, needed in addresses():
        if address == "/logout":
            continue
        answer = here.get(address) if method == "GET" else here.post(address)
        if needed is not NOBODY and who is NOBODY:
            assert (answer.status, answer.location.partition("?")[0]) == (303, "/login"), address
        elif needed is not NOBODY and who is not NOBODY and not who.includes(needed):
            assert answer.status == 403, address
            assert "Ana Ruiz" in answer.text, "who can change that is named"
        else:
            assert answer.status != 403, address
            assert not answer.location.startswith("/login"), address
            assert answer.status < 500, address


def test_method_that_an_address_does_not_take_is_refused(office: Office) -> None:
    here = browser(office)
    here.sign_up("Ana Ruiz")
    assert (here.get("/syncs/people/run").status, here.post("/activity").status) == (405, 405)
    assert syncs.show_sync(here.workspace, "people").state == "on"


def test_every_answer_has_the_headers_that_keep_browsers_from_harm(office: Office) -> None:
    here = browser(office)
    for answer in (here.get("/login"), here.get("/"), here.get("/nothing"), here.post("/login", token=False)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("place", ["session", "frame"])
def test_database_that_cannot_be_reached_is_told_in_words_and_with_those_headers(
    office: Office, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def gone(*_: object) -> None:
        raise (
            OperationalError("server closed the connection")
            if place == "session"
            else DatabaseUnreachable(reason="gone")
        )

    here = browser(office)
    here.sign_up("Ana Ruiz")
    with monkeypatch.context() as patched:
        patched.setattr(*((SessionStore, "load") if place == "session" else (web_context, "counts")), gone)
        for address in ("/", "/syncs/people", "/nothing"):
            answer = here.get(address)
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.status == (404 if (place, address) == ("frame", "/nothing") else 503), address
            assert answer.status == 404 or "BW-304" in answer.text
    assert here.get("/").status == 200, "nobody is signed out by it"


def test_behind_https_cookies_are_secure_and_browsers_stay_with_it(office: Office) -> None:
    here = Browser(office.open(), "https://sync.example.com")
    answer = here.get("/login")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert all("Secure" in each for each in answer.cookies)


def test_no_page_has_code_or_style_in_it_or_asks_another_host(office: Office) -> None:
    for file in Path(assets.__file__).parent.glob("templates/**/*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)|https?://", text), file


def test_assets_are_kept_for_ever_and_named_by_what_they_hold() -> None:
    for asset in assets.assets().values():
        status, headers, body = assets.answer(asset.path, "br, gzip")
        assert (status, body) == (200, asset.packed)
        assert (b"cache-control", b"public, max-age=31536000, immutable") in headers
        assert assets.answer(asset.path, "")[2] == asset.plain
    assert assets.answer("/static/app.000000000000.css", "")[0] == 404


def test_first_load_is_small() -> None:
    packed = {name: len(asset.packed) for name, asset in assets.assets().items()}
    assert packed["app.css"] < 12_000
    assert packed["app.js"] < 12_000
    assert sum(packed.values()) < 60_000


# --- signing in ---------------------------------------------------------------------------------------


def test_one_time_link_makes_an_account_and_signs_in_once(office: Office) -> None:
    here = browser(office)
    word = accounts.make_link(here.workspace)
    assert "Its role is admin" in here.get(f"/welcome?key={word}").text
    weak = here.post("/welcome", key=word, name="Ana Ruiz", password="password")
    assert weak.status == 422
    assert "BW-505" in weak.text
    assert 'value="Ana Ruiz"' in weak.text, "what was typed is kept"
    here.sign_up("Ana Ruiz")
    assert "Ana Ruiz" in here.get("/").text
    assert "<td>never</td>" not in here.get("/settings/people").text, "who has made an account has signed in"
    other = Browser(here.workspace)
    other.get(f"/welcome?key={word}")
    other.post("/welcome", key=word, name="Bert", password=PASSWORD)
    used_up = other.get(f"/welcome?key={word}")
    assert used_up.status == 410
    assert "bothways user link" in used_up.text


def test_sign_in_goes_where_one_was_and_never_to_another_host(office: Office) -> None:
    here = browser(office)
    Browser(here.workspace).sign_up("Ana Ruiz")
    sent = here.get("/activity?after=")
    assert sent.location == "/login?next=%2Factivity%3Fafter%3D"
    here.get(sent.location)
    wrong = here.post("/login", name="Ana Ruiz", password="wrong", next="/activity")
    assert wrong.status == 422
    assert "BW-502" in wrong.text
    assert here.post("/login", name="ana ruiz", password=PASSWORD, next="/activity").location == "/activity"
    assert here.get("/activity").status == 200
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        again = Browser(here.workspace)
        again.get("/login")
        assert again.post("/login", name="Ana Ruiz", password=PASSWORD, next=evil).location == "/", evil


def test_signing_out_ends_the_session_and_a_new_session_begins_at_sign_in(office: Office) -> None:
    here = browser(office)
    here.sign_up("Ana Ruiz")
    before = here.cookies["bothways_session"]
    assert here.post("/logout").location == "/login"
    here.cookies["bothways_session"] = before
    assert here.get("/").status == 303, "the old session is no more"


def test_form_without_its_token_is_refused_and_does_nothing(office: Office) -> None:
    here = browser(office)
    here.sign_up("Ana Ruiz")
    assert here.post("/syncs/people/off", token=False).status == 403
    assert syncs.show_sync(here.workspace, "people").state == "on"


def test_who_is_switched_off_is_out_at_once(office: Office) -> None:
    here, other = browser(office), browser(office)
    here.sign_up("Ana Ruiz")
    other.sign_up("Bert", Role.EDITOR)
    here.get("/settings/people")
    assert here.post("/settings/people/off", name="Bert").status == 303
    assert other.get("/").status == 303


def test_link_for_somebody_is_shown_once(office: Office) -> None:
    here = browser(office)
    here.sign_up("Ana Ruiz")
    here.get("/settings/people")
    assert here.post("/settings/people/invite", role="viewer").status == 303
    assert re.search(r"http://127\.0\.0\.1/welcome\?key=[\w-]{32}", here.get("/settings/people").text)
    assert "/welcome?key=" not in here.get("/settings/people").text


def test_link_for_a_new_password_is_made_by_the_button_beside_a_name(office: Office) -> None:
    here, other = browser(office), browser(office)
    here.sign_up("Ana Ruiz")
    other.sign_up("Bert", Role.EDITOR)
    here.get("/settings/people")
    assert here.post("/settings/people/invite", name="Bert").status == 303
    (link,) = re.findall(r"http://127\.0\.0\.1(/welcome\?key=[\w-]{32})", here.get("/settings/people").text)
    assert "Bert" in browser(office).get(link).text


def test_link_that_nobody_has_used_is_listed_and_revoked(office: Office) -> None:
    here, other = browser(office), browser(office)
    here.sign_up("Ana Ruiz")
    here.get("/settings/people")
    here.post("/settings/people/invite", role="viewer")
    page = here.get("/settings/people").text
    (link,) = re.findall(r"http://127\.0\.0\.1(/welcome\?key=[\w-]{32})", page)
    (id,) = re.findall(r'id="revoke-(l_\d+)"', page)
    assert other.get(link).status == 200
    assert here.post("/settings/people/revoke", id=id).status == 303
    assert other.get(link).status == 410
    page = here.get("/settings/people").text
    assert "The link is revoked." in page
    assert "revoked a one-time link" in page
    assert "revoke-l_" not in page
    assert "that is good (any more)" in here.post("/settings/people/revoke", id=id).text


@pytest.mark.parametrize(
    ("public", "link"),
    [("", "http://127.0.0.1/welcome"), ("https://sync.example.com/", "https://sync.example.com/welcome")],
)
def test_one_time_link_leads_to_the_public_address(office: Office, public: str, link: str) -> None:
    office.write(office.file.read_text() + (f"public_url: {public}\n" if public else ""))
    here = browser(office)
    here.sign_up("Ana Ruiz")
    here.get("/settings/people")
    here.post("/settings/people/invite", role="viewer")
    assert f'<code class="long">{link}?key=' in here.get("/settings/people").text


def test_htmx_of_an_expired_session_is_sent_to_sign_in_as_a_whole(office: Office) -> None:
    assert browser(office).get("/syncs/people/records", htmx=True).headers["hx-redirect"].startswith("/login?next=")


# --- syncs --------------------------------------------------------------------------------------------


def test_every_number_opens_the_list_that_it_counts(office: Office) -> None:
    office.pair("Dana")
    office.pair("Eve")
    here = browser(office)
    here.sign_up("Ana Ruiz")
    home = here.get("/").text
    assert '<a href="/syncs/people/records?state=in_sync">2</a>' in home
    listed = here.get("/syncs/people/records?state=in_sync").text
    assert ("Dana" in listed, "Eve" in listed, "No failing records." in listed) == (True, True, False)
    assert "No failing records." in here.get("/syncs/people/records?state=failing").text
    found = here.get("/syncs/people/records?q=dana", htmx=True).text
    assert ("Dana" in found, "Eve" in found, "<html" in found) == (True, False, False)


def test_record_page_shows_both_values_and_why(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dave")
    office.rest()
    here = browser(office)
    here.sign_up("Ana Ruiz")
    text = here.get(f"/syncs/people/records/Anna:{left}").text
    assert text.count("<bdi>Dave</bdi>") >= 2
    assert "Anna changed" in text
    assert here.get("/syncs/people/records/nobody").status == 404


def test_what_a_record_holds_is_never_taken_for_html(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name='<img src=x onerror="alert(1)">')
    office.rest()
    here = browser(office)
    here.sign_up("Ana Ruiz")
    for address in ("/syncs/people/records", f"/syncs/people/records/Anna:{left}"):
        assert "<img" not in here.get(address).text
        assert "&lt;img" in here.get(address).text


def test_sync_is_turned_off_and_on_in_the_file_in_the_name_of_who_did_it(office: Office) -> None:
    office.pair()
    here = browser(office)
    here.sign_up("Ana Ruiz")
    here.get("/syncs/people")
    assert here.post("/syncs/people/off").location == "/syncs/people"
    assert "people is off" in here.get("/syncs/people").text
    assert "state: off" in office.file.read_text(encoding="utf-8")
    assert here.post("/syncs/people/on").status == 303
    assert syncs.show_sync(office.open(), "people").state == "on"
    with used(here.workspace.database):
        assert Revision.objects.order_by("-number")[0].author == "Ana Ruiz"


def test_sync_is_turned_on_for_what_changes_from_now_on(office: Office) -> None:
    left, right = office.pair("Dana")
    here = browser(office)
    here.sign_up("Ana Ruiz")
    here.get("/syncs/people")
    here.post("/syncs/people/off")
    office.anna.edit(left, name="Dave")
    assert 'name="start" value="now"' in here.get("/syncs/people/on").text
    here.post("/syncs/people/on", start="now")
    office.rest()
    assert office.bert.values(right)["name"] == "Dana"


def test_sync_now_asks_the_service_in_the_name_of_who_did_it(office: Office) -> None:
    office.pair()
    here = browser(office)
    here.sign_up("Olga", Role.OPERATOR)
    here.get("/syncs/people")
    assert here.post("/syncs/people/run").status == 303
    with used(here.workspace.database):
        (asked,) = Request.objects.all()
        assert (asked.kind, asked.asked_by, asked.state) == ("run", "Olga", "asked")
        assert here.triggered == [("sync", [asked.sync_id])]


def test_fields_page_shows_what_is_kept_equal_and_how_records_are_recognised(office: Office) -> None:
    office.pair()
    here = browser(office)
    here.sign_up("Ana Ruiz")
    text = here.get("/syncs/people/fields").text
    for title in ("E-mail", "Two-way", "How two records are known to be the same"):
        assert title in text


def test_yaml_page_shows_the_file_that_an_import_takes(office: Office) -> None:
    here = browser(office)
    here.sign_up("Ana Ruiz")
    assert "objects:" in here.get("/syncs/people/yaml").text


def test_everything_is_paused_and_goes_on(office: Office) -> None:
    office.pair()
    here = browser(office)
    here.sign_up("Ana Ruiz")
    assert here.post("/pause").status == 303
    assert "Everything is paused" in here.get("/").text
    assert here.post("/resume").status == 303
    assert "Pause everything" in here.get("/").text


def test_apps_page_shows_what_is_connected_and_a_check_asks_the_app(office: Office) -> None:
    here = browser(office)
    here.sign_up("Ana Ruiz")
    text = here.get("/apps").text
    assert ("Check Anna" in text, "Can be connected" in text) == (True, True)
    assert "People" in here.post("/apps/Anna/check").text
    assert here.post("/apps/Nobody/check").status == 404


# --- issues -------------------------------------------------------------------------------------------


def held(office: Office) -> Browser:
    """Let a person of Anna have two possible partners, and return a browser of an operator."""
    office.anna.add(email="eve@x.test", name="Eve Park")
    office.bert.add(email="eve@x.test", name="Eve Park")
    office.bert.add(email="eve@x.test", name="E. Park")
    office.run()
    office.clock.advance(DAY)
    office.run()
    here = browser(office)
    here.sign_up("Olga", Role.OPERATOR)
    return here


@pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
def test_held_match_is_linked_in_place_and_taken_back(office: Office, htmx: bool) -> None:
    here = held(office)
    issue = next(each for each in issues.list_issues(here.workspace) if each.app == "Anna")
    candidate = next(each for each in issue.candidates if each.app == "Bert")
    assert f"Link to {candidate.id}" in here.get("/issues").text
    answer = here.post(f"/issues/{issue.id}/link", htmx=htmx, record=candidate.id)
    if htmx:
        assert (answer.status, "<html" in answer.text) == (200, False)
        assert f"link to {candidate.id}" in answer.text
    else:
        assert (answer.status, answer.location) == (303, f"/issues/groups/{issue.id}#{issue.id}")
        assert f"link to {candidate.id}" in here.get("/issues").text
    here.post(f"/issues/{issue.id}/withdraw", htmx=htmx)
    assert f"Link to {candidate.id}" in here.get("/issues").text


@pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
def test_held_record_is_left_out_and_taken_back_on_its_page(office: Office, htmx: bool) -> None:
    here = held(office)
    issue = next(each for each in issues.list_issues(here.workspace) if each.app == "Anna")
    assert f'id="{issue.id}-leave-out"' in here.get("/issues").text
    answer = here.post(f"/issues/{issue.id}/leave-out", htmx=htmx)
    if htmx:
        assert (answer.status, "<html" in answer.text, "leave it out" in answer.text) == (200, False, True)
    else:
        assert (answer.status, answer.location) == (303, f"/issues/groups/{issue.id}#{issue.id}")
        assert "leave it out" in here.get("/issues").text
    office.run()
    assert issue.record not in [each.record for each in issues.list_issues(here.workspace)]
    assert "Olga left it out" in here.get("/syncs/people/records?state=left_out").text
    page = f"/syncs/people/records/Anna%3A{issue.record}"
    text = here.get(page).text
    assert ("Olga left it out" in text, 'id="take-back"' in text) == (True, True)
    answer = here.post(f"/issues/{issue.id}/withdraw", record=f"Anna:{issue.record}")
    assert (answer.status, answer.location) == (303, page)
    text = here.get(page).text
    assert ("It takes part again." in text, 'id="take-back"' in text) == (True, False)
    office.run()
    assert issue.record in [each.record for each in issues.list_issues(here.workspace)]


def test_what_cannot_be_decided_says_why_and_changes_nothing(office: Office) -> None:
    here = held(office)
    issue = issues.list_issues(here.workspace)[0]
    here.get("/issues")
    refused = here.post(f"/issues/{issue.id}/link", record="nobody")
    assert refused.status == 404
    assert "(BW-" in refused.text
    assert not issues.show_issue(here.workspace, issue.id).decided


def test_failure_takes_the_place_of_the_page_though_a_part_of_it_was_asked_for(office: Office) -> None:
    here = held(office)
    here.get("/issues")
    refused = here.post("/issues/h_999/create", htmx=True)
    assert refused.status == 404
    wanted = {"hx-retarget": "#main", "hx-reselect": "#main", "hx-reswap": "outerHTML"}
    assert {name: refused.headers[name] for name in wanted} == wanted
    assert not wanted.keys() & here.post("/issues/h_999/create").headers.keys()


def test_differences_decided_together_are_all_shown_decided(office: Office) -> None:
    office.change("    guards", "    conflicts: {default: ask}\n    guards")
    for left, right in [office.pair("Dana"), office.pair("Eve")]:
        office.anna.edit(left, name="Dee")
        office.bert.edit(right, name="Dora")
    office.run()
    here = browser(office)
    here.sign_up("Olga", Role.OPERATOR)
    here.get("/issues")
    issue = issues.list_issues(here.workspace)[0].id
    answer = here.post(f"/issues/{issue}/choose", htmx=True, app="Anna", alike="1")
    assert (answer.status, answer.headers["hx-refresh"]) == (200, "true")
    text = here.get("/issues").text
    assert ("Decided. The next run does it." in text, text.count("you chose the value of Anna")) == (True, 2)


def test_viewer_sees_what_is_held_and_no_buttons(office: Office) -> None:
    workspace = held(office).workspace
    here = Browser(workspace)
    here.sign_up("Vera", Role.VIEWER)
    text = here.get("/issues").text
    assert "Eve Park" in text
    assert "/link" not in text


# --- undo ---------------------------------------------------------------------------------------------


def test_undo_is_looked_at_first_and_then_asked_for(office: Office) -> None:
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dave")
    done = office.run()
    here = browser(office)
    here.sign_up("Ana Ruiz")
    assert f"/runs/{done.id}/undo" in here.get("/activity").text
    look = here.get(f"/runs/{done.id}/undo").text
    assert "<dt>Put back</dt><dd>1</dd>" in look
    assert office.bert.values(right)["name"] == "Dave"
    assert here.post(f"/runs/{done.id}/undo/do").status == 303
    with used(here.workspace.database):
        (asked,) = Request.objects.all()
        assert (asked.kind, asked.parameters["run"]) == ("undo", done.id)


def test_failure_of_ours_has_an_id_that_stands_in_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret words")

    here = browser(office)
    here.sign_up("Ana Ruiz")
    monkeypatch.setattr("bothways.service.log.runs", broken)
    answer = here.get("/activity")
    assert answer.status == 500
    incident = re.search(r"i_[0-9a-f]{8}", answer.text)
    assert incident
    assert "secret words" not in answer.text
    assert "Nothing was written to your apps by it, and syncs go on. Try it once more" in answer.text
    assert any(getattr(record, "incident", "") == incident[0] for record in caplog.records)


def test_a_search_that_has_not_looked_at_all_goes_on_by_itself(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.service.records.WINDOW", 2)
    for number in range(5):
        office.anna.add(email=f"p{number}@x.test", name=f"Person {number}")
    office.rest()
    here = browser(office)
    here.sign_up("Ana Ruiz")
    text, steps = here.get("/syncs/people/records?q=son+4").text, 1
    while 'hx-trigger="load, click"' in text:
        assert f"{2 * steps} records were looked at." in text
        assert "None among those looked at so far." in text
        found = re.search(r'id="more" href="\?([^"]+)"', text)
        assert found is not None
        text, steps = here.get(f"/syncs/people/records?{found[1].replace('&amp;', '&')}", htmx=True).text, steps + 1
    assert steps == 3
    assert "Person 4" in text
    assert "Next 50" not in text
