"""The API answers as its description says, whatever it is asked: made-up calls for each address, by Schemathesis."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import bothways.web  # noqa: F401 - prepares Django
from bothways.engine.deletes import DAY
from bothways.service import drafts, issue_groups, issues
from bothways.service.rights import Role
from bothways.web.api.calls import CALLS
from bothways.web.api.problems import status_of
from bothways.web.api.urls import openapi
from tests.databases import empty_ledger
from tests.office import Office, plug_in
from tests.web.caller import BASE, Caller, caller, token_of

EXAMPLES = 12
"""Calls made up for each address."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
Environ = dict[str, Any]


def as_wsgi(here: Caller) -> Callable[[Environ, Callable[..., object]], Iterable[bytes]]:
    """Return the API as a WSGI application, by which Schemathesis calls it."""

    def application(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        headers = {
            name.removeprefix("HTTP_").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        scope = {
            "type": "http",
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
            "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, found, content = here._pages.answer(scope, body)
        start_response(f"{status} -", [(name.decode(), value.decode("latin-1")) for name, value in found])
        return [content]

    return application


class Service:
    """A workspace with something behind every address, and a token of an admin for it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.left, _ = office.pair("Dana")
        office.anna.add(email="eve@x.test", name="Eve Park")
        office.bert.add(email="eve@x.test", name="Eve Park")
        office.bert.add(email="eve@x.test", name="E. Park")
        office.anna.edit(self.left, name="Dave")
        self.run = office.run().id
        office.clock.advance(DAY)
        office.run()
        self.here = caller(office.open())
        self.group = issue_groups.groups(self.here.workspace).rows[0].id
        token_of(self.here.workspace, "Vera", Role.VIEWER)
        self.asked = str(self.here.post("syncs/people/run").json["id"])
        self.schema = schemathesis.openapi.from_wsgi(f"{BASE}openapi.json", as_wsgi(self.here))

    def places(self, path: str) -> dict[str, Any]:
        """Return what there is for the places that an address leaves open."""
        workspace = self.here.workspace
        draft = drafts.edit(workspace, "people").id
        return {
            "name": "Vera" if path.startswith("people") else "Anna" if path.startswith("apps") else "people",
            "record": f"Anna:{self.left}",
            "issue": issues.list_issues(workspace)[0].id,
            "group": self.group,
            "run": self.run,
            "id": int(self.asked) if path.startswith("requests") else draft,
        }


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One workspace for all calls: they leave it as they may."""
    folder: Path = tmp_path_factory.mktemp("described")
    with pytest.MonkeyPatch.context() as patch, empty_ledger(folder):
        plug_in(patch)
        yield Service(Office(folder))


@pytest.mark.parametrize("name", sorted(CALLS))
def test_call_is_answered_as_described_and_never_by_a_failure_of_ours(service: Service, name: str) -> None:
    call = CALLS[name]
    operation = service.schema[BASE + call.path.replace("path:", "")][call.method]
    known = {key: value for key, value in service.places(call.path).items() if f"{{{key}}}" in operation.path}
    headers = {"Authorization": f"Bearer {service.here.token}"}
    met: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.one_of(operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)),
        st.integers(0, 3),
    )
    def made_up(case: schemathesis.Case, some: int) -> None:
        if some and known:
            case.path_parameters = dict(known)
        checks = CHECKS if some else [*CHECKS, negative_data_rejection]
        met.add(case.call_and_validate(headers=headers, checks=checks).status_code)

    made_up()
    assert met


def test_description_is_valid_and_names_a_role_and_every_refusal() -> None:
    found = json.loads(openapi())
    for schema in found["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            call = CALLS[operation["operationId"]]
            assert (operation["x-role"], operation["security"]) == (call.role, [{"Bearer": []}]), path
            for refusal in call.refused:
                answer = operation["responses"][str(status_of(refusal))]
                assert f"({refusal.code})" in answer["description"], (method, path)
                assert list(answer["content"]) == ["application/problem+json"]
            assert {"401", "500", "503"} <= set(operation["responses"])
            assert ("403" in operation["responses"]) is (call.role is not Role.VIEWER)
    assert len(found["paths"]) > 30


def test_views_are_described_by_their_fields() -> None:
    schemas = json.loads(openapi())["components"]["schemas"]
    sync = schemas["SyncView"]
    assert sync["properties"]["counts"] == {"$ref": "#/components/schemas/Counts"}
    assert set(sync["required"]) == set(sync["properties"])
    assert sync["properties"]["apps"]["minItems"] == 2
    assert schemas["Counts"]["properties"]["held"] == {"type": "integer"}
