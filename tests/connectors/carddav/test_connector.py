"""A server can be asked as fast as its owner allows."""

import pytest

from bothways.connectors.budget import MemoryBudget
from bothways.connectors.carddav import CardDav
from bothways.errors import SecretUnusable, WrongType
from tests.connectors.support import Time, make_setup


def connector(password: str = "correct horse", **settings: str) -> MemoryBudget:
    """Make a connector with these settings and return its budget."""
    time = Time()
    budget = MemoryBudget(CardDav.limits, time.clock, time.sleep)
    given = {"url": "http://127.0.0.1:1/", "username": "ann", **settings}
    CardDav(make_setup(time, settings=given, secrets={"password": password}, budget=budget))
    return budget


def test_calls_are_paced_without_being_told():
    assert connector().allowed("") == 20


def test_secret_of_bytes_that_are_no_text_is_told_as_that():
    with pytest.raises(SecretUnusable):
        connector(password="p\udcffss")


def test_the_pace_can_be_set():
    assert connector(calls_per_second="100").allowed("") == 100


@pytest.mark.parametrize("pace", ["0", "-1", "fast", "1.5", "²"])
def test_a_pace_that_is_none_is_refused(pace):
    with pytest.raises(WrongType, match="whole number above 0"):
        connector(calls_per_second=pace)
