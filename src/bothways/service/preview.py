"""Plans: what a run would do, kept as rows, and read in pages."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bothways.engine.brakes import Brake
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, key_of, one_sided
from bothways.errors import OnAlready, PlanOutdated, UnknownDraft
from bothways.ledger import db, feeds, links, looking, plans
from bothways.ledger.models import Draft, Plan, Revision, Run
from bothways.records import Field
from bothways.service.advice import advice_for
from bothways.service.allowances import accounted, into_the_reserve
from bothways.service.connect import open_app
from bothways.service.database import on_database
from bothways.service.forecast import forecast
from bothways.service.records import find
from bothways.service.resolution import row_of
from bothways.service.revisions import one_sided_fields
from bothways.service.rights import Role, for_role
from bothways.service.turn import own_turn
from bothways.service.views import (
    ActionPage,
    ActionView,
    BrakeView,
    DuplicatesView,
    FieldView,
    ForecastView,
    MadePlan,
    PlanView,
    plain,
)
from bothways.service.views.common import from_plain
from bothways.service.work import Report, context, plain_id
from bothways.service.workspace import Workspace
from bothways.sync.context import Context
from bothways.sync.planning import PART
from bothways.sync.run import preview, preview_record
from bothways.sync.shows import SHOWS

KEPT = 5
"""Plans of one sync that are kept for being applied; older ones are forgotten."""

PAGE = 400
"""Actions read at once."""

SWIFT, SEARCHED, WINDOW, ROUGH = 20_000, 10_000, 4_000, ("emptied", "conflicts", "held")
"""Actions among which is looked at once for those of a page; fewer where texts are searched, or each must be read."""

EXAMPLES = 5
"""Records shown of a group of duplicates."""

LOOK = "look"
"""State of a plan that shows what turning on from now on would do, and is not to be applied."""

SETTINGS, BY_A_RUN = "settings", "run"
"""What may have happened since a plan was made."""

VIEW, DRAFT, DOCUMENT = "view", "draft", "document"
"""Where the totals of a stored plan keep what it was shown as; of which draft it tells, and by which exact settings."""

_NOT_SEARCHABLE = re.compile(r"[^!-~ ]|[\"\\\\]")
"""What the database's own search may miss: letters whose case it does not know, what JSON writes otherwise."""

RECORD, SAMPLE = "record", "sample"
"""Parts of what is to be looked at, of which a plan can be made alone."""

FAILING = ("R13", "F6")
"""Rules of actions that are held because an app or a record does not let them be done."""


@on_database
def plan(
    workspace: Workspace,
    name: str,
    *,
    from_now: bool = False,
    record: str | None = None,
    sample: int | None = None,
    progress: Report | None = None,
) -> PlanView:
    """Read both apps and plan; nothing is written to any app. A draft can be planned, too.

    ``from_now``: show what turning the sync on from now on would leave as it is; such a plan cannot be applied.
    Raises OnAlready for it.
    ``record``: only this one, named as for ``why``, and its partner are read and planned. ``sample``: only so many
    records are planned, chosen at random among those that are to be looked at.
    """
    with own_turn(workspace, row_of(workspace, name), progress) as turn:
        if record is not None or sample is not None:
            return plan_part_in_turn(workspace, name, turn.worker, record=record, sample=sample, progress=progress)
        return plan_in_turn(workspace, name, turn.worker, from_now=from_now, progress=progress)


@accounted
def plan_in_turn(
    workspace: Workspace, name: str, worker: str, *, from_now: bool = False, progress: Report | None = None
) -> PlanView:
    """Plan as ``plan`` does, by the worker that has the turn of the sync, in the caller's use of the database."""
    apps = [open_app(workspace, app) for app in workspace.sync(name).pair]
    with into_the_reserve(*apps):
        ctx = context(workspace, name, progress, running=False, worker=worker)
        if from_now and ctx.sync.state == "on":
            raise OnAlready(name=name)
        ctx.from_now = from_now
        made, planned, brakes = preview(ctx, everything=ctx.sync.state == "off")
        if from_now:
            made.state = LOOK
        forget_old(made)
        advice = advice_for(ctx, planned)
        view = _view(ctx, made, brakes, advice) if from_now else view_of_plan(workspace, ctx, made, brakes, advice)
        made.totals = {**made.totals, VIEW: plain(view)}
        made.save(update_fields=["state", "totals"])
        return view


@accounted
def plan_part_in_turn(
    workspace: Workspace,
    name: str,
    worker: str,
    *,
    record: str | None = None,
    sample: int | None = None,
    progress: Report | None = None,
) -> PlanView:
    """Plan one record and its partner, or a sample, by the worker that has the turn of the sync. It can be applied."""
    apps = [open_app(workspace, app) for app in workspace.sync(name).pair]
    with into_the_reserve(*apps):
        ctx = context(workspace, name, progress, running=False, worker=worker)
        if record is not None:
            made, _, brakes = preview_record(ctx, find(workspace, name, record)[1].ids)
        else:
            made, _, brakes = preview(ctx, everything=ctx.sync.state == "off", sample=sample)
        forget_old(made)
        whole = _view(ctx, made, brakes, "")
        part = SAMPLE if record is None else RECORD
        view = replace(whole, part=part, compared=plans.size(made), known=whole.compared, duplicates=())
        made.totals = {**made.totals, VIEW: plain(view)}
        made.save(update_fields=["totals"])
        return view


Shown = str
Taken = Callable[[PlanView, Iterator[ActionView]], None]
"""What is given a plan and its actions, read page by page while they are taken."""


def show_plan(workspace: Workspace, name: str, show: Shown, take: Taken, progress: Report | None = None) -> None:
    """Plan and hand the plan over, without an id since it is not kept; for the one runner, on its database.

    ``show`` as for ``plan_actions``.
    """
    ctx = context(workspace, name, progress, running=False)
    made, planned, brakes = preview(ctx, everything=ctx.sync.state == "off")
    view = view_of_plan(workspace, ctx, made, brakes, advice_for(ctx, planned))
    take(replace(view, id=""), _paged(workspace, made, show))


def _paged(workspace: Workspace, made: Plan, show: Shown) -> Iterator[ActionView]:
    after = -1
    while page := _page(workspace, made, show, after, PAGE):
        yield from page
        after = page[-1].seq


def forget_old(made: Plan) -> None:
    """Forget the oldest plans; those of a part take the place of no whole one."""
    alike = [
        each
        for each in Plan.objects.filter(sync_id=made.sync_id).order_by("-id")
        if (PART in each.totals) == (PART in made.totals)
    ]
    for old in alike[KEPT:]:
        with db.transaction_():
            plans.drop(old.pk)


def view_of_plan(workspace: Workspace, ctx: Context, made: Plan, brakes: list[Brake], advice: str) -> PlanView:
    """Return a plan as it is shown, with what writing it would cost."""
    return _view(ctx, made, brakes, advice, _cost(workspace, ctx, made))


def _view(ctx: Context, made: Plan, brakes: list[Brake], advice: str, cost: ForecastView | None = None) -> PlanView:
    apps, totals = ctx.spec.apps, made.totals
    kinds: Counter[str] = Counter()
    for kind, rule, count in db.rows(
        "SELECT kind, rule, COUNT(*) FROM plan_action WHERE plan_id=%s GROUP BY kind, rule", (made.pk,)
    ):
        kinds["failing" if kind == "hold" and rule in FAILING else kind] += int(count)
    live = sum(feeds.live_count(end.feed.pk) for end in ctx.ends.values())
    return PlanView(
        f"p_{made.pk}",
        ctx.sync.name,
        (apps[Side.LEFT], apps[Side.RIGHT]),
        live - links.counts(ctx.sync),
        {apps[side]: int(totals["creates"][side]) for side in SIDES},
        {apps[side]: int(totals["updates"][side]) for side in SIDES},
        kinds["link"],
        kinds["hold"],
        kinds["leave out"],
        kinds["failing"],
        kinds["wait"] + kinds["skip"],
        int(totals["conflicts"]),
        dict(totals["emptied"]),
        tuple(BrakeView(each.name, each.reason, _hint(made, each)) for each in brakes),
        int(totals["writes"]),
        made.revision,
        kinds["unlink"],
        dict(totals["left_out"]),
        dict(totals["leaving"]),
        int(totals["entering"]),
        advice,
        tuple(_duplicates(ctx)) if not links.counts(ctx.sync) else (),
        {apps[side]: int(totals.get("deletes", {}).get(side, 0)) for side in SIDES},
        int(totals.get("agreed", 0)),
        int(totals.get("to_decide", 0)),
        cost,
    )


def _cost(workspace: Workspace, ctx: Context, made: Plan) -> ForecastView | None:
    if not made.totals["writes"]:
        return None
    return forecast(ctx, made, {side: open_app(workspace, end.app) for side, end in ctx.ends.items()})


def _duplicates(ctx: Context) -> Iterator[DuplicatesView]:
    """Yield what is several times in one app, by each key that links."""
    for side, end in ctx.ends.items():
        for rule in ctx.spec.match:
            if rule.finding is Finding.LINK:
                found = feeds.duplicates(end.feed.pk, rule.slots(side))
                if found.groups:
                    examples = tuple(tuple(ids[:EXAMPLES]) for ids in found.examples)
                    yield DuplicatesView(end.app, rule.title(side), found.groups, found.records, examples)


def _hint(made: Plan, brake: Brake) -> str:
    if brake.name == "empty_source":
        return "Look into that app first. If it is right: --yes lets it pass."
    return f"bothways run stops there; apply p_{made.pk} --yes, or run --yes, lets it pass."


def plan_row(workspace: Workspace, plan_id: str) -> Plan:
    """Return a plan of this workspace; raise PlanOutdated where it is not kept (any more)."""
    number = plain_id(plan_id, "p")
    found = Plan.objects.select_related("sync").filter(pk=number).first() if number is not None else None
    if found is None or found.state == "making":
        reason = "there is no such plan; it was applied or replaced, or never made"
        name = next(iter(workspace.document.syncs), "SYNC") if len(workspace.document.syncs) == 1 else "SYNC"
        raise PlanOutdated(plan=plan_id, reason=reason, name=name)
    workspace.sync(found.sync.name)
    return found


@on_database
@for_role(Role.VIEWER)
def latest_plan(workspace: Workspace, name: str) -> MadePlan | None:
    """Return the plan of a sync that was made last and can still be looked at; None if there is none.

    One of a part of what is to be looked at is none.
    """
    sync = row_of(workspace, name)
    rows = Plan.objects.filter(sync=sync, state="ready", revision__gt=0).order_by("-id")
    found = next((each for each in rows if PART not in each.totals), None)
    return _made(workspace, found) if found is not None and VIEW in found.totals else None


@on_database
@for_role(Role.VIEWER)
def latest_of_draft(workspace: Workspace, draft: int) -> MadePlan | None:
    """Return what the settings of a draft would change, as it was planned last; None if it was not. Raise UnknownDraft.

    It is outdated by another version of the draft, too.
    """
    row = Draft.objects.filter(pk=draft).first()
    if row is None:
        raise UnknownDraft(id=draft)
    rows = Plan.objects.filter(sync=row.sync_id, state="ready", revision=0).order_by("-id")
    found = next((each for each in rows if each.totals.get(DRAFT, {}).get("id") == draft), None)
    return _made(workspace, found) if found is not None else None


@on_database
@for_role(Role.VIEWER)
def made_plan(workspace: Workspace, plan_id: str) -> MadePlan:
    """Return a plan as it was shown when it was made; raise PlanOutdated where it is not kept (any more)."""
    found = plan_row(workspace, plan_id)
    if VIEW not in found.totals:
        reason = "it was made by an older version of Bothways"
        raise PlanOutdated(plan=plan_id, reason=reason, name=found.sync.name)
    return _made(workspace, found)


def _made(workspace: Workspace, found: Plan) -> MadePlan:
    view = from_plain(PlanView, found.totals[VIEW])
    return MadePlan(
        view, found.created_at, dict(found.totals.get("shows", {})), _outdated(found), not found.sync.approved
    )


def _outdated(found: Plan) -> str:
    """Return why a plan no longer says what would happen, "" if nothing is known to have happened since."""
    if DRAFT in found.totals:
        told = found.totals[DRAFT]
        row = Draft.objects.filter(pk=told["id"]).first()
        if row is None or row.version != told["version"] or found.sync.revision != told["base"]:
            return SETTINGS
    elif found.revision != found.sync.revision:
        return SETTINGS
    since = Run.objects.filter(sync=found.sync, started_at__gt=found.created_at).values_list("pk", flat=True)
    return BY_A_RUN if any(looking.written(list(since)).values()) else ""


@on_database
def plan_actions(
    workspace: Workspace, plan_id: str, *, show: str = "all", after: int = -1, size: int = 400
) -> list[ActionView]:
    """Return a page of a plan's actions, in order after the last one seen.

    ``show``: one of ``SHOWS``: all that would be done or is held; conflicts, emptied, held of these; everything.
    """
    return _page(workspace, plan_row(workspace, plan_id), show, after, size)


@for_role(Role.VIEWER)
def each_action(workspace: Workspace, plan_id: str, *, show: str = "everything") -> Iterator[ActionView]:
    """Yield all actions of a plan that are listed so, read page by page."""
    after = -1
    while page := plan_actions(workspace, plan_id, show=show, after=after, size=PAGE):
        yield from page
        after = page[-1].seq


@on_database
@for_role(Role.VIEWER)
def plan_page(
    workspace: Workspace, plan_id: str, *, show: str = "all", search: str = "", after: int = -1, size: int = 50
) -> ActionPage:
    """Return a page of a plan's actions whose records have a text in their names or ids, and from where to go on.

    Of very many actions only some are looked at: then the page may be short, and is ``unfinished``.
    """
    made = plan_row(workspace, plan_id)
    search = search.strip()
    edge = after + (WINDOW if show in ROUGH else SEARCHED if search else SWIFT)
    found = _page(workspace, made, show, after, size + 1, search, edge)
    shown = tuple(found[:size])
    if len(found) > size:
        return ActionPage(shown, shown[-1].seq)
    last = plans.size(made) - 1
    return ActionPage(shown, edge, looked=edge + 1, unfinished=True) if edge < last else ActionPage(shown, None)


def _page(
    workspace: Workspace,
    found: Plan,
    show: Shown,
    after: int,
    size: int,
    search: str = "",
    edge: int | None = None,
) -> list[ActionView]:
    """Return some of the actions behind one; ``edge``: none beyond this one is looked at."""
    where, fits = SHOWS[show]
    where, params = _and_holding(where, search)
    if edge is not None:
        where = " AND ".join(filter(None, (where, f"seq<={int(edge)}")))
    labels = _Labels(workspace, found)
    shown: list[ActionView] = []
    while len(shown) < size:
        rows = plans.every(found, after, PAGE, where, params)
        shown += [labels.action(row) for row in rows if fits(row) and _is_called(row, search)][: size - len(shown)]
        if len(rows) < PAGE:
            break
        after = rows[-1].seq
    return shown


def _and_holding(where: str, search: str) -> tuple[str, tuple[str, ...]]:
    """Return a condition that also lets only rows pass that may hold a text."""
    if not search or _NOT_SEARCHABLE.search(search):
        return where, ()
    columns = ("data", "left_id", "right_id")
    held = " OR ".join(f"{column} {db.any_case()} %s ESCAPE '\\'" for column in columns)
    return " AND ".join(filter(None, (where, f"({held})"))), (db.containing(search.lower()),) * len(columns)


def _is_called(row: plans.ActionRow, search: str) -> bool:
    held = [*row.data["names"].values(), *(id for id in row.ids if id)]
    return not search or any(search.casefold() in str(each).casefold() for each in held)


class _Labels:
    """Sides and mappings of a plan, as people call them, by the revision it was made under."""

    def __init__(self, workspace: Workspace, made: Plan) -> None:
        pair = workspace.sync(made.sync.name).pair
        self.apps = dict(zip(SIDES, pair, strict=True))
        document = made.totals.get(DOCUMENT) or Revision.objects.get(sync=made.sync, number=made.revision).document
        self.names = {key_of(*each[:2]): (each[0], each[1]) for each in document["applied"]["fields"]}
        for side, name in one_sided_fields(document["applied"]):
            self.names[one_sided(Side(side), Field(name)).key] = (name, name)
        self.labels = document["labels"]

    def action(self, row: plans.ActionRow) -> ActionView:
        names = row.data["names"]
        return ActionView(
            row.seq,
            row.kind,
            row.rule,
            row.reason,
            names.get("left") or names.get("right") or "",
            {self.apps[side]: row.on(side) for side in SIDES},
            tuple(self._field(row, each) for each in row.data["fields"] if each["write"] or each["hold"]),
        )

    def _field(self, row: plans.ActionRow, each: Mapping[str, Any]) -> FieldView:
        side = self._written_side(row, each)
        name = self.names[each["map"]][SIDES.index(side)]
        return FieldView(
            self.apps[side],
            name,
            self.labels[side].get(name, name),
            each["before"],
            each["value"],
            each["rule"],
            each["reason"],
            bool(each["conflict"]),
            "; ".join(each["lost"]),
            each["hold"],
            {self.apps[Side(side)]: value for side, value in each.get("held", {}).items()},
            {self.apps[Side(side)]: value for side, value in each["seen"].items()},
        )

    def _written_side(self, row: plans.ActionRow, each: Mapping[str, Any]) -> Side:
        """Return the side a field is written on; for one that is held, the app that its reason names."""
        if each["write"] or row.data["side"]:
            return Side(each["write"] or row.data["side"])
        return next((side for side in SIDES if each["hold"].startswith(f"{self.apps[side]} ")), Side.RIGHT)
