"""The story over plain HTTP, in the paths of one version of the API."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import urllib3

from tests.fidelity.calls import CALLS, paths
from tests.fidelity.telling import Said


class Wire:
    """Makes the calls of the story as they are on the wire."""

    def __init__(self, url: str, token: str, version: str) -> None:
        self._url, self._paths = url, paths(version)
        self._pool = urllib3.PoolManager(retries=False, headers={"Authorization": f"Bearer {token}"})

    def __call__(self, call: str, sent: Mapping[str, Any]) -> Said:
        method, path = CALLS[call]
        places = {name: quote(str(value), safe="") for name, value in sent.items() if name not in ("query", "body")}
        fields = [
            (name, str(each).lower() if isinstance(each, bool) else str(each))
            for name, value in sent.get("query", {}).items()
            for each in (value if isinstance(value, list) else [value])
        ]
        query = f"?{urlencode(fields)}" if fields else ""
        body = orjson.dumps(sent["body"]) if "body" in sent else None
        answer = self._pool.request(method, self._url + path.format(**self._paths, **places) + query, body=body)
        return Said(answer.status, orjson.loads(answer.data) if answer.data else None, dict(answer.headers))
