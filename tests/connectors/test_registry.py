"""Connectors are found by entry points."""

from importlib.metadata import EntryPoint

import pytest

from bothways.connectors import registry
from bothways.connectors.hubspot import HubSpot
from bothways.connectors.webhooks import ReceivesWebhooks
from bothways.errors import ConnectorUnusable, UnknownConnector
from tests.memory_app import MemoryConnector


class Stranger(MemoryConnector):
    title = "Stranger"


class OfOldTimes:
    title = "Of old times"
    settings, limits = (), {}


class HalfATelephone(MemoryConnector):
    def hints(self, delivery):
        return []


@pytest.fixture(autouse=True)
def _read_anew():
    registry._points.cache_clear()
    yield
    registry._points.cache_clear()


def install(monkeypatch, **classes):
    points = [EntryPoint(name, path, registry.GROUP) for name, path in classes.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: [each for each in points if each.group == group])


@pytest.fixture
def only_these(monkeypatch):
    install(monkeypatch, stranger=f"{__name__}:Stranger", hubspot="bothways.connectors.hubspot:HubSpot")


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


def test_a_class_that_lacks_what_every_connector_has_is_refused_with_what_it_lacks(monkeypatch):
    install(monkeypatch, old=f"{__name__}:OfOldTimes")
    with pytest.raises(
        ConnectorUnusable, match=r"package tests .*: it has no category and no quota and no check and no objects"
    ):
        registry.connector_class("old")


def test_a_class_that_has_half_of_what_takes_more_is_refused_with_the_other_half(monkeypatch):
    install(monkeypatch, half=f"{__name__}:HalfATelephone")
    with pytest.raises(ConnectorUnusable, match="it has hints, but no awaits_webhooks and no test_call"):
        registry.connector_class("half")


def test_a_class_that_cannot_be_loaded_is_refused_with_the_reason(monkeypatch):
    install(monkeypatch, away=f"{__name__}:Away", gone="no_such_package.of_ours:Gone")
    with pytest.raises(ConnectorUnusable, match=r"AttributeError: .* 'Away'"):
        registry.connector_class("away")
    with pytest.raises(ConnectorUnusable, match="no_such_package cannot be used: ModuleNotFoundError"):
        registry.connector_class("gone")


def test_the_connector_of_the_benches_is_whole(monkeypatch):
    install(monkeypatch, plain="bench.plain:Plain")
    assert issubclass(registry.connector_class("plain"), ReceivesWebhooks)
