"""Telling the story: every client makes its calls, and what comes back is brought into one form."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.fidelity.story import STORY, Step


class Said(NamedTuple):
    """What came back: the status, the body as JSON (None: there was none), and the headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


Make = Callable[[str, Mapping[str, Any]], Said]
"""Makes a call of this name with what is sent."""

ERROR = ("category", "context", "errors", "links", "message", "subCategory")
"""What errors hold that every client shows."""

LEFT_OUT = {"correlationId"}
"""What is another one each time."""

UNKNOWN = {"dataSensitivity", "metaType", "restorable"}
"""What HubSpot documents and the clients do not know yet; they pass it over."""

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})")


def told(make: Make) -> list[dict[str, Any]]:
    """Tell the whole story by one client, and return what came back, step by step, in one form."""
    kept: dict[str, Any] = {}
    chapters = []
    for each in STORY:
        said = make(each["call"], filled(each["sent"], kept))
        kept |= {name: at(said.body, path) for name, path in each["keep"].items()}
        seen = {path: at(said.body, path) for path in each["sees"]}
        chapters.append({**chapter(each, said), "seen": seen, "to see": filled(each["sees"], kept)})
    return chapters


def chapter(step: Step, said: Said) -> dict[str, Any]:
    """Return what came back from one step, in the form in which the stories are compared."""
    names = {name.lower(): text for name, text in said.headers.items()}
    limits = {name: text for name, text in names.items() if name.startswith("x-hubspot-ratelimit")}
    body = said.body
    if said.status >= 400 and isinstance(body, dict):
        body = {name: body[name] for name in ERROR if body.get(name)}
    return {"call": step["call"], "status": said.status, "body": plain(body), "limits": limits}


def filled(sent: Any, kept: Mapping[str, Any]) -> Any:
    """Return what is sent, with the parts in place that were kept."""
    if isinstance(sent, str) and "$" in sent:
        whole = kept.get(sent[1:]) if sent.startswith("$") else None
        return whole if whole is not None else re.sub(r"\$(\w+)", lambda match: str(kept[match[1]]), sent)
    if isinstance(sent, dict):
        return {name: filled(value, kept) for name, value in sent.items()}
    return [filled(each, kept) for each in sent] if isinstance(sent, list) else sent


def at(body: Any, path: str) -> Any:
    """Return what a body holds at a place, None if nothing."""
    for word in path.split("."):
        if isinstance(body, list):
            body = body[int(word)] if int(word) < len(body) else None
        else:
            body = body.get(word) if isinstance(body, dict) else None
    return body


def plain(value: Any, name: str = "") -> Any:
    """Return a body with times in one form and links without their address, and without what is empty."""
    if isinstance(value, dict):
        held = {key: plain(each, key) for key, each in value.items() if key not in LEFT_OUT | UNKNOWN}
        return {key: each for key, each in held.items() if each is not None}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if name == "toObjectId":
        return str(value)  # HubSpot sends a number, which its descriptions call a text
    if name == "link":
        return parse_qs(urlsplit(value).query)
    if isinstance(value, str) and _TIME.fullmatch(value):
        return datetime.fromisoformat(value).timestamp()
    return value
