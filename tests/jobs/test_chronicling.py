"""What an app writes down is read while a worker works, and noticed without waiting for the daily walk of all ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.connectors.chronicle import Chronicle
from bothways.connectors.webhooks import Topic
from bothways.jobs import chronicling
from bothways.jobs.chronicling import EVERY, LONGEST_PAUSE, Chronicling
from bothways.jobs.now import run_sync
from bothways.ledger import chronicles, db, hints, turns
from bothways.ledger.models import Feed
from bothways.sandbox.hubspot import single
from bothways.sandbox.hubspot.journal import KEPT
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.service.apps import check_app, show_app
from bothways.service.database import used
from bothways.service.doctor_chronicle import findings
from bothways.service.subscribing import Changed
from tests.consenting import REDIRECT
from tests.jobs.test_service import AtWork, until
from tests.journalled import Journalled, journalled


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journalled]:
    with journalled(tmp_path, monkeypatch) as made:
        made.settle()
        made.east.edit("contacts", ann(made), {"jobtitle": "Seller"})
        made.settle()
        assert (titles(made), made.failures) == (["Seller"], [])
        yield made


def state(accounts: Journalled):
    with used(accounts.workspace.database):
        return chronicles.stand("east")


def hinted(accounts: Journalled) -> set[str]:
    """Return the records of the contacts there that are to be read."""
    with used(accounts.workspace.database):
        (feed,) = Feed.objects.filter(connection__name="east", object="contacts")
        return {each.id for each in hints.of(feed.pk)}


def ann(accounts: Journalled) -> str:
    (id,) = (id for id, values in accounts.east.records("contacts").items() if values["email"] == "ann@x.test")
    return id


def titles(accounts: Journalled) -> list[str]:
    """Return what became of Ann in the other account."""
    people = accounts.west.records("contacts").values()
    return [each["jobtitle"] for each in people if each["email"] == "ann@x.test"]


def asked(accounts: Journalled) -> int:
    """Return how often the journal was asked for what comes next."""
    return sum(accounts.east.calls[f"journal/{each}"] for each in ("earliest", "latest", "next"))


def links(accounts: Journalled) -> set[str]:
    """Return the people there who have a partner."""
    with used(accounts.workspace.database):
        return {str(id) for (id,) in db.rows("SELECT left_id FROM link WHERE ended_at IS NULL")}


def test_edit_flows_without_waiting_for_a_poll(accounts: Journalled) -> None:
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Owner"})
    searches = accounts.east.calls["search"]
    accounts.look(EVERY)
    assert hinted(accounts) == {ann(accounts)}
    accounts.take_turns()
    assert titles(accounts) == ["Owner"]
    assert accounts.east.calls["search"] == searches


def test_deletion_is_noticed_long_before_the_daily_walk(accounts: Journalled) -> None:
    listed = accounts.east.calls["list"]
    id = ann(accounts)
    assert id in links(accounts)
    accounts.east.archive("contacts", id)
    accounts.look(EVERY)
    accounts.take_turns()
    assert id not in links(accounts)
    assert accounts.east.calls["list"] == listed


def test_restored_record_is_noticed(accounts: Journalled) -> None:
    accounts.east.archive("contacts", id := ann(accounts))
    accounts.settle()
    accounts.east.restore("contacts", id)
    accounts.look(EVERY)
    assert hinted(accounts) == {id}
    accounts.take_turns()
    assert id in links(accounts)


def test_merge_is_noticed_by_all_its_records(accounts: Journalled) -> None:
    first, other = ann(accounts), accounts.east.create("contacts", {"email": "ann2@x.test"})
    accounts.settle()
    merged = accounts.east.merge("contacts", first, other)
    accounts.look(EVERY)
    assert hinted(accounts) == {first, other, merged}
    accounts.take_turns()
    assert merged in links(accounts)


def test_association_flows_without_waiting_for_the_daily_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with journalled(tmp_path, monkeypatch, firms=True) as accounts:
        accounts.settle()
        (acme,) = accounts.east.records("companies")
        accounts.east.change(touches=False)
        listed = accounts.east.calls["list"]
        accounts.east.associate("contacts", ann(accounts), "companies", acme)
        accounts.look(EVERY)
        assert ann(accounts) in hinted(accounts)
        accounts.take_turns()
        there, (firm,) = next(iter(accounts.west.records("contacts"))), accounts.west.records("companies")
        assert accounts.west.associated("contacts", there, "companies") == [firm]
        accounts.east.dissociate("contacts", ann(accounts), "companies", acme)
        accounts.settle()
        assert accounts.west.associated("contacts", there, "companies") == []
        assert accounts.east.calls["list"] == listed
        assert accounts.failures == []


def test_what_is_lost_late_or_told_twice_does_no_harm(accounts: Journalled) -> None:
    id = ann(accounts)
    accounts.east.fault("journal-dropped", match="UPDATE")
    accounts.east.edit("contacts", id, {"jobtitle": "Lost"})
    accounts.settle()
    assert titles(accounts) == ["Seller"]
    accounts.east.advance(3600)
    accounts.settle()
    assert titles(accounts) == ["Lost"]
    accounts.east.fault("journal-late", match="UPDATE", seconds=60.0)
    accounts.east.edit("contacts", id, {"jobtitle": "Late"})
    accounts.east.fault("journal-twice", match="UPDATE")
    accounts.east.edit("contacts", id, {"jobtitle": "Twice"})
    accounts.settle()
    updated = accounts.west.calls["batch/update"]
    accounts.look(60)
    assert hinted(accounts) == {id}
    accounts.take_turns()
    assert accounts.west.calls["batch/update"] == updated
    assert titles(accounts) == ["Twice"]
    assert accounts.failures == []


def test_whoever_is_killed_before_the_position_is_stored_takes_the_same_hints_in_again(
    accounts: Journalled, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As kill -9 would."""

    def killed(*_: object) -> bool:
        raise Killed

    before = state(accounts).position
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Owner"})
    with monkeypatch.context() as patched:
        patched.setattr(chronicles, "go_on", killed)
        with pytest.raises(Killed):
            accounts.look(EVERY)
    assert (hinted(accounts), state(accounts).position) == ({ann(accounts)}, before)
    accounts.chronicling = Chronicling(accounts.anew("two"))
    accounts.look()
    assert hinted(accounts) == {ann(accounts)}
    assert state(accounts).position not in ("", before)
    accounts.take_turns()
    assert titles(accounts) == ["Owner"]


def test_hints_are_stored_before_the_position(accounts: Journalled) -> None:
    stored: list[tuple[set[str], str]] = []
    before = state(accounts).position
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Owner"})
    db.after_commit.append(lambda: stored.append((hinted(accounts), state(accounts).position)))
    try:
        accounts.look(EVERY)
    finally:
        db.after_commit.clear()
    told = [(bool(names), position != before) for names, position in stored]
    assert told.index((True, False)) < told.index((True, True))
    assert (False, True) not in told


def test_position_that_is_too_old_is_told_of_once_and_polling_finds_what_it_missed(accounts: Journalled) -> None:
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Missed"})
    accounts.look(KEPT)
    assert [error.code for error in accounts.failures] == ["BW-588"]
    assert state(accounts).lost_at == accounts.east.now()
    accounts.take_turns()
    assert titles(accounts) == ["Missed"]
    accounts.settle()
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Told"})
    accounts.look(EVERY)
    assert hinted(accounts) == {ann(accounts)}
    assert len(accounts.failures) == 1


def test_file_that_is_gone_is_passed_over_and_told_of(accounts: Journalled) -> None:
    accounts.east.fault("404", times=2, match="/journal-files/")
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Missed"})
    accounts.look(EVERY)
    assert [error.code for error in accounts.failures] == ["BW-588"]
    accounts.east.fault("404", times=2, match="/journal-files/")
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Missed again"})
    accounts.look(EVERY)
    assert state(accounts).lost_at == accounts.east.now()
    assert len(accounts.failures) == 1, "once a day is enough"
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Told"})
    accounts.look(EVERY)
    assert hinted(accounts) == {ann(accounts)}


def test_each_account_takes_in_its_own_records_alone(accounts: Journalled) -> None:
    accounts.east.happened_elsewhere(77, "contacts", ann(accounts))
    accounts.look(EVERY)
    assert hinted(accounts) == set()
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Owner"})
    accounts.east.happened_elsewhere(77, "contacts", "999")
    accounts.look(EVERY)
    assert hinted(accounts) == {ann(accounts)}


def test_nothing_is_asked_of_another_account_than_before(accounts: Journalled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "PORTAL", 77)
    with used(accounts.workspace.database):
        db.execute("UPDATE connection SET trace='' WHERE name='east'")
    accounts.workspace.opened.clear()
    accounts.chronicling = Chronicling(accounts.anew("two"))
    before = asked(accounts), accounts.east.calls["journal/subscriptions"]
    accounts.look(EVERY)
    assert (asked(accounts), accounts.east.calls["journal/subscriptions"]) == before
    assert state(accounts).trouble.startswith("BW-212")


def test_reading_costs_nothing_of_the_day(accounts: Journalled) -> None:
    from bothways.connectors.hubspot import HubSpot
    from bothways.service.allowances import budget_of

    budget = budget_of(accounts.workspace, accounts.workspace.app("east"), HubSpot)
    accounts.look(EVERY)
    before, bill = budget.day().used, budget.bill["journal"]
    for _ in range(20):
        accounts.look(EVERY)
    assert (budget.day().used, budget.bill["journal"] - bill) == (before, 20)


def test_app_without_the_scopes_is_left_to_polling_without_a_word(tmp_path: Path, monkeypatch) -> None:
    with journalled(tmp_path, monkeypatch, own=()) as accounts:
        accounts.settle()
        assert (accounts.failures, state(accounts).failed) == ([], 1)
        assert state(accounts).trouble.startswith("BW-203")
        accounts.look(LONGEST_PAUSE)
        assert (accounts.failures, state(accounts).failed) == ([], 2)


def test_scopes_that_are_taken_away_are_told_of_once(accounts: Journalled) -> None:
    from tests.consenting import register

    register(accounts.east)
    accounts.east.end_own_tokens()
    accounts.look(EVERY)
    accounts.look(LONGEST_PAUSE)
    assert [error.code for error in accounts.failures] == ["BW-203"]


def test_nothing_is_asked_while_all_is_paused_or_the_app_rests(accounts: Journalled) -> None:
    before = asked(accounts)
    with used(accounts.workspace.database):
        turns.pause(accounts.east.now())
    accounts.look(60)
    with used(accounts.workspace.database):
        turns.pause(0)
        db.execute("UPDATE connection SET rests_until=%s WHERE name='east'", (accounts.east.now() + 1000,))
    accounts.look(60)
    assert asked(accounts) == before
    with used(accounts.workspace.database):
        db.execute("UPDATE connection SET rests_until=0 WHERE name='east'")
    accounts.look(60)
    assert asked(accounts) == before + 1


def test_failure_is_told_once_and_lets_no_connection_rest(accounts: Journalled) -> None:
    accounts.east.fault("garbage", times=10_000, match="/webhooks-journal/")
    for _ in range(5):
        accounts.look(LONGEST_PAUSE)
    assert [error.code for error in accounts.failures] == ["BW-206"]
    with used(accounts.workspace.database):
        assert db.value("SELECT SUM(failed) FROM connection") == 0
    accounts.east.clear_faults()
    accounts.look(LONGEST_PAUSE)
    assert (state(accounts).trouble, state(accounts).read_at) == ("", accounts.east.now())


def test_subscriptions_follow_the_settings_and_go_when_no_sync_wants_them(accounts: Journalled) -> None:
    def wanted() -> dict[str, list[str]]:
        return {each["subscriptionType"]: each["properties"] for each in accounts.east.wanted_of_journal()}

    assert wanted().keys() == {"OBJECT", "GDPR_PRIVACY_DELETION"}
    assert {"email", "website"} <= set(wanted()["OBJECT"])
    accounts.change(("{east: jobtitle, west: jobtitle}", "{east: jobtitle, west: jobtitle}, {east: fax, west: fax}"))
    run_sync(accounts.workspace, "people", approved=True)
    before = wanted()["OBJECT"]
    accounts.look(EVERY)
    assert set(wanted()["OBJECT"]) - set(before) == {"fax"}
    accounts.change(("state: on", "state: off"))
    accounts.look(EVERY)
    assert wanted() == {}
    before = asked(accounts)
    accounts.look(EVERY)
    assert asked(accounts) == before


def test_subscription_of_somebody_else_is_left_alone_and_told_of(tmp_path: Path, monkeypatch) -> None:
    with journalled(tmp_path, monkeypatch) as accounts:
        theirs = {"subscriptionType": "OBJECT", "portalId": PORTAL, "objectTypeId": "0-1", "actions": ["DELETE"]}
        accounts.east._journal.want(theirs)
        accounts.settle()
        assert [error.code for error in accounts.failures] == ["BW-137"]
        (row,) = [each for each in accounts.east.wanted_of_journal() if each["subscriptionType"] == "OBJECT"]
        assert row["actions"] == ["DELETE"]


def test_doctor_and_check_say_how_changes_come(accounts: Journalled) -> None:
    def told() -> list[tuple[str, str]]:
        with used(accounts.workspace.database):
            return [(each.level, each.what) for each in findings(accounts.workspace, "east")]

    accounts.settle()
    assert (
        "Changes come at once by its journal, and polling goes on besides."
        in check_app(accounts.workspace, "east").notes
    )
    assert show_app(accounts.workspace, "east").journal_read_at == accounts.east.now()
    ((level, what),) = told()
    assert level == "ok"
    assert "changes come by its journal, last read" in what
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Missed"})
    accounts.look(KEPT)
    accounts.east._journal.forget(portal=PORTAL)
    assert [level for level, _ in told()] == ["warning", "warning", "ok"]
    accounts.east.register([REDIRECT])
    accounts.east.end_own_tokens()
    accounts.workspace.opened.clear()
    assert "developer.webhooks_journal.read" in check_app(accounts.workspace, "east").notes[-1]
    ((level, what),) = told()
    assert (level, "found by polling" in what) == ("ok", True)
    assert all("journal" not in each for each in check_app(accounts.workspace, "west").notes)


def test_worker_reads_it_by_itself(accounts: Journalled) -> None:
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Owner"})
    before = state(accounts).position
    accounts.east.advance(EVERY)
    worker = AtWork(accounts.workspace)
    try:
        assert until(lambda: state(accounts).position != before)
        assert until(lambda: titles(accounts) == ["Owner"])
    finally:
        worker.tell_to_stop()
        assert worker.wait()
    assert worker.failures == []


def test_two_workers_that_begin_at_once_do_not_make_the_same_subscriptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with journalled(tmp_path, monkeypatch) as accounts:
        see_to, seen, second = chronicling.see_to, list[str](), Chronicling(accounts.anew("two"))

        def see_to_late(app: str, chronicle: Chronicle, wanted: list[Topic]) -> Changed:
            seen.append(app)
            if len(seen) == 1:
                accounts.east.advance(EVERY + 1)  # it takes a while
                second.look()
            return see_to(app, chronicle, wanted)

        monkeypatch.setattr(chronicling, "see_to", see_to_late)
        accounts.look()
        assert seen == ["east"]
