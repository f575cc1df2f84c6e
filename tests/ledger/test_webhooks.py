"""What is known of webhooks: when they came, whose turn it is to see to the subscriptions, and which we made."""

import pytest

from bothways.ledger import webhooks
from bothways.ledger.models import Sync
from bothways.ledger.webhooks import LEASE, SILENCE, Known, Own

NOW = 1_700_000_000.0


def test_nothing_is_known_of_a_connection_at_first(sync: Sync) -> None:
    assert webhooks.known("Anna") == Known()
    webhooks.found_changes("Anna", NOW)
    assert webhooks.known("Anna") == Known(), "nobody waits for its webhooks"


def test_what_is_taken_note_of_is_known_of_that_connection_alone(sync: Sync) -> None:
    webhooks.awaited("Anna", NOW)
    webhooks.awaited("Anna", NOW + 1)
    webhooks.came("Anna", NOW + 2)
    webhooks.found_changes("Anna", NOW + 3)
    webhooks.found_changes("Anna", NOW - 3)
    webhooks.tested("Anna", "word")
    webhooks.sent_to("Anna", "https://x.test")
    webhooks.told_silent("Anna", True)
    known = webhooks.known("Anna")
    assert known == Known(NOW, NOW + 2, NOW + 3, True, "word", "https://x.test", 0, "")
    assert webhooks.known("Bert") == Known()
    webhooks.awaited("Anna", NOW + 9, anew=True)
    assert webhooks.known("Anna").since == NOW + 9


@pytest.mark.parametrize(
    ("since", "came", "found", "silent"),
    [
        (0.0, 0.0, NOW, False),
        (NOW, 0.0, 0.0, False),
        (NOW, 0.0, NOW + SILENCE, False),
        (NOW, 0.0, NOW + SILENCE + 1, True),
        (NOW, NOW + 5, NOW + SILENCE + 1, False),
        (NOW, NOW + 5, NOW + SILENCE + 6, True),
    ],
)
def test_silence_is_no_webhook_for_long_before_polling_finds_changes(
    since: float, came: float, found: float, silent: bool
) -> None:
    assert webhooks.is_silent(Known(since, came, found)) is silent


def test_one_at_a_time_sees_to_the_subscriptions_and_again_when_it_is_due(sync: Sync) -> None:
    webhooks.awaited("Anna", NOW)
    assert webhooks.take("Anna", "a", NOW)
    assert not webhooks.take("Anna", "a", NOW + 1)
    webhooks.settled("Anna", NOW + 10 * LEASE)
    assert not webhooks.take("Anna", "a", NOW + 9 * LEASE)
    assert webhooks.take("Anna", "a", NOW + 10 * LEASE)
    assert not webhooks.take("Bert", "a", NOW), "its webhooks are not awaited"


def test_what_is_wanted_now_is_seen_to_at_once_but_not_while_somebody_is_at_it(sync: Sync) -> None:
    webhooks.awaited("Anna", NOW)
    assert webhooks.take("Anna", "a", NOW)
    assert not webhooks.take("Anna", "b", NOW + 1)
    webhooks.settled("Anna", NOW + 10 * LEASE)
    assert webhooks.take("Anna", "b", NOW + 2)
    webhooks.settled("Anna", NOW + 10 * LEASE)
    webhooks.ask("Anna", NOW + 3)
    assert webhooks.take("Anna", "b", NOW + 3)


def test_who_began_and_died_is_followed_after_the_lease(sync: Sync) -> None:
    webhooks.awaited("Anna", NOW)
    assert webhooks.take("Anna", "a", NOW)
    webhooks.ask("Anna", NOW + 1)
    assert not webhooks.take("Anna", "a", NOW + 1)
    assert webhooks.take("Anna", "a", NOW + LEASE)


def test_failure_is_news_until_it_is_of_another_kind_or_over(sync: Sync) -> None:
    webhooks.awaited("Anna", NOW)
    assert webhooks.failed("Anna", NOW, "BW-201", "no route")
    assert not webhooks.failed("Anna", NOW, "BW-201", "no answer")
    assert webhooks.known("Anna").failed == 2
    assert webhooks.failed("Anna", NOW, "BW-203", "no right")
    webhooks.settled("Anna", NOW)
    assert (webhooks.known("Anna").failed, webhooks.known("Anna").trouble) == (0, "")
    assert webhooks.failed("Anna", NOW, "BW-203", "no right")


def test_own_subscriptions_are_remembered_per_connection(sync: Sync) -> None:
    webhooks.made("Anna", Own("7", "contact.propertyChange", "email"))
    webhooks.made("Anna", Own("8", "contact.creation", ""))
    webhooks.made("Bert", Own("7", "deal.creation", ""))
    webhooks.forget("Anna", ["7"])
    assert webhooks.own("Anna") == [Own("8", "contact.creation", "")]
    assert webhooks.own("Bert") == [Own("7", "deal.creation", "")]
