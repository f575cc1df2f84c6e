"""Numbers of very many records: counted of late, told when, and counted anew beside those who look."""

import pytest

from bothways.ledger import looking
from bothways.service import counting
from bothways.service.syncs import show_sync
from bothways.service.views import Counts
from tests.aside import Aside, put_aside
from tests.office import Office


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> Aside:
    """Let few records count as many, and what is done aside wait."""
    made = put_aside(monkeypatch, counting)
    monkeypatch.setattr(counting, "MANY", 2)
    return made


def counts(office: Office) -> Counts:
    return show_sync(office.open(), "people").counts


def test_few_records_are_counted_for_everybody_who_asks(office: Office) -> None:
    office.pair("Ann")
    assert (counts(office).in_sync, counts(office).counted_at) == (1, None)
    office.pair("Bob")
    assert counts(office).in_sync == 2


def test_what_was_counted_of_late_is_shown_and_counted_anew_meanwhile(office: Office, aside: Aside) -> None:
    office.pair("Ann")
    office.pair("Bob")
    first = counts(office)
    assert (first.in_sync, first.counted_at) == (2, office.clock())
    office.pair("Cleo")
    office.clock.now = first.counted_at + counting.FRESH - 1  # type: ignore[operator]
    assert counts(office) == first
    assert not aside.waiting
    office.clock.advance(1)
    assert counts(office) == counts(office) == first
    assert aside.work() == 1
    assert (counts(office).in_sync, counts(office).counted_at) == (3, office.clock())


def test_nobody_is_shown_an_old_number(office: Office, aside: Aside) -> None:
    office.pair("Ann")
    office.pair("Bob")
    counts(office)
    office.pair("Cleo")
    office.clock.advance(counting.LASTS)
    assert counts(office).in_sync == 3
    assert not aside.waiting


def test_a_count_that_fails_is_made_again_later(office: Office, aside: Aside, monkeypatch: pytest.MonkeyPatch) -> None:
    from bothways.errors import DatabaseLocked

    office.pair("Ann")
    office.pair("Bob")
    first = counts(office)
    office.clock.advance(counting.FRESH)
    with monkeypatch.context() as patched:

        def fails(_sync: object) -> dict[str, int]:
            raise DatabaseLocked()

        patched.setattr(looking, "counts", fails)
        assert counts(office) == first
        aside.work()
    assert counts(office) == first
    assert aside.work() == 1
    assert counts(office).counted_at == office.clock()
