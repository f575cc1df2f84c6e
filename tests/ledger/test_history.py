"""Old history let go: runs as a whole and oldest first; of what they wrote all but what is still memory."""

import pytest

from bothways.engine.sides import SIDES, Side
from bothways.errors import RunSuperseded
from bothways.ledger import db, history, journal, links, turns
from bothways.ledger.history import AGAIN, ENTRIES, LONG_AWAY, RUNS
from bothways.ledger.journal import NEVER_SEEN, UNDO, Entry, FieldWrite
from bothways.ledger.links import NewLink
from bothways.ledger.models import Journal, Run, Sync, Workspace
from bothways.ledger.turns import SYNC, TAKEOVER

L, R = SIDES
DAY = 86_400.0
NOW = 10_000 * DAY
KEEP = 90 * DAY
HORIZON = NOW - KEEP


@pytest.fixture
def sync(sync: Sync) -> Sync:
    Sync.objects.update(approved=True)
    return sync


def ran(sync: Sync, days_ago: float, kind: str = "sync", state: str = "done", **more: object) -> Run:
    at = NOW - days_ago * DAY
    ended = None if state == "running" else at + 60
    return Run.objects.create(
        **{"sync": sync, "kind": kind, "state": state, "started_at": at, "ended_at": ended} | more
    )


def linked(sync: Sync, number: int = 1) -> int:
    [made] = links.create(sync, [NewLink(f"a{number}", f"b{number}", "active", "R6", "by e-mail")], NOW - 900 * DAY)
    return made


def wrote(
    sync: Sync,
    run: Run,
    link_id: int | None,
    *fields: str,
    kind: str = "update",
    state: str = "done",
    side: Side = R,
    landed: bool = True,
    message: str = "",
) -> int:
    """Let a run have written fields, and return the number of the entry."""
    write = FieldWrite("before", "after", "F3", "Anna changed", landed=landed, field="x")
    entry = Entry(0, 0, link_id, side, "b1", kind, "intent", "F3", "", {f"{name}={name}": write for name in fields})
    [id] = journal.add(sync, run.pk, [entry], run.started_at)
    if state != "intent":
        journal.close([(entry._replace(id=id), None)], state, run.started_at, message)
    return id


def go(sync: Sync, now: float = NOW, keep: float = KEEP) -> int:
    """Let go all that can, in the turn of the sync; return how many entries went."""
    turn = turns.take_now(sync.pk, "one", now, though_paused=True)
    assert turn is not None
    while history.let_runs_go(turn, now - keep, now):
        pass
    turns.give_back(turn)
    went, more = 0, True
    while more:
        gone, more = history.let_entries_go(now - keep, now)
        went += gone
    return went


def runs() -> set[int]:
    return set(Run.objects.values_list("pk", flat=True))


def entries() -> set[int]:
    return set(Journal.objects.values_list("pk", flat=True))


# --- runs ---------------------------------------------------------------------------------------------


def test_old_runs_go_oldest_first_and_it_is_known_which_and_since_when(sync: Sync) -> None:
    old, older = ran(sync, 200), ran(sync, 100)
    young = ran(sync, 80)
    assert history.old(HORIZON) == (2, 0)
    go(sync)
    assert runs() == {young.pk}
    assert history.last_gone() == older.pk > old.pk
    assert history.gone_before() == history.gone_before(sync) == older.ended_at
    assert history.since() == young.started_at
    assert history.still_there([old.pk, young.pk]) == {young.pk}


def test_nothing_goes_before_it_is_old(sync: Sync) -> None:
    kept = {ran(sync, 89.9).pk, ran(sync, 1).pk}
    assert go(sync) == 0
    assert runs() == kept
    assert (history.gone_before(), history.last_gone()) == (0.0, 0)


@pytest.mark.parametrize("kind", ["sync", "apply"])
def test_last_run_of_its_own_stays_and_all_that_came_after_it(sync: Sync, kind: str) -> None:
    ran(sync, 900)
    last, undo = ran(sync, 800, kind), ran(sync, 700, "undo", undoes=1)
    go(sync)
    assert runs() == {last.pk, undo.pk}


def test_run_at_work_and_one_of_unknown_outcome_keep_all_after_them(sync: Sync) -> None:
    ran(sync, 900)
    unknown = ran(sync, 800)
    later = [ran(sync, 700).pk, ran(sync, 1).pk]
    open_entry = wrote(sync, unknown, linked(sync), "name", state="intent")
    go(sync)
    assert runs() == {unknown.pk, *later}
    journal.close([(journal.open_entries(sync)[0], None)], "dropped", NOW - 699 * DAY)
    go(sync)
    assert runs() == {later[1]}
    assert open_entry in entries(), "a pass has gone by it already; the next round finds it"


def test_run_that_has_not_ended_keeps_all_after_it(sync: Sync) -> None:
    running = ran(sync, 900, state="running")
    kept = {running.pk, ran(sync, 800).pk, ran(sync, 1).pk}
    go(sync)
    assert runs() == kept


@pytest.mark.parametrize("change", [{"approved": False}, {"deleted_at": NOW - DAY}])
def test_sync_that_waits_for_its_first_look_or_was_deleted_keeps_everything(
    sync: Sync, change: dict[str, object]
) -> None:
    Sync.objects.update(**change)
    kept = {ran(sync, 900).pk, ran(sync, 800).pk}
    written = {wrote(sync, Run.objects.get(pk=min(kept)), None, "name")}
    assert history.with_old_runs(HORIZON, NOW) == []
    assert go(sync) == 0
    assert (runs(), entries()) == (kept, written)


def test_run_that_ended_in_the_future_goes_with_an_old_one_after_it_and_not_before(sync: Sync) -> None:
    wrong = ran(sync, -5_000)
    young, last = ran(sync, 20), ran(sync, 1)
    go(sync)
    assert runs() == {wrong.pk, young.pk, last.pk}
    go(sync, NOW + 80 * DAY)
    assert runs() == {last.pk}


def test_clock_that_is_far_behind_lets_nothing_young_go(sync: Sync) -> None:
    kept = {ran(sync, days).pk for days in (400, 300, 200, 100)}
    go(sync, NOW - 350 * DAY)
    assert runs() == kept


def test_more_runs_than_fit_one_transaction_go_in_several(sync: Sync) -> None:
    at = NOW - 200 * DAY
    Run.objects.bulk_create(
        Run(sync=sync, kind="sync", state="done", started_at=at, ended_at=at) for _ in range(RUNS + 3)
    )
    last = ran(sync, 1)
    turn = turns.take_now(sync.pk, "one", NOW, though_paused=True)
    assert turn is not None
    assert [history.let_runs_go(turn, HORIZON, NOW) for _ in range(3)] == [RUNS, 3, 0]
    assert runs() == {last.pk}


def test_who_has_lost_the_turn_of_the_sync_lets_nothing_go(sync: Sync) -> None:
    kept = {ran(sync, 200).pk, ran(sync, 1).pk}
    turn = turns.take(SYNC, sync.pk, "one", NOW)
    assert turn is not None
    assert turns.take(SYNC, sync.pk, "two", NOW + TAKEOVER + 1) is not None
    with pytest.raises(RunSuperseded):
        history.let_runs_go(turn, HORIZON, NOW)
    assert runs() == kept


# --- the journal --------------------------------------------------------------------------------------


def test_last_write_of_every_field_stays_and_what_it_replaced_goes(sync: Sync) -> None:
    one, two, three, _ = ran(sync, 300), ran(sync, 200), ran(sync, 150), ran(sync, 1)
    link = linked(sync)
    created = wrote(sync, one, link, "name", "email", kind="create")
    first, second = wrote(sync, two, link, "name"), wrote(sync, three, link, "name")
    assert go(sync) == 1
    assert entries() == {created, second}
    assert first not in entries()


def test_each_side_has_its_own_last_write(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    link = linked(sync)
    both = {wrote(sync, old, link, "name", side=L), wrote(sync, old, link, "name", side=R)}
    go(sync)
    assert entries() == both


def test_what_is_written_since_history_is_kept_supersedes_nothing_before(sync: Sync) -> None:
    old, young = ran(sync, 300), ran(sync, 1)
    link = linked(sync)
    stays = {wrote(sync, old, link, "name"), wrote(sync, young, link, "name")}
    assert go(sync) == 0
    assert entries() == stays
    ran(sync, -95)
    assert go(sync, NOW + 100 * DAY) == 1


def test_what_was_refused_or_ignored_goes_but_for_the_last_write_of_the_record(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    link = linked(sync)
    landed = wrote(sync, old, link, "name")
    wrote(sync, old, link, "name", state="failed")
    wrote(sync, old, link, "name", state="dropped")
    wrote(sync, old, link, "name", landed=False)
    ignored = wrote(sync, old, link, "name", landed=False)
    assert go(sync) == 3
    assert {landed, ignored} == entries(), "when the record was written last tells our own save from a person's"


@pytest.mark.parametrize("kind", [UNDO, "archive"])
def test_undo_and_deletion_are_last_writes_too(sync: Sync, kind: str) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    link = linked(sync)
    wrote(sync, old, link, "name", kind="update")
    stays = {wrote(sync, old, link, "name", kind="update"), wrote(sync, old, link, "name", kind=kind)}
    assert go(sync) == 1
    assert entries() == stays


def test_open_entries_and_what_nobody_found_out_are_never_let_go(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    unknown = wrote(sync, old, None, "name", state="dropped", message=NEVER_SEEN)
    gone = wrote(sync, old, None, "name", state="dropped", message="not sent")
    assert go(sync) == 1
    assert entries() == {unknown}
    assert gone not in entries()
    links_open = linked(sync, 2)
    open_entry = wrote(sync, Run.objects.get(), links_open, "name", state="intent")
    Journal.objects.filter(pk=open_entry).update(run_id=old.pk, created_at=NOW - 300 * DAY)
    Workspace.objects.update(pruned_to=0)
    assert go(sync) == 0
    assert open_entry in entries()


def test_entry_that_was_settled_of_late_counts_from_then_on(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    late = wrote(sync, old, None, "name")
    Journal.objects.filter(pk=late).update(done_at=NOW - 5 * DAY)
    assert go(sync) == 0
    assert entries() == {late}


def test_entries_of_a_run_that_is_kept_stay_whole(sync: Sync) -> None:
    old, last = ran(sync, 400), ran(sync, 300)
    link = linked(sync)
    whole = {wrote(sync, last, link, "name"), wrote(sync, last, link, "name"), wrote(sync, last, None, "x")}
    wrote(sync, old, link, "name", state="failed")
    go(sync)
    assert runs() == {last.pk}
    assert entries() == whole


# --- links that ended ---------------------------------------------------------------------------------


def test_of_a_pair_that_ended_long_ago_nothing_stays_and_of_one_that_ended_of_late_the_last_writes(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    ended, late = linked(sync, 1), linked(sync, 2)
    links.end(ended, NOW - 200 * DAY, "R5: gone in both", None)
    links.end(late, NOW - 20 * DAY, "R5: gone in both", None)
    wrote(sync, old, ended, "name")
    stays = wrote(sync, old, late, "name")
    assert go(sync) == 1
    assert entries() == {stays}


def test_all_stays_of_a_pair_whose_deletion_is_still_to_be_carried_over(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    link = linked(sync)
    links.end(link, NOW - 250 * DAY, "R4: deleted in Anna", R)
    links.carry([link], NOW - 247 * DAY)
    all_of_it = {wrote(sync, old, link, "name"), wrote(sync, old, link, "name")}
    all_of_it.add(wrote(sync, old, link, "name", kind="unlink"))
    assert go(sync) == 0
    assert entries() == all_of_it
    links.carry([link], None)
    Workspace.objects.update(pruned_to=0)
    assert go(sync) == 3


def test_what_was_seen_when_a_link_ended_that_lives_again_stays(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    link = linked(sync)
    stays = {wrote(sync, old, link, "name", kind="unlink"), wrote(sync, old, link, "name")}
    assert go(sync) == 0
    assert entries() == stays


def test_record_that_is_linked_anew_keeps_what_was_written_under_its_former_link(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    former = linked(sync)
    links.end(former, NOW - 250 * DAY, links.UNLINKED, None)
    linked(sync)
    wrote(sync, old, former, "name")
    stays = wrote(sync, old, former, "name")
    assert go(sync) == 1
    assert entries() == {stays}


def test_pair_that_goes_on_in_another_sync_keeps_its_last_writes(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    lead = linked(sync)
    links.end(lead, NOW - 250 * DAY, "R0c: became a contact", R)
    stays = wrote(sync, old, lead, "name")
    other = Sync.objects.create(name="contacts", state="on", left=sync.left, right=sync.right)
    links.create(other, [NewLink("c1", "b1", "active", "R0c", "linked", lead)], NOW)
    assert go(sync) == 0
    assert entries() == {stays}
    db.execute("UPDATE link SET state='ended', ended_at=%s WHERE came_from IS NOT NULL", (NOW,))
    Workspace.objects.update(pruned_to=0)
    assert go(sync) == 1


def test_what_stayed_goes_with_the_next_round_when_its_link_has_ended_since(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    link = linked(sync)
    wrote(sync, old, link, "name")
    assert go(sync) == 0
    links.end(link, NOW, links.UNLINKED, None)
    later = NOW + KEEP + 2 * DAY
    ran(sync, -(KEEP / DAY) - 2)
    assert later > NOW + AGAIN
    went = go(sync, later) + go(sync, later)
    assert went == 1
    assert entries() == set()


def test_journal_is_gone_through_in_pieces_and_once_only(sync: Sync) -> None:
    old, _ = ran(sync, 300), ran(sync, 1)
    go(sync)
    made = [Entry(0, 0, n, R, f"b{n}", "update", "failed", "F3", "", {}) for n in range(2 * ENTRIES + 100)]
    ids = journal.add(sync, old.pk, made, old.started_at)
    found = [history.let_entries_go(HORIZON, NOW) for _ in range(4)]
    assert found == [(ENTRIES, True), (ENTRIES, True), (100, True), (0, False)]
    assert Workspace.objects.get().pruned_to == ids[-1]


# --- when ---------------------------------------------------------------------------------------------


def test_one_of_all_workers_looks_once_an_hour(sync: Sync) -> None:
    assert not history.is_time(NOW, 3600), "nobody has ever looked: the clock may be wrong"
    assert not history.is_time(NOW + 3599, 3600)
    assert history.is_time(NOW + 3600, 3600)
    assert not history.is_time(NOW + 3600, 3600)


def test_after_a_long_time_and_after_a_clock_was_set_back_the_first_one_waits(sync: Sync) -> None:
    Workspace.objects.update(pruned_at=NOW)
    assert not history.is_time(NOW + LONG_AWAY + 1, 3600)
    assert not history.is_time(NOW - DAY, 3600)
    assert history.is_time(NOW - DAY + 3600, 3600)
