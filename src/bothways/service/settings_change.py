"""One change of a sync's settings, made where it is needed and not in a draft: checked, saved, and never unseen.

Who has looked at older settings is refused, and so is a change of what somebody is changing in a draft otherwise. A
draft that says the same there gets the change too, so that saving it later takes nothing back.
"""

import json
from collections.abc import Callable
from typing import Any

from bothways.errors import DraftInTheWay, MendRefused, SettingsMoved
from bothways.ledger import db
from bothways.ledger.models import Draft, Revision, Sync
from bothways.service import drafts, yaml_edit
from bothways.service.admission import check
from bothways.service.resolution import row_of
from bothways.service.revisions import author_of, differences_of
from bothways.service.workspace import Workspace, changing, reload

Entry = dict[str, Any]
Edit = Callable[[Entry], Entry]
Part = Callable[[Entry], object]


def refuse_if_moved(workspace: Workspace, name: str, revision: int, yours: str) -> None:
    """Refuse a change that was made from an older revision, if more than on and off has changed since.

    ``yours`` are the words for the change. A file that was edited meanwhile is read first.
    """
    reload(workspace)
    sync = row_of(workspace, name)
    if sync.revision == revision:
        return
    seen = Revision.objects.filter(sync=sync, number=revision).first()
    latest = Revision.objects.filter(sync=sync).order_by("-number")[0]
    before, after = ({**each.document["settings"], "state": ""} if each else {} for each in (seen, latest))
    if before != after:
        changed = "; ".join(differences_of(before, after))
        raise SettingsMoved(name=name, who=latest.author, changed=changed, yours=yours)


def draft_beside(workspace: Workspace, sync: Sync, part: Part) -> Draft | None:
    """Return the draft of a sync, None if there is none; raise DraftInTheWay if it says something else of a part."""
    draft: Draft | None = Draft.objects.filter(sync=sync).first()
    if draft is None:
        return None
    theirs, ours = part(dict(json.loads(draft.settings))), part(entry_of(workspace, sync.name))
    if theirs != ours:
        raise DraftInTheWay(name=sync.name, who=draft.author, theirs=_in_words(theirs), ours=_in_words(ours))
    return draft


def take_along(workspace: Workspace, draft: Draft | None, revision: int, edit: Edit) -> None:
    """Make a change in a draft, too; one that was begun from ``revision`` counts as begun from the settings now."""
    if draft is None:
        return
    with db.transaction_():
        row = Draft.objects.select_for_update(of=("self",)).select_related("sync").get(pk=draft.pk)
        if row.base == revision:
            row.base = row.sync.revision
        row.settings = json.dumps(edit(dict(json.loads(row.settings))))
        row.version, row.author, row.saved_at = row.version + 1, author_of(workspace), workspace.clock()
        row.save()


def change_entry(workspace: Workspace, sync: Sync, edit: Edit, part: Part) -> None:
    """Change the entry of a sync in the settings file, key by key, after both apps have been asked.

    Raises DraftInTheWay, MendRefused for what would be wrong with it, and whatever keeps an app from being asked.
    """
    name = sync.name
    draft_beside(workspace, sync, part)
    while True:
        before = entry_of(workspace, name)
        changed = edit(before)
        found, _ = drafts.checked(workspace, name, changed)
        if found:
            raise MendRefused(name=name, problem=found[0].message)
        trial = drafts.edited(workspace, name, changed)
        check(trial, trial.sync(name))
        with changing(workspace):
            if entry_of(workspace, name) == before:  # nobody has changed it while the apps were asked
                now = row_of(workspace, name)
                draft = draft_beside(workspace, now, part)
                yaml_edit.set_entry(workspace.file, "syncs", name, changed)
                reload(workspace)
                take_along(workspace, draft, now.revision, edit)
                return


def entry_of(workspace: Workspace, name: str) -> Entry:
    """Return the entry of a sync in the settings file as plain data."""
    return yaml_edit.entry(workspace.file, "syncs", name)


def _in_words(part: object) -> str:
    return json.dumps(part, ensure_ascii=False) if part else "nothing"
