"""Links that a person brings along: checked against what both apps hold, made all together, and taken back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, feeds, holds, journal, left_out, links
from bothways.ledger.journal import Entry
from bothways.ledger.links import NewLink
from bothways.ledger.models import Run
from bothways.sync.context import Context
from bothways.sync.intents import make_links

RULE = "import"
"""Why a link exists that was brought along, and the kind of its run."""

PAGE = 400


class GivenPair(NamedTuple):
    """One row of what a person brings: its line, and the ids of both records, "" where there is none."""

    line: int
    left: str
    right: str

    def on(self, side: Side) -> str:
        """Return the id on one side."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True, slots=True)
class Checked:
    """One row and what is wrong with it, "" if nothing is. ``there``: the two are linked already."""

    pair: GivenPair
    problem: str = ""
    there: bool = False


def check(ctx: Context, pairs: Iterable[GivenPair]) -> Iterator[list[Checked]]:
    """Yield the rows page by page, each checked against the ledger and those before it."""
    met: dict[Side, dict[str, int]] = {side: {} for side in SIDES}
    for page in db.paged(pairs, PAGE):
        ids = {side: {pair.on(side) for pair in page} for side in SIDES}
        rows = {side: feeds.seen_by_id(ctx.ends[side].feed.pk, ids[side]) for side in SIDES}
        linked = {side: links.live_by_record(ctx.sync, side, ids[side]) for side in SIDES}
        apart = links.apart(ctx.sync, Side.LEFT, ids[Side.LEFT])
        out = {side: left_out.of_records(ctx.sync, side, ids[side]) for side in SIDES}
        chosen = {side: holds.chosen(ctx.sync, side, ids[side]) for side in SIDES}
        checked = []
        for pair in page:
            link = linked[Side.LEFT].get(pair.left)
            there = link is not None and link.right_id == pair.right
            problem = next(_problems(ctx, pair, rows, met), "")
            if not problem and not there:
                problem = next(_taken(ctx, pair, linked, out, chosen), "")
            if not problem and pair.right in apart.get(pair.left, ()):
                problem = "a person has kept the two apart"
            for side in SIDES:
                met[side].setdefault(pair.on(side), pair.line)
            checked.append(Checked(pair, problem, there and not problem))
        yield checked


def _problems(
    ctx: Context,
    pair: GivenPair,
    rows: dict[Side, dict[str, feeds.SeenRow]],
    met: dict[Side, dict[str, int]],
) -> Iterator[str]:
    for side in SIDES:
        id, app = pair.on(side), ctx.spec.apps[side]
        if not id:
            yield f"no id for {app}"
        elif (row := rows[side].get(id)) is None or not row.live:
            yield f"{app} has no record {id}" if row is None or row.state != "merged" else f"{app} has merged {id}"
        elif id in met[side]:
            yield f"{app} {id} stands in line {met[side][id]} already"


def _taken(
    ctx: Context,
    pair: GivenPair,
    linked: dict[Side, dict[str, links.LinkRow]],
    out: dict[Side, dict[str, left_out.LeftOut]],
    chosen: dict[Side, dict[str, str]],
) -> Iterator[str]:
    """Yield who has a record of a pair by now, or gets it by the next run since a person has said so."""
    for side in SIDES:
        if pair.on(side) in out[side]:
            yield f"{ctx.spec.apps[side]} {pair.on(side)} takes no part: {out[side][pair.on(side)].why}"
        link = linked[side].get(pair.on(side))
        if link is not None:
            partner = link.on(side.other) or "a record that is being created"
            yield f"{ctx.spec.apps[side]} {pair.on(side)} is linked to {partner}"
        elif (partner := chosen[side].get(pair.on(side), pair.on(side.other))) != pair.on(side.other):
            yield f"{ctx.spec.apps[side]} {pair.on(side)} is linked to {partner}"


def make(ctx: Context, pages: Iterable[Sequence[Checked]]) -> int:
    """Link the rows that are sound, in the caller's transaction, and return how many; the next run merges them."""
    count = 0
    for page in pages:
        new = [each.pair for each in page if not each.problem and not each.there]
        rows = [NewLink(pair.left, pair.right, "active", RULE, "you brought the link along") for pair in new]
        ids = make_links(ctx, rows)
        entries = [
            Entry(0, ctx.run_id, id, Side.LEFT, pair.left, "link", "done", RULE, "", {})
            for id, pair in zip(ids, new, strict=True)
        ]
        journal.add(ctx.sync, ctx.run_id, entries, ctx.clock())
        for side in SIDES:
            due.mark(ctx.sync, side, [pair.on(side) for pair in new])
        count += len(new)
    return count


def undone_by(ctx: Context, run: Run, *, look: bool) -> tuple[int, list[tuple[str, str, str]]]:
    """Take back the links that a run brought along; ``look``: only count. Return how many, and what stays with why.

    A pair between which something was written since stays linked: its records belong together by now.
    """
    count, kept, after = 0, list[tuple[str, str, str]](), 0
    if run.kind != RULE:
        return count, kept
    while page := journal.of_run(run.pk, after):
        after = page[-1].id
        found = links.by_id([entry.link_id for entry in page if entry.link_id is not None])
        with db.transaction_():
            ctx.fence()
            for entry in page:
                link = found.get(entry.link_id or 0)
                if entry.kind != "link" or link is None or link.state != "active":
                    continue
                if any(each.kind != "link" for each in journal.of_link(link.id)):
                    app = ctx.spec.apps[Side.LEFT]
                    kept.append((app, str(entry.record_id), "was written to since it was linked"))
                    continue
                count += 1
                if not look:
                    links.forget(link.id)
                    for side in SIDES:
                        due.mark(ctx.sync, side, [id for id in (link.on(side),) if id])
    return count, kept
