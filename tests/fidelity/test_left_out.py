"""Every call of HubSpot's client for Python, in the areas that we stand in for, is known or is named as left out."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.routes import route_of

PAGE = Path(__file__).parents[2] / "docs" / "apps" / "hubspot-stand-in.md"
AREAS = (
    *(f"crm/{each}" for each in ("contacts", "companies", "deals", "tickets", "products", "objects", "objects/leads")),
    *(f"crm/{each}" for each in ("lists", "owners", "pipelines", "properties", "schemas")),
    *(f"crm/associations{each}" for each in ("", "/schema", "/v4", "/v4/schema")),
    "oauth",
    "webhooks",
)
NAMES = {"objectType": "contacts", "fromObjectType": "contacts", "toObjectType": "companies", "objectTypeId": "0-1"}
"""What stands in a path for a name in braces; a number for all others."""

_CALL = re.compile(r'call_api\(\s*"([^"]+)",\s*"(\w+)"')


def is_known(method: str, path: str) -> bool:
    try:
        route_of(method, path)
    except Refused:
        return False
    return True


def left_out() -> list[str]:
    """Return the paths that the page names as left out."""
    section = PAGE.read_text().partition("\n## Left out\n")[2]
    return re.findall(r"`(/[^`]+)`", section)


def calls_of_client() -> Iterator[tuple[str, str]]:
    import hubspot

    for area in AREAS:
        for file in sorted(Path(hubspot.__file__).parent.glob(f"{area}/api/*_api.py")):
            for path, method in _CALL.findall(file.read_text()):
                yield method, re.sub(r"\{(\w+)\}", lambda name: NAMES.get(name[1], "1"), path)


@pytest.mark.server("hubspot-python")
def test_every_call_of_the_client_is_known_or_named_as_left_out() -> None:
    calls = list(calls_of_client())
    assert len(calls) > 150
    unknown = [(method, path) for method, path in calls if not is_known(method, path)]
    assert [each for each in unknown if not each[1].startswith(tuple(left_out()))] == []


@pytest.mark.parametrize("path", left_out())
def test_what_is_named_as_left_out_is_not_there_and_told_so(path: str) -> None:
    with pytest.raises(Refused, match=f"404 OBJECT_NOT_FOUND: .+ has no call GET {path}"):
        route_of("GET", path)
