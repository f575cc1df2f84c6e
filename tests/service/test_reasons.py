"""Why records are left out: how many by what, counted at once where they are few, else of late; and their lists."""

from collections import Counter
from pathlib import Path

import pytest

from bothways.cli.looking import Reason
from bothways.cli.render.syncs import LEFT_OUT
from bothways.service import counting, issues, reasons
from bothways.service.records import list_records
from bothways.service.syncs import show_sync
from bothways.service.views import LeftOutBy, LeftOutView, Page, RecordView, SyncView
from tests.aside import Aside, put_aside
from tests.office import Office
from tests.service.test_scope import office as scoped


@pytest.fixture
def mixed(folder: Path) -> Office:
    """Records that are left out by a filter, linked or not, since they have no address, and by a person."""
    made = scoped(folder, "    require: [email]\n    send: {Anna: {filter: {field: land, in: [DE, AT]}}}\n")
    made.anna.add(name="No address", land="DE")
    made.bert.add(email="b@x.test", name="Bert's own")
    left = [made.anna.add(email=f"{name}@x.test", name=name, land="AT") for name in ("gone", "paused", "stays")]
    made.rest()
    made.anna.edit(left[0], land="FR")
    made.rest()
    issues.pause(made.open(), "people", left[1])
    made.rest()
    return made


def told(office: Office, *, now: bool = False) -> LeftOutView | None:
    view = show_sync(office.open(), "people")
    return explain(office, view, now=now).left_out


def explain(office: Office, view: SyncView, *, now: bool) -> SyncView:
    return (reasons.explained_now if now else reasons.explained)(office.open(), view)


def by(office: Office, wanted: LeftOutBy | None, *, bounded: bool = False, size: int = 50) -> list[RecordView]:
    """Return all that are left out by one thing, page by page; None: by any."""
    found, page = list[RecordView](), Page((), None)
    while True:
        page = list_records(
            office.open(), "people", state="left_out", left_out_by=wanted, after=page.after, size=size, bounded=bounded
        )
        assert len(page.rows) <= size
        found += page.rows
        if page.after is None:
            return found


def test_numbers_are_those_of_the_lists_and_make_up_the_whole(mixed: Office) -> None:
    found, counts = told(mixed), show_sync(mixed.open(), "people").counts
    assert found == told(mixed, now=True) == LeftOutView({"email": 1, "filter": 4, "person": 1})
    assert counts.left_out == sum(found.by.values()) == 6
    assert Counter(each.left_out_by for each in by(mixed, None)) == found.by
    for reason in LeftOutBy:
        listed = [each.name for each in by(mixed, reason)]
        assert listed == [each.name for each in by(mixed, None) if each.left_out_by is reason], reason
        assert listed == [each.name for each in by(mixed, reason, size=1)]
    assert [each.name for each in by(mixed, LeftOutBy.EMAIL)] == ["No address"]
    assert [each.name for each in by(mixed, LeftOutBy.PERSON)] == ["paused"]


def test_list_looks_at_some_at_a_time_and_says_how_many(mixed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.service.records.EFFORT", 4)
    monkeypatch.setattr("bothways.service.records.WINDOW", 3)
    monkeypatch.setattr("bothways.service.records.PASSED", 1)
    monkeypatch.setattr("bothways.service.records.JUDGED", 2)
    assert [each.name for each in by(mixed, LeftOutBy.EMAIL, bounded=True)] == ["No address"]
    pages = [Page((), None)]
    while len(pages) == 1 or pages[-1].after is not None:
        after = pages[-1].after
        pages.append(
            list_records(mixed.open(), "people", left_out_by=LeftOutBy.EMAIL, after=after, size=50, bounded=True)
        )
    assert len(pages) > 3
    assert all(each.unfinished and each.looked for each in pages[1:-1])


def test_reason_goes_with_no_other_state_and_with_a_search(mixed: Office) -> None:
    here = mixed.open()
    assert list_records(here, "people", state="held", left_out_by=LeftOutBy.EMAIL) == Page((), None)
    for text, found in (("addr", ["No address"]), ("p1", [])):
        rows = list_records(here, "people", left_out_by=LeftOutBy.EMAIL, search=text).rows
        assert [each.name for each in rows] == found
    rows = list_records(here, "people", left_out_by=LeftOutBy.FILTER, search="p1@x.test").rows
    assert [each.name for each in rows] == ["P1"]


def test_nothing_is_said_where_nobody_is_left_out(office: Office) -> None:
    office.pair("Dana")
    assert (told(office), told(office, now=True)) == (None, None)


def test_every_reason_has_words_at_the_command_line() -> None:
    assert [each.value for each in Reason] == list(LEFT_OUT) == [each.value for each in LeftOutBy]


# --- many ---------------------------------------------------------------------------------------------


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> Aside:
    """Let few records count as many, and what is done aside wait."""
    made = put_aside(monkeypatch, reasons)
    monkeypatch.setattr(reasons, "FEW", 0)
    return made


def test_many_are_counted_aside_and_shown_with_when_that_was(mixed: Office, aside: Aside) -> None:
    assert told(mixed) == told(mixed) == LeftOutView({}, counting=True)
    assert aside.work() == 1, "it is counted once, whoever asks meanwhile"
    first = told(mixed)
    assert first == LeftOutView({"email": 1, "filter": 4, "person": 1}, mixed.clock())
    mixed.anna.add(name="Another", land="DE")
    mixed.clock.advance(59)
    assert (told(mixed), aside.work()) == (first, 0)
    mixed.run()
    assert (told(mixed), aside.work()) == (first, 1), "it is counted anew while that is shown"
    assert told(mixed) == LeftOutView({"email": 2, "filter": 4, "person": 1}, mixed.clock())
    mixed.clock.advance(reasons.LASTS)
    assert told(mixed) == LeftOutView({}, counting=True), "nobody is shown an old number"


def test_what_took_long_to_count_is_new_for_longer(mixed: Office, aside: Aside) -> None:
    told(mixed)
    reasons._kept.clear()
    aside.work()
    [(place, kept)] = reasons._kept.items()
    reasons._kept[place] = reasons._Kept(kept.by, kept.at, 20.0)
    mixed.clock.advance(179)
    assert (told(mixed) is not None, aside.work()) == (True, 0)
    mixed.clock.advance(1)
    assert (told(mixed) is not None, aside.work()) == (True, 1)


def test_other_settings_are_counted_anew(mixed: Office, aside: Aside) -> None:
    told(mixed)
    aside.work()
    mixed.change("in: [DE, AT]", "in: [DE, AT, NO]")
    mixed.run()
    assert told(mixed) == LeftOutView({}, counting=True)


def test_command_counts_no_very_many(mixed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "MANY", 5)
    assert told(mixed, now=True) is None
    assert counting.MANY > 5
