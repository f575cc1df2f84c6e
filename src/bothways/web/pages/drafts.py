"""Drafts of syncs: the steps in which they are edited, each saved by itself, and the review before they are saved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.engine.sides import SIDES
from bothways.engine.spec import key_of
from bothways.errors import (
    AppError,
    BothwaysError,
    DraftChanged,
    DraftOutdated,
    DraftRefused,
    SettingsError,
    SyncNameTaken,
    UsageError,
)
from bothways.records import Field
from bothways.service import app_numbers, apps, draft_fields, drafts
from bothways.service.accounts import admins
from bothways.service.advice import begins_with_many
from bothways.service.draft_sight import Whole
from bothways.service.headcount import of_settings
from bothways.service.resolution import Resolution
from bothways.service.rights import Role
from bothways.service.views import ChangeView, DraftView
from bothways.service.yaml_edit import dumped
from bothways.web.forms import conflicts, matching, scope
from bothways.web.forms.conditions import asks_for_lists
from bothways.web.forms.plain import Choices, Form, Parts, last, place_of, version_of
from bothways.web.forms.problems import STEPS, Problems, anchor, for_pages, step_of, told
from bothways.web.pages import life
from bothways.web.pages.page import action, asks_for_part, form, moved, shown, went_well
from bothways.web.pages.summary import direction, rule_words, sending, sentences
from bothways.web.pages.syncs import address

SAVED = "saved"
"""The id of what tells that a draft is saved: a change that asks for no other controls swaps that alone."""


# --- what a step is made of ---------------------------------------------------------------------------


@dataclass
class Looked:
    """A draft, and what both apps tell that its pages need. ``trouble``: why they could not be asked."""

    request: HttpRequest
    draft: DraftView
    trouble: BothwaysError | None = None

    @cached_property
    def fields(self) -> tuple[Mapping[str, Field], Mapping[str, Field]]:
        """What both apps tell of their fields; nothing where one cannot be asked."""
        objects = self.draft.settings["objects"]
        try:
            first, second = (
                {each.name: each for each in apps.app_fields(self.request.workspace, app, objects[app])}
                for app in self.draft.apps
            )
        except (AppError, SettingsError) as error:
            self.trouble = error
            return {}, {}
        return first, second

    @cached_property
    def whole(self) -> Whole:
        """The draft made exact without what is wrong with it, and all that is; nothing where apps cannot be asked."""
        try:
            return drafts.sound_part(self.request.workspace, self.draft.id)
        except (AppError, SettingsError) as error:
            self.trouble = self.trouble or error
            return None, []

    @property
    def exact(self) -> Resolution | None:
        """The draft made exact without what is wrong with it."""
        return self.whole[0]

    @cached_property
    def problems(self) -> Problems:
        """All that is wrong with it."""
        found = tuple(for_pages(each, self.draft.settings) for each in self.whole[1])
        return Problems(self.draft.apps, found)

    @cached_property
    def numbers(self) -> list[dict[str, Any]]:
        """How many records of each app take part, as far as that is known."""
        found = of_settings(self.request.workspace, self.exact) if self.exact else (None, None)
        apps, objects = self.draft.apps, self.draft.settings["objects"]
        return [
            {"app": app, "object": objects[app], "seen": None if self.problems.at("send", app) else seen}
            for app, seen in zip(apps, found, strict=True)
        ]

    def lists(self, *, ask: bool) -> scope.Lists:
        """Return the names of the lists of both apps; ``ask`` them only where a filter names one."""
        found: list[list[str] | None] = []
        for app in self.draft.apps:
            try:
                found.append(self._lists_of(app, ask=ask))
            except (AppError, SettingsError) as error:
                self.trouble = self.trouble or error
                found.append(None)
        return tuple(found)

    def _lists_of(self, app: str, *, ask: bool) -> list[str] | None:
        if not apps.keeps_lists(self.request.workspace, app):
            return None
        if not ask or not asks_for_lists(scope.filter_of(self.draft.settings, app)):
            return []
        return apps.app_lists(self.request.workspace, app, self.draft.settings["objects"][app])


def _records(looked: Looked) -> dict[str, Any]:
    built = scope.shown(looked.draft.settings, looked.fields, looked.problems, looked.lists(ask=True))
    kinds = (scope.EVERYTHING, scope.NOTHING)
    sends = {each.app: each.send.value if each.send.value in kinds else scope.FILTER for each in built.sends}
    others = dict(zip(sends, reversed(sends), strict=True))
    objects = looked.draft.settings["objects"]
    lines = [sending(app, objects[app], others[app], send, sends[others[app]]) for app, send in sends.items()]
    way = direction({app: send != scope.NOTHING for app, send in sends.items()})
    return {"form": built, "lines": [way, *lines], "known": looked.numbers, "counts": _counts(looked)}


def _counts(looked: Looked) -> list[int | None]:
    """Return how many records both apps say they have; they are asked with whole pages alone."""
    objects, ask = looked.draft.settings["objects"], not looked.request.htmx and looked.trouble is None
    return [
        app_numbers.total(looked.request.workspace, app, objects[app]) if ask else None for app in looked.draft.apps
    ]


def _matching(looked: Looked) -> dict[str, Any]:
    exact = looked.exact
    rules = [rule_words(each, exact) for each in exact.resolved.spec.match] if exact else []
    return {"form": matching.shown(looked.draft.settings, looked.fields, looked.problems), "rules": rules}


def _conflicts(looked: Looked) -> dict[str, Any]:
    exact = looked.exact
    archives = [exact.apps[side].connector.capabilities.archives for side in SIDES] if exact else []
    can = ["archive" if each else "delete" for each in archives]
    built = conflicts.shown(looked.draft.settings, looked.fields, looked.problems, _mapped(exact), can)
    wrong = any(each.part in ("guards", "schedule", "proof") for each in looked.problems.all)
    return {"form": built, "open_limits": wrong}


def _mapped(exact: Resolution | None) -> Choices:
    """Return the fields that can have a winner of their own, by the names of the first app."""
    maps = exact.resolved.spec.fields if exact else ()
    return tuple((each.left.name, each.left.title) for each in maps if not each.through)


SHOW: Mapping[str, Callable[[Looked], dict[str, Any]]] = {
    "records": _records,
    "matching": _matching,
    "conflicts": _conflicts,
}


def _read(step: str, sent: Form, looked: Looked) -> Parts:
    entry = looked.draft.settings
    if step == "records":
        return scope.read(sent, entry, looked.fields, looked.lists(ask=False))
    return (matching if step == "matching" else conflicts).read(sent, entry, looked.fields)


# --- the steps ----------------------------------------------------------------------------------------


@form(get=Role.VIEWER, post=Role.EDITOR)
def records(request: HttpRequest, id: int) -> HttpResponse:
    """Say which records take part."""
    return _step(request, id, "records")


@form(get=Role.VIEWER, post=Role.EDITOR)
def match(request: HttpRequest, id: int) -> HttpResponse:
    """Say by what records are recognised."""
    return _step(request, id, "matching")


@form(get=Role.VIEWER, post=Role.EDITOR)
def differences(request: HttpRequest, id: int) -> HttpResponse:
    """Say who wins, what becomes of deletions, and the limits."""
    return _step(request, id, "conflicts")


def _step(request: HttpRequest, id: int, step: str) -> HttpResponse:
    looked = Looked(request, drafts.draft(request.workspace, id))
    if request.method != "POST":
        return _shown(looked, step)
    sent: Form = {name: [str(each) for each in texts] for name, texts in request.POST.lists()}
    parts = _read(step, sent, looked)
    try:
        if parts:
            looked = Looked(request, drafts.change(request.workspace, id, version_of(last(sent, "version")), **parts))
    except DraftChanged as error:
        return _shown(looked, step, 422, error=error, both=_both(parts, looked.draft))
    did, to = last(sent, "do"), last(sent, "go")
    if to in STEPS:
        return moved(request, f"/drafts/{id}/{to}")
    focus = _next_focus(did)
    if not request.htmx:
        return went_well(request, f"/drafts/{id}/{step}#{focus}" if focus else f"/drafts/{id}/{step}")
    return _shown(looked, step, focus=focus, quiet=request.htmx.target == SAVED and last(sent, "told") == _told(looked))


def _shown(looked: Looked, step: str, status: int = 200, **more: Any) -> HttpResponse:
    """Show a step: the whole page, what changes of it, or, ``quiet``, only that it is saved."""
    request, context = looked.request, {**SHOW[step](looked), **more}
    context |= around(looked, step)
    if more.get("quiet"):
        return shown(request, "drafts/_saved.html", status, **context)
    response = shown(request, f"drafts/{'_' if asks_for_part(request) else ''}{step}.html", status, **context)
    if asks_for_part(request):
        response["HX-Retarget"], response["HX-Reswap"] = "#draft", "outerHTML"
    return response


def around(looked: Looked, step: str) -> dict[str, Any]:
    """Return what all steps show: the draft, the stepper, who may change it, and what is wrong elsewhere."""
    request, draft = looked.request, looked.draft
    titles = (_("Records"), _("Matching"), _("Conflicts"), _("Fields"), _("Review"))
    steps = [
        {"name": name, "title": title, "number": number, "count": looked.problems.count(name)}
        for number, (name, title) in enumerate(zip(STEPS, titles, strict=True), start=3)
    ]
    may_edit = request.account.role.includes(Role.EDITOR)
    return {
        "draft": draft,
        "steps": steps,
        "step": step,
        "here": f"/drafts/{draft.id}/{step}",
        "may_edit": may_edit,
        "who_can": [] if may_edit else admins(request.base),
        "trouble": looked.trouble,
        "whole": looked.problems.at(""),
        "told": _told(looked),
        "before": STEPS[STEPS.index(step) - 1] if step != STEPS[0] else "",
        "after": STEPS[STEPS.index(step) + 1] if step != STEPS[-1] else "",
        "titles": dict(zip(STEPS, titles, strict=True)),
    }


def _told(looked: Looked) -> str:
    return blake2b(told(looked.problems.all).encode(), digest_size=8).hexdigest()


def _next_focus(did: str) -> str:
    """Return the id of what is to have the focus after a button was pressed, "" where it stays."""
    what, _dash, number = did.rpartition("-")
    if what in ("up-rule", "down-rule"):
        place = place_of(number) + (1 if what == "down-rule" else -1)
        return f"match-{max(place, 0)}-title"
    if what.startswith("remove-filter-"):
        return f"{what.removeprefix('remove-')}-add"
    if what.startswith("remove-set-"):
        return f"{what.removeprefix('remove-')}-add"
    return {"remove-rule": "add-0", "remove-winner": "add-winner"}.get(what, "")


def _both(parts: Parts, draft: DraftView) -> list[dict[str, str]]:
    """Return what somebody wanted to change beside what the draft says by now."""
    return [
        {"part": part_words(part), "mine": _as_text(value), "theirs": _as_text(draft.settings.get(part))}
        for part, value in parts.items()
    ]


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumped(value).removesuffix("...\n").strip()


def _told_value(part: str, value: Any) -> str:
    if part == "require" and isinstance(value, list):
        return _("needed") if value else _("not needed")
    return _as_text(value)


def part_words(part: str) -> str:
    """Return how a part of the settings is called."""
    words = {
        "send": _("What is sent"),
        "when_leaving_filter": _("When a record stops matching"),
        "require": _("E-mail address"),
        "start": _("Start"),
        "set": _("What is set"),
        "match": _("Matching"),
        "small_groups": _("Copies of a record"),
        "conflicts": _("Conflicts"),
        "deletes": _("Deletions"),
        "guards": _("Safety limits"),
        "schedule": _("Schedule"),
        "proof": _("Proof"),
        "fields": _("Fields"),
        "associations": _("Associations"),
        "objects": _("Objects"),
        "state": _("State"),
    }
    return words.get(part, part)


def key_words(part: str, key: str) -> str:
    """Return how a key of a part of the settings is called; as the file has it, where it has no words of its own."""
    words = {
        ("conflicts", "default_app"): _("default app"),
        ("conflicts", "default"): _("who wins"),
        ("conflicts", "when_empty"): _("an empty value"),
        ("deletes", "grace"): _("how long it waits"),
        ("guards", "first_run"): _("records of the first run"),
        ("guards", "max_change"): _("share that may change"),
        ("guards", "max_emptied"): _("records that may be emptied"),
        ("guards", "max_deletes"): _("deletions in a day"),
        ("schedule", "every"): _("how often it looks"),
        ("schedule", "webhooks"): _("when an app tells"),
    }
    if part == "conflicts" and key.startswith("per_field."):
        return _("who wins %(field)s") % {"field": key.removeprefix("per_field.")}
    apps = [each for each in key.split(".")[:-1] if each != "tag"]
    if part in ("when_leaving_filter", "deletes") and key.count(".") == 2 and len(apps) == 1:
        tag = _("field of the tag in %(app)s") if key.endswith(".field") else _("value of the tag in %(app)s")
        return tag % {"app": apps[0]}
    return words.get((part, key), key)


# --- beginning and ending -----------------------------------------------------------------------------


@action(post=Role.EDITOR)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Take up the draft of a sync, or begin one, at the step or the mapping that is asked for."""
    draft = drafts.edit(request.workspace, name)
    if mapping := str(request.POST.get("mapping", "")):
        found = draft_fields.fields(request.workspace, draft.id).rows
        keys = [key_of(*(str(each.fields.get(app, "")) for app in draft.apps)) for each in found]
        place = f"/{found[keys.index(mapping)].number}" if mapping in keys else ""
        return went_well(request, f"/drafts/{draft.id}/fields{place}")
    step = str(request.POST.get("step", ""))
    return went_well(request, f"/drafts/{draft.id}/{step if step in STEPS else STEPS[0]}")


@form(get=Role.EDITOR, post=Role.EDITOR)
def discard(request: HttpRequest, id: int) -> HttpResponse:
    """Say what would be lost with a draft, and forget it."""
    draft = drafts.draft(request.workspace, id)
    if request.method != "POST":
        return shown(request, "drafts/discard.html", draft=draft, changes=_changes(Looked(request, draft)))
    drafts.discard(request.workspace, id)
    text = _("The draft of %(name)s is discarded. What is in force stays.") % {"name": draft.name}
    return went_well(request, "/", text)


@form(get=Role.VIEWER, post=Role.EDITOR)
def review(request: HttpRequest, id: int) -> HttpResponse:
    """Look at all of a draft, and save it."""
    looked = Looked(request, drafts.draft(request.workspace, id))
    if request.method != "POST":
        part = asks_for_part(request)  # what was being counted is asked for again
        return shown(request, "drafts/_numbers.html", **_numbers(looked)) if part else _review(looked)
    did, version = str(request.POST.get("do", "")), version_of(str(request.POST.get("version", "")))
    try:
        if "name" in request.POST:
            version = drafts.rename(request.workspace, id, version, str(request.POST["name"]).strip()).version
        if did == "rename":
            return went_well(request, f"/drafts/{id}/review#name")
        if request.POST.get("over"):
            version = drafts.take_up(request.workspace, id, version).version
        name = drafts.save(request.workspace, id, version)
    except (SyncNameTaken, UsageError) as error:
        return _review(looked, 422, wrong=error, typed=str(request.POST.get("name", "")))
    except (DraftRefused, DraftOutdated, DraftChanged) as error:
        return _review(Looked(request, drafts.draft(request.workspace, id)), 422, error=error, did=did)
    if did == "sync":
        return life.started(request, name, saved=True)
    if did == "preview":
        return went_well(request, f"{address(name)}/preview")
    return went_well(request, address(name), _("%(name)s is saved.") % {"name": name})


def _review(looked: Looked, status: int = 200, **more: Any) -> HttpResponse:
    draft, found = looked.draft, looked.problems
    of_rows = _of_rows(looked)
    todo = [
        {
            "message": of_rows.get(each.item, each.message) if each.part == "fields" else each.message,
            "step": step_of(each),
            "anchor": anchor(each, draft.apps),
            "part": part_words(each.part) if each.part else "",
        }
        for each in found.all
    ]
    context = {
        "sentences": sentences(looked.exact, new=draft.new) if looked.exact else [],
        "todo": todo,
        "changes": _changes(looked),
        **_numbers(looked),
        "outdated": isinstance(more.get("error"), DraftOutdated),
        **around(looked, "review"),
        **more,
    }
    return shown(looked.request, "drafts/review.html", status, **context)


def _numbers(looked: Looked) -> dict[str, Any]:
    """Return how many records take part, and whether a first sync is better begun with a few."""
    seen, exact, draft = [each["seen"] for each in looked.numbers], looked.exact, looked.draft
    many = exact is not None and begins_with_many(looked.request.workspace, draft, exact, seen)
    return {"draft": draft, "known": looked.numbers if exact else [], "many": many}


def _of_rows(looked: Looked) -> dict[int | None, str]:
    """Return what is wrong with mappings, by their places, in the words of their rows."""
    if not any(each.part == "fields" for each in looked.problems.all):
        return {}
    rows = draft_fields.fields(looked.request.workspace, looked.draft.id).rows
    return {each.number - 1: each.problem for each in rows if each.problem}


def _changes(looked: Looked) -> list[dict[str, Any]]:
    """Return what a draft of a sync that is there would change, setting by setting."""
    if looked.draft.new:
        return []
    try:
        found = drafts.differences(looked.request.workspace, looked.draft.id)
    except DraftRefused:
        return []
    return told_changes(found)


def told_changes(found: Sequence[ChangeView]) -> list[dict[str, Any]]:
    """Return changes of settings as the table of them shows them."""
    return [
        {
            "part": part_words(change.part),
            "item": change.item.replace(" ⇄ ", " · "),
            "key": key_words(change.part, change.key),
            "before": _told_value(change.part, change.before),
            "after": _told_value(change.part, change.after),
        }
        for change in found
    ]
