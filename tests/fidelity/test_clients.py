"""HubSpot's own clients, as they are, meet the stand-in, and every version of the API tells the same story."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from tests.fidelity.node_client import told_by_node
from tests.fidelity.story import NOON, STORY
from tests.fidelity.telling import chapter, told
from tests.fidelity.wire import Wire

COMPARED = ("call", "status", "body", "limits")
Told = list[dict[str, Any]]


@contextmanager
def account() -> Iterator[HubSpotSandbox]:
    """Yield a new account: the same one for every teller, at the same time."""
    with HubSpotSandbox(rate=(10_000, 10.0), search_rate=None, clock=FrozenClock(NOON)) as hubspot:
        yield hubspot


def same(story: Told, again: Told) -> None:
    """Compare two stories step by step."""
    for place, (one, two) in enumerate(zip(story, again, strict=True)):
        assert (place, {name: two[name] for name in COMPARED}) == (place, {name: one[name] for name in COMPARED})


@pytest.fixture(scope="module")
def story() -> Told:
    """Return the story in the version that the connector speaks."""
    with account() as hubspot:
        return told(Wire(hubspot.url, hubspot.token, "2026-09"))


def test_every_step_ends_as_the_story_says(story: Told) -> None:
    ends = [(place, each["call"], each["status"]) for place, each in enumerate(STORY)]
    assert [(place, each["call"], each["status"]) for place, each in enumerate(story)] == ends


def test_every_answer_holds_what_the_story_says(story: Told) -> None:
    for place, each in enumerate(story):
        assert (place, each["seen"]) == (place, each["to see"])


@pytest.mark.parametrize("version", ["2026-03", "v3/v4"])
def test_every_version_tells_the_same(version: str, story: Told) -> None:
    with account() as hubspot:
        again = told(Wire(hubspot.url, hubspot.token, version))
    same(story, again)


@pytest.mark.server("hubspot-python")
def test_client_for_python_tells_the_same(story: Told) -> None:
    from tests.fidelity.official import Official

    with account() as hubspot:
        again = told(Official(hubspot.url, hubspot.token))
    same(story, again)


@pytest.mark.server("hubspot-node")
def test_client_for_node_tells_the_same(story: Told) -> None:
    with account() as hubspot:
        said, odd = told_by_node(hubspot.url, hubspot.token, STORY)
    same(story, [chapter(*each) for each in zip(STORY, said, strict=True)])
    assert odd == ["MultiAssociatedObjectWithLabel.toObjectId: number"]
