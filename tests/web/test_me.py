"""What concerns oneself, on pages: the password, the second factor, sessions, tokens; and signing in with a code."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pyotp import TOTP

from bothways.ledger.models import Account, Session
from bothways.service import accounts, tokens
from bothways.service.accounts import TRIES
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.web.pages.people import HALF_LASTS
from bothways.web.tags import browser as browser_word
from tests.office import Office
from tests.web.browser import PASSWORD, Answer, Browser
from tests.web.caller import Caller

NEW = "another long one"
STEP = 30


def signed_up(office: Office, name: str = "Ana Ruiz", role: Role = Role.ADMIN) -> Browser:
    """Return a browser in which a new account is signed in, its page about itself open."""
    here = Browser(office.open())
    here.sign_up(name, role)
    assert here.get("/settings/me").status == 200
    return here


def sign_in(here: Browser, password: str = PASSWORD, name: str = "Ana Ruiz") -> Answer:
    """Give a name and a password."""
    here.get("/login")
    return here.post("/login", name=name, password=password, next="/activity")


def with_factor(office: Office) -> tuple[Browser, TOTP, list[str]]:
    """Set up a second factor as a person does; return the browser, what makes codes, and the recovery codes."""
    here = signed_up(office)
    assert here.post("/settings/me/second-factor/begin").location == "/settings/me/second-factor"
    page = here.get("/settings/me/second-factor").text
    found = re.search(r'id="secret">([A-Z2-7]{32})<', page)
    assert found
    totp = TOTP(found[1])
    done = here.post("/settings/me/second-factor/confirm", code=totp.at(int(here.workspace.clock())))
    codes = re.findall(r"<li><code>([a-z2-7-]{19})</code></li>", done.text)
    assert len(codes) == 10
    return here, totp, codes


def code(totp: TOTP, here: Browser) -> str:
    """Return the code that a phone shows now."""
    return totp.at(int(here.workspace.clock()))


# --- password and sessions ----------------------------------------------------------------------------


def test_password_is_changed_here_and_other_sessions_end(office: Office) -> None:
    here, other = signed_up(office), Browser(office.open())
    assert sign_in(other).location == "/activity"
    wrong = here.post("/settings/me/password", old="wrong", new=NEW)
    assert (wrong.status, "BW-530" in wrong.text) == (422, True)
    assert re.search(r'id="old"[^>]*aria-invalid="true" aria-describedby="error"', wrong.text)
    weak = here.post("/settings/me/password", old=PASSWORD, new="short")
    assert (weak.status, "BW-505" in weak.text) == (422, True)
    assert other.get("/").status == 200
    assert here.post("/settings/me/password", old=PASSWORD, new=NEW).status == 303
    assert (here.get("/").status, other.get("/").status) == (200, 303)
    assert sign_in(other).status == 422
    assert sign_in(other, NEW).status == 303


def test_session_that_is_over_is_not_counted_and_forgotten_when_somebody_signs_in(office: Office) -> None:
    here, other = signed_up(office), signed_up(office, "Eve", Role.VIEWER)
    long_ago = timezone.now() - timedelta(days=1)
    with used(here.workspace.database):
        Session.objects.exclude(session_key=here.cookies["bothways_session"]).update(expire_date=long_ago)
    assert [each.sessions for each in accounts.list_accounts(here.workspace)] == [1, 0]
    other.get("/login")
    assert other.post("/login", name="Eve", password=PASSWORD).status == 303
    with used(here.workspace.database):
        assert Session.objects.count() == 2


def test_own_sessions_are_listed_and_ended_one_by_one_or_all_others(office: Office) -> None:
    here, second, third = signed_up(office), Browser(office.open()), Browser(office.open())
    eve = signed_up(office, "Eve", Role.VIEWER)
    for each in (second, third):
        sign_in(each)
    page = here.get("/settings/me").text
    numbers = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
    assert (len(numbers), page.count("this one")) == (2, 1)
    keys = [each.cookies["bothways_session"] for each in (here, second, third)]
    assert not any(key in page for key in keys), "who knows a key has the session"
    here.post("/settings/me/sessions/end", session=numbers[0])
    assert sorted(each.get("/").status for each in (second, third)) == [200, 303]
    for each in (second, third):
        sign_in(each)
    here.get("/settings/me")
    here.post("/settings/me/sessions/end-others")
    assert [each.get("/").status for each in (here, second, third)] == [200, 303, 303]
    assert eve.get("/").status == 200, "nobody ends the sessions of others"
    eve_number = re.findall(r'name="session" value="([0-9a-f]{16})"', eve.get("/settings/me").text)
    assert eve_number == []


def test_session_that_is_used_lasts_longer(office: Office) -> None:
    here = signed_up(office)
    with used(here.workspace.database):
        row = Session.objects.get(account_id__isnull=False)
        for days, status in ((13, 200), (15, 303)):
            Session.objects.filter(pk=row.pk).update(expire_date=row.expire_date - timedelta(days=days))
            assert here.get("/").status == status, "two weeks without a visit end it"
            if status == 200:
                assert Session.objects.get(pk=row.pk).expire_date >= row.expire_date


@pytest.mark.parametrize(
    ("agent", "word"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "curl/8.5"),
        ("", "a browser"),
    ],
)
def test_browser_is_called_as_people_call_it(agent: str, word: str) -> None:
    assert browser_word(agent) == word


# --- second factor ------------------------------------------------------------------------------------


def test_second_factor_is_set_up_with_a_drawing_that_the_policy_lets_through(office: Office) -> None:
    here = signed_up(office)
    here.post("/settings/me/second-factor/begin")
    page = here.get("/settings/me/second-factor")
    assert page.text.count('class="qr"') == 1
    assert "<path" in page.text
    assert not re.search(r"\sstyle=|<style", page.text)
    assert "data:" not in page.text
    wrong = here.post("/settings/me/second-factor/confirm", code="nonsense")
    assert (wrong.status, "BW-527" in wrong.text, 'class="qr"' in wrong.text) == (422, True, True)


def test_secret_and_recovery_codes_are_never_shown_again(office: Office) -> None:
    here, totp, codes = with_factor(office)
    pages = [here.get("/settings/me").text, here.get("/settings/people").text]
    assert here.get("/settings/me/second-factor").location == "/settings/me"
    assert here.post("/settings/me/second-factor/begin").status != 200
    for page in [*pages, here.get("/settings/me").text]:
        assert not any(each in page for each in (totp.secret, *codes))
    assert "10 recovery codes are left" in pages[0]


def test_sign_in_asks_for_the_code_on_a_second_page_and_then_goes_where_one_was(office: Office) -> None:
    _, totp, _ = with_factor(office)
    office.clock.advance(STEP)
    here = Browser(office.open())
    asked = sign_in(here)
    assert asked.location == "/login/code?next=%2Factivity"
    assert here.get("/").location == "/login", "the password alone signs nobody in"
    page = here.get(asked.location)
    assert 'autocomplete="one-time-code"' in page.text
    wrong = here.post("/login/code", code="000", next="/activity")
    assert (wrong.status, "BW-527" in wrong.text) == (422, True)
    assert re.search(r'id="code"[^>]*aria-invalid="true"', wrong.text)
    right = code(totp, here)
    assert here.post("/login/code", code=right, next="/activity").location == "/activity"
    assert here.get("/activity").status == 200
    again = Browser(here.workspace)
    again.get(sign_in(again).location)
    assert again.post("/login/code", code=right).status == 422, "no code is good twice"


def test_recovery_code_signs_in_once(office: Office) -> None:
    _, _, codes = with_factor(office)
    for status in (303, 422):
        here = Browser(office.open())
        here.get(sign_in(here).location)
        assert here.post("/login/code", code=codes[0]).status == status


def test_code_without_a_password_or_too_late_signs_nobody_in(office: Office) -> None:
    _, totp, _ = with_factor(office)
    office.clock.advance(STEP)
    here = Browser(office.open())
    assert here.get("/login/code").status == 422
    assert "BW-531" in here.post("/login/code", code=code(totp, here)).text
    here.get(sign_in(here).location)
    office.clock.advance(HALF_LASTS + 1)
    late = here.post("/login/code", code=code(totp, here))
    assert (late.status, "BW-531" in late.text) == (422, True)
    assert here.get("/").status == 303


def test_wrong_codes_lock_the_account(office: Office) -> None:
    _, totp, _ = with_factor(office)
    office.clock.advance(STEP)
    here = Browser(office.open())
    here.get(sign_in(here).location)
    for _ in range(TRIES):
        here.post("/login/code", code="wrong")
    assert "BW-503" in here.post("/login/code", code=code(totp, here)).text
    assert "BW-503" in sign_in(Browser(here.workspace)).text


def test_new_password_by_a_link_does_not_get_around_the_code(office: Office) -> None:
    here, totp, _ = with_factor(office)
    office.clock.advance(STEP)
    other = Browser(here.workspace)
    word = accounts.make_link(here.workspace, name="Ana Ruiz")
    other.get(f"/welcome?key={word}")
    assert other.post("/welcome", key=word, name="", password=NEW).location == "/login/code"
    assert other.get("/").status == 303
    other.get("/login/code")
    assert other.post("/login/code", code=code(totp, other)).location == "/"


def test_it_is_turned_off_by_a_code_and_an_admin_can_take_it_away(office: Office) -> None:
    here, totp, _ = with_factor(office)
    bert = signed_up(office, "Bert")
    assert "BW-527" in here.post("/settings/me/second-factor/off", code="wrong").text
    office.clock.advance(STEP)
    here.get("/settings/me")
    assert here.post("/settings/me/second-factor/off", code=code(totp, here)).status == 303
    assert sign_in(Browser(here.workspace)).location == "/activity"
    here.get("/settings/me")
    here.post("/settings/me/second-factor/begin")
    page = here.get("/settings/me/second-factor").text
    secret = TOTP(page.partition('id="secret">')[2][:32])
    here.post("/settings/me/second-factor/confirm", code=code(secret, here))
    assert "Take the second factor away" in bert.get("/settings/people").text
    assert bert.post("/settings/people/reset", name="Ana Ruiz").status == 303
    assert sign_in(Browser(here.workspace)).location == "/activity"
    assert "took the second factor from" in bert.get("/settings/people").text


# --- tokens -------------------------------------------------------------------------------------------


def test_token_is_made_shown_once_used_and_revoked(office: Office) -> None:
    here = signed_up(office, "Eve", Role.EDITOR)
    page = here.post("/settings/me/tokens/make", name="reports", role="operator", days="90").text
    found = re.search(r'id="token">(bothways_[\w-]{43})<', page)
    assert found
    program = Caller(here.workspace, found[1])
    assert program.get("status").status == 200
    assert program.post("pause").status == 403
    page = here.get("/settings/me").text
    assert ("reports" in page, found[1] in page) == (True, False)
    (view,) = tokens.list_tokens(here.workspace)
    assert view.ends_at == view.made_at + 90 * tokens.DAY
    here.post("/settings/me/tokens/revoke", id=view.id)
    assert program.get("status").status == 401
    assert "The token reports is revoked." in here.get("/settings/me").text


def test_token_that_cannot_be_made_says_why_at_its_form(office: Office) -> None:
    here = signed_up(office, "Eve", Role.EDITOR)
    for fields, code_ in (({"name": " ", "role": "viewer"}, "BW-524"), ({"name": "x", "role": "admin"}, "BW-501")):
        answer = here.post("/settings/me/tokens/make", **fields)
        assert (answer.status, code_ in answer.text) == (422, True)
        assert re.search(r'id="token-name"[^>]*aria-invalid="true"', answer.text)
    assert "<option>admin</option>" not in here.get("/settings/me").text
    assert tokens.list_tokens(here.workspace) == []


def test_nothing_secret_stands_in_the_log_or_the_database(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    here, totp, codes = with_factor(office)
    page = here.post("/settings/me/tokens/make", name="reports", role="viewer", days="").text
    word = page.partition('id="token">')[2].partition("<")[0]
    assert word.startswith("bothways_")
    with used(here.workspace.database):
        stored = str(list(Session.objects.values())) + str([row.get_decoded() for row in sessions_as_read()])
        stored += str(accounts.deeds(here.workspace)) + str(list(Account.objects.values("name", "key", "totp_new")))
    for secret in (word, totp.secret, PASSWORD, *codes):
        assert secret not in stored + caplog.text


def sessions_as_read() -> list[Session]:
    """Return all sessions."""
    return list(Session.objects.all())
