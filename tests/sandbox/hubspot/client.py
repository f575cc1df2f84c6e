"""A plain HTTP client for the stand-in."""

from dataclasses import dataclass
from typing import Any

import orjson
import urllib3

from bothways.sandbox.hubspot import HubSpotSandbox

CONTACTS = "/crm/objects/2026-09/contacts"
COMPANIES = "/crm/objects/2026-09/companies"


@dataclass
class Said:
    """One answer; ``code`` is the status."""

    code: int
    body: Any
    headers: Any

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.body["results"]]


class Client:
    def __init__(self, hubspot: HubSpotSandbox, token: str | None = None) -> None:
        self.hubspot = hubspot
        self.pool = urllib3.PoolManager(retries=False, headers={"Authorization": f"Bearer {token or hubspot.token}"})

    def __call__(self, method: str, path: str, body: Any = None) -> Said:
        """Make a call; raise urllib3's errors if the connection breaks off."""
        content = None if body is None else orjson.dumps(body)
        answer = self.pool.request(method, self.hubspot.url + path, body=content)
        content_type = answer.headers.get("Content-Type", "")
        parsed = orjson.loads(answer.data) if content_type.startswith("application/json") else answer.data
        return Said(answer.status, parsed, answer.headers)

    def get(self, path: str) -> Said:
        return self("GET", path)

    def post(self, path: str, body: Any) -> Said:
        return self("POST", path, body)

    def batch(self, action: str, inputs: list[Any], **more: Any) -> Said:
        return self.post(f"{CONTACTS}/batch/{action}", {"inputs": inputs, **more})

    def search(self, *filters: dict[str, Any], **more: Any) -> Said:
        """Search contacts by filters that must all be met."""
        return self.post(f"{CONTACTS}/search", {"filterGroups": [{"filters": list(filters)}], "limit": 200, **more})


def where(name: str, operator: str, *values: Any) -> dict[str, Any]:
    """Return a filter: one value, two for BETWEEN, a list for IN."""
    names = ("values",) if values and isinstance(values[0], list) else ("value", "highValue")
    return {"propertyName": name, "operator": operator, **dict(zip(names, values, strict=False))}
