"""The calls of the webhooks journal, which an app makes with a token of its own."""

from typing import Any

from tests.fidelity.form import NO_TOKEN, NOT_FOUND, Form
from tests.fidelity.shapes import ANY, TIME, TYPE_ID, WHOLE, WORD, Schema, digits, rows, shape

_GUIDE = "api-reference/latest/webhooks-journal/journal-entries/guide [D]"
_PAGES = "api-reference/latest/webhooks-journal/subscriptions"

_ENTRY = shape({"url": {"type": "string", "pattern": "^https?://"}, "expiresAt": TIME, "currentOffset": WORD})
_ENTRIES = shape({"results": rows(_ENTRY)}, {"status": WORD, **dict.fromkeys(("startedAt", "completedAt"), TIME)})
_PORTAL: dict[str, Schema] = {"installPortalId": {"type": "string", "pattern": "^[0-9]+$"}}
_ONE: dict[str, Any] = {"query": _PORTAL, "rate_told": False}
"""Exempt from the limits of the other calls [S], whose headers it does not have [K]."""

_OF_RECORDS = ("CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE", "SNAPSHOT", "GDPR_DELETE")
_OF_OTHERS = ("ASSOCIATION_ADDED", "ASSOCIATION_REMOVED", "APP_INSTALL", "APP_UNINSTALL")
_OF_LISTS = ("ADDED_TO_LIST", "REMOVED_FROM_LIST")
_ACTIONS = rows({"enum": [*_OF_RECORDS, *_OF_OTHERS, *_OF_LISTS]}, least=1)
_TYPE = {"enum": ["OBJECT", "ASSOCIATION", "EVENT", "APP_LIFECYCLE_EVENT", "LIST_MEMBERSHIP", "GDPR_PRIVACY_DELETION"]}
_OR_NONE: dict[str, Schema] = {
    "properties": {"type": ["array", "null"], "items": WORD},
    "associatedObjectTypeIds": {"type": ["array", "null"], "items": TYPE_ID},
    "objectIds": {"type": ["array", "null"], "items": WHOLE},
    "listIds": {"type": ["array", "null"], "items": WHOLE},
}
_WANTED = shape(
    {
        **dict.fromkeys(("id", "appId"), WHOLE),
        "subscriptionType": _TYPE,
        "objectTypeId": TYPE_ID,
        "actions": _ACTIONS,
        **dict.fromkeys(("createdAt", "updatedAt"), TIME),
    },
    {
        **_OR_NONE,
        "portalId": WHOLE,
        "createdBy": WHOLE,
        "actionOverrides": ANY,
        "deletedAt": {"type": ["string", "null"]},
    },
)

JOURNAL: tuple[Form, ...] = (
    Form(
        "Read the earliest entry of the journal",
        "GET",
        "journal",
        "/earliest",
        _GUIDE,
        {200: _ENTRY, 204: None, **NOT_FOUND},
        **_ONE,
    ),
    Form(
        "Read the latest entry of the journal",
        "GET",
        "journal",
        "/latest",
        _GUIDE,
        {200: _ENTRY, 204: None, **NOT_FOUND},
        **_ONE,
    ),
    Form(
        "Read the next entry of the journal",
        "GET",
        "journal",
        "/offset/{offset}/next",
        _GUIDE,
        {200: _ENTRY, 204: None, **NOT_FOUND},
        **_ONE,
    ),
    Form(
        "Read several entries of the journal",
        "GET",
        "journal",
        "/batch/(?:earliest|latest|[^/]+/next)/{count}",
        _GUIDE,
        {200: _ENTRIES, **NOT_FOUND},
        parts={"count": digits(100)},
        unsent="one entry is read after the other",
        **_ONE,
    ),
    Form(
        "Read entries of the journal by their offsets",
        "POST",
        "journal",
        "/batch/read",
        _GUIDE,
        {200: _ENTRIES},
        body=shape({"inputs": rows(WORD, 100, 1)}),
        unsent="one entry is read after the other",
        **_ONE,
    ),
    Form(
        "Fetch the file of an entry",
        "GET",
        "journal files",
        "(?:/{offset})?",
        f"{_GUIDE}: a signed address on another server, the form of which nobody is to know [K]",
        {200: shape({"offset": WORD, "journalEvents": rows(ANY), "publishedAt": TIME}), 403: ANY},
        any_query=True,
        headers=NO_TOKEN,
        rate_told=False,
    ),
    Form(
        "List subscriptions of the journal",
        "GET",
        "journal subscriptions",
        "",
        f"{_PAGES}/get-subscriptions [S]",
        {200: shape({"results": rows(_WANTED)})},
        rate_told=False,
    ),
    Form(
        "Subscribe to the journal",
        "POST",
        "journal subscriptions",
        "",
        "api-reference/latest/webhooks/webhooks-journal/create-subscription [S]",
        {200: _WANTED, 201: _WANTED},
        body=shape(
            {"subscriptionType": _TYPE, "portalId": WHOLE, "actions": _ACTIONS, "objectTypeId": TYPE_ID},
            {
                "properties": rows(WORD),
                "associatedObjectTypeIds": rows(TYPE_ID),
                "objectIds": rows(WHOLE),
            },
        ),
        rate_told=False,
    ),
    Form(
        "Unsubscribe from the journal",
        "DELETE",
        "journal subscriptions",
        "/{list}",
        f"{_PAGES} [S]",
        {204: None, **NOT_FOUND},
        rate_told=False,
    ),
    Form(
        "Unsubscribe an account from the journal",
        "DELETE",
        "journal subscriptions",
        "/portals/{list}",
        "api-reference/2026-03/webhooks-journal/subscriptions/delete-subscriptions-by-portal [S]",
        {204: None, **NOT_FOUND},
        rate_told=False,
        unsent="other accounts of the app are not ours to touch",
    ),
)
