"""Troubles and alerts as rows: a change and its alerts together or not at all, an alert with one sender at a time."""

import contextlib
import threading

from django.db import connection

from bothways.ledger import alerts, db, troubles
from bothways.ledger.alerts import KEPT, LEASE, Alert
from bothways.ledger.models import Sync
from bothways.ledger.troubles import Trouble

NOW = 1_790_000_000.0


def begin(name: str = "Anna", code: str = "BW-202", *, tell_at: float = NOW, even_if_told: bool = True) -> Trouble:
    words = f"{name} fails"
    troubles.begin("app", name, code=code, words=words, now=NOW, tell_at=tell_at, even_if_told=even_if_told)
    found = troubles.find("app", name)
    assert found is not None
    return found


def tell(trouble: Trouble, *channels: str, now: float = NOW) -> bool:
    return alerts.tell(trouble, troubles.told, f'"{trouble.name}"', channels or ("mail",), now)


def test_trouble_is_one_row_that_keeps_its_beginning_and_its_mark() -> None:
    first = begin(tell_at=NOW + 900)
    troubles.begin("app", "Anna", code="BW-201", words="x", now=NOW + 60, until=NOW + 90, tell_at=NOW + 960)
    [again] = troubles.known()
    assert (again.since, again.mark, again.tell_at) == (NOW, first.mark, NOW + 900)
    assert (again.code, again.tries, again.until) == ("BW-201", 2, NOW + 90)
    assert (troubles.of(["Anna", "Bert"]), troubles.of(["Bert"]), troubles.of([])) == ([again], [], [])


def test_change_and_its_alerts_are_stored_together_and_by_one_alone() -> None:
    trouble = begin()
    assert tell(trouble, "mail", "webhook")
    assert not tell(trouble, "mail", "webhook"), "another worker was faster"
    assert sorted(each.channel for each in alerts.latest(10)) == ["mail", "webhook"]
    [known] = troubles.known()
    assert (known.told, known.tell_at) == ("BW-202 ", 0)


def test_nothing_is_stored_of_a_change_that_is_not_committed() -> None:
    trouble = begin()

    def cut(trouble: Trouble) -> bool:
        troubles.told(trouble)
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        alerts.tell(trouble, cut, "{}", ("mail",), NOW)
    assert (troubles.known(), alerts.latest(10)) == ([trouble], [])


def test_trouble_that_works_in_the_meantime_is_not_told_and_one_that_fails_again_is_not_over() -> None:
    trouble = begin()
    troubles.end([trouble], NOW, 300)
    assert not tell(trouble)
    [ending] = troubles.known()
    begin()
    assert not alerts.tell(ending, troubles.over, "{}", ("mail",), NOW + 300)
    assert len(troubles.known()) == 1


def test_newer_alert_takes_the_place_of_one_that_is_not_sent() -> None:
    tell(begin())
    troubles.end(troubles.known(), NOW, 0)
    assert alerts.tell(troubles.known()[0], troubles.over, '"over"', ("mail",), NOW)
    assert [each.document for each in alerts.latest(10)] == ['"over"']
    assert troubles.known() == []


def test_alert_is_taken_by_one_alone_until_its_lease_is_over() -> None:
    tell(begin())
    taken = alerts.take("mail", NOW)
    assert taken is not None
    assert alerts.take("mail", NOW + LEASE - 1) is None
    again = alerts.take("mail", NOW + LEASE)
    assert again is not None
    assert (again.id, again.document, again.tries) == (taken.id, taken.document, 2)
    alerts.sent(again, "250 OK", NOW + LEASE)
    assert alerts.take("mail", NOW + 10 * LEASE) is None


def test_alert_that_was_put_back_is_taken_after_those_less_tried() -> None:
    tell(begin("Anna"))
    tell(begin("Bert"))
    first = alerts.take("mail", NOW)
    assert first is not None
    alerts.put_back(first, "421 busy")
    assert [found.document for found in (alerts.take("mail", NOW), alerts.take("mail", NOW)) if found] == [
        '"Bert"',
        '"Anna"',
    ]


def test_lease_of_a_clock_that_was_wrong_holds_nobody_up() -> None:
    tell(begin())
    assert alerts.take("mail", NOW + 400 * 86_400)
    assert alerts.take("mail", NOW)


def test_alerts_are_forgotten_after_a_month() -> None:
    tell(begin("Anna"))
    tell(begin("Bert"), now=NOW + KEPT)
    tell(begin("Carl"), now=NOW + KEPT + 1)
    assert [each.document for each in alerts.latest(10)] == ['"Carl"', '"Bert"']


def test_those_not_sent_are_listed_before_all_others() -> None:
    for name in ("Anna", "Bert"):
        tell(begin(name))
    taken = [alerts.take("mail", NOW), alerts.take("mail", NOW)]
    assert taken[1] is not None
    alerts.sent(taken[1], "250 OK", NOW)
    assert [bool(each.sent_at) for each in alerts.latest(10)] == [False, True]


def test_two_workers_share_many_alerts_and_send_none_twice(backend: str) -> None:
    names = [f"app {number}" for number in range(30)]
    for name in names:
        tell(begin(name))
    together, taken = threading.Barrier(2), list[Alert]()

    def work() -> None:
        try:
            together.wait()
            while len(taken) < len(names):
                if (found := alerts.take("mail", NOW)) is not None:
                    taken.append(found)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sorted(each.document for each in taken) == sorted(f'"{name}"' for name in names)


def test_troubles_of_syncs_that_are_not_on_and_of_apps_that_none_uses_are_not_watched(sync: Sync) -> None:
    begin("Anna")
    begin("Carl")
    for kind in ("sync", "failing", "held", "channel"):
        troubles.begin(kind, "people", code="", words="", now=NOW)
    ids = {(each.kind, each.name): each.id for each in troubles.known()}
    assert troubles.unwatched() == {ids["app", "Carl"]}
    db.execute("UPDATE sync SET state='off'")
    assert troubles.unwatched() == {id for (kind, _), id in ids.items() if kind != "channel"}
