"""Those who are on the way to an app, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.ledger import db
from bothways.ledger.models import Visit

OPEN, AT_WORK, REFUSED, DONE = "open", "at work", "refused", "done"


def begin(state: str, session: str, way: str, files: Sequence[str], at: float) -> str:
    """Take note of somebody on the way, and return the mark of it."""
    with db.translated():
        return str(Visit.objects.create(state=state, session=session, way=way, files=list(files), made_at=at).mark)


def begin_again(mark: str, session: str, state: str, way: str, at: float) -> bool:
    """Let somebody who was refused go once more; False if there is nothing to be begun again."""
    with db.translated():
        found = Visit.objects.filter(mark=mark, session=session).exclude(stage=DONE)
        return bool(found.update(state=state, way=way, made_at=at, stage=OPEN, trouble=None))


def find(mark: str, session: str) -> Visit | None:
    """Return what somebody began in a session."""
    with db.translated():
        return Visit.objects.filter(mark=mark, session=session).first()


def take(state: str, session: str, since: float) -> Visit | None:
    """Let somebody come back, once: return what was begun in this session, after ``since``; None if nothing was."""
    with db.translated():
        found = Visit.objects.filter(state=state, session=session, stage=OPEN, made_at__gt=since)
        return Visit.objects.get(state=state) if found.update(stage=AT_WORK) else None


def refused(mark: str, trouble: Mapping[str, Any]) -> None:
    """Take note of why it came to nothing."""
    with db.translated():
        Visit.objects.filter(mark=mark).update(stage=REFUSED, trouble=dict(trouble))


def done(mark: str) -> None:
    """Take note that we were let in: what was typed is in use now."""
    with db.translated():
        Visit.objects.filter(mark=mark).update(stage=DONE, files=[], state=f"done {mark}")


def drop(mark: str, session: str) -> list[str]:
    """Forget what somebody began, and return the files of what they typed."""
    with db.translated():
        found = Visit.objects.filter(mark=mark, session=session).exclude(stage=AT_WORK).first()
        if found is None:
            return []
        found.delete()
        return list(found.files)


def drop_old(before: float) -> list[str]:
    """Forget what was begun before then, and return the files of what was typed."""
    with db.translated():
        found = list(Visit.objects.filter(made_at__lt=before))
        Visit.objects.filter(pk__in=[each.pk for each in found]).delete()
        return [file for each in found for file in each.files]
