"""Links that a person brings along: checked against what both apps hold, made all together, and taken back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bothways.engine.matching import ALONE
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, feeds, holds, journal, left_out, links
from bothways.ledger.journal import Entry
from bothways.ledger.links import LinkRow, NewLink
from bothways.ledger.models import Run
from bothways.sync import held
from bothways.sync.absorb import wake_around
from bothways.sync.context import Context
from bothways.sync.conversions import OF_A_CONTACT
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
        apart = {side: links.apart(ctx.sync, side, ids[side]) for side in SIDES}
        out = {side: left_out.of_records(ctx.sync, side, ids[side]) for side in SIDES}
        chosen = {side: holds.chosen(ctx.sync, side, ids[side]) for side in SIDES}
        checked = []
        for pair in page:
            link = linked[Side.LEFT].get(pair.left)
            there = link is not None and link.right_id == pair.right
            problem = next(_problems(ctx, pair, rows, met), "")
            if not problem and not there:
                problem = next(_taken(ctx, pair, linked, out, chosen), "") or _declared_new(ctx, pair, apart)
            if not problem and pair.right in apart[Side.LEFT].get(pair.left, ()):
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


def _declared_new(ctx: Context, pair: GivenPair, apart: Mapping[Side, Mapping[str, set[str]]]) -> str:
    """Say which record of a pair is to be made anew in the other app, since a person has said so; "" if none is."""
    new = (side for side in SIDES if ALONE in apart[side].get(pair.on(side), ()))
    apps = ctx.spec.apps
    return next(
        (f"a person has said that {apps[side]} {pair.on(side)} is nobody in {apps[side.other]}" for side in new), ""
    )


def make(ctx: Context, pages: Iterable[Sequence[Checked]]) -> int:
    """Link the rows that are sound, in the caller's transaction, and return how many; the next run merges them."""
    count = 0
    for page in pages:
        new = [each.pair for each in page if not each.problem and not each.there]
        chosen = holds.chosen(ctx.sync, Side.LEFT, [pair.left for pair in new])
        rows = [NewLink(pair.left, pair.right, "active", RULE, "you brought the link along") for pair in new]
        ids = make_links(ctx, rows)
        entries = [
            Entry(0, ctx.run_id, id, Side.LEFT, pair.left, "link", "done", RULE, "", {}, _more(pair, chosen))
            for id, pair in zip(ids, new, strict=True)
        ]
        journal.add(ctx.sync, ctx.run_id, entries, ctx.clock())
        for side in SIDES:
            due.mark(ctx.sync, side, [pair.on(side) for pair in new])
        count += len(new)
    return count


def _more(pair: GivenPair, chosen: Mapping[str, str]) -> dict[str, object]:
    """Return what is kept beside a link: that a person had chosen its two before, which then need not wait any more."""
    return {"chosen": True} if chosen.get(pair.left) == pair.right else {}


def undone_by(ctx: Context, run: Run, *, look: bool) -> tuple[int, list[tuple[str, str, str]]]:
    """Take back the links that a run brought along; ``look``: only count. Return how many, and what stays with why.

    A pair between which something was written since stays linked: its records belong together by now. So does one of
    which a person has decided something since.
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
                if entry.kind != "link" or link is None or not (link.state == "active" or link.by_conversion):
                    continue
                if why := _why_kept(ctx, link):
                    kept.append((ctx.spec.apps[Side.LEFT], str(entry.record_id), why))
                    continue
                count += 1
                if not look:
                    _take_back(ctx, link, chosen=bool(entry.more.get("chosen")))
    return count, kept


def _why_kept(ctx: Context, link: LinkRow) -> str:
    """Return why a link that was brought along stays, "" if it does not."""
    if link.by_conversion:
        return OF_A_CONTACT
    if any(each.kind != "link" for each in journal.of_link(link.id)):
        return "was written to since it was linked"
    if link.paused:
        return "was paused since it was linked"
    found = (hold for side in SIDES for hold in holds.of_records(ctx.sync, side, [str(link.on(side))]))
    return "what its fields hold was decided since it was linked" if held.decided(found) else ""


def _take_back(ctx: Context, link: LinkRow, *, chosen: bool) -> None:
    """Remove a link as if it had never been. If a person had ``chosen`` the two before, they are so again."""
    ids = {side: str(link.on(side)) for side in SIDES}
    links.forget(link.id)
    for side, id in ids.items():
        holds.close_of_pair(ctx.sync, side, id)
        due.mark(ctx.sync, side, [id])
        wake_around(ctx.sync, side, id)
    if chosen:
        holds.choose(ctx.sync, ids, ctx.clock())
