"""Subscriptions of an app: made, repaired and deleted where they are ours, and never touched where they are not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.connectors.webhooks import Subscribed, Subscription, Topic
from bothways.errors import MissingKey, NotSubscribed, PermissionMissing, WebhooksElsewhere, WrongType
from bothways.jobs.now import run_sync
from bothways.ledger import webhooks
from bothways.ledger.webhooks import Own
from bothways.sandbox.hubspot.hooks import MOST_SUBSCRIPTIONS
from bothways.service.apps import add_app
from bothways.service.database import used
from bothways.service.reading import document_of
from bothways.service.subscribing import Changed, compared, flaw_of, words
from bothways.service.yaml_file import parse
from tests.hooked_accounts import Owned, owned_accounts

PUBLIC = "https://sync.example.com"
EMAIL, NAME = Topic("contact.propertyChange", "email"), Topic("contact.propertyChange", "jobtitle")
WHOLE = {f"contact.{event}" for event in ("creation", "deletion", "merge", "privacyDeletion", "restore")}


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owned]:
    with owned_accounts(tmp_path, monkeypatch, PUBLIC) as accounts:
        yield accounts


def test_all_that_is_mapped_is_subscribed_to_at_our_address(accounts: Owned) -> None:
    done = accounts.see_to()
    assert accounts.east.subscribed()["url"] == f"{PUBLIC}/hooks/east"
    assert {each.event for each in accounts.topics if not each.field} == WHOLE
    assert {EMAIL, NAME} <= accounts.topics
    assert done == Changed(made=len(accounts.topics))
    assert accounts.see_to() == Changed()
    assert accounts.west.subscribed() == {"url": "", "subscriptions": []}


def test_what_is_mapped_no_longer_is_unsubscribed_and_nothing_else(accounts: Owned) -> None:
    accounts.see_to()
    accounts.change((", {east: jobtitle, west: jobtitle}", ""))
    run_sync(accounts.workspace, "people", approved=True)
    assert accounts.see_to() == Changed(deleted=1)
    assert NAME not in accounts.topics
    assert EMAIL in accounts.topics


def test_sync_that_is_off_needs_none(accounts: Owned) -> None:
    accounts.see_to()
    accounts.change(("state: on", "state: off"))
    accounts.see_to()
    assert accounts.topics == set()


def test_sync_that_is_not_to_be_told_of_anything_needs_none(accounts: Owned) -> None:
    accounts.see_to()
    accounts.change(("schedule: {every: 60s}", "schedule: {every: 60s, webhooks: false}"))
    accounts.see_to()
    assert accounts.topics == set()


def test_ours_that_was_paused_goes_on_and_one_that_was_deleted_is_made_again(accounts: Owned) -> None:
    accounts.see_to()
    before = accounts.topics
    accounts.east.pause(accounts.id_of(EMAIL))
    accounts.east._hooks.remove(int(accounts.id_of(NAME)))
    assert accounts.see_to() == Changed(made=1, resumed=1)
    assert accounts.topics == before


def test_those_of_others_serve_us_and_are_never_changed(accounts: Owned) -> None:
    others = [
        {"subscriptionType": "contact.propertyChange", "propertyName": "email"},
        {"subscriptionType": "deal.creation"},
        {"subscriptionType": "contact.propertyChange", "propertyName": "jobtitle"},
    ]
    accounts.east.subscribe(f"{PUBLIC}/hooks/east", others)
    accounts.east.pause(accounts.id_of(NAME))
    kept = accounts.east.subscribed()["subscriptions"]
    with pytest.raises(NotSubscribed) as caught:
        accounts.see_to()
    assert "somebody has paused contact.propertyChange of jobtitle" in str(caught.value)
    assert accounts.east.subscribed()["subscriptions"][:3] == kept
    accounts.change(("state: on", "state: off"))
    accounts.see_to()
    assert accounts.east.subscribed()["subscriptions"] == kept


def test_address_that_we_have_not_set_stops_everything(accounts: Owned) -> None:
    accounts.east.subscribe("https://other.example.com/hooks", [{"subscriptionType": "contact.creation"}])
    before = accounts.east.subscribed()
    with pytest.raises(WebhooksElsewhere) as caught:
        accounts.see_to()
    assert "https://other.example.com/hooks" in str(caught.value)
    assert accounts.east.subscribed() == before


def test_our_own_address_moves_with_the_settings(accounts: Owned) -> None:
    accounts.see_to()
    accounts.change((PUBLIC, "https://new.example.com"))
    assert accounts.see_to() == Changed()
    assert accounts.east.subscribed()["url"] == "https://new.example.com/hooks/east"


def test_limit_is_never_passed_and_what_has_no_room_is_told(accounts: Owned) -> None:
    count = MOST_SUBSCRIPTIONS - 5
    others = [{"subscriptionType": "deal.propertyChange", "propertyName": f"p{n}"} for n in range(count)]
    accounts.east.subscribe(f"{PUBLIC}/hooks/east", others)
    with pytest.raises(NotSubscribed) as caught:
        accounts.see_to()
    assert "no room" in str(caught.value)
    assert len(accounts.east.subscribed()["subscriptions"]) == MOST_SUBSCRIPTIONS
    assert {each.event for each in accounts.topics if each.event in WHOLE} == WHOLE


def test_subscription_whose_answer_was_lost_is_found_and_serves(accounts: Owned) -> None:
    accounts.east.fault("timeout-after-commit", match="POST /webhooks/")
    with pytest.raises(Exception, match="did not answer"):
        accounts.see_to()
    accounts.see_to()
    found = accounts.east.subscribed()["subscriptions"]
    assert len(found) == len(accounts.topics)
    assert {EMAIL, NAME} <= accounts.topics


def test_event_that_the_app_refuses_to_tell_of_hinders_no_other(accounts: Owned) -> None:
    accounts.see_to()
    everything = accounts.topics
    for each in {each["id"] for each in accounts.east.subscribed()["subscriptions"]}:
        accounts.east._hooks.remove(int(each))
    accounts.east.fault("400", match="POST /webhooks/")
    with pytest.raises(NotSubscribed) as caught:
        accounts.see_to()
    (refused,) = everything - accounts.topics
    assert f"it refuses {words([refused])}: " in str(caught.value)
    assert accounts.see_to() == Changed(made=1)


def test_wrong_key_is_told_and_changes_nothing(accounts: Owned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EAST_KEY", "wrong-key-1234")
    with pytest.raises(PermissionMissing):
        accounts.see_to()
    assert accounts.east.subscribed() == {"url": "", "subscriptions": []}


def test_only_ids_in_our_ledger_are_ours(accounts: Owned) -> None:
    accounts.see_to()
    with used(accounts.workspace.database):
        own = webhooks.own("east")
        webhooks.forget("east", [each.ref for each in own])
    accounts.change(("state: on", "state: off"))
    accounts.see_to()
    assert len(accounts.topics) == len(own)


def test_an_id_that_is_now_of_something_else_is_not_ours() -> None:
    there = Subscribed("", [Subscription("7", NAME), Subscription("8", EMAIL, active=False)], 10)
    state = compared([EMAIL], there, [Own("7", EMAIL.event, EMAIL.field), Own("9", NAME.event, NAME.field)])
    assert (state.unneeded, state.paused, state.missing) == ([], [], [])
    assert state.lost == ["7", "9"]
    assert state.foreign_paused == [EMAIL]
    assert flaw_of("east", state, 8, 10) is not None


def test_topics_in_words() -> None:
    assert (
        words([Topic("contact.creation"), EMAIL, NAME]) == "contact.creation; contact.propertyChange of email, jobtitle"
    )


# --- at the door ------------------------------------------------------------------------------------------


def refused(text: str, old: str, new: str) -> str:
    assert old in text
    with pytest.raises((MissingKey, WrongType)) as caught:
        document_of(parse(text.replace(old, new), "bothways.yaml"))
    return str(caught.value)


def test_settings_that_are_of_no_use_are_refused_with_their_place(accounts: Owned) -> None:
    text = accounts.workspace.file.read_text()
    said = refused(text, f'public_url: "{PUBLIC}"', "")
    assert 'The key "public_url" is missing' in said
    assert said.startswith("bothways.yaml:5:")
    assert "an https address" in refused(text, PUBLIC, "http://sync.example.com")
    assert '"developer_key" is missing' in refused(text, ", developer_key: {env: EAST_KEY}", "")
    assert '"webhook_secret" is missing' in refused(text, "webhook_secret: {env: EAST_SECRET}, ", "")
    assert '"webhook_app_id" is missing' in refused(text, "    webhook_app_id: 4711\n", "")
    assert "a whole number above 0" in refused(text, "webhook_app_id: 4711", "webhook_app_id: my-app")


def test_app_that_cannot_reach_us_is_not_added_to_the_file(accounts: Owned) -> None:
    accounts.be_private()
    accounts.change((f'public_url: "{PUBLIC}"\n', ""))
    before = accounts.workspace.file.read_text()
    settings = {"base_url": accounts.east.url, "webhook_app_id": "4711"}
    places = {"token": "EAST_TOKEN", "webhook_secret": "EAST_SECRET", "developer_key": "EAST_KEY"}
    with pytest.raises(MissingKey) as caught:
        add_app(
            accounts.workspace, "north", "hubspot", settings, {name: ("env", place) for name, place in places.items()}
        )
    assert '"public_url" is missing' in str(caught.value)
    assert accounts.workspace.file.read_text() == before


@pytest.mark.parametrize("local", ["http://localhost:8417", "http://127.0.0.1:8417", "http://[::1]:8417"])
def test_what_never_leaves_the_machine_needs_no_https(accounts: Owned, local: str) -> None:
    text = accounts.workspace.file.read_text().replace(PUBLIC, local)
    assert document_of(parse(text, "bothways.yaml")).public_url == local
