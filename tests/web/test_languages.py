"""Languages and times of the pages: catalogues that are complete, who sees which, and the hours of their clocks."""

import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from django.utils import timezone, translation

from bothways import errors
from bothways.connectors.hubspot.connector import NEWER
from bothways.ledger.models import Account
from bothways.service import preferences
from bothways.service.database import used
from bothways.service.doctor import doctor
from bothways.service.rights import Role
from bothways.web import tags
from bothways.web.django_settings import Address, configure
from bothways.web.said import NUMBERS, SAID, SPOKEN, Said, say, say_condition
from tests.office import Office
from tests.web.browser import PASSWORD, Browser
from tests.web.caller import caller

EMPTY_IN_BERT = "Ada in Anna, (leer) in Bert: dort nach dem letzten Schreiben geändert"
AFTER_DAYS = "in B gelöscht; markiert in A nach 3 Tagen, außer er wird wiederhergestellt"
BUYERS = "Die Liste „Buyers“ von HubSpot lässt sich nicht lesen: No way."
NO_WEBHOOK = "Es ist kein Webhook von east gekommen (noch keiner), obwohl Nachsehen Änderungen findet."
NEW_DAY = "2026-02-01 00:00 UTC"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """Load the tool that keeps the catalogues."""
    spec = importlib.util.spec_from_file_location("languages_tool", ROOT / "tools" / "languages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts(tool: ModuleType) -> Catalog:
    """Gather all texts of the code."""
    return tool.gathered()


@pytest.fixture
def german() -> Iterator[None]:
    """Speak German, in Berlin."""
    configure(Address(), "a key that is long enough for a test of words")
    with translation.override("de"), timezone.override(ZoneInfo("Europe/Berlin")):
        yield


# --- the catalogues -----------------------------------------------------------------------------------

UNUSED = re.compile(
    r"\b(upsert\w*|reconcil\w*|execut\w*|invalid|illegal|oops|something went wrong|are you sure|(up|down)stream|"
    r"sources?|destinations?|targets?|(left|right) (app|side))\b|[→←⇄↔]",
    re.IGNORECASE,
)
"""Words that no text has, and arrows, which a language from right to left would turn around."""
PLACES = re.compile(r"\{+[^}]*\}+|%\(\w+\)s")


def test_no_text_has_a_word_that_only_programmers_use(texts: Catalog) -> None:
    found = [str(each) for message in texts for each in (message.id if message.pluralizable else [message.id])]
    assert len(found) > 1000
    assert [each for each in found if UNUSED.search(PLACES.sub("", each))] == []


def test_every_text_of_the_code_is_in_the_german_catalogue(tool: ModuleType, texts: Catalog) -> None:
    assert tool.faults(tool.merged("de", texts)) == [], "run tools/languages.py, and translate what it names"


def test_catalogue_is_as_the_tool_writes_it(tool: ModuleType, texts: Catalog) -> None:
    head, _ = tool.held("de")
    assert tool.place("de").read_text("utf-8") == tool.written(head, tool.merged("de", texts))


def test_compiled_catalogue_is_that_of_the_written_one(tool: ModuleType) -> None:
    _, catalogue = tool.held("de")
    assert tool.place("de").with_suffix(".mo").read_bytes() == tool.compiled(catalogue)


@pytest.mark.parametrize(
    ("id", "string", "context", "flags", "fault"),
    [
        ("Save", "", None, (), "not translated"),
        ("Save", "Speichern", None, ("fuzzy",), "fuzzy"),
        ("Hello %(name)s", "Hallo", None, (), "other facts"),
        ("Hello %(name)s", "Hallo %(nam)s", None, (), "other facts"),
        ("no match in {app}", "kein Treffer", SAID, (), "other facts"),
        ("This is <bdi>%(name)s</bdi>", "Das ist %(name)s", None, (), "other facts"),
        (("%(count)d day of %(all)s", "%(count)d days of %(all)s"), ("ein Tag", "%(count)d Tage"), None, (), "other"),
        (("%(count)d day", "%(count)d days"), ("ein Tag", "%(count)d Tage"), None, (), ""),
        (("%(count)d day", "%(count)d days"), ("ein Tag", ""), None, (), "not translated"),
        ("Hello %(name)s", "Hallo %(name)s", None, (), ""),
    ],
)
def test_faults_of_a_catalogue_are_found(
    tool: ModuleType, id: object, string: object, context: str | None, flags: tuple[str, ...], fault: str
) -> None:
    catalogue = Catalog(locale="de")
    catalogue.add(id, string, context=context, flags=flags)
    found = tool.faults(catalogue)
    assert (len(found), fault in "".join(found)) == (1 if fault else 0, True)


def test_words_of_lower_layers_are_told_from_code(tool: ModuleType) -> None:
    code = '''
"""A docstring that nobody sees."""
SQL = "SELECT id FROM link WHERE id=%s"
words = f"{count} of {len(all)} records differ in {apps[side]}"
plain = "say it as {filter: ...}"
short = "done"
where = f"{name} in {app}"
'''
    assert list(tool.said_in(code)) == ["{count} of {all} records differ in {apps}", "say it as {{filter: ...}}"]


# --- what the layers below say ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no match in Ledger", "kein Treffer in Ledger"),
        ("both changed; HubSpot wins", "beide haben geändert; HubSpot gewinnt"),
        ("same Email, different first names", "gleich: Email; dagegen spricht: verschiedene Vornamen"),
        ("was there before; no match in Ledger", "war schon einmal da; kein Treffer in Ledger"),
        (
            'HubSpot refused: "nothing changed" is not one of the choices of Stage',
            "HubSpot hat abgelehnt: „nothing changed“ ist keine Auswahl von Stage",
        ),
        (
            "outside the filter of HubSpot (Country is DE, and Email is known)",
            "außerhalb des Filters von HubSpot (Country ist DE, und Email ist bekannt)",
        ),
        ("Ada in Anna, (empty) in Bert: changed there after the last write", EMPTY_IN_BERT),
        (
            'This must be a whole number from 0 on, but is the text "1s". Correct the value.',
            "Das muss eine ganze Zahl ab 0 sein, ist aber der Text „1s“. Berichtigen Sie den Wert.",
        ),
        ("read-only: only as Ledger to HubSpot", "nur lesbar: nur als Ledger nach HubSpot"),
        ("deleted in B; tagged in A after 3 days, unless it is restored", AFTER_DAYS),
        (
            "HubSpot failed with HTTP 500: A message. With two sentences.",
            "HubSpot ist mit HTTP 500 fehlgeschlagen: A message. With two sentences.",
        ),
        ("No webhook of east has come yet, though polling finds changes.", NO_WEBHOOK),
        (
            "A test call to https://x.test/hooks/east did not arrive here: it was sent elsewhere (HTTP 301).",
            "Ein Testaufruf an https://x.test/hooks/east ist hier nicht angekommen: "
            "er wurde anderswohin geschickt (HTTP 301).",
        ),
        (
            'HubSpot refused: rejected by rule ("phone": at most 20 characters, only digits; "name": capitals): No.',
            "HubSpot hat abgelehnt: abgelehnt durch die Regel "
            '("phone": höchstens 20 Zeichen, nur Ziffern; "name": Großbuchstaben): No.',
        ),
        (
            '"zip": in its own words "Four digits, such as (0150)", at least -5, no web address of x.test / y.test',
            '"zip": in ihren eigenen Worten „Four digits, such as (0150)“, mindestens -5, '
            "keine Webadresse von x.test / y.test",
        ),
        ("at most one of them, as an app says it", "at most one of them, as an app says it"),
        ('The list "Buyers" of HubSpot cannot be read: No way.', BUYERS),
        ("Everything is as an app says it", "Everything is as an app says it"),
        ("", ""),
    ],
)
@pytest.mark.usefixtures("german")
def test_reason_is_translated_by_the_template_that_it_fits(text: str, wanted: str) -> None:
    assert say(text) == wanted


@pytest.mark.usefixtures("german")
def test_conditions_are_translated_inside_and_out() -> None:
    text = "Country is DE, or not (Email is known, and City contains x)"
    assert say_condition(text) == "Country ist DE, oder nicht (Email ist bekannt, und City enthält x)"


def test_reason_stays_as_it_is_in_english() -> None:
    configure(Address(), "a key that is long enough for a test of words")
    with translation.override("en"):
        assert say("same Email, different first names") == "same Email, different first names"


@pytest.mark.usefixtures("german")
def test_every_failure_is_said_in_german_with_its_facts() -> None:
    for kind in errors.catalogue():
        facts = dict.fromkeys(facts_of(kind.what + kind.by_itself + kind.to_do), "Xyzzy")
        error = kind(where="people", **facts)
        told = Said(error)
        assert told.code == kind.code
        assert told.message.startswith("people: ")
        parts = ("what", error.said, told.said), ("by_itself", error.consequence, told.consequence)
        for part, before, after in (*parts, ("to_do", error.advice, told.advice)):
            assert before.count("Xyzzy") == after.count("Xyzzy"), kind
            assert before != after or not any(map(str.isalpha, PLACES.sub("", getattr(kind, part)))), (kind, part)


@pytest.mark.usefixtures("german")
def test_what_a_failure_says_is_known_again_however_much_of_it_is_told_at_once() -> None:
    for kind in errors.catalogue():
        parts = (kind.what, kind.by_itself, kind.to_do)
        facts = {name: 3 if name in NUMBERS else "Xyzzy" for name in facts_of("".join(parts))}
        if not SPOKEN.isdisjoint(facts) or not kind.to_do:
            continue
        error = kind(**facts)
        told = Said(error)
        for before, after in (
            (error.advice, told.advice),
            (f"{error.said} {error.advice} ({kind.code})", f"{told.said} {told.advice} ({kind.code})"),
            (f"{error.said} {error.consequence} {error.advice}", f"{told.said} {told.consequence} {told.advice}"),
        ):
            assert say(before) == after, kind


@pytest.mark.usefixtures("german")
def test_advice_of_an_app_that_lacks_its_full_stop_is_known_with_it() -> None:
    ends = errors.EndsSoon(app="HubSpot", part="its version", date="2027-03", hint=NEWER)
    assert ends.advice == f"{NEWER}."
    assert (
        say(ends.advice)
        == Said(ends).advice
        == "Installieren Sie das neueste Bothways, das eine spätere Version spricht."
    )


def test_commands_on_pages_are_written_as_they_are_typed() -> None:
    configure(Address(), "a key that is long enough for a test of words")
    for language in ("en", "de"):
        with translation.override(language):
            assert "bothways resume 'my people'" in Said(errors.StoppedByPerson(name="my people")).advice


def facts_of(template: str) -> list[str]:
    """Return the facts of a template."""
    return [name for _fixed, name, _spec, _conversion in Formatter().parse(template) if name]


@pytest.mark.usefixtures("german")
def test_facts_that_are_words_of_ours_are_translated_and_names_are_not() -> None:
    told = Said(errors.NotAllowed(who="viewer", needed="admin", role="viewer"))
    assert told.message == "viewer darf das nicht: Es braucht die Rolle Admin, und viewer hat Betrachter."


@pytest.mark.usefixtures("german")
def test_times_in_failures_are_those_of_the_reader() -> None:
    told = Said(errors.QuotaUsedUp(app="HubSpot", reason="it says that all calls of the day are made", again=NEW_DAY))
    assert told.consequence == "Alles wartet und geht weiter ab 2026-02-01 01:00 CET."
    assert (
        told.said == "HubSpot wird heute nichts mehr gefragt: sie meldet, dass alle Aufrufe des Tages verbraucht sind."
    )


@pytest.mark.usefixtures("german")
def test_times_in_reasons_are_those_of_the_reader() -> None:
    assert say("Since 2026-01-31 23:30 UTC. What waits is not lost.") == (
        "Seit 2026-02-01 00:30 CET. Was wartet, ist nicht verloren."
    )
    assert "2026-08-01 01:30 CEST" in say("Since 2026-07-31 23:30 UTC. What waits is not lost.")
    assert "since 2026-99-31 23:30" in say("since 2026-99-31 23:30, as an app says")
    value = '"2026-07-31 23:30" is not one of the choices of Stage'
    assert say(value) == "„2026-07-31 23:30“ ist keine Auswahl von Stage", "a value is no time of ours"


# --- who sees which language --------------------------------------------------------------------------


def test_browser_says_the_language(office: Office) -> None:
    here = Browser(office.open())
    for languages, language, word in (
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Anmelden"),
        ("fr,en;q=0.5", "en", "Sign in"),
        ("fr", "en", "Sign in"),
        ("", "en", "Sign in"),
    ):
        here.languages = languages
        page = here.get("/login")
        assert f'<html lang="{language}" dir="ltr">' in page.text
        assert f'id="sign-in">{word}</button>' in page.text
        assert page.headers["content-language"] == language


def test_language_is_chosen_where_one_signs_in(office: Office) -> None:
    here = Browser(office.open())
    assert '<a id="in-de" href="/login?language=de&amp;next=/activity"' in here.get("/login?next=/activity").text
    chosen = here.get("/login?language=de&next=/activity")
    assert (chosen.status, chosen.location) == (303, "/login?next=%2Factivity")
    assert '<html lang="de"' in here.get("/login").text
    here.languages = "en"
    assert '<html lang="de"' in here.get("/login").text, "what was chosen counts for more than what the browser says"
    here.get("/login?language=xx")
    assert '<html lang="en"' in here.get("/login").text
    away = here.get("/login?language=de&next=https://example.com/")
    assert away.location == "/login"


def test_account_keeps_language_and_time_zone(office: Office) -> None:
    here = Browser(office.open())
    here.sign_up("Ana Ruiz", Role.VIEWER)
    assert here.get("/settings/me").status == 200
    kept = here.post("/settings/me/language", **{"language": "de", "time-zone": "America/New_York"})
    assert (kept.status, kept.location) == (303, "/settings/me#language-title")
    page = here.get("/settings/me").text
    assert '<html lang="de"' in page
    assert "Gemerkt: Von jetzt an sehen Sie die Seiten so." in page
    assert "America/New_York" in page
    with used(here.workspace.database):
        row = Account.objects.get(name="Ana Ruiz")
        assert (row.language, row.time_zone) == ("de", "America/New_York")
    other = Browser(office.open())
    other.get("/login")
    assert '<html lang="en"' in other.get("/login").text
    other.post("/login", name="Ana Ruiz", password=PASSWORD)
    assert '<html lang="de"' in other.get("/").text, "it goes along to every browser"
    here.post("/settings/me/language", **{"language": "", "time-zone": ""})
    page = here.get("/settings/me").text
    assert '<html lang="en"' in page
    assert "Kept: pages are shown to you so from now on." in page


def test_unknown_language_and_zone_are_refused_with_the_form(office: Office) -> None:
    here = Browser(office.open())
    here.sign_up("Ana Ruiz", Role.VIEWER)
    here.get("/settings/me")
    zone = here.post("/settings/me/language", **{"language": "de", "time-zone": "Mars/Olympus"})
    assert (zone.status, "BW-570" in zone.text) == (422, True)
    assert 'value="Mars/Olympus" maxlength="64" autocomplete="off" aria-describedby="zone-help error"' in zone.text
    language = here.post("/settings/me/language", **{"language": "xx", "time-zone": ""})
    assert (language.status, "BW-571" in language.text) == (422, True)
    for name in ("../../etc/passwd", "/etc/passwd", "Europe", "a\x00b"):
        assert here.post("/settings/me/language", **{"language": "", "time-zone": name}).status == 422
    with used(here.workspace.database):
        row = Account.objects.get(name="Ana Ruiz")
        assert (row.language, row.time_zone) == ("", "")


def test_failures_and_refusals_are_said_in_the_language(office: Office) -> None:
    here = Browser(office.open())
    here.sign_up("Vera Holt", Role.VIEWER)
    here.languages = "de"
    refused = here.get("/settings/people")
    assert refused.status == 403
    assert "Vera Holt darf das nicht: Es braucht die Rolle Admin, und Vera Holt hat Betrachter." in refused.text
    missing = here.get("/nothing/here")
    assert (missing.status, "Diese Seite gibt es nicht" in missing.text) == (404, True)
    forged = here.post("/settings/me/password", token=False, old="a", new="b")
    assert (forged.status, "Das konnte nicht angenommen werden" in forged.text) == (403, True)
    unknown = here.get("/syncs/nobody")
    assert "Es gibt keinen Sync „nobody“." in unknown.text


def test_reasons_on_pages_are_said_in_the_language(office: Office) -> None:
    left, _right = office.pair()
    office.anna.edit(left, name="Nora")
    office.run()
    here = Browser(office.open())
    here.sign_up("Ana Ruiz")
    story = f"/syncs/people/records/Anna:{left}"
    assert "Anna changed" in here.get(story).text
    here.languages = "de"
    german = here.get(story).text
    assert '<span class="state in_sync">Synchron</span>' in german
    assert "Anna hat geändert" in german
    assert "Anna changed" not in german


@pytest.mark.usefixtures("german")
def test_all_that_the_doctor_finds_is_said_in_the_language(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.pair()
    office.change(
        "syncs:\n", "  crm: {connector: locked, url: https://x, auth: {user: ana, password: {env: CRM}}}\nsyncs:\n"
    )
    monkeypatch.delenv("CRM", raising=False)
    office.bert.fail("check", errors.CredentialsRefused(app="Bert"), times=9)
    found = doctor(office.folder)
    assert {each.level for each in found} == {"ok", "problem"}
    texts = [text for each in found for text in (each.what, each.to_do) if text]
    assert [text for text in texts if say(text) == text] == [found[0].what], "the version of Python"
    told = [say(each.what) for each in found]
    assert "App Anna: antwortet" in told
    assert "Das Geheimnis für crm fehlt: die Umgebungsvariable CRM enthält nichts." in told


def test_doctor_speaks_the_language_of_the_reader(office: Office) -> None:
    here = Browser(office.open())
    here.sign_up("Ana Ruiz")
    here.languages = "de"
    text = here.post("/settings/doctor").text
    assert "App Anna: antwortet" in text
    assert "App Anna: answers" not in text


def test_language_of_one_request_is_not_that_of_the_next_in_its_thread(office: Office) -> None:
    here = Browser(office.open())
    before = translation.get_language(), timezone.get_current_timezone_name()
    here.languages, here.cookies["bothways_zone"] = "de", "Asia%2FTokyo"
    here.get("/login")
    assert (translation.get_language(), timezone.get_current_timezone_name()) == before


def test_api_speaks_english_whatever_the_language(office: Office) -> None:
    answer = caller(office.open()).get("syncs/nobody", accept_language="de")
    assert answer.status == 404
    assert 'There is no sync "nobody".' in answer.json["detail"]


# --- times ---------------------------------------------------------------------------------------------

WINTER = datetime(2026, 1, 15, 12, 0, tzinfo=UTC).timestamp()
SUMMER = datetime(2026, 7, 15, 12, 0, tzinfo=UTC).timestamp()
LAST_OF_WINTER = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC).timestamp()


def test_hours_are_those_of_the_zone_with_daylight_saving() -> None:
    configure(Address(), "a key that is long enough for a test of words")
    with translation.override("en"):
        with timezone.override(UTC):
            assert tags.exact(WINTER) == "Jan. 15, 2026, 12:00:00 UTC"
        with timezone.override(ZoneInfo("Europe/Berlin")):
            assert tags.exact(WINTER) == "Jan. 15, 2026, 13:00:00 CET"
            assert tags.exact(SUMMER) == "July 15, 2026, 14:00:00 CEST"
            assert tags.exact(LAST_OF_WINTER) == "March 29, 2026, 01:59:59 CET"
            assert tags.exact(LAST_OF_WINTER + 1) == "March 29, 2026, 03:00:00 CEST"
        with timezone.override(ZoneInfo("Asia/Tokyo")):
            assert tags.day(datetime(2026, 1, 15, 15, 0, tzinfo=UTC).timestamp()) == (
                '<time datetime="2026-01-16">Jan. 16, 2026</time>'
            )


@pytest.mark.usefixtures("german")
def test_days_and_numbers_are_written_as_the_language_does() -> None:
    assert tags.exact(SUMMER) == "15. Juli 2026, 14:00:00 CEST"
    assert tags.number(1234567.5) == "1.234.567,5"


def test_browser_tells_its_zone_and_the_account_may_say_another(office: Office) -> None:
    here = Browser(office.open())
    here.sign_up("Ana Ruiz")
    assert " UTC" in title(here), "nobody has said any"
    here.cookies["bothways_zone"] = "Asia%2FTokyo"
    assert " JST" in title(here)
    for wrong in ("Mars%2FOlympus", "..%2F..%2Fetc%2Fpasswd", "x" * 100, "%00", "%ff"):
        here.cookies["bothways_zone"] = wrong
        assert " UTC" in title(here), wrong
    here.cookies["bothways_zone"] = "Asia%2FTokyo"
    here.post("/settings/me/language", **{"language": "", "time-zone": "Asia/Kolkata"})
    assert " IST" in title(here)


def title(here: Browser) -> str:
    """Return the exact time of the first moment on the page about oneself."""
    return here.get("/settings/me").text.partition('<time datetime="')[2].partition("</time>")[0]


def test_zones_to_choose_from_can_be_chosen() -> None:
    zones = preferences.time_zones()
    assert {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"} <= set(zones)
    assert len(zones) == len(set(zones))
    for each in zones:
        ZoneInfo(each)
