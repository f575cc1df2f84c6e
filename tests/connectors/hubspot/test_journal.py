"""HubSpot's webhooks journal: what is read of it, which records it names, and what is subscribed to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.connectors.base import Access, Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.chronicle import KeepsChronicle, Told
from bothways.connectors.hubspot import HubSpot
from bothways.connectors.hubspot.facts import APART, JOURNAL_SCOPES
from bothways.connectors.hubspot.journal import BEGINNING, Journal, hints_in, scopes_for
from bothways.connectors.made import with_made
from bothways.connectors.webhooks import Hint, Topic
from bothways.errors import AddressNotAllowed, PermissionMissing, ProtocolError
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.journal import KEPT
from bothways.sandbox.hubspot.problems import PORTAL
from tests.connectors.support import Answer, Asked, Secrets, web
from tests.sandbox.hubspot.test_journal import READ, for_itself

PEOPLE = Topic("OBJECT 0-1", "email,firstname")
EVENT = {"portalId": 7, "objectTypeId": "0-1", "objectId": 5, "action": "UPDATE", "occurredAt": "2026-01-02T03:04:05Z"}


@dataclass
class Given:
    """The access of a person, and that of the app itself: tokens are asked for when the last one was refused."""

    hubspot: HubSpotSandbox
    asked: list[str] = field(default_factory=list)
    held: str = ""

    def token(self) -> str:
        if not self.held:
            self.held = for_itself(self.hubspot, *JOURNAL_SCOPES, READ)[1]["access_token"]
            self.asked.append(self.held)
        return self.held

    def refused(self, token: str) -> None:
        self.held = "" if token == self.held else self.held

    def allowed(self) -> frozenset[str] | None:
        return None


class Person(Given):
    def token(self) -> str:
        return self.hubspot.token


def connected(hubspot: HubSpotSandbox, own: Access, url: str = "") -> HubSpot:
    """Return a connector that is let in by OAuth."""
    return HubSpot(
        Setup(
            app="HubSpot",
            settings={"base_url": url or hubspot.url},
            secrets=Secrets(),
            budget=MemoryBudget(HubSpot.limits, hubspot.now, hubspot.advance, apart=APART),
            allow_hosts=frozenset({"127.0.0.1"}),
            clock=hubspot.now,
            sleep=hubspot.advance,
            access=Person(hubspot),
            own_access=lambda scopes: own,
        )
    )


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as hubspot:
        hubspot.register(["http://127.0.0.1/back"], ["oauth", READ], own=JOURNAL_SCOPES)
        yield hubspot


@pytest.fixture
def journal(hubspot: HubSpotSandbox) -> Journal:
    made = connected(hubspot, Given(hubspot)).chronicle()
    assert made is not None
    return made


def all_of(journal: Journal, position: str) -> tuple[list[Hint], str]:
    """Return all that a journal tells from a position on, and where it ends."""
    found: list[Hint] = []
    while (told := journal.read(position)).more:
        assert not told.lost
        found, position = [*found, *told.hints], told.position
    assert told.position == position
    return found, position


def test_only_who_is_let_in_by_oauth_has_a_journal(hubspot: HubSpotSandbox, journal: Journal):
    assert isinstance(with_made(HubSpot), type)
    setup = Setup("HubSpot", {"base_url": hubspot.url}, Secrets(token=hubspot.token), MemoryBudget())
    by_token = with_made(HubSpot)(setup)
    assert isinstance(by_token, KeepsChronicle)
    assert by_token.chronicle() is None


def test_it_begins_now_and_goes_on_from_there(hubspot: HubSpotSandbox, journal: Journal):
    journal.subscribe(PEOPLE)
    hubspot.create("contacts", {"email": "old@x.test"})
    position = journal.read("").position
    assert all_of(journal, position) == ([], position)
    id = hubspot.create("contacts", {"email": "ann@x.test"})
    hints, position = all_of(journal, position)
    assert hints == [Hint("contacts", id, hubspot.now())]
    assert all_of(journal, position) == ([], position)


def test_first_entry_of_an_empty_journal_is_read(hubspot: HubSpotSandbox, journal: Journal):
    journal.subscribe(PEOPLE)
    position = journal.read("").position
    assert position == BEGINNING
    assert journal.read(position).position == position
    id = hubspot.create("contacts", {"email": "ann@x.test"})
    assert [each.id for each in all_of(journal, position)[0]] == [id]


def test_offset_that_is_too_old_or_unknown_leads_to_the_latest_entry(hubspot: HubSpotSandbox, journal: Journal):
    journal.subscribe(PEOPLE)
    hubspot.create("contacts", {"email": "a@x.test"})
    old = journal.read("").position
    hubspot.advance(KEPT)
    hubspot.create("contacts", {"email": "b@x.test"})
    for position in (old, "no such offset/../x?y"):
        told = journal.read(position)
        assert "older than what is kept" in told.lost
        assert (told.hints, told.position not in ("", position)) == ((), True)
        assert all_of(journal, told.position)[0] == []


def test_nothing_is_lost_of_an_account_in_which_nothing_happens_for_days(hubspot: HubSpotSandbox, journal: Journal):
    journal.subscribe(PEOPLE)
    hubspot.create("contacts", {"email": "a@x.test"})
    position = journal.read("").position
    hubspot.advance(KEPT)
    told = journal.read(position)
    assert (told.hints, told.lost) == ((), "")
    id = hubspot.create("contacts", {"email": "b@x.test"})
    assert [each.id for each in all_of(journal, told.position)[0]] == [id]


@pytest.mark.parametrize("empty", [True, False])
def test_latest_entry_is_never_lost_whatever_is_answered_when_nothing_follows(
    hubspot: HubSpotSandbox, journal: Journal, empty: bool
):
    journal.subscribe(PEOPLE)
    if not empty:
        hubspot.create("contacts", {"email": "a@x.test"})
    position = journal.read("").position
    hubspot.fault("404", match="/earliest" if empty else "/next")
    assert journal.read(position) == Told(position=position)


def test_address_that_has_ended_is_asked_for_again_and_one_that_stays_gone_is_passed_over(
    hubspot: HubSpotSandbox, journal: Journal
):
    journal.subscribe(PEOPLE)
    position = journal.read("").position
    id = hubspot.create("contacts", {"email": "ann@x.test"})
    hubspot.fault("403", match="/journal-files/")
    assert [each.id for each in journal.read(position).hints] == [id]
    hubspot.fault("404", times=2, match="/journal-files/")
    told = journal.read(position)
    assert (told.hints, told.more, "no longer there" in told.lost) == ((), True, True)
    assert all_of(journal, told.position)[0] == []


def test_token_that_is_refused_is_followed_by_another(hubspot: HubSpotSandbox):
    own = Given(hubspot)
    journal = connected(hubspot, own).chronicle()
    assert journal is not None
    journal.read("")
    hubspot.end_own_tokens()
    assert journal.read("").position == BEGINNING
    assert len(own.asked) == 2


def test_calls_are_paced_apart_from_all_others(hubspot: HubSpotSandbox):
    connector = connected(hubspot, Given(hubspot))
    journal, budget = connector.chronicle(), connector._setup.budget
    assert journal is not None
    assert isinstance(budget, MemoryBudget)
    for _ in range(300):
        journal.read(BEGINNING)
    assert budget.bill["journal"] == 300
    assert budget.waited >= 2
    assert hubspot.calls["journal/earliest"] == 300


def test_limit_of_the_app_is_not_that_of_the_account(hubspot: HubSpotSandbox):
    connector = connected(hubspot, Given(hubspot))
    journal = connector.chronicle()
    assert journal is not None
    hubspot.fault("429", match="/journal-local/", policy="DAILY", retry_after=0)
    assert journal.read(BEGINNING).position == BEGINNING
    assert connector.check().id


def file_at(asked: list[Asked], address: str = ""):
    """Return a server that tells of one entry, whose file is at an address of its own or at another."""

    def answer(call: Asked) -> Answer:
        asked.append(call)
        if call.path.startswith("/account-info/"):
            return Answer(200, b'{"portalId": 7}')
        if call.path.startswith("/file"):
            return Answer(200, b'{"journalEvents": [{"portalId": 7, "objectTypeId": "0-1", "objectId": 5}]}')
        url = address or f"http://localhost:{call.headers['Host'].rpartition(':')[2]}/file?signature=s3cret"
        return Answer(200, f'{{"url": "{url}", "currentOffset": "o1"}}'.encode())

    return answer


def test_file_is_fetched_without_what_proves_who_we_are(hubspot: HubSpotSandbox):
    asked: list[Asked] = []
    with web(file_at(asked)) as site:
        connector = connected(hubspot, Given(hubspot), f"http://127.0.0.1:{site.port}")
        journal = connector.chronicle()
        assert journal is not None
        object.__setattr__(connector._setup, "allow_hosts", frozenset({"127.0.0.1", "localhost"}))
        assert journal.read("o0").hints == [Hint("contacts", "5")]
    sent = {call.path.partition("?")[0]: call.headers.get("Authorization") for call in asked}
    assert sent["/file"] is None
    assert all(token for path, token in sent.items() if path != "/file")


def test_file_on_a_private_host_is_not_fetched(hubspot: HubSpotSandbox):
    asked: list[Asked] = []
    with web(file_at(asked, "http://169.254.169.254/latest/meta-data")) as site:
        journal = connected(hubspot, Given(hubspot), f"http://127.0.0.1:{site.port}").chronicle()
        assert journal is not None
        with pytest.raises(AddressNotAllowed):
            journal.read("o0")


def test_file_is_not_fetched_without_tls_from_an_app_with_it(hubspot: HubSpotSandbox):
    journal = connected(hubspot, Given(hubspot), "https://api.example").chronicle()
    assert journal is not None
    with pytest.raises(ProtocolError, match="without TLS"):
        journal._file({"url": "http://127.0.0.1/file"})


def test_entry_without_an_offset_is_told_of(hubspot: HubSpotSandbox):
    with web(lambda call: Answer(200, b'{"url": "http://127.0.0.1/x", "portalId": 7}')) as site:
        journal = connected(hubspot, Given(hubspot), f"http://127.0.0.1:{site.port}").chronicle()
        assert journal is not None
        with pytest.raises(ProtocolError):
            journal.read("o0")


# --- what is subscribed to --------------------------------------------------------------------------------


def test_each_object_is_subscribed_to_once_with_all_its_fields(journal: Journal):
    assert journal.topics("contacts", ["email", "firstname + lastname"]) == [
        Topic("GDPR_PRIVACY_DELETION 0-1"),
        Topic("OBJECT 0-1", "email,firstname,lastname"),
    ]
    assert journal.topics("deals", ["dealname", "associations.companies"]) == [
        Topic("ASSOCIATION 0-2", "0-3"),
        Topic("ASSOCIATION 0-3", "0-2"),
        Topic("OBJECT 0-3", "dealname"),
    ]


def test_subscriptions_are_made_found_and_deleted(hubspot: HubSpotSandbox, journal: Journal):
    topics = [PEOPLE, Topic("ASSOCIATION 0-1", "0-2,0-3"), Topic("GDPR_PRIVACY_DELETION 0-1")]
    ids = [journal.subscribe(each) for each in topics]
    found = journal.subscribed().subscriptions
    assert [(each.id, each.topic) for each in found] == list(zip(ids, topics, strict=True))
    assert {each["portalId"] for each in hubspot.wanted_of_journal()} == {PORTAL}
    for id in (*ids, ids[0]):
        journal.unsubscribe(id)
    assert journal.subscribed().subscriptions == []


def test_those_of_other_accounts_are_none_of_ours_and_a_part_is_not_the_whole(
    hubspot: HubSpotSandbox, journal: Journal
):
    hubspot.happened_elsewhere(77, "contacts", "5")
    wanted = {"subscriptionType": "OBJECT", "objectTypeId": "0-1", "properties": ["email"]}
    hubspot._journal.want(wanted | {"portalId": 77, "actions": ["CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"]})
    hubspot._journal.want(wanted | {"portalId": PORTAL, "actions": ["CREATE"]})
    assert [each.topic for each in journal.subscribed().subscriptions] == [Topic("a part of OBJECT 0-1", "email")]


def test_object_that_the_app_may_not_read_is_refused(journal: Journal):
    with pytest.raises(PermissionMissing, match=r"crm\.objects\.companies\.read"):
        journal.subscribe(Topic("OBJECT 0-2", "name"))


def test_app_asks_for_the_journal_and_for_what_it_may_read_in_the_account():
    allowed = frozenset({"oauth", "crm.objects.companies.read", "crm.schemas.companies.read", "crm.lists.read"})
    assert scopes_for(allowed) == (*JOURNAL_SCOPES, "crm.objects.companies.read")
    assert READ in scopes_for(None)


# --- which records are named ------------------------------------------------------------------------------


def named(*events: Any) -> list[tuple[str, str]]:
    return [(each.object, each.id) for each in hints_in({"journalEvents": list(events)}, "7")]


def test_record_is_named_with_its_latest_time():
    later = {**EVENT, "occurredAt": "2026-01-02T03:04:06.500+00:00"}
    assert hints_in({"journalEvents": [EVENT, later, EVENT]}, "7") == [Hint("contacts", "5", 1767323046.5)]
    assert hints_in({"journalEvents": [{**EVENT, "occurredAt": 1767323046500}]}, "7")[0].at == 1767323046.5


def test_merge_and_association_name_all_their_records():
    assert named({**EVENT, "primaryObjectId": 5, "mergedObjectIds": [6, "8"], "newObjectId": 9}) == [
        ("contacts", "5"),
        ("contacts", "9"),
        ("contacts", "6"),
        ("contacts", "8"),
    ]
    assert named({**EVENT, "associatedObjectTypeId": "0-2", "associatedObjectId": 4}) == [
        ("contacts", "5"),
        ("companies", "4"),
    ]


def test_what_is_of_another_account_or_unknown_is_left_out():
    assert named({**EVENT, "portalId": 8}, {**EVENT, "objectTypeId": "0-99"}, {**EVENT, "objectId": "x"}, 5, None) == []


def test_kinds_that_an_account_has_made_are_named_by_their_type(journal: Journal):
    assert named({**EVENT, "objectTypeId": "2-77"}, {**EVENT, "objectTypeId": "0-5"}) == [
        ("2-77", "5"),
        ("tickets", "5"),
    ]
    assert journal.topics("2-77", ["name", "associations.contacts"]) == [
        Topic("ASSOCIATION 0-1", "2-77"),
        Topic("ASSOCIATION 2-77", "0-1"),
        Topic("OBJECT 2-77", "name"),
    ]
    assert journal.topics("owners", ["email"]) == ()


ANYTHING = st.none() | st.integers() | st.text(max_size=5)
PARTS = st.dictionaries(
    st.sampled_from([*EVENT, "mergedObjectIds", "associatedObjectId"]), ANYTHING | st.lists(ANYTHING)
)


@settings(max_examples=50)
@given(ANYTHING | st.lists(ANYTHING | PARTS, max_size=5))
def test_file_of_any_shape_is_hints_or_nothing(held: Any):
    for each in hints_in({"journalEvents": held}, "7"):
        assert each.object == "contacts"
