"""The API of the app's owner: where its webhooks go, and what they tell of. It takes the developer's key, no token."""

from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask, batch_answer, inputs_of
from bothways.sandbox.hubspot.hooks import MOST_SUBSCRIPTIONS, Hooks, Subscription
from bothways.sandbox.hubspot.problems import Refused, not_found

STAMP = "2026-01-31T12:00:00Z"


def settings(ask: Ask) -> Answer:
    """Return where the webhooks go; there is nothing before that was set."""
    hooks = _hooks(ask)
    if not hooks.url:
        raise not_found()
    return 200, _settings(hooks)


def set_settings(ask: Ask) -> Answer:
    """Set where the webhooks go."""
    hooks, throttling = _hooks(ask), ask.body.get("throttling")
    if not isinstance(throttling, dict):
        raise Refused(400, "throttling is required")
    _tried(lambda: hooks.send_to(str(ask.body.get("targetUrl") or ""), throttling))
    return 200, _settings(hooks)


def clear_settings(ask: Ask) -> Answer:
    """Send nothing any more; the subscriptions stay."""
    _hooks(ask).send_nowhere()
    return 204, None


def list_all(ask: Ask) -> Answer:
    """Return all subscriptions."""
    return 200, {"results": [row(each) for each in _hooks(ask).subscriptions]}


def read(ask: Ask) -> Answer:
    """Return one subscription."""
    return 200, row(_there(ask, ask.arg))


def create(ask: Ask) -> Answer:
    """Make a subscription. [K] One that there is already is refused as a conflict."""
    body = ask.body
    names = {"subscriptionType": "eventType", "propertyName": "propertyName", "objectType": "objectTypeId"}
    wanted = {ours: str(body[theirs]) for ours, theirs in names.items() if body.get(theirs)}
    hooks = _hooks(ask)
    return 201, row(_tried(lambda: hooks.add(wanted, active=body.get("active") is True)))


def update(ask: Ask) -> Answer:
    """Pause a subscription, or let it go on."""
    changed = _hooks(ask).set_active(_number(ask), ask.body.get("active") is True)
    if changed is None:
        raise not_found()
    return 200, row(changed)


def update_batch(ask: Ask) -> Answer:
    """Pause subscriptions, or let them go on: all that are named, or none where one of them is not there [K]."""
    hooks, inputs = _hooks(ask), inputs_of(ask.body, MOST_SUBSCRIPTIONS)
    ids = [_there(ask, str(each.get("id"))).id for each in inputs]
    changed = [hooks.set_active(id, each.get("active") is True) for id, each in zip(ids, inputs, strict=True)]
    return batch_answer(ask, [row(each) for each in changed if each is not None], [], 200)


def delete(ask: Ask) -> Answer:
    """Delete a subscription."""
    if not _hooks(ask).remove(_number(ask)):
        raise not_found()
    return 204, None


def _hooks(ask: Ask) -> Hooks:
    if ask.hooks is None:
        raise not_found()
    return ask.hooks


def _there(ask: Ask, id: str) -> Subscription:
    found = next((each for each in _hooks(ask).subscriptions if str(each.id) == id), None)
    if found is None:
        raise not_found()
    return found


def _number(ask: Ask) -> int:
    return int(ask.arg) if ask.arg.isdecimal() else -1


def _tried(deed: Any) -> Any:
    try:
        return deed()
    except ValueError as error:
        raise Refused(409 if "already" in str(error) else 400, str(error)) from error


def _settings(hooks: Hooks) -> dict[str, Any]:
    return {"targetUrl": hooks.url, "throttling": dict(hooks.throttling), "createdAt": STAMP, "updatedAt": STAMP}


def row(each: Subscription) -> dict[str, Any]:
    """Return a subscription as answers show it."""
    shown = {"id": str(each.id), "eventType": each.name(), "active": each.active}
    shown |= {"createdAt": STAMP, "updatedAt": STAMP}
    shown |= {"propertyName": each.property} if each.property else {}
    return shown | ({"objectTypeId": each.type_id} if each.word == "object" else {})
