"""Being let into an app by OAuth: a way begins with the address to open and ends with the code that comes back.

Nothing of a way is secret but its verifier, without which the code is of no use to who sees it; its entry of the
settings file names where the client secret is. Nothing is kept before the app was asked who we are there.
"""

import hmac
import json
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bothways.connectors import registry
from bothways.connectors.permissions import OAuth, Permission, oauth_of
from bothways.errors import AccessNotAllowed, AccountChanged, UsageError, VisitOver
from bothways.ledger import access as given
from bothways.ledger import rests
from bothways.service import access, yaml_edit
from bothways.service.connect import ask_anew, client_of, make, token_server
from bothways.service.database import on_database
from bothways.service.document import CLIENT_SECRET
from bothways.service.entries import check_name, checked, checked_app, entry_of, used_objects
from bothways.service.reading_apps import check_reached
from bothways.service.rights import Role, for_role
from bothways.service.same_account import refuse_another
from bothways.service.secret_files import Reference, forget, kept
from bothways.service.views import AppCheck
from bothways.service.workspace import Workspace, changing

LONGEST = 300
"""Characters of what an app says of a refusal: it comes with an address that anybody could have made."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to an app and back. ``again``: it is connected already. ``entry`` is as it stands in the settings file."""

    name: str
    entry: Mapping[str, Any]
    again: bool
    redirect: str
    state: str
    verifier: str
    chosen: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The way as JSON."""
        return json.dumps(asdict(self))


def way_of(text: str) -> Way:
    """Return a way from its JSON."""
    held = json.loads(text)
    return Way(**{**held, "chosen": tuple(held["chosen"])})


@for_role(Role.EDITOR)
def way_to(
    workspace: Workspace,
    name: str,
    connector: str,
    settings: Mapping[str, str],
    secrets: Mapping[str, Reference],
    redirect: str,
    chosen: tuple[str, ...],
) -> Way:
    """Return the way to an app that is to be connected; raise what its settings are refused for.

    What stands under ``oauth`` in the file is among the settings and secrets, by its names there.
    """
    check_name(workspace, name)
    entry = entry_of(connector, settings, secrets)
    check_reached(checked(name, entry), workspace.document.public_url)
    return _way(name, entry, False, redirect, chosen)


@for_role(Role.EDITOR)
def way_again(
    workspace: Workspace, name: str, secrets: Mapping[str, Reference], redirect: str, chosen: tuple[str, ...]
) -> Way:
    """Return the way to an app that is connected; ``secrets``: another client secret, if there is one.

    Raises UnknownApp, UsageError where it is another kind of app.
    """
    document = workspace.app(name)
    if document.oauth is None or any(each != CLIENT_SECRET for each in secrets):
        raise UsageError(
            reason=f"{name} is not signed in to like that", hint=f"See: bothways app search {shlex.quote(name)}"
        )
    entry = yaml_edit.entry(workspace.file, "apps", name)
    for each, (kind, place) in secrets.items():
        entry["auth"]["oauth"][each] = {kind: place}
    return _way(name, entry, True, redirect, chosen)


@on_database
@for_role(Role.EDITOR)
def asked_again(workspace: Workspace, name: str, more: Collection[str] = ()) -> tuple[Permission, ...]:
    """Return what an app that is connected is asked for when somebody signs in to it again.

    Of the further permissions these are the ones that it has allowed, so that none is lost, and ``more``. Raises
    UnknownApp, UsageError where there are no such.
    """
    oauth = _oauth(workspace.app(name).connector)
    offered = [each.scope for each in oauth.further]
    for unknown in sorted(set(more) - set(offered)):
        hint = f"These can be: {', '.join(offered) or 'none'}."
        raise UsageError(reason=f"{unknown} cannot be asked for besides", hint=hint)
    row = given.find(name)
    held = set((row.scopes or "").split()) if row else set()
    return (*oauth.permissions, *(each for each in oauth.further if each.scope in held | set(more)))


def _way(name: str, entry: Mapping[str, Any], again: bool, redirect: str, chosen: tuple[str, ...]) -> Way:
    from bothways.connectors.oauth import new_word

    return Way(name, entry, again, redirect, new_word(), new_word(), chosen)


def anew(way: Way) -> Way:
    """Return the same way, to be gone once more: words that were sent are not sent again."""
    return _way(way.name, way.entry, way.again, way.redirect, way.chosen)


def address_of(way: Way) -> str:
    """Return the address to open, at which the app asks whether we are let in."""
    from bothways.connectors.oauth import address

    document = checked(way.name, way.entry)
    oauth = _oauth(document.connector)
    assert document.oauth is not None
    return address(
        oauth,
        document.oauth.authorize or oauth.authorize,
        document.oauth.client_id,
        redirect=way.redirect,
        state=way.state,
        verifier=way.verifier,
        chosen=way.chosen,
    )


def code_of(way: Way, answer: Mapping[str, str]) -> str:
    """Return the code that the app sent somebody back with; raise AccessNotAllowed, VisitOver for another way's."""
    if not hmac.compare_digest(answer.get("state", "").encode(), way.state.encode()):
        raise VisitOver()
    if code := answer.get("code", ""):
        return code
    said = answer.get("error_description") or answer.get("error") or "it says no more"
    reason = "".join(char for char in said if char.isprintable())[:LONGEST].strip().rstrip(".")
    raise AccessNotAllowed(app=way.name, reason=reason, redirect=way.redirect)


def answer_in(address: str) -> dict[str, str]:
    """Return what an app says in the address that it sends somebody back to."""
    query = parse_qs(urlsplit(address.strip()).query)
    return {name: values[0] for name, values in query.items()}


@on_database
@for_role(Role.EDITOR)
def arrive(workspace: Workspace, way: Way, code: str) -> AppCheck:
    """Be let in: have tokens for the code, ask who we are, and connect the app, or go on with what waited for it.

    Raises what the app refuses, AccountChanged where it is another account than before; then all is as it was.
    """
    if not way.again:
        check_name(workspace, way.name)
    else:
        workspace.app(way.name)
    document = checked(way.name, way.entry)
    client = client_of(workspace, document)
    server = token_server(workspace, document, client)
    tokens = server.exchange(code, way.verifier, way.redirect)
    try:
        made = make(workspace, document, access.NewAccess(tokens, way.name))
        view = checked_app(made, workspace.clock(), used_objects(workspace, way.name))
        if way.again:
            refuse_another(way.name, view.account_id, view.account_label)
    except BaseException as problem:
        if not way.again or isinstance(problem, AccountChanged):  # else it may be the very access that we have
            access.give_back(server, tokens)
        raise
    former = list(workspace.app(way.name).all_secrets.values()) if way.again else []
    if way.again:
        access.begin(workspace.database, way.name, client, tokens, workspace.clock())
        _take_over(workspace, way)
    else:
        try:
            with changing(workspace):
                check_name(workspace, way.name)  # once more: somebody may have taken it while the app was asked
                yaml_edit.add_entry(workspace.file, "apps", way.name, way.entry)
                access.begin(workspace.database, way.name, client, tokens, workspace.clock())
        except BaseException:
            access.give_back(server, tokens)
            raise
    rests.wake(way.name)
    ask_anew(workspace, [way.name])
    forget(workspace.folder, former, workspace.document)
    return view


def add_by_hand(
    workspace: Workspace,
    name: str,
    connector: str,
    settings: Mapping[str, str],
    secrets: Mapping[str, Reference],
    typed: Mapping[str, str],
    redirect: str,
    without: Iterable[str],
    ask: Callable[[str], str],
) -> AppCheck:
    """Connect an app: ``ask`` gets the address to open, and returns the one that the app sent somebody back to.

    ``without``: scopes that are not asked for. Those that were ``typed`` are kept in files of the workspace.
    """
    with kept(workspace.folder, name, typed) as files:
        chosen = _all_but(_oauth(connector).permissions, without)
        way = way_to(workspace, name, connector, settings, {**secrets, **files}, redirect, chosen)
        return _by_hand(workspace, way, ask)


def sign_in_by_hand(
    workspace: Workspace,
    name: str,
    secrets: Mapping[str, Reference],
    typed: Mapping[str, str],
    redirect: str,
    more: Collection[str],
    without: Iterable[str],
    ask: Callable[[str], str],
) -> AppCheck:
    """Sign in to an app again, as ``add_by_hand`` connects one; ``more``: further scopes to ask for."""
    with kept(workspace.folder, name, typed) as files:
        chosen = _all_but(asked_again(workspace, name, more), without)
        return _by_hand(workspace, way_again(workspace, name, {**secrets, **files}, redirect, chosen), ask)


def _by_hand(workspace: Workspace, way: Way, ask: Callable[[str], str]) -> AppCheck:
    answer = answer_in(ask(address_of(way)))
    if "state" not in answer:
        reason = f"That is not the address that {way.name} sends anybody back to"
        raise UsageError(reason=reason, hint=f"It begins with {way.redirect} and stands where the browser shows it.")
    return arrive(workspace, way, code_of(way, answer))


def _all_but(permissions: Iterable[Permission], without: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that may be left out, but for some."""
    left = set(without)
    offered = [each.scope for each in permissions if not each.needed]
    for unknown in sorted(left - set(offered)):
        hint = f"These can be left out: {', '.join(offered) or 'none'}."
        raise UsageError(reason=f"{unknown} is asked for in any case, or not at all", hint=hint)
    return tuple(each for each in offered if each not in left)


def _take_over(workspace: Workspace, way: Way) -> None:
    """Have the file name the client secret that we were let in with."""
    with changing(workspace):
        entry = yaml_edit.entry(workspace.file, "apps", way.name)
        if entry.get("auth", {}).get("oauth") != way.entry["auth"]["oauth"]:
            entry["auth"] = {**entry.get("auth", {}), "oauth": way.entry["auth"]["oauth"]}
            yaml_edit.set_entry(workspace.file, "apps", way.name, entry)


def _oauth(connector: str) -> OAuth:
    found = oauth_of(registry.connector_class(connector))
    if found is None:
        raise UsageError(
            reason=f"{connector} does not let us in by OAuth", hint=f"See: bothways app search {connector}"
        )
    return found
