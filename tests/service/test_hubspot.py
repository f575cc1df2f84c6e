"""The whole way with the HubSpot connector: two accounts on stand-ins, from adding the apps to the proof."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.errors import OthersWriteToo, SecretMissing, SecretUnusable
from bothways.jobs import now
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.schema import prop
from bothways.service import apps, issue_groups, preview
from bothways.service.issues import list_issues, unlink
from bothways.service.proof import compare
from bothways.service.syncs import show_sync, turn_off, turn_on
from bothways.service.why import why
from bothways.service.workspace import Workspace, init, open_workspace
from tests.databases import empty_ledger

SYNC = """\
syncs:
  people:
    objects: {east: contacts, west: contacts}
    fields:
      - {east: email, west: email}
      - {east: firstname, west: firstname}
      - {east: jobtitle, west: jobtitle}
"""


@pytest.fixture
def accounts() -> Iterator[tuple[HubSpotSandbox, HubSpotSandbox]]:
    """Two accounts that share one clock and have no limits."""
    clock = FrozenClock()
    with (
        HubSpotSandbox(rate=None, search_rate=None, clock=clock) as east,
        HubSpotSandbox(rate=None, search_rate=None, clock=clock) as west,
    ):
        yield east, west


@pytest.fixture
def workspace(
    tmp_path: Path, accounts: tuple[HubSpotSandbox, HubSpotSandbox], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """A workspace made as a person would: init, two apps added, a sync written into the file."""
    with empty_ledger(tmp_path):
        init(tmp_path)
        text = (tmp_path / "bothways.yaml").read_text()
        (tmp_path / "bothways.yaml").write_text(text.replace("apps: {}", "allow_hosts: [127.0.0.1]\napps: {}"))
        workspace = open_workspace(tmp_path)
        for name, account in zip(("east", "west"), accounts, strict=True):
            monkeypatch.setenv(f"{name.upper()}_TOKEN", account.token)
            secrets = {"token": ("env", f"{name.upper()}_TOKEN")}
            view = apps.add_app(workspace, name, "hubspot", {"base_url": account.url}, secrets)
            assert view.title == "HubSpot"
        text = (tmp_path / "bothways.yaml").read_text()
        (tmp_path / "bothways.yaml").write_text(text.replace("syncs: {}\n", SYNC))
        workspace = open_workspace(tmp_path)
        workspace.clock = accounts[0].now
        yield workspace


def test_two_accounts_are_brought_in_step_and_it_is_proved(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    for number in range(30):
        east.create("contacts", {"email": f"p{number}@x.test", "firstname": f"P{number}", "jobtitle": "Buyer"})
        if number % 2:
            west.create("contacts", {"email": f"P{number}@x.test", "jobtitle": "Owner" if number == 1 else "Buyer"})
    east.advance(120)
    turn_on(workspace, "people")
    plan = preview.plan(workspace, "people")
    assert (plan.created, plan.updated) == ({"east": 0, "west": 15}, {"east": 0, "west": 15})
    assert plan.conflicts == 1
    east.advance(1)
    run = now.apply_plan(workspace, plan.id, approved=True)
    assert (run.created, run.updated, run.skipped, run.exit_code) == (plan.created, plan.updated, 0, 0)
    east.advance(120)
    assert now.run_sync(workspace, "people").updated == {"east": 0, "west": 0}
    proof = compare(workspace, "people")
    assert (proof.pairs, proof.equal, proof.different) == (30, 30, ())
    told = why(workspace, "people", "p1@x.test", "jobtitle").fields[0]
    assert "because" in told.sentence
    assert set(told.values.values()) == {"Buyer"}
    assert show_sync(workspace, "people").counts.in_sync == 30


def test_a_run_without_change_costs_one_call_per_account(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, _ = accounts
    east.create("contacts", {"email": "a@x.test"})
    turn_on(workspace, "people")
    for _ in range(4):
        east.advance(1200)
        now.run_sync(workspace, "people", approved=True)
    east.advance(60)
    view = now.run_sync(workspace, "people")
    assert sum(view.bill.values()) == 2, view.bill


@pytest.mark.parametrize("keeps_ids", [False, True])
def test_a_merge_ends_in_one_pair_whichever_id_the_survivor_has(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox], keeps_ids: bool
) -> None:
    east, west = accounts
    east.change(keeps_ids=keeps_ids)
    one, two = (east.create("contacts", {"email": f"{name}@x.test", "firstname": name}) for name in ("one", "two"))
    east.advance(120)
    turn_on(workspace, "people")
    now.run_sync(workspace, "people", approved=True)
    partners = {each["email"]: id for id, each in west.records("contacts").items()}
    survivor = east.merge("contacts", two, one)
    east.edit("contacts", survivor, {"jobtitle": "Buyer"})
    for _ in range(2):
        east.advance(1200)
        now.run_sync(workspace, "people", approved=True)
    assert (survivor == two) is keeps_ids
    assert [*east.records("contacts")] == [survivor]
    there = west.records("contacts")
    assert there[partners["two@x.test"]]["jobtitle"] == "Buyer"
    assert there.keys() == set(partners.values())
    assert there[partners["one@x.test"]]["firstname"] == "one", "its partner is left over as it was"
    counts = show_sync(workspace, "people").counts
    assert (counts.in_sync, counts.failing) == (1, 0)


def test_created_record_stays_that_somebody_else_was_merged_into_whom_no_run_has_seen(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    """No mapped property shows it, and what belonged to the other one would go with an undo."""
    east, west = accounts
    west.change(keeps_ids=True)
    east.create("contacts", {"email": "one@x.test", "firstname": "One"})
    east.advance(120)
    turn_on(workspace, "people")
    run = now.run_sync(workspace, "people", approved=True)
    (made,) = west.records("contacts")
    assert west.merge("contacts", made, west.create("contacts", {"firstname": "Zoe"})) == made
    assert [each.reason for each in now.undo_run(workspace, run.id).kept] == ["created by the run, edited since"]
    assert [*west.records("contacts")] == [made]


@pytest.mark.parametrize("keeps_ids", [False, True])
def test_a_pair_that_a_person_has_unlinked_stays_so_whatever_is_merged(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox], keeps_ids: bool
) -> None:
    east, west = accounts
    east.change(keeps_ids=keeps_ids)
    one = east.create("contacts", {"email": "one@x.test", "firstname": "One"})
    unmailed = east.create("contacts", {"firstname": "One", "jobtitle": "Buyer"})
    east.advance(120)
    turn_on(workspace, "people")
    now.run_sync(workspace, "people", approved=True)
    (partner,) = west.records("contacts")
    unlink(workspace, "people", one, partner)
    survivor = east.merge("contacts", unmailed, one)
    assert east.records("contacts")[survivor]["email"] == "one@x.test"
    for _ in range(2):
        east.advance(600)
        now.run_sync(workspace, "people", approved=True)
    assert west.records("contacts")[partner].get("jobtitle") is None
    assert [*west.records("contacts")] == [partner]
    assert {issue.record for issue in list_issues(workspace, "people")} == {survivor, partner}


def test_default_mappings_between_two_accounts_can_be_turned_on(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    text = workspace.file.read_text()
    workspace.file.write_text(text.partition("    fields:")[0])
    again = open_workspace(workspace.folder)
    turn_on(again, "people")
    names = {each.fields["east"] for each in show_sync(again, "people").mappings}
    assert {"email", "firstname", "lastname", "phone"} <= names
    assert not names & {"createdate", "lastmodifieddate", "hs_object_id"}


def test_a_missing_token_is_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEST_TOKEN")
    with pytest.raises(SecretMissing, match="WEST_TOKEN"):
        apps.check_app(open_workspace(workspace.folder), "west")


@pytest.mark.parametrize("token", ["pat-geheim\nsecond line", "pat-geheimü"])
def test_a_token_that_cannot_be_sent_names_its_app_and_what_to_do(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("WEST_TOKEN", token)
    with pytest.raises(SecretUnusable, match="west") as caught:
        apps.check_app(open_workspace(workspace.folder), "west")
    assert "geheim" not in str(caught.value)
    assert "one line" in caught.value.advice


def test_another_product_at_work_in_the_fields_is_named_before_a_sync_is_turned_on(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, _ = accounts
    id = east.create("contacts", {"email": "dana@x.test", "firstname": "Dana"})
    east.edit("contacts", id, {"firstname": "DANA"}, by="Other Sync")
    east.edit("contacts", east.create("contacts", {"email": "eve@x.test"}), {"lifecyclestage": "lead"}, by="Unmapped")
    east.indexed()
    with pytest.raises(OthersWriteToo) as named:
        turn_on(workspace, "people")
    assert named.value.facts["reasons"] == (
        "Other Sync writes contacts in east too (seen in 1 of the records changed last); pause it there first"
    )
    turn_on(workspace, "people", confirmed=True)
    assert show_sync(workspace, "people").state == "on"


# --- deals, without a property for our marks ------------------------------------------------------------


@pytest.fixture(params=["none", "[usual]"])
def deals(request: pytest.FixtureRequest, workspace: Workspace) -> Workspace:
    """A sync of deals that is on."""
    head, _, _ = workspace.file.read_text().rpartition("\nsyncs:")
    objects = f"    objects: {{east: deals, west: deals}}\n    match: {request.param}\n"
    workspace.file.write_text(f"{head}\nsyncs:\n  deals:\n{objects}")
    again = open_workspace(workspace.folder)
    again.clock = workspace.clock
    turn_on(again, "deals")
    return again


def deal(name: str, **more: str) -> dict[str, str]:
    return {"dealname": name, "dealstage": "qualifiedtobuy", "pipeline": "default", **more}


def rest(workspace: Workspace, clock: HubSpotSandbox) -> None:
    for _ in range(6):
        clock.advance(1200)
        now.run_sync(workspace, "deals", approved=True)


@pytest.mark.parametrize("fault", ["timeout-after-commit", "timeout-before", "half-batch", "garbage"])
def test_deals_of_which_nobody_knows_whether_they_were_created_are_found_again_and_made_once(
    deals: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox], fault: str
) -> None:
    east, west = accounts
    for number in range(5):
        east.create("deals", deal(f"Deal {number}", amount=str(100 + number)))
    for _ in range(2):
        east.create("deals", deal("Renewal"))
    west.fault(fault, match="deals/batch/create")
    rest(deals, east)
    assert west.faults_waiting() == 0
    made = [each["dealname"] for each in west.records("deals").values()]
    assert sorted(made) == [*(f"Deal {number}" for number in range(5)), "Renewal", "Renewal"]
    assert show_sync(deals, "deals").counts.in_sync == 7
    assert len(east.records("deals")) == 7
    first = next(id for id, each in east.records("deals").items() if each["dealname"] == "Deal 0")
    east.edit("deals", first, {"amount": "999"})
    rest(deals, east)
    assert {each["dealname"]: each.get("amount") for each in west.records("deals").values()}["Deal 0"] == "999"


def test_deal_that_a_person_edits_before_it_is_found_again_is_still_made_once(
    deals: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    east.create("deals", deal("Big one", amount="100"))
    west.fault("timeout-after-commit", match="deals/batch/create")
    east.advance(1200)
    now.run_sync(deals, "deals", approved=True)
    (made,) = west.records("deals")
    west.edit("deals", made, {"amount": "77"})
    rest(deals, east)
    assert [len(account.records("deals")) for account in accounts] == [1, 1]
    assert show_sync(deals, "deals").counts.in_sync == 1


def test_deal_made_by_a_person_meanwhile_is_not_taken_for_the_one_that_was_created(
    deals: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    east.create("deals", deal("Big one", amount="100"))
    west.fault("timeout-before", match="deals/batch/create")
    east.advance(1200)
    now.run_sync(deals, "deals", approved=True)
    assert west.faults_waiting() == 0
    west.create("deals", deal("Small one", amount="5"))
    rest(deals, east)
    for account in accounts:
        assert sorted(each["dealname"] for each in account.records("deals").values()) == ["Big one", "Small one"]
    assert show_sync(deals, "deals").counts.in_sync == 2


def test_the_amount_of_a_deal_goes_with_its_currency(
    deals: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    east.create("deals", deal("Big one", amount="1000", deal_currency_code="USD"))
    rest(deals, east)
    (made,) = west.records("deals").values()
    assert (made["amount"], made["deal_currency_code"]) == ("1000", "USD")


def amounts(account: HubSpotSandbox) -> dict[str, tuple[str | None, str | None]]:
    """Return amount and currency of each deal, by name."""
    rows = account.records("deals").values()
    return {each["dealname"]: (each.get("amount"), each.get("deal_currency_code")) for each in rows}


def test_an_amount_waits_where_the_other_account_has_not_its_currency(
    deals: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    """There it would be as much of the currency of that account."""
    east, west = accounts
    west.define("deals", prop("deal_currency_code", "Currency", "enumeration", "select", options=(("EUR", "EUR"),)))
    dollars = east.create("deals", deal("Big one", amount="1000", deal_currency_code="USD"))
    euros = east.create("deals", deal("Small one", amount="5", deal_currency_code="EUR"))
    rest(deals, east)
    east.edit("deals", euros, {"amount": "7", "deal_currency_code": "USD"})
    rest(deals, east)
    assert amounts(west) == {"Big one": (None, None), "Small one": ("5", "EUR")}
    waiting = {(each.record, each.reason) for each in list_issues(deals, "deals") if each.field == "amount=amount"}
    assert waiting == {(each, "west does not take it: it waits for Currency") for each in (dollars, euros)}
    east.edit("deals", dollars, {"deal_currency_code": "EUR"})
    rest(deals, east)
    assert amounts(west)["Big one"] == ("1000", "EUR")
    assert {each.record for each in list_issues(deals, "deals")} == {euros}


@pytest.mark.parametrize("deals", ["[usual]"], indirect=True)
@pytest.mark.parametrize(("currency", "asked"), [("EUR", 2), ("USD", 0)])
def test_deals_of_one_name_and_amount_in_two_currencies_are_two(
    deals: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox], currency: str, asked: int
) -> None:
    for account, each in zip(accounts, ("EUR", currency), strict=True):
        account.create("deals", deal("Renewal", amount="1000", deal_currency_code=each))
    rest(deals, accounts[0])
    assert len(list_issues(deals, "deals")) == asked
    assert [len(account.records("deals")) for account in accounts] == ([1, 1] if asked else [2, 2])


# --- the newest, and who fights -------------------------------------------------------------------------


def newest(workspace: Workspace) -> Workspace:
    """Let the newest change win, and return the workspace opened again."""
    text = workspace.file.read_text()
    workspace.file.write_text(text.replace("    fields:", "    conflicts: {default: newest}\n    fields:"))
    again = open_workspace(workspace.folder)
    again.clock = workspace.clock
    turn_on(again, "people")
    return again


def held(account: HubSpotSandbox) -> dict[str, object]:
    ((_, values),) = account.records("contacts").items()
    return {name: values.get(name) for name in ("firstname", "jobtitle")}


def test_newest_goes_by_the_history_of_the_field_and_asks_for_it_only_where_it_decides(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    person = {"email": "dana@x.test", "firstname": "Dana", "jobtitle": "Clerk"}
    mine, theirs = east.create("contacts", person), west.create("contacts", person)
    for number in range(60):
        for account in accounts:
            account.create("contacts", {"email": f"p{number}@x.test", "firstname": f"P{number}"})
    workspace = newest(workspace)
    east.advance(1200)
    assert "east read histories" not in now.run_sync(workspace, "people", approved=True).bill
    east.edit("contacts", mine, {"firstname": "Older"})
    east.advance(100)
    west.edit("contacts", theirs, {"firstname": "Newer"})
    east.advance(100)
    east.edit("contacts", mine, {"jobtitle": "Buyer"})
    east.advance(300)
    view = now.run_sync(workspace, "people", approved=True)
    for account, id in ((east, mine), (west, theirs)):
        values = account.records("contacts")[id]
        assert (values["firstname"], values["jobtitle"]) == ("Newer", "Buyer")
    asked = {name: count for name, count in view.bill.items() if "histories" in name}
    assert asked == {"east read histories": 1, "west read histories": 1}


def test_changes_of_a_field_within_a_minute_go_to_the_default_app(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    person = {"email": "dana@x.test", "firstname": "Dana"}
    mine, theirs = east.create("contacts", person), west.create("contacts", person)
    workspace = newest(workspace)
    east.advance(1200)
    now.run_sync(workspace, "people", approved=True)
    east.edit("contacts", mine, {"firstname": "East"})
    east.advance(30)
    west.edit("contacts", theirs, {"firstname": "West"})
    east.advance(600)
    west.edit("contacts", theirs, {"jobtitle": "Buyer"})
    east.advance(300)
    now.run_sync(workspace, "people", approved=True)
    assert held(west) == held(east) == {"firstname": "East", "jobtitle": "Buyer"}


def test_programs_that_fight_over_a_field_are_named_in_the_hold(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    person = {"email": "dana@x.test", "firstname": "Dana"}
    mine, theirs = east.create("contacts", person), west.create("contacts", person)
    turn_on(workspace, "people")
    east.advance(1200)
    now.run_sync(workspace, "people", approved=True)
    for _ in range(6):
        for account, id, name, by in ((east, mine, "Danielle", "Robot"), (west, theirs, "Bob", "Other Sync")):
            account.edit("contacts", id, {"firstname": name}, by=by)
            east.advance(300)
            now.run_sync(workspace, "people", approved=True)
    (issue,) = list_issues(workspace, "people")
    assert issue.kind == "frozen"
    assert issue.reason == "it is changed back again and again in east and west, by Robot and Other Sync"


def test_our_own_writes_are_no_other_product(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    turn_on(workspace, "people")
    east.create("contacts", {"email": "dana@x.test", "firstname": "Dana"})
    now.run_sync(workspace, "people", approved=True)
    assert len(west.records("contacts")) == 1
    west.indexed()
    turn_off(workspace, "people")
    turn_on(workspace, "people")
    assert show_sync(workspace, "people").state == "on"


def test_what_rules_of_an_account_reject_waits_with_the_rule_and_stops_nobody_else(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    east, west = accounts
    west.set_rule("contacts", "jobtitle", "REGEX", ["^[A-Z]", "Begin with a capital"])
    west.require("contacts", "jobtitle")
    for number, title in enumerate(("Buyer", "buyer", "")):
        east.create("contacts", {"email": f"p{number}@x.test", "jobtitle": title})
    turn_on(workspace, "people")
    for _ in range(3):
        east.advance(120)
        run = now.run_sync(workspace, "people", approved=True)
    assert [each["email"] for each in west.records("contacts").values()] == ["p0@x.test"]
    assert (run.state, run.failing) == ("done", 2)
    found = {each.cause: each for each in issue_groups.groups(workspace).rows}
    assert set(found) == {"rule", "rule_value"}
    assert found["rule"].title == "A rule of west rejects records"
    assert found["rule"].said == 'rejected by rule "required to create a record": "jobtitle" must have a value'
    assert found["rule_value"].title == "A rule of west does not let Job Title be so"
    assert found["rule_value"].said == (
        'rejected by rule ("jobtitle": in its own words "Begin with a capital"): Begin with a capital'
    )


def test_rules_are_told_with_the_fields_that_they_are_about(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    accounts[1].set_rule("contacts", "zip", "ALPHANUMERIC", ["NUMERIC_ONLY"])
    assert apps.field_rules(workspace, "west", "contacts") == {"zip": "only digits"}
    assert apps.field_rules(workspace, "east", "contacts") == {}


# --- further addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["", "    send: {west: none}\n", "    send: {east: none}\n"])
def test_further_address_of_a_contact_matches_the_main_one_of_the_other_account(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox], way: str
) -> None:
    east, west = accounts
    workspace.file.write_text(workspace.file.read_text().replace("    fields:\n", f"{way}    fields:\n"))
    workspace = open_workspace(workspace.folder)
    workspace.clock = east.now
    east.create("contacts", {"email": "ann@x.test", "hs_additional_emails": "ann@old.test;ann@home.test"})
    west.create("contacts", {"email": "ann@home.test", "firstname": "Ann"})
    west.create("contacts", {"email": "bob@x.test", "hs_additional_emails": "bob@old.test"})
    east.create("contacts", {"email": "bob@old.test"})
    east.advance(120)
    turn_on(workspace, "people")
    plan = preview.plan(workspace, "people")
    assert plan.created == {"east": 0, "west": 0}
    now.apply_plan(workspace, plan.id, approved=True)
    assert [len(each.records("contacts")) for each in accounts] == [2, 2]
    assert show_sync(workspace, "people").counts.in_sync == 2


def test_contact_that_comes_by_a_further_address_while_it_is_written_is_linked_and_not_made_anew(
    workspace: Workspace, accounts: tuple[HubSpotSandbox, HubSpotSandbox]
) -> None:
    """The refusal of the create says who has the address, and is held for nobody."""
    east, west = accounts
    east.create("contacts", {"email": "ann@home.test", "firstname": "Ann"})
    east.advance(120)
    turn_on(workspace, "people")
    plan = preview.plan(workspace, "people")
    assert plan.created == {"east": 0, "west": 1}
    west.index_lag = 60.0
    there = west.create("contacts", {"email": "ann@x.test", "hs_additional_emails": "ann@home.test"})
    run = now.apply_plan(workspace, plan.id, approved=True)
    assert (run.created, run.skipped) == ({"east": 0, "west": 0}, 1)
    assert list_issues(workspace) == []
    east.advance(200)
    now.run_sync(workspace, "people", approved=True)
    assert {id: values["firstname"] for id, values in west.records("contacts").items()} == {there: "Ann"}
    assert show_sync(workspace, "people").counts.in_sync == 1
