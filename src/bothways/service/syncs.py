"""Syncs: listed, shown, turned on and off, exported."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bothways.connectors import registry
from bothways.engine.deletes import Removal
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, Wins
from bothways.errors import OnAlready, OthersWriteToo
from bothways.ledger import halts, hours, noted, plans
from bothways.ledger.models import Plan, Run, Sync
from bothways.service import allowances, neighbours, yaml_edit
from bothways.service.admission import check, is_admitted, note_admitted, others_asked
from bothways.service.alerts import unsent
from bothways.service.associations import SWITCHED_OFF, may_have_any, needs
from bothways.service.counting import counts_of
from bothways.service.database import on_database
from bothways.service.deleting import settle_old_links
from bothways.service.document import CLEAR, KEEP, AlertsDocument, AppDocument, Document, SyncDocument
from bothways.service.in_force import constants_in_words, in_words, labels_of, policies_of
from bothways.service.log import summaries
from bothways.service.misfits import check_values
from bothways.service.proving import proof_of
from bothways.service.reading_alerts import alerts_data
from bothways.service.reading_history import history_data
from bothways.service.reading_sign_in import sign_in_data
from bothways.service.resolution import resolution, row_of
from bothways.service.revisions import has_begun, latest_revision, workspace_revision
from bothways.service.rights import Role, for_role, may
from bothways.service.schedule_document import quiet_words
from bothways.service.scope import scope_in_words
from bothways.service.standing import Standing, next_of, standing
from bothways.service.sync_settings import settings_of, winner_word
from bothways.service.unfit import left_out
from bothways.service.views import (
    AssociationView,
    Counts,
    MappingView,
    MatchView,
    RunSummary,
    SetView,
    StatusView,
    SyncView,
)
from bothways.service.workspace import Workspace, changing, reload


@on_database
def list_syncs(workspace: Workspace) -> list[SyncView]:
    """Return every sync of the file; no app is asked."""
    here = standing(workspace)
    return [_view(workspace, name, here, ask=False) for name in workspace.document.syncs]


@on_database
def status(workspace: Workspace) -> StatusView:
    """Return how the workspace stands; no app is asked."""
    here = standing(workspace)
    views = tuple(_view(workspace, name, here, ask=False) for name in workspace.document.syncs)
    return StatusView(here.paused_at, views, tuple(unsent(workspace)), tuple(allowances.standing(workspace)))


@on_database
def show_sync(workspace: Workspace, name: str) -> SyncView:
    """Return one sync. The apps are asked only if mappings or associations are to be made from their fields, the
    first time."""
    return _view(workspace, name, standing(workspace), ask=True)


@on_database
@for_role(Role.EDITOR)
def turn_on(
    workspace: Workspace, name: str, *, from_now: bool = False, old_links: str | None = None, confirmed: bool = False
) -> None:
    """Turn a sync on, after everything that it needs has been checked, and save that in the file.

    All that changed while it was off is caught up with by its next run; with ``from_now`` that is taken note of
    and not carried, and only what changes after it flows. Raises OnAlready for the latter.

    ``confirmed``: though others write the same fields; raises OthersWriteToo where that is so.
    ``old_links``: TAKE or LEAVE those of a deleted sync of the same objects; raises OldLinks where that must be said.
    """
    row = row_of(workspace, name)
    if from_now and row.state == "on":
        raise OnAlready(name=name)
    checked = workspace.sync(name)
    found = check(workspace, checked)
    check_values(row, found.resolved.document, found.resolved.spec)
    others = others_asked(workspace, row, found)
    if others.new and not confirmed:
        raise OthersWriteToo(name=name, reasons=others.new)
    with changing(workspace):
        row = row_of(workspace, name)
        if from_now and row.state == "on":  # somebody has turned it on while the apps were asked
            raise OnAlready(name=name)
        if not has_begun(row) and not is_admitted(row):
            settle_old_links(row, old_links)
        halts.drop(row.pk)
        if from_now:
            noted.ask(row)
            for made in Plan.objects.filter(sync=row):
                plans.drop(made.pk)
        elif has_begun(row):
            noted.withdraw(row)
        _set_state(workspace, name, "on")
        reload(workspace)
        if _same_but_for_state(workspace.sync(name), checked):  # whoever runs it must not ask what was answered here
            note_admitted(row_of(workspace, name), others)


@on_database
@for_role(Role.EDITOR)
def turn_off(workspace: Workspace, name: str) -> None:
    """Turn a sync off: nothing flows, nothing is forgotten."""
    workspace.sync(name)
    with changing(workspace):
        _set_state(workspace, name, "off")


@on_database
def export(workspace: Workspace, name: str, *others: str) -> str:
    """Return syncs and their apps as a settings file of its own, with the revision it was made from.

    Who is alerted, and who may sign in, stands in it for admins alone, as on the pages.
    """
    for each in (name, *others):
        workspace.sync(each)
    document = workspace.document
    if not may(workspace, Role.ADMIN):
        document = replace(document, alerts=AlertsDocument(), sign_in=None)
    return exported(document, name, workspace_revision(), *others)


def exported(document: Document, name: str, revision: int, *others: str) -> str:
    """Return syncs of a document and their apps as the text of a settings file."""
    syncs = {each: document.syncs[each] for each in (name, *others)}
    people = {"alerts": alerts_data(document.alerts), "sign_in": sign_in_data(document.sign_in)}
    people |= {"history": history_data(document.keep_history)}
    apps = dict.fromkeys(app for sync in syncs.values() for app in sync.pair)
    data = file_of(document, apps, {each: settings_of(sync) for each, sync in syncs.items()})
    head = {"version": data.pop("version"), "revision": revision}
    return yaml_edit.dumped(head | {key: each for key, each in people.items() if each} | data)


def file_of(document: Document, apps: Iterable[str], syncs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return some apps of a document, and entries of syncs, as the data of a settings file."""
    hosts = {"allow_hosts": sorted(document.allow_hosts)} if document.allow_hosts else {}
    return {"version": 1, **hosts, "apps": {app: _app(document.apps[app]) for app in apps}, "syncs": dict(syncs)}


def _app(app: AppDocument) -> dict[str, Any]:
    declared = registry.connector_class(app.connector).settings
    auth = app.auth
    auth |= {each.name: app.settings[each.name] for each in declared if each.auth and each.name in app.settings}
    plain = {each.name: app.settings[each.name] for each in declared if not each.auth and each.name in app.settings}
    country = {"country": app.country} if app.country else {}
    return {"connector": app.connector, **country, **app.limits, **plain, **({"auth": auth} if auth else {})}


# --- turning on and off -------------------------------------------------------------------------------


def _same_but_for_state(one: SyncDocument, other: SyncDocument) -> bool:
    """Tell whether settings are those that were checked: the file may have been edited since it was read."""
    return {**settings_of(one), "state": ""} == {**settings_of(other), "state": ""}


def _set_state(workspace: Workspace, name: str, state: str) -> None:
    workspace.sync(name)
    yaml_edit.set_value(workspace.file, ("syncs", name, "state"), state)


# --- views --------------------------------------------------------------------------------------------


def _view(workspace: Workspace, name: str, here: Standing, *, ask: bool) -> SyncView:
    row, document = row_of(workspace, name), workspace.sync(name)
    counts = counts_of(workspace, row)
    last = summaries(workspace, list(Run.objects.select_related("sync").filter(sync=row).order_by("-id")[:1]))
    applied, labels = _exact(workspace, document, row, ask)
    return SyncView(
        name,
        row.state,
        state_word(row.state, counts, last[0] if last else None, unfit=bool(left_out(row))),
        document.pair,
        {document.apps[side]: document.objects[side] for side in SIDES},
        _direction(document),
        document.apps[document.default],
        tuple(_mappings(document, applied, labels)),
        tuple(
            MatchView(
                {document.apps[side]: rule[1 + place] for place, side in enumerate(SIDES)},
                rule[0],
                links=len(rule) < 5 or rule[4] == Finding.LINK,
            )
            for rule in applied["match"]
        ),
        dict(settings_of(document)["guards"]),  # type: ignore[call-overload]
        document.every,
        row.revision,
        counts,
        last[0] if last else None,
        tuple(
            SetView(document.apps[Side(side)], name, labels.get(side, {}).get(name, name), value, when)
            for side, name, value, when in (*applied.get("set", ()), *applied.get("tags", ()))
        ),
        {document.apps[side]: words for side, words in scope_in_words(document, applied).items()},
        str(document.scope.leaving),
        {document.apps[Side(side)]: name for side, name in applied.get("scope", {}).get("emails", {}).items()},
        str(document.wins or ""),
        {document.apps[side]: str(document.deletes.removals.get(side, Removal.KEEP)) for side in SIDES},
        document.deletes.grace,
        tuple(_associations(workspace, document, applied, labels)),
        neighbours.in_words(applied["neighbour"]) if "neighbour" in applied else "",
        next_of(row, document.pair, here),
        quiet_words(document.timing.schedule.quiet),
        proof_of(row),
        hours.last_written(row),
    )


def state_word(state: str, counts: Counts, last: RunSummary | None, *, unfit: bool = False) -> str:
    """Return the word for how a sync stands. ``unfit``: a mapping of it is left out, since a field is gone."""
    if state != "on":
        return state.capitalize()
    if unfit or counts.failing or counts.held or (last is not None and last.state in ("stopped", "failed")):
        return "Needs you"
    return "Catching up" if counts.waiting or last is None else "Up to date"


def _direction(document: SyncDocument) -> str:
    left, right = document.pair
    if all(document.sends.values()):
        return "two-way"
    return f"{left} to {right}" if document.sends[Side.LEFT] else f"{right} to {left}"


def _exact(
    workspace: Workspace, document: SyncDocument, row: Sync, ask: bool
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the exact mappings and match rules with labels: as last in force, else as far as they are known."""
    stored = latest_revision(row).document
    if stored["settled"]:
        return stored["applied"], stored["labels"]
    if ask and (document.fields is None or document.match is None or may_have_any(document, workspace.document.syncs)):
        found = resolution(workspace, document.name).resolved
        return in_words(found), labels_of(found)
    fields = [
        [
            each.names[Side.LEFT],
            each.names[Side.RIGHT],
            f"to {each.to}" if each.to else "both",
            each.winner or _winner(document, each.names),
            (each.when_empty or document.when_empty) == CLEAR and each.only is None,
            policies_of(each),
        ]
        for each in document.fields or ()
    ]
    on = [each.enabled for each in document.fields or ()]
    written = document.match if isinstance(document.match, tuple) else ()
    match = [
        [" + ".join(each.compare or ("text",)), *(" + ".join(map(" ".join, each.names[side])) for side in SIDES)]
        for each in written
        if each.names
    ]
    exact = {
        "fields": [each for each, enabled in zip(fields, on, strict=True) if enabled],
        "off": [each for each, enabled in zip(fields, on, strict=True) if not enabled],
        "match": match,
        "set": constants_in_words(document),
    }
    return exact, stored.get("labels") or {}


def _winner(document: SyncDocument, names: Mapping[Side, str]) -> Side | Wins | None:
    return next((document.winners[name].who for name in names.values() if name in document.winners), None)


def _mappings(
    document: SyncDocument, applied: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]
) -> Sequence[MappingView]:
    views = []
    for enabled, rows in ((True, applied["fields"]), (False, applied["off"])):
        for left, right, direction, winner, clears, *policies in rows:
            if policies and "through" in policies[0]:
                continue
            names = {Side.LEFT: left, Side.RIGHT: right}
            views.append(
                MappingView(
                    {document.apps[side]: names[side] for side in SIDES},
                    {document.apps[side]: labels.get(side, {}).get(names[side], names[side]) for side in SIDES},
                    _way(document, direction),
                    _who(document, winner) if winner else "",
                    CLEAR if clears else KEEP,
                    enabled,
                    **_policies(document, policies[0] if policies else {}),
                )
            )
    return [*views, *_unfit(document, applied, labels)]


def _unfit(
    document: SyncDocument, applied: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]
) -> Iterator[MappingView]:
    """Yield the mappings that are left out for now, since an app no longer has a field of theirs as it was."""
    for left, right, direction, enabled, code, said in applied.get("unfit", ()):
        names = {Side.LEFT: left, Side.RIGHT: right}
        yield MappingView(
            {document.apps[side]: names[side] for side in SIDES},
            {document.apps[side]: labels.get(side, {}).get(names[side], names[side]) for side in SIDES},
            _way(document, direction),
            "",
            KEEP,
            enabled,
            problem=f"{said} ({code})",
        )


def _who(document: SyncDocument, winner: str) -> str:
    return winner_word(document, Wins(winner) if winner in tuple(Wins) else Side(winner))


def _associations(
    workspace: Workspace, document: SyncDocument, applied: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]
) -> Iterator[AssociationView]:
    for left, right, direction, sync, stored, *paired in applied.get("associations", ()):
        parents = workspace.document.syncs.get(sync)
        why_off = needs(parents) if stored != SWITCHED_OFF and parents is not None else stored
        names = {Side.LEFT: left, Side.RIGHT: right}

        def words(names: Mapping[Side, str]) -> dict[str, str]:
            return {document.apps[side]: labels.get(side, {}).get(names[side], names[side]) for side in SIDES}

        yield AssociationView(
            {document.apps[side]: names[side] for side in SIDES},
            words(names),
            _way(document, direction),
            sync,
            why_off,
            tuple(words(dict(zip(SIDES, pair, strict=True))) for pair in (paired[0] if paired else ())),
        )


def _way(document: SyncDocument, direction: str) -> str:
    return "both" if direction == "both" else f"to_{document.apps[Side(direction.removeprefix('to '))]}"


def _policies(document: SyncDocument, stored: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(stored)
    if "clean" in found:
        found["clean"] = tuple(found["clean"])
    if "values" in found:
        found["values"] = tuple((left, right) for left, right in found["values"])
    if "consent" in found:
        found["consent"] = {document.apps[Side(side)]: word for side, word in found["consent"].items()}
    if "defaults" in found:
        found["defaults"] = {document.apps[Side(side)]: option for side, option in found["defaults"].items()}
    return found
