"""The calls about lists, the account, letting an app in, and an app's webhooks: rows of the table of forms."""

from typing import Any

from tests.fidelity import shapes
from tests.fidelity.form import NO_TOKEN, NOT_FOUND, Form
from tests.fidelity.shapes import (
    ANY,
    ID,
    STARS,
    TEXT,
    TYPE_ID,
    WHOLE,
    WORD,
    YES_NO,
    Schema,
    digits,
    either,
    mapping,
    named,
    page,
    rows,
    shape,
)

_DEVELOPER_KEY: dict[str, Any] = {"query": {"hapikey": STARS}, "needed": ("hapikey",), "headers": NO_TOKEN}

_LIST = {
    "listId": ID,
    "listVersion": WHOLE,
    "name": TEXT,
    "objectTypeId": TYPE_ID,
    "processingStatus": WORD,
    "processingType": {"enum": ["MANUAL", "SNAPSHOT", "DYNAMIC"]},
}
_OF_LIST = {
    **named(("createdAt", "updatedAt", "deletedAt", "filtersUpdatedAt"), shapes.SOME_TIME),
    **named(("createdById", "updatedById"), TEXT),
}
LIST = shape(
    _LIST, {**_OF_LIST, "size": WHOLE, **named(("filterBranch", "listPermissions", "membershipSettings"), ANY)}
)
"""A list by itself."""

LISTS: tuple[Form, ...] = (
    Form(
        "Search lists",
        "POST",
        "lists",
        "/search",
        "api-reference/2026-03/crm/lists/search/search-lists [S]",
        {
            200: shape(
                {
                    "lists": rows(shape({**_LIST, "additionalProperties": mapping(TEXT)}, _OF_LIST)),
                    "hasMore": YES_NO,
                    "offset": WHOLE,
                    "total": WHOLE,
                }
            )
        },
        body=shape(
            {"offset": WHOLE},
            {
                **named(("additionalProperties", "listIds", "processingTypes"), rows(WORD)),
                "count": {"type": "integer", "minimum": 1, "maximum": 500},
                "objectTypeId": TYPE_ID,
                "query": TEXT,
                "sort": WORD,
            },
        ),
    ),
    Form(
        "Read who is in a list",
        "GET",
        "lists",
        "/{list}/memberships",
        "api-reference/latest/crm/lists/memberships/get-memberships-by-id [S]",
        {200: page(shape({"recordId": ID, "membershipTimestamp": shapes.SOME_TIME}), total=WHOLE), **NOT_FOUND},
        query={"limit": digits(250), "after": WORD},
    ),
)

ACCOUNT: tuple[Form, ...] = (
    Form(
        "Read the account's details",
        "GET",
        "account-info",
        "/details",
        "api-reference/latest/account/account-information/get-account-details [S]",
        {
            200: shape(
                {
                    "portalId": WHOLE,
                    "accountType": {"enum": ["APP_DEVELOPER", "DEVELOPER_TEST", "SANDBOX", "STANDARD"]},
                    **named(("timeZone", "companyCurrency", "uiDomain", "dataHostingLocation"), WORD),
                    "utcOffset": {"type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$"},
                    "utcOffsetMilliseconds": {"type": "integer"},
                    "additionalCurrencies": rows(WORD),
                }
            )
        },
    ),
)

# --- letting in ---------------------------------------------------------------------------------------

_CLIENT = {"client_id": WORD, "client_secret": STARS}
_TOKENS = "api-reference/2026-03/authentication/oauth-tokens"
_LET_IN: dict[str, Any] = {"headers": NO_TOKEN, "is_form": True}
_WRONG = shape(
    {"status": WORD, "message": WORD},
    {"error": WORD, "error_description": WORD, "correlationId": TEXT, "category": TEXT},
)
"""A refusal of the token server. [K] Which of these it has."""

_GOOD = {"access_token": STARS, "expires_in": {"type": "integer", "minimum": 1}, "token_type": {"const": "bearer"}}
_GIVEN = shape(
    {**_GOOD, "refresh_token": STARS, "hub_id": WHOLE},
    {"scopes": rows(WORD, least=1), "user_id": WHOLE, "id_token": WORD},
)
_FOR_ITSELF = shape(_GOOD, {"scope": WORD, "scopes": rows(WORD, least=1)})
"""What an app gets for itself by client credentials. [K] How it is told of its scopes."""

_OF_TOKEN = {"token": STARS, "hub_id": WHOLE, "user_id": WHOLE, "scopes": rows(WORD), "token_type": WORD}


def _held(title: str, method: str, kind: str, more: dict[str, Schema] | None) -> Form:
    """Return the row of a call about a token, which stands in its path."""
    told = None if more is None else shape({**_OF_TOKEN, **more}, named(("user", "hub_domain"), WORD))
    return Form(
        title,
        method,
        "oauth",
        f"/{kind}-tokens/{{id}}",
        "api-reference/legacy/authentication/manage-oauth-tokens [D]",
        {204 if told is None else 200: told, **NOT_FOUND},
        headers=NO_TOKEN,
        unsent="a token in an address is written down in many places",
    )


OAUTH: tuple[Form, ...] = (
    Form(
        "Get tokens",
        "POST",
        "oauth",
        "/token",
        f"{_TOKENS}/refresh-oauth-token [S]; changelog, additional details when generating access tokens [D]",
        {
            200: either(_GIVEN, _FOR_ITSELF),
            **dict.fromkeys((400, 401), _WRONG),
        },
        body=either(
            shape(
                {
                    **_CLIENT,
                    "grant_type": {"const": "authorization_code"},
                    "redirect_uri": WORD,
                    **named(("code", "code_verifier"), STARS),
                }
            ),
            shape({**_CLIENT, "grant_type": {"const": "refresh_token"}, "refresh_token": STARS}),
            shape({**_CLIENT, "grant_type": {"const": "client_credentials"}, "scope": WORD}),
        ),
        **_LET_IN,
    ),
    Form(
        "Ask what a token is good for",
        "POST",
        "oauth",
        "/token/introspect",
        f"{_TOKENS}/token-introspect [S]",
        {
            200: either(
                shape({"active": {"const": False}}),
                shape(
                    {
                        "active": {"const": True},
                        **named(("client_id", "token_type"), WORD),
                        "token_use": {"enum": ["access_token", "refresh_token"]},
                        **named(("app_id", "hub_id", "user_id"), WHOLE),
                        "scopes": rows(WORD),
                        "token": STARS,
                    },
                    {
                        **named(("hub_domain", "user"), WORD),
                        "expires_in": WHOLE,
                        "is_private_distribution": YES_NO,
                        "signed_access_token": mapping(ANY),
                    },
                ),
            ),
            **dict.fromkeys((400, 401), _WRONG),
        },
        body=shape({**_CLIENT, "token": STARS}, {"token_type_hint": WORD}),
        **_LET_IN,
    ),
    Form(
        "Give tokens back",
        "POST",
        "oauth",
        "/token/revoke",
        "api-reference/2026-03/authentication/oauth-tokens [S]",
        {200: ANY, 204: None, **dict.fromkeys((400, 401), _WRONG)},
        body=shape({**_CLIENT, "token": STARS}, {"token_type_hint": WORD}),
        **_LET_IN,
    ),
    _held("Read what an access token is good for", "GET", "access", {"app_id": WHOLE, "expires_in": WHOLE}),
    _held("Read what a refresh token is good for", "GET", "refresh", {"client_id": WORD}),
    _held("Give a refresh token back", "DELETE", "refresh", None),
    Form(
        "Ask somebody to let an app in",
        "GET",
        "people",
        "/authorize",
        "OAuth guide [D]",
        {200: ANY, 302: None, 400: ANY},
        headers=NO_TOKEN,
        unsent="a page for people",
    ),
    Form(
        "Let an app in",
        "POST",
        "people",
        "/authorize",
        "the page's own [K]",
        {302: None, 400: ANY},
        headers=NO_TOKEN,
        unsent="a page for people",
    ),
)

# --- the webhooks of an app ---------------------------------------------------------------------------

_THROTTLING = shape(
    {"maxConcurrentRequests": {"type": "integer", "minimum": 1}}, {"period": {"enum": ["SECONDLY", "ROLLING_MINUTE"]}}
)
_SETTINGS = shape(
    {"targetUrl": {"type": "string", "pattern": "^https?://"}, "throttling": _THROTTLING},
)
_EVENT: Schema = {
    "type": "string",
    "pattern": "^(contact|company|deal|ticket|product|line_item|object)"
    r"\.(creation|deletion|propertyChange|merge|restore|associationChange)$|^contact\.privacyDeletion$",
}
_SUBSCRIPTION: Schema = shape(
    {"id": ID, "eventType": _EVENT, "active": YES_NO, "createdAt": shapes.SOME_TIME},
    {"updatedAt": shapes.SOME_TIME, "propertyName": WORD, "objectTypeId": TYPE_ID},
)
_SUBSCRIBE: Schema = {
    **shape({"eventType": _EVENT}, {"active": YES_NO, "propertyName": WORD, "objectTypeId": TYPE_ID}),
    "if": {"properties": {"eventType": {"pattern": r"\.propertyChange$"}}},
    "then": {"required": ["propertyName"]},
    "else": {"not": {"required": ["propertyName"]}},
}
_SET = {200: shape({**_SETTINGS["properties"], **named(("createdAt", "updatedAt"), shapes.SOME_TIME)})}
WEBHOOKS: tuple[Form, ...] = (
    Form(
        "Read where webhooks go",
        "GET",
        "webhooks",
        "/{app}/settings",
        "api-reference/legacy/webhooks/settings/get-setting [S]",
        {**_SET, **NOT_FOUND},
        **_DEVELOPER_KEY,
    ),
    Form(
        "Set where webhooks go",
        "PUT",
        "webhooks",
        "/{app}/settings",
        "api-reference/legacy/webhooks/settings/update-setting [S]",
        _SET,
        body=_SETTINGS,
        **_DEVELOPER_KEY,
    ),
    Form(
        "Send webhooks nowhere",
        "DELETE",
        "webhooks",
        "/{app}/settings",
        "api-reference/legacy/webhooks/settings [S]",
        {204: None},
        unsent="the address of webhooks is set, and left",
        **_DEVELOPER_KEY,
    ),
    Form(
        "Read one subscription",
        "GET",
        "webhooks",
        "/{app}/subscriptions/{id}",
        "api-reference/legacy/webhooks/subscriptions [S]",
        {200: _SUBSCRIPTION, **NOT_FOUND},
        unsent="all are listed at once",
        **_DEVELOPER_KEY,
    ),
    Form(
        "Activate a batch of subscriptions",
        "POST",
        "webhooks",
        "/{app}/subscriptions/batch/update",
        "api-reference/legacy/webhooks/subscriptions [S]",
        {200: shapes.batched(_SUBSCRIPTION), **NOT_FOUND},
        body=ANY,
        unsent="they are active from the beginning",
        **_DEVELOPER_KEY,
    ),
    Form(
        "List subscriptions",
        "GET",
        "webhooks",
        "/{app}/subscriptions",
        "webhooks guide, event subscriptions [D]",
        {200: shape({"results": rows(_SUBSCRIPTION)})},
        **_DEVELOPER_KEY,
    ),
    Form(
        "Subscribe",
        "POST",
        "webhooks",
        "/{app}/subscriptions",
        "webhooks guide, create new subscriptions [D]",
        {201: _SUBSCRIPTION, 409: shapes.REFUSAL},
        body=_SUBSCRIBE,
        **_DEVELOPER_KEY,
    ),
    Form(
        "Activate a subscription",
        "PATCH",
        "webhooks",
        "/{app}/subscriptions/{id}",
        "webhooks guide, update a subscription [D]",
        {200: _SUBSCRIPTION, **NOT_FOUND},
        body=shape({"active": YES_NO}),
        parts={"id": ID},
        **_DEVELOPER_KEY,
    ),
    Form(
        "Unsubscribe",
        "DELETE",
        "webhooks",
        "/{app}/subscriptions/{id}",
        "webhooks guide, delete a subscription [D]",
        {204: None, **NOT_FOUND},
        parts={"id": ID},
        **_DEVELOPER_KEY,
    ),
)
