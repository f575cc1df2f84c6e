"""Stored keys are made anew when the normal forms have another version, and not before."""

from pathlib import Path

import pytest

from bothways.engine import keys
from bothways.engine.keys import NormalForm
from bothways.service import in_force
from tests.office import Office, plug_in


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connectors of the tests be known."""
    plug_in(monkeypatch)


def without_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the normal form of e-mail addresses have no dots."""
    before: NormalForm = keys._FORMS["email"]

    def form(text: str, region: str | None) -> str | None:
        email = before(text, region)
        return email and email.replace(".", "")

    monkeypatch.setattr(keys, "_FORMS", {**keys._FORMS, "email": form})


def test_raised_version_makes_all_stored_keys_anew_and_looks_at_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Office(tmp_path)
    made.pair("Ann.Lee")
    assert held("ann.lee@x.test") == 2
    without_dots(monkeypatch)
    made.rest()
    assert (held("ann.lee@x.test"), held("annlee@xtest")) == (2, 0), "what is stored stays as it is"
    monkeypatch.setattr(in_force, "NORM_VERSION", in_force.NORM_VERSION + 1)
    assert made.plan().compared == 1, "every record is looked at again"
    assert (held("ann.lee@x.test"), held("annlee@xtest")) == (0, 2)


def held(key: str) -> int:
    """Return how many records of both apps hold a key."""
    from bothways.ledger import db, feeds

    return int(db.value("SELECT COUNT(*) FROM match_key WHERE hash=%s", [feeds.key_hash(key)]))
