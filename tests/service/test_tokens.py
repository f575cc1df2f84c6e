"""Tokens: what they may do, and what ends them."""

import pytest

from bothways.errors import NotAllowed, TokenNotMade, TokenRefused, UnknownPerson, UnknownToken
from bothways.ledger.models import Token
from bothways.service import accounts, tokens
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.service.workspace import Workspace
from tests.office import Office
from tests.service.test_second_factor import made


def role_of(workspace: Workspace, word: str) -> Role:
    """Return what a token may do now."""
    return tokens.bearer_of(workspace, word).actor.role


def test_token_acts_in_the_name_of_its_person_with_its_own_role(office: Office) -> None:
    workspace = made(office)
    view, word = tokens.make_token(workspace, " nightly  reports ", Role.VIEWER)
    assert (view.name, view.person, view.role, view.used_at, view.ends_at) == (
        "nightly reports",
        "Ana Ruiz",
        Role.VIEWER,
        0.0,
        None,
    )
    actor = tokens.bearer_of(workspace, word).actor
    assert (actor.name, actor.role) == ("Ana Ruiz", Role.VIEWER)
    assert tokens.list_tokens(workspace)[0].used_at == workspace.clock()


def test_token_never_may_more_than_its_person_may_now(office: Office) -> None:
    workspace = made(office)
    admin = workspace.actor
    eve = made(office, "Eve", Role.EDITOR)
    with pytest.raises(NotAllowed):
        tokens.make_token(eve, "x", Role.ADMIN)
    _, word = tokens.make_token(eve, "x", Role.EDITOR)
    assert role_of(workspace, word) is Role.EDITOR
    workspace.actor = admin
    accounts.set_role(workspace, "Eve", Role.OPERATOR)
    assert role_of(workspace, word) is Role.OPERATOR
    accounts.set_role(workspace, "Eve", Role.ADMIN)
    assert role_of(workspace, word) is Role.EDITOR


def test_token_ends_when_it_is_revoked_its_time_is_over_or_its_person_is_switched_off(office: Office) -> None:
    workspace = made(office)
    admin = workspace.actor
    eve = made(office, "Eve", Role.EDITOR)
    revoked, lasting = (tokens.make_token(eve, "x", Role.VIEWER) for _ in range(2))
    timed = tokens.make_token(eve, "x", Role.VIEWER, days=2)
    tokens.revoke_token(eve, revoked[0].id)
    assert [role_of(workspace, word) for _, word in (lasting, timed)] == [Role.VIEWER] * 2
    office.clock.advance(2 * tokens.DAY)
    for _, word in (revoked, timed, (None, "nothing")):
        with pytest.raises(TokenRefused):
            tokens.bearer_of(workspace, word)
    assert role_of(workspace, lasting[1])
    workspace.actor = admin
    accounts.switch_off(workspace, "Eve")
    with pytest.raises(TokenRefused):
        tokens.bearer_of(workspace, lasting[1])


def test_nobody_sees_or_revokes_the_tokens_of_others_but_who_has_the_command_line(office: Office) -> None:
    workspace = made(office)
    mine, _ = tokens.make_token(workspace, "mine", Role.ADMIN)
    eve = made(office, "Eve", Role.ADMIN)
    assert tokens.list_tokens(eve) == []
    for id in (mine.id, "t_999", "nonsense"):
        with pytest.raises(UnknownToken):
            tokens.revoke_token(eve, id)
    eve.actor = None
    assert [each.name for each in tokens.list_tokens(eve)] == ["mine"]
    assert tokens.revoke_token(eve, mine.id).person == "Ana Ruiz"


def test_command_line_makes_one_for_a_person(office: Office) -> None:
    workspace = made(office)
    workspace.actor = None
    _, word = tokens.make_token(workspace, "backup", Role.OPERATOR, person="ana ruiz")
    assert tokens.bearer_of(workspace, word).actor.name == "Ana Ruiz"
    with pytest.raises(UnknownPerson):
        tokens.make_token(workspace, "backup", Role.OPERATOR, person="Nobody")


@pytest.mark.parametrize(("name", "days"), [("", None), ("x" * 101, None), ("x", 0), ("x", -1), ("x", 1e9)])
def test_token_without_a_name_or_with_an_end_that_is_none_is_not_made(
    office: Office, name: str, days: float | None
) -> None:
    with pytest.raises(TokenNotMade):
        tokens.make_token(made(office), name, Role.VIEWER, days=days)


def test_word_of_a_token_stands_nowhere_and_what_was_done_is_kept(office: Office) -> None:
    workspace = made(office)
    view, word = tokens.make_token(workspace, "reports", Role.VIEWER)
    with used(workspace.database):
        assert word not in str(list(Token.objects.values()))
    tokens.revoke_token(workspace, view.id)
    done = [(each.who, each.what, each.about) for each in accounts.deeds(workspace)]
    assert done[:2] == [
        ("Ana Ruiz", "revoked a token", "reports of Ana Ruiz"),
        ("Ana Ruiz", "made a token (viewer)", "reports of Ana Ruiz"),
    ]
    assert word not in str(done)
