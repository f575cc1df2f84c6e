"""Proofs: planned beside their syncs, taken as turns, kept by whoever has the turn."""

import pytest

from bothways.ledger import proofs, rests, turns
from bothways.ledger.models import Connection, Feed, Proof, Sync
from bothways.ledger.turns import PROOF, TAKEOVER

NOW = 1_700_000_000.0


@pytest.fixture
def sync() -> Sync:
    feeds = [
        Feed.objects.create(connection=Connection.objects.create(name=name, connector="memory"), object="people")
        for name in ("Anna", "Bert")
    ]
    Feed.objects.update(baseline_done=True)
    return Sync.objects.create(name="people", state="on", left=feeds[0], right=feeds[1])


def planned(sync: Sync, due_at: float = NOW) -> int:
    proofs.plan(sync.pk, "nightly", due_at)
    return int(Proof.objects.get(sync=sync).pk)


def test_sync_that_is_on_is_told_of_with_or_without_a_proof(sync: Sync) -> None:
    assert proofs.planned() == [(sync.pk, "people", None, 0, 0, 0)]
    planned(sync)
    assert proofs.planned() == [(sync.pk, "people", "nightly", NOW, 0, 0)]
    Sync.objects.update(state="off")
    assert proofs.planned() == []


def test_proof_is_planned_anew_but_not_while_somebody_makes_it(sync: Sync) -> None:
    id = planned(sync)
    planned(sync, NOW + 5)
    assert turns.due(PROOF, NOW, 10) == []
    turn = turns.take(PROOF, id, "one", NOW + 5)
    assert turn is not None
    planned(sync, NOW + 1000)
    assert Proof.objects.get().due_at == NOW + 5
    proofs.unplan(sync.pk)
    assert not turns.finish(turn, NOW + 60)


def test_what_was_found_is_kept_by_who_has_the_turn_alone(sync: Sync) -> None:
    turn = turns.take(PROOF, planned(sync), "one", NOW)
    assert turn is not None
    assert proofs.of(sync) is None
    assert proofs.keep(turn, NOW, 12, 1, {"looked_at": [3]})
    proofs.remember(sync, [5, 3])
    kept = proofs.of(sync)
    assert kept is not None
    assert (kept.proven_at, kept.pairs, kept.differing, kept.report) == (NOW, 12, 1, {"looked_at": [3, 5]})
    assert turns.take(PROOF, turn.id, "two", NOW + TAKEOVER + 1) is not None
    assert not proofs.keep(turn, NOW + 1, 12, 0, {})


def test_nothing_is_proven_of_feeds_never_read_or_apps_that_rest(sync: Sync) -> None:
    id = planned(sync)
    assert turns.due(PROOF, NOW, 10) == [id]
    rests.begin("Bert", NOW + 100, "BW-201", "cannot be reached")
    assert turns.due(PROOF, NOW, 10) == []
    rests.end(["Bert"])
    Feed.objects.filter(pk=sync.left_id).update(baseline_done=False)
    assert turns.due(PROOF, NOW, 10) == []


def test_worker_that_stops_gives_its_proof_back(sync: Sync) -> None:
    id = planned(sync)
    turns.take(PROOF, id, "one", NOW)
    turns.leave("one")
    assert turns.due(PROOF, NOW, 10) == [id]
