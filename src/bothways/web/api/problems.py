"""Failures as answers of the API: problem documents (RFC 9457), each with the one status of its kind."""

import json
import re
from collections.abc import Sequence

from django.http import HttpResponse

from bothways import errors as e
from bothways.errors import BothwaysError

STATUSES: tuple[tuple[int, tuple[type[BothwaysError], ...]], ...] = (
    (401, (e.TokenRefused,)),
    (
        404,
        (
            e.NoSuchAddress,
            e.NotDeleted,
            e.UnknownApp,
            e.UnknownDraft,
            e.UnknownIssue,
            e.UnknownPerson,
            e.UnknownRecord,
            e.UnknownRequest,
            e.UnknownRun,
            e.UnknownSync,
            e.UnknownLink,
            e.UnknownToken,
        ),
    ),
    (
        409,
        (
            e.AllPaused,
            e.ConfirmationNeeded,
            e.DraftChanged,
            e.DraftInTheWay,
            e.DraftOutdated,
            e.KeyTaken,
            e.LastAdmin,
            e.LinkedAlready,
            e.NoDifference,
            e.NoSecondFactor,
            e.NotForDeciding,
            e.NotForThat,
            e.NotLinked,
            e.OldLinks,
            e.OnAlready,
            e.OthersNotConfirmed,
            e.PlanOutdated,
            e.SettingsMoved,
            e.StaleSettings,
            e.StartsTooLate,
            e.StoppedByBrake,
            e.SyncHalted,
            e.SyncNameTaken,
            e.SyncOff,
            e.SyncsThere,
            e.ValuesMoved,
        ),
    ),
    (413, (e.CallTooLong,)),
    (423, (e.StillBeingWritten, e.DatabaseLocked, e.SecondRunner, e.RunSuperseded)),
    (422, (e.CallRefused, e.KeyUsedOtherwise, e.NameRefused, e.UnknownRole, e.SettingsError)),
    (403, (e.PeopleError,)),
    (503, (e.RateLimited, e.LedgerError, e.Interrupted)),
    (502, (e.AppError,)),
    (500, (BothwaysError,)),
)
"""Which status a failure has: the first row that names its class, or one that it is made from."""

KIND = "application/problem+json"
RETRY_AFTER = "5"
"""Seconds after which a call that met something at work may be made again."""


def status_of(kind: type[BothwaysError]) -> int:
    """Return the status of a kind of failure."""
    return next(status for status, kinds in STATUSES if issubclass(kind, kinds))


def document(error: BothwaysError, errors: Sequence[dict[str, str]] = ()) -> dict[str, object]:
    """Return a failure as a problem document."""
    return {
        "type": f"urn:bothways:{error.code}",
        "title": title_of(type(error)),
        "status": status_of(type(error)),
        "detail": error.message,
        "code": error.code,
        "by_itself": error.consequence,
        "to_do": error.advice,
        "retriable": error.retriable,
        **({"errors": list(errors)} if errors else {}),
    }


def title_of(kind: type[BothwaysError]) -> str:
    """Return a kind of failure in short, in words: as its class is called."""
    words = re.findall(r"[A-Z][a-z]*", kind.__name__)
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def problem(error: BothwaysError, errors: Sequence[dict[str, str]] = ()) -> HttpResponse:
    """Return a failure as an answer."""
    found = document(error, errors)
    response = HttpResponse(json.dumps(found, ensure_ascii=False), content_type=KIND, status=found["status"])
    if found["status"] == 401:
        response["WWW-Authenticate"] = "Bearer"
    if error.retriable:
        response["Retry-After"] = RETRY_AFTER
    return response
