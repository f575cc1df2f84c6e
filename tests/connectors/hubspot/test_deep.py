"""The deep checks: as we thought on the stand-in, and told as otherwise wherever it behaves otherwise."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from bothways.connectors.abilities import RecordList
from bothways.connectors.deep import ChecksDeeply, Finding, Made, Verdict
from bothways.connectors.http import Response
from bothways.connectors.hubspot import checks
from bothways.connectors.hubspot.deep import CHECKS
from bothways.connectors.hubspot.subscriptions import APP_ID
from bothways.connectors.hubspot.trial import PREFIX, Trial
from bothways.connectors.hubspot.unverified import BY_ID
from bothways.errors import AppUnreachable, CredentialsRefused, DiskFull
from bothways.sandbox.hubspot.changes import OURS
from bothways.sandbox.hubspot.otherwise import OTHERWISE
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.hubspot.account import Account, unlimited

pytestmark = pytest.mark.asks_oddly("an id twice", "which adds choices")


OF_OTHER_ACCOUNTS = {"own-companies", "sensitive-passed-over", "not-set-up"}
"""What can only be looked at where companies come by themselves, the token may not see all, or there are no leads."""


class Notes:
    """A keeper in memory. ``most``: how many records were remembered at a time."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.most = 0

    def all(self):
        return list(self.made)

    def keep(self, made):
        self.made = list(made)
        self.most = max(self.most, len(self.made))


@pytest.fixture
def account() -> Iterator[Account]:
    """An account with all that the checks look for, and somebody's own records in it."""
    with unlimited(rate=(1000, 10.0)) as hubspot:
        hubspot.define("contacts", prop("mark", "Mark", custom=True, unique=True))
        hubspot.define("contacts", {**prop("health", "Health", custom=True), "dataSensitivity": "sensitive"})
        hubspot.make_object(
            "pet", ("Pet", "Pets"), [prop("pet_name", "Name", group="pet")], associatedObjects=["CONTACT"]
        )
        for label in ("Buyer", "Advisor"):
            hubspot.add_label("contacts", "companies", label)
        hubspot.seed("contacts", [{"email": f"p{n}@example.com", "lastname": f"P{n}"} for n in range(3)])
        hubspot.seed("companies", [{"name": "Somebody's"}])
        hubspot.set_list("contacts", "Nobody", [])
        hubspot.set_list("contacts", "Somebody", list(hubspot.records("contacts"))[:1])
        yield Account(hubspot, {APP_ID: OURS.id})


def checked(account: Account, notes: Notes | None = None, *, read_only: bool = False) -> dict[str, Finding]:
    """Return what each check found."""
    found = account.connector.deep_checks(notes if notes is not None else Notes(), read_only=read_only)
    return {each.id: each for each in found}


def records(account: Account) -> dict[str, Any]:
    """Return all live records of the account, with every value and date."""
    return {object: account.hubspot.records(object) for object in ("contacts", "companies")}


def test_everything_is_as_we_thought_and_nothing_is_left(account: Account):
    before, notes = records(account), Notes()
    found = checked(account, notes)
    assert {each.id for each in found.values() if each.verdict is not Verdict.AS_THOUGHT} == OF_OTHER_ACCOUNTS
    assert {found[each].verdict for each in OF_OTHER_ACCOUNTS} == {Verdict.UNCHECKED}
    assert list(found) == [check.fact for check in CHECKS]
    assert (records(account), notes.made) == (before, [])
    assert 0 < notes.most <= 10


SWITCHES = {
    "search-by-id": "sort-passed-over",
    "listing-by-id": "listed-backwards",
    "gone-property": "gone-properties-shown",
    "association-types": "types-differ",
    "custom-plain-type": "custom-types-labelled",
    "search-counts-twice": "search-apart",
    "sensitive-hidden": "sensitive-shown",
    "emails-lower-case": "keeps-case",
    "own-writes": "writes-by-api",
    "longest-text": "short-texts",
    "blank-clears": "blank-is-nothing",
    "stages-are-options": "stages-apart",
    "lead-types": "lead-types-differ",
    "stage-stays": "stage-goes-back",
    "stage-goes-back": "stage-is-stuck",
    "semicolon-adds": "semicolon-replaces",
    "bad-values-are-named": "bad-values-unnamed",
    "duplicates-are-named": "conflicts-unnumbered",
    "twice-in-a-batch": "twice-is-last",
    "upserts-fail-whole": "upsert-by-row",
    "nothing-is-told": "silent-about-none",
    "bin-is-told": "bin-is-shut",
    "bin-frees-addresses": "bin-keeps-addresses",
    "merged-ids": "merged-by-comma",
    "merged-ids-resolve": "merged-ids-end",
    "other-emails": "others-not-found",
    "reads-are-fresh": "reads-late",
    "associations-at-once": "associations-late",
    "merged-read-alone": "merged-alone-end",
    "taken-values-are-told": "taken-by-other-code",
    "list-size": "list-sizes-stay",
}
"""The switch of the stand-in by which each check must fail."""

OTHER_WAYS: dict[str, Callable[[Account], Any]] = {
    "longest-query": lambda account: account.hubspot.fault("414", match="properties=lastmodifieddate"),
    "owners-to-a-page": lambda account: account.hubspot.fault("400", match="/owners"),
    "concurrency": lambda account: account.hubspot.fault("429", match="account-info"),
    "no-address-is-refused": lambda account: account.hubspot.fault("409", match="batch/read"),
    "index-lag": lambda account: account.hubspot.change(index_lag=300.0),
    "rows-are-reported": lambda account: account.hubspot.change(report_rows=False),
    "traces-come-back": lambda account: account.hubspot.change(echo_traces=False),
    "association-touches": lambda account: account.hubspot.change(touches=False),
    "sensitive-passed-over": lambda account: account.hubspot.fault("403", match="properties=health"),
    "not-set-up": lambda account: account.hubspot.fault("409", match="leads/search"),
    "labels-add-up": lambda account: account.hubspot.change(labels_stay=False),
}
"""What makes the others fail; a fault meets the first such call, which is that of the check."""


@pytest.mark.parametrize("id", [*SWITCHES, *OTHER_WAYS])
def test_check_tells_what_is_otherwise(account: Account, id: str):
    before, notes = records(account), Notes()
    if id in SWITCHES:
        account.hubspot.change(otherwise=[SWITCHES[id]])
    else:
        OTHER_WAYS[id](account)
    found = checked(account, notes)
    assert [each for each, finding in found.items() if finding.verdict is Verdict.OTHERWISE] == [id]
    fact = BY_ID[id]
    assert (found[id].says, found[id].means, found[id].where) == (fact.says, fact.wrong, f"hubspot/{fact.where}")
    assert (records(account), notes.made) == (before, [])


@pytest.mark.parametrize(
    ("switches", "verdict"), [([], Verdict.AS_THOUGHT), (["own-company-elsewhere"], Verdict.OTHERWISE)]
)
def test_company_that_came_by_itself_is_named_and_stays(account: Account, switches: list[str], verdict: Verdict):
    account.hubspot.change(makes_companies=True, otherwise=switches)
    before, notes = records(account), Notes()
    found = checked(account, notes)["own-companies"]
    assert found.verdict is verdict
    after = records(account)
    stayed = after["companies"].keys() - before["companies"].keys()
    assert found.seen.split()[1] in stayed
    assert (after["contacts"], notes.made) == (before["contacts"], [])


@pytest.mark.parametrize(
    ("own", "verdict"), [(OURS.id, Verdict.AS_THOUGHT), ("17", Verdict.OTHERWISE), ("", Verdict.UNCHECKED)]
)
def test_number_of_our_own_app_is_compared_where_the_settings_tell_it(account: Account, own: str, verdict: Verdict):
    assert checked(Account(account.hubspot, {APP_ID: own}))["own-number"].verdict is verdict


def test_value_that_is_shown_late_is_told_with_the_ways_by_which_it_was_read(account: Account):
    assert checked(account)["reads-are-fresh"].seen.endswith(": by its id 5, by its address 5, in a listing 5")
    account.hubspot.change(otherwise=["reads-late"])
    assert checked(account)["reads-are-fresh"].seen.endswith(": by its id 0, by its address 0, in a listing 0")


def test_listing_that_begins_with_somebody_else_is_left_out(account: Account, monkeypatch: pytest.MonkeyPatch):
    listing = Trial.listing
    monkeypatch.setattr(Trial, "listing", lambda trial, *names, **how: listing(trial, *names, **{**how, "after": None}))
    found = checked(account)["reads-are-fresh"]
    assert (found.verdict, found.seen.partition(": ")[2]) == (Verdict.AS_THOUGHT, "by its id 5, by its address 5")


@pytest.mark.parametrize("status", ["400", "404"])
def test_account_without_leads_is_looked_at_as_far_as_it_tells(account: Account, status: str):
    account.hubspot.fault(status, match="leads/search")
    account.hubspot.fault(status, match="properties/2026-09/leads")
    found = checked(account, read_only=True)["not-set-up"]
    assert (found.verdict, found.seen.count(status)) == (Verdict.AS_THOUGHT, 2)


def test_sensitive_property_that_the_token_may_not_see_is_passed_over(account: Account):
    account.hubspot.grant("reader", {"crm.objects.contacts.read", "crm.schemas.contacts.read"})
    found = checked(Account(account.hubspot, token="reader"), read_only=True)["sensitive-passed-over"]
    assert (found.verdict, found.seen) == (
        Verdict.AS_THOUGHT,
        "reading health is answered with HTTP 200, and it is passed over",
    )


def test_account_in_which_no_list_is_empty_cannot_tell_the_size_of_one(account: Account):
    account.hubspot.drop_list("contacts", "Nobody")
    assert checked(account, read_only=True)["list-size"].verdict is Verdict.UNCHECKED


def test_lists_of_which_no_size_is_told_are_otherwise(account: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "lists", lambda api, object: [RecordList("1", "Nobody")])
    assert checked(account, read_only=True)["list-size"].verdict is Verdict.OTHERWISE


def test_limits_that_are_not_told_are_otherwise():
    with unlimited() as hubspot:
        found = checked(Account(hubspot))
        assert found["limits-told"].verdict is Verdict.OTHERWISE
        assert found["search-counts-twice"].seen == "the answers tell no limit"


@pytest.mark.parametrize(("by_oauth", "so"), [(True, True), (False, False)])
def test_limit_of_the_day_need_not_be_told_to_who_is_let_in_by_oauth(
    account: Account, monkeypatch: pytest.MonkeyPatch, by_oauth: bool, so: bool
):
    headers = {"X-HubSpot-RateLimit-Max": "110", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
    monkeypatch.setattr(Trial, "listing", lambda trial, **_: Response(200, headers, b""))
    trial = Trial(account.connector._api, account.connector._setup, Notes())
    trial.by_oauth = by_oauth
    assert checks.limits_told(trial) == (so, "110 calls in 10 seconds, no limit of the day is told")


def test_every_check_was_seen_to_fail_and_every_switch_was_used():
    apart = {"limits-told", "own-companies", "own-number"}
    assert {*SWITCHES, *OTHER_WAYS, *apart} == {check.fact for check in CHECKS}
    assert sorted([*SWITCHES.values(), "own-company-elsewhere"]) == sorted(OTHERWISE)


# --- what is made ---------------------------------------------------------------------------------------


def test_read_only_checks_write_nothing_and_leave_what_is_remembered(account: Account):
    notes = Notes()
    notes.made = [Made("contacts", f"{PREFIX} x-1", "1")]
    before = records(account)
    found = checked(account, notes, read_only=True)
    assert list(found) == [check.fact for check in CHECKS if not check.makes]
    assert {id for id, each in found.items() if each.verdict is not Verdict.AS_THOUGHT} <= OF_OTHER_ACCOUNTS
    written = [path for method, path, _ in account.hubspot.log if path.endswith(("/create", "/update", "/archive"))]
    assert (written, records(account), len(notes.made)) == ([], before, 1)


def test_hubspot_can_be_checked_deeply_and_says_first_what_that_makes(account: Account):
    assert isinstance(account.connector, ChecksDeeply)
    assert PREFIX in account.connector.deep_makes()


def test_all_is_archived_when_nobody_wants_to_know_more(account: Account):
    before, notes = records(account), Notes()
    found = account.connector.deep_checks(notes, read_only=False)
    next(each for each in found if each.id == "emails-lower-case")
    assert len(records(account)["contacts"]) > len(before["contacts"])
    found.close()
    assert (records(account), notes.made) == (before, [])


def test_all_is_archived_when_somebody_interrupts(account: Account, monkeypatch: pytest.MonkeyPatch):
    before, notes = records(account), Notes()

    def interrupted(_seconds):
        raise KeyboardInterrupt

    found = account.connector.deep_checks(notes, read_only=False)
    while next(found).id != "nothing-is-told":
        pass
    monkeypatch.setattr(account.hubspot, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(found)
    assert (records(account), notes.made) == (before, [])


def test_all_is_archived_though_nothing_can_be_remembered_any_more(account: Account, monkeypatch: pytest.MonkeyPatch):
    before, notes = records(account), Notes()

    def full(_made: object) -> None:
        raise DiskFull(reason="no space")

    found = account.connector.deep_checks(notes, read_only=False)
    while next(found).id != "nothing-is-told":
        pass
    monkeypatch.setattr(notes, "keep", full)
    with pytest.raises(DiskFull):
        list(found)
    assert records(account) == before
    assert notes.made


def test_what_could_not_be_archived_is_remembered_and_the_next_run_archives_it(account: Account):
    before, notes = records(account), Notes()
    found = account.connector.deep_checks(notes, read_only=False)
    while next(found).id != "nothing-is-told":
        pass
    account.hubspot.revoke(account.hubspot.token)
    with pytest.raises(CredentialsRefused):
        list(found)
    live = records(account)
    left = {(each.object, each.id) for each in notes.made if each.id}
    assert left == {(object, id) for object in live for id in live[object].keys() - before[object].keys()}
    account.hubspot.grant("pat-sandbox")
    checked(account, notes)
    assert (records(account), notes.made) == (before, [])


@pytest.mark.parametrize("kind", ["500", "409", "timeout-before"])
def test_archiving_that_fails_stays_to_be_done(account: Account, kind: str):
    notes = Notes()
    found = account.connector.deep_checks(notes, read_only=False)
    while next(found).id != "emails-lower-case":
        pass
    account.hubspot.fault(kind, match="batch/archive")
    found.close()
    assert [(each.object, bool(each.id)) for each in notes.made] == [("contacts", True)]
    checked(account, notes)
    assert notes.made == []


@pytest.mark.parametrize("kind", ["500", "timeout-before", "timeout-after-commit"])
def test_create_of_unknown_outcome_is_found_by_its_address_and_archived(account: Account, kind: str):
    before, notes = records(account), Notes()
    account.hubspot.fault(kind, match="contacts/batch/create")
    found = checked(account, notes)
    assert found["emails-lower-case"].verdict is Verdict.UNCHECKED
    assert records(account) == before
    account.hubspot.advance(300)
    checked(account, notes)
    assert (records(account), notes.made) == (before, [])


def test_create_that_is_carried_out_after_an_interruption_is_found_by_the_next_run(
    account: Account, monkeypatch: pytest.MonkeyPatch
):
    before, notes, late = records(account), Notes(), list[Callable[[], Any]]()
    do = account.connector._api.do

    def interrupted(object: str, action: str, *given: Any, **how: Any) -> Any:
        if action != "batch/create" or late:
            return do(object, action, *given, **how)
        late.append(lambda: do(object, action, *given, **how))
        raise KeyboardInterrupt

    monkeypatch.setattr(account.connector._api, "do", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checked(account, notes)
    late[0]()
    assert records(account) != before
    checked(account, notes)
    assert (records(account), notes.made) == (before, [])


@pytest.mark.parametrize("rows", [[None], [{}], [{"id": []}]])
def test_answers_of_another_form_hinder_only_what_looks_at_them(
    account: Account, monkeypatch: pytest.MonkeyPatch, rows: list[Any]
):
    before, notes = records(account), Notes()
    do = account.connector._api.do

    def oddly(object: str, action: str, *given: Any, **how: Any) -> Response:
        answer = do(object, action, *given, **how)
        odd = orjson.dumps({"results": rows})
        return Response(answer.status, answer.headers, odd) if action == "batch/create" else answer

    monkeypatch.setattr(account.connector._api, "do", oddly)
    found = checked(account, notes)
    assert list(found) == [check.fact for check in CHECKS]
    assert found["emails-lower-case"].verdict is Verdict.UNCHECKED
    monkeypatch.undo()
    account.hubspot.advance(300)
    checked(account, notes)
    assert (records(account), notes.made) == (before, [])


def test_merge_of_unknown_outcome_leaves_nothing(account: Account):
    before, notes = records(account), Notes()
    account.hubspot.fault("timeout-after-commit", match="contacts/merge")
    found = checked(account, notes)
    assert found["merged-ids"].verdict is Verdict.UNCHECKED
    assert (records(account), notes.made) == (before, [])


@pytest.mark.parametrize("shown", [{}, {"properties": {"lastname": "P0", "name": "Somebody's"}}])
def test_record_of_somebody_that_an_answer_names_is_not_touched(
    account: Account, monkeypatch: pytest.MonkeyPatch, shown: dict[str, Any]
):
    before, notes, do = records(account), Notes(), account.connector._api.do

    def naming(object: str, action: str, *given: Any, **how: Any) -> Response:
        answer = do(object, action, *given, **how)
        theirs = [{"id": id, **shown} for id in before[object]][: len(given[0]["inputs"]) if given else 1]
        odd = orjson.dumps({"results": theirs})
        return Response(answer.status, answer.headers, odd) if action == "batch/create" else answer

    monkeypatch.setattr(account.connector._api, "do", naming)
    checked(account, notes)
    assert records(account) == {
        object: {**before[object], **{id: row for id, row in rows.items() if id not in before[object]}}
        for object, rows in records(account).items()
    }
    monkeypatch.undo()
    account.hubspot.advance(300)
    checked(account, notes)
    assert (records(account), notes.made) == (before, [])


def test_company_of_unknown_outcome_is_archived_once_search_shows_it(account: Account):
    before, notes = records(account), Notes()
    account.hubspot.fault("timeout-after-commit", match="companies/batch/create")
    found = account.connector.deep_checks(notes, read_only=False)
    while next(found).id != "nothing-is-told":
        pass
    found.close()
    assert [(each.object, each.id) for each in notes.made] == [("companies", "")]
    account.hubspot.advance(300)
    checked(account, notes)
    assert (records(account), notes.made) == (before, [])


def test_company_that_search_never_shows_was_not_made_and_is_forgotten(account: Account):
    notes = Notes()
    account.hubspot.fault("timeout-before", match="companies/batch/create")
    found = account.connector.deep_checks(notes, read_only=False)
    while next(found).id != "nothing-is-told":
        pass
    found.close()
    assert len(notes.made) == 1
    account.hubspot.advance(300)
    checked(account, notes)
    assert notes.made == []


def test_record_that_somebody_has_renamed_is_theirs(account: Account):
    notes = Notes()
    found = account.connector.deep_checks(notes, read_only=False)
    next(each for each in found if each.id == "emails-lower-case")
    (made,) = notes.made
    account.hubspot.edit("contacts", made.id, {"lastname": "Ours"})
    found.close()
    assert notes.made == [made]
    assert records(account)["contacts"][made.id]["lastname"] == "Ours"


@pytest.mark.parametrize("keeps_ids", [True, False])
def test_record_that_somebody_has_merged_one_of_theirs_into_is_theirs(account: Account, keeps_ids: bool):
    account.hubspot.change(keeps_ids=keeps_ids)
    (theirs,) = account.hubspot.seed("contacts", [{"email": "anna@house.example", "lastname": "Ours"}])
    notes = Notes()
    found = account.connector.deep_checks(notes, read_only=False)
    next(each for each in found if each.id == "emails-lower-case")
    (made,) = notes.made
    merged = account.hubspot.merge("contacts", made.id, theirs)
    found.close()
    assert notes.made == [made]
    assert "anna@house.example" in records(account)["contacts"][merged]["hs_additional_emails"]


# --- what cannot be checked -----------------------------------------------------------------------------


def test_what_the_token_may_not_do_is_told_as_not_checked(account: Account):
    account.hubspot.grant("reader", {"crm.objects.contacts.read", "crm.schemas.contacts.read"})
    notes = Notes()
    found = checked(Account(account.hubspot, token="reader"), notes)
    others = {
        "list-size",
        "not-set-up",
        "stages-are-options",
        "owners-to-a-page",
        "lead-types",
        "association-types",
        "custom-plain-type",
    }
    assert {id for id, each in found.items() if each.verdict is Verdict.UNCHECKED} == {
        *(check.fact for check in CHECKS if check.makes),
        *others,
    }
    assert "crm.objects.contacts.write" in found["emails-lower-case"].seen
    assert notes.made == []


def test_account_without_labels_choices_and_unique_properties_says_so():
    with unlimited(rate=(1000, 10.0)) as hubspot:
        hubspot.define("contacts", {**prop("interests", "Interests", custom=True), "archived": True})
        found = checked(Account(hubspot))
        unchecked = {id: each.seen for id, each in found.items() if each.verdict is not Verdict.AS_THOUGHT}
        assert unchecked == {
            "listing-by-id": "there are too few contacts",
            "search-by-id": "there are too few contacts",
            "gone-property": "there are no contacts",
            "sensitive-passed-over": "there are no sensitive properties of contacts that the token may know of",
            "not-set-up": "leads are set up in the account",
            "list-size": "the account has no list of contacts that nobody is in",
            "custom-plain-type": "the account has no custom objects that are associated with contacts or companies",
            "own-number": "the settings do not tell the number of our app (webhook_app_id)",
            "own-companies": "no company came with the contact: the account is not set so, or not for example.com",
            "sensitive-hidden": "there are no sensitive properties of contacts that the token may see",
            "semicolon-adds": "contacts have no property of the form checkbox that could be used",
            "taken-values-are-told": "contacts have no unique property of text besides their address",
            "upserts-fail-whole": "contacts have no unique property of text besides their address",
            "labels-add-up": "the account has no two labels of its own from contacts to companies",
        }


def test_other_calls_in_between_leave_searches_unchecked(account: Account):
    account.hubspot.fault("429", times=5, match="search", retry_after=0)
    found = checked(account, read_only=True)
    assert found["search-counts-twice"].verdict is not Verdict.OTHERWISE


def test_app_that_cannot_be_reached_ends_it(account: Account):
    account.hubspot.close()
    with pytest.raises(AppUnreachable):
        checked(account, read_only=True)
