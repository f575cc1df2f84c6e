"""The story by HubSpot's own client for Python, which is asked for nothing but another address."""

import inspect
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from hubspot import HubSpot

from tests.fidelity.telling import Said
from tests.fidelity.wire import Wire

TYPED = ("contacts", "companies", "deals", "tickets")
"""Kinds of record with a part of the client of their own; the other names go through the part for all objects."""

METHODS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "records.page": ("basic_api.get_page", ()),
    "records.read": ("basic_api.get_by_id", ("id",)),
    "records.create": ("basic_api.create", ("body",)),
    "records.update": ("basic_api.update", ("id", "body")),
    "records.archive": ("basic_api.archive", ("id",)),
    "records.search": ("search_api.do_search", ("body",)),
    "records.merge": ("basic_api.merge", ("body",)),
    "records.purge": ("basic_api.purge", ("body",)),
    "records.batch_read": ("batch_api.read", ("body",)),
    "records.batch_create": ("batch_api.create", ("body",)),
    "records.batch_update": ("batch_api.update", ("body",)),
    "records.batch_upsert": ("batch_api.upsert", ("body",)),
    "records.batch_archive": ("batch_api.archive", ("body",)),
    "properties.all": ("core_api.get_all", ("object",)),
    "properties.read": ("core_api.get_by_name", ("object", "name")),
    "properties.create": ("core_api.create", ("object", "body")),
    "properties.update": ("core_api.update", ("object", "name", "body")),
    "properties.archive": ("core_api.archive", ("object", "name")),
    "properties.batch_read": ("batch_api.read", ("object", "body")),
    "properties.batch_create": ("batch_api.create", ("object", "body")),
    "properties.batch_archive": ("batch_api.archive", ("object", "body")),
    "groups.all": ("groups_api.get_all", ("object",)),
    "groups.read": ("groups_api.get_by_name", ("object", "name")),
    "groups.create": ("groups_api.create", ("object", "body")),
    "groups.update": ("groups_api.update", ("object", "name", "body")),
    "groups.archive": ("groups_api.archive", ("object", "name")),
    "associations.page": ("basic_api.get_page", ("object", "id", "to")),
    "associations.set": ("basic_api.create", ("object", "id", "to", "to_id", "body")),
    "associations.default": ("basic_api.create_default", ("object", "id", "to", "to_id")),
    "associations.archive": ("basic_api.archive", ("object", "id", "to", "to_id")),
    "associations.batch_read": ("batch_api.get_page", ("object", "to", "body")),
    "associations.batch_create": ("batch_api.create", ("object", "to", "body")),
    "associations.batch_default": ("batch_api.create_default", ("object", "to", "body")),
    "associations.batch_archive": ("batch_api.archive", ("object", "to", "body")),
    "associations.batch_labels_archive": ("batch_api.archive_labels", ("object", "to", "body")),
    "labels.all": ("definitions_api.get_all", ("object", "to")),
    "labels.create": ("definitions_api.create", ("object", "to", "body")),
    "labels.update": ("definitions_api.update", ("object", "to", "body")),
    "labels.remove": ("definitions_api.remove", ("object", "to", "id")),
    "worded.types": ("schema.types_api.get_all", ("object", "to")),
    "worded.read": ("batch_api.read", ("object", "to", "body")),
    "worded.create": ("batch_api.create", ("object", "to", "body")),
    "worded.archive": ("batch_api.archive", ("object", "to", "body")),
    "lists.search": ("lists_api.do_search", ("body",)),
    "lists.create": ("lists_api.create", ("body",)),
    "lists.some": ("lists_api.get_all", ()),
    "lists.read": ("lists_api.get_by_id", ("id",)),
    "lists.named": ("lists_api.get_by_name", ("name", "type")),
    "lists.rename": ("lists_api.update_name", ("id",)),
    "lists.remove": ("lists_api.remove", ("id",)),
    "lists.restore": ("lists_api.restore", ("id",)),
    "members.page": ("memberships_api.get_page", ("id",)),
    "members.by_time": ("memberships_api.get_page_ordered_by_added_to_list_date", ("id",)),
    "members.lists": ("memberships_api.get_lists", ("type", "id")),
    "members.add": ("memberships_api.add", ("id", "body")),
    "members.remove": ("memberships_api.remove", ("id", "body")),
    "members.change": ("memberships_api.add_and_remove", ("id", "body")),
    "members.add_from": ("memberships_api.add_all_from_list", ("id", "source")),
    "members.clear": ("memberships_api.remove_all", ("id",)),
    "owners.page": ("owners_api.get_page", ()),
    "owners.read": ("owners_api.get_by_id", ("id",)),
    "pipelines.all": ("pipelines_api.get_all", ("object",)),
    "pipelines.read": ("pipelines_api.get_by_id", ("object", "pipeline")),
    "pipelines.create": ("pipelines_api.create", ("object", "body")),
    "pipelines.update": ("pipelines_api.update", ("object", "pipeline", "body")),
    "pipelines.replace": ("pipelines_api.replace", ("object", "pipeline", "body")),
    "pipelines.remove": ("pipelines_api.archive", ("object", "pipeline")),
    "pipelines.audit": ("pipeline_audits_api.get_audit", ("object", "pipeline")),
    "stages.all": ("pipeline_stages_api.get_all", ("object", "pipeline")),
    "stages.read": ("pipeline_stages_api.get_by_id", ("object", "pipeline", "stage")),
    "stages.create": ("pipeline_stages_api.create", ("object", "pipeline", "body")),
    "stages.update": ("pipeline_stages_api.update", ("object", "pipeline", "stage", "body")),
    "stages.replace": ("pipeline_stages_api.replace", ("object", "pipeline", "stage", "body")),
    "stages.remove": ("pipeline_stages_api.archive", ("object", "pipeline", "stage")),
    "stages.audit": ("pipeline_stage_audits_api.get_audit", ("object", "stage")),
    "schemas.all": ("core_api.get_all", ()),
    "schemas.read": ("core_api.get_by_id", ("object",)),
    "schemas.create": ("core_api.create", ("body",)),
    "schemas.update": ("core_api.update", ("object", "body")),
    "schemas.remove": ("core_api.archive", ("object",)),
    "schemas.join": ("core_api.create_association", ("object", "body")),
    "schemas.part": ("core_api.archive_association", ("object", "id")),
}
"""The method for each call, and which parts of what is sent it takes, in its order."""


class Official:
    """Makes the calls of the story by the client's methods, with its models, and gives its models back as JSON."""

    def __init__(self, url: str, token: str) -> None:
        # By itself the client takes answers without what its models require, and values that they do not allow.
        self._crm = HubSpot(access_token=token, host=url, client_side_validation=True).crm
        self._strings = Wire(url, token, "2026-09")

    def __call__(self, call: str, sent: Mapping[str, Any]) -> Said:
        if call == "sandbox":
            return self._strings(call, sent)
        path, names = METHODS[call]
        api, more = self._api(call, sent)
        method = attrgetter(f"{path}_with_http_info")(api)
        arguments = [*more, *(_model(method, sent[each]) if each == "body" else sent[each] for each in names)]
        return _said(method, arguments, {_snake(each): value for each, value in sent.get("query", {}).items()})

    def _api(self, call: str, sent: Mapping[str, Any]) -> tuple[Any, list[str]]:
        """Return the part of the client for a call, and what goes into its methods first."""
        crm, word = self._crm, call.partition(".")[0]
        if word == "records":
            typed = sent["object"] in TYPED
            return (getattr(crm, sent["object"]), []) if typed else (crm.objects, [sent["object"]])
        parts = {
            "properties": crm.properties,
            "groups": crm.properties,
            "lists": crm.lists,
            "members": crm.lists,
            "associations": crm.associations.v4,
            "worded": crm.associations,
            "labels": crm.associations.v4.schema,
            "owners": crm.owners,
            "pipelines": crm.pipelines,
            "stages": crm.pipelines,
            "schemas": crm.schemas,
        }
        return parts[word], []


def _said(method: Callable[..., Any], arguments: list[Any], options: Mapping[str, Any]) -> Said:
    client = method.__self__.api_client
    refused = import_module(f"{_package(method)}.exceptions").ApiException
    try:
        data, status, headers = method(*arguments, **options)
    except refused as error:  # whose body the client leaves as it is
        data, status, headers = (
            client.deserialize(SimpleNamespace(data=error.body), "Error"),
            error.status,
            error.headers,
        )
    return Said(status, client.sanitize_for_serialization(data), dict(headers))


def _package(method: Callable[..., Any]) -> str:
    return method.__module__.partition(".api.")[0]


def _model(method: Callable[..., Any], body: Any) -> Any:
    """Return a body as the model that a method takes, which its last parameter is named after."""
    models = import_module(f"{_package(method)}.models")
    name = [each for each in inspect.signature(method).parameters if each != "kwargs"][-1]
    kind = "".join(word.capitalize() for word in name.split("_"))
    return _made(models, f"list[{kind}]" if isinstance(body, list) else kind, body)


def _made(models: Any, kind: str, value: Any) -> Any:
    """Return JSON as the client's models, made by their constructors."""
    if inner := re.fullmatch(r"list\[(.*)\]", kind):
        return [_made(models, inner[1], each) for each in value]
    model = getattr(models, kind, None)
    if model is None:
        return value
    fields = {
        name: _made(models, type, value[model.attribute_map[name]])
        for name, type in model.openapi_types.items()
        if model.attribute_map[name] in value
    }
    return model(**fields)


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()
