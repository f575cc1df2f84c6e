"""Where we stand in the chronicles of apps: whose turn it is to read one, and from where."""

from bothways.ledger import chronicles, db, turns
from bothways.ledger.chronicles import FAR_AHEAD, LEASE, Stand
from bothways.ledger.models import Sync
from bothways.ledger.webhooks import Own

NOW = 1_700_000_000.0


def test_nothing_is_known_at_first_and_it_is_due(sync: Sync) -> None:
    assert chronicles.stand("Anna") == Stand()
    assert chronicles.is_due("Anna", NOW)
    assert chronicles.own("Anna") == []


def test_one_at_a_time_reads_it_when_it_is_due(sync: Sync) -> None:
    assert chronicles.take("Anna", NOW + 5, NOW)
    assert not chronicles.is_due("Anna", NOW)
    assert not chronicles.take("Anna", NOW + 9, NOW + 4)
    assert chronicles.take("Bert", NOW + 5, NOW)
    assert chronicles.is_due("Anna", NOW + 5)
    assert chronicles.take("Anna", NOW + 10, NOW + 5)
    chronicles.ask("Anna", NOW + 5)
    assert chronicles.take("Anna", NOW + 11, NOW + 6)


def test_clock_that_was_far_ahead_holds_nothing_up(sync: Sync) -> None:
    chronicles.take("Anna", NOW + 3 * FAR_AHEAD, NOW)
    assert chronicles.is_due("Anna", NOW)
    assert chronicles.take("Anna", NOW + 5, NOW)


def test_nobody_reads_it_while_the_app_rests_or_all_is_paused(sync: Sync) -> None:
    with db.transaction_():
        db.execute("UPDATE connection SET rests_until=%s WHERE name=%s", (NOW + 9, "Anna"))
    assert not chronicles.take("Anna", NOW + 5, NOW)
    turns.pause(NOW)
    assert not chronicles.take("Anna", NOW + 15, NOW + 9)
    turns.pause(0)
    assert chronicles.take("Anna", NOW + 15, NOW + 9)


def test_position_never_goes_back(sync: Sync) -> None:
    chronicles.take("Anna", NOW, NOW)
    assert chronicles.go_on("Anna", "", "o1")
    assert not chronicles.go_on("Anna", "", "o0")
    assert chronicles.go_on("Anna", "o1", "o2")
    assert (chronicles.stand("Anna").position, chronicles.stand("Bert").position) == ("o2", "")


def test_failure_is_news_once_and_over_when_it_is_read(sync: Sync) -> None:
    chronicles.take("Anna", NOW, NOW)
    assert chronicles.failed("Anna", NOW + 5, "BW-205", "broken")
    assert not chronicles.failed("Anna", NOW + 9, "BW-205", "broken again")
    assert chronicles.stand("Anna") == Stand(failed=2, trouble="BW-205 broken again")
    chronicles.read("Anna", NOW + 9)
    assert chronicles.stand("Anna") == Stand(read_at=NOW + 9)
    chronicles.lost("Anna", "too old", NOW + 10)
    assert chronicles.stand("Anna") == Stand("", NOW + 9, NOW + 10, "too old")


def test_subscriptions_are_looked_at_when_it_is_time_or_something_else_is_wanted(sync: Sync) -> None:
    chronicles.take("Anna", NOW, NOW)
    assert chronicles.take_check("Anna", "these", NOW)
    assert not chronicles.take_check("Anna", "others", NOW), "somebody is at it"
    chronicles.ask("Anna", NOW)
    assert not chronicles.take_check("Anna", "others", NOW)
    chronicles.checked("Anna", "these", NOW + 900)
    assert not chronicles.take_check("Anna", "these", NOW)
    assert chronicles.take_check("Anna", "others", NOW)
    assert chronicles.take_check("Anna", "others", NOW + LEASE)
    chronicles.checked("Anna", "others", NOW + 900)
    chronicles.ask("Anna", NOW)
    assert chronicles.take_check("Anna", "others", NOW)
    chronicles.check_anew("Anna")
    assert chronicles.take_check("Anna", "others", NOW)
    chronicles.keep_own("Anna", [Own("1", "OBJECT 0-1", "email"), Own("2", "PRIVACY", "")])
    assert chronicles.own("Anna") == [Own("1", "OBJECT 0-1", "email"), Own("2", "PRIVACY", "")]
    assert chronicles.own("Bert") == []
