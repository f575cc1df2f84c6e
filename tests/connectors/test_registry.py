"""Connectors are found by entry points."""

from importlib.metadata import EntryPoint

import pytest

from bothways.connectors import registry
from bothways.connectors.hubspot import HubSpot
from bothways.errors import UnknownConnector


class Stranger:
    title = "Stranger"


@pytest.fixture
def only_these(monkeypatch):
    points = [
        EntryPoint("stranger", f"{__name__}:Stranger", registry.GROUP),
        EntryPoint("hubspot", "bothways.connectors.hubspot:HubSpot", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: [each for each in points if each.group == group])


@pytest.mark.usefixtures("only_these")
def test_connectors_of_other_packages_are_found():
    assert list(registry.connectors()) == ["hubspot", "stranger"]
    assert registry.connector_class("stranger").title == "Stranger"


def test_ours_is_installed():
    assert registry.connector_class("hubspot") is HubSpot


@pytest.mark.usefixtures("only_these")
@pytest.mark.parametrize(
    ("name", "hint"), [("hubspt", "Did you mean hubspot?"), ("zzz", "There are: hubspot, stranger.")]
)
def test_unknown_name_is_answered_with_the_nearest(name, hint):
    with pytest.raises(UnknownConnector, match=f'"{name}"') as caught:
        registry.connector_class(name)
    assert caught.value.advice == hint
