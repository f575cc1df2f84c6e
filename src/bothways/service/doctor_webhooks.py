"""The doctor's look at webhooks: the way of a call to us, what the apps were asked to tell of, when they last did."""

import secrets
from collections.abc import Iterator

import urllib3
from urllib3.exceptions import HTTPError, SSLError, TimeoutError

from bothways.connectors.base import Connector
from bothways.connectors.webhooks import ReceivesWebhooks, Subscribes
from bothways.errors import BothwaysError, MissingKey, NotReached, NotSubscribed, WebhooksElsewhere
from bothways.ledger import webhooks
from bothways.service.database import used
from bothways.service.reading_apps import is_reached_safely
from bothways.service.receiving import TEST
from bothways.service.subscribing import (
    address_of,
    awaited,
    compared,
    flaw_of,
    moment,
    silence_of,
    subscriber,
    topics,
    words,
)
from bothways.service.views import Finding
from bothways.service.workspace import Workspace

PATIENCE = 10.0
"""Seconds in which a test call must be answered."""

REDIRECT, UNAUTHORIZED, NOT_FOUND = range(300, 400), 401, 404


def findings(workspace: Workspace, app: str) -> Iterator[Finding]:
    """Yield what is found of the webhooks of an app that answers; nothing for one of which none are awaited."""
    try:
        connector = awaited(workspace, app)
        if connector is None:
            return
        with used(workspace.database):
            yield from _way(workspace, app, connector)
            if isinstance(connector, Subscribes):
                yield from _subscriptions(workspace, app, connector)
            yield _last(app)
    except BothwaysError as error:
        yield _said(error)


def _said(error: BothwaysError, level: str = "problem") -> Finding:
    return Finding(level, error.message, error.advice, error.code)


# --- the way to us --------------------------------------------------------------------------------------


def _way(workspace: Workspace, app: str, connector: Connector) -> Iterator[Finding]:
    url = workspace.document.public_url
    if not url:
        what = f"App {app}: no public_url is set, so the way of its webhooks to us cannot be tested"
        yield Finding("warning", what, "Add it, such as: public_url: https://sync.example.com", MissingKey.code)
        return
    if not is_reached_safely(url):
        what = f"public_url {url} is not https: apps send nothing there, or all can read it on its way"
        to_do = "Let a proxy with a certificate stand in front, and write its https address."
        yield Finding("problem", what, to_do, NotReached.code)
    if isinstance(connector, ReceivesWebhooks):
        yield _tested(workspace, app, connector)


def _tested(workspace: Workspace, app: str, connector: ReceivesWebhooks) -> Finding:
    """Return how a call went that is signed as the app's are, and names no record."""
    nonce, address = secrets.token_urlsafe(16), address_of(workspace, app)
    call = connector.test_call(f"{address}?{TEST}={nonce}", workspace.clock())
    try:
        with urllib3.PoolManager(retries=False, timeout=PATIENCE) as pool:
            status = pool.request(call.method, call.url, body=call.body, headers=call.headers, redirect=False).status
    except HTTPError as error:
        hint = "Start bothways up, or bothways web. If it runs: its proxy, its name or a firewall keep calls from it."
        return _said(NotReached(url=address, reason=_unanswered(error), hint=hint), "warning")
    if status < 300:
        if webhooks.known(app).nonce == nonce:
            return Finding("ok", f"App {app}: a signed test call to {address} arrived")
        hint = "Let public_url lead to the bothways up or bothways web of this workspace."
        return _said(NotReached(url=address, reason="somebody else took it", hint=hint))
    reason, hint = _why_not(status, app)
    return _said(NotReached(url=address, reason=reason, hint=hint))


def _unanswered(error: HTTPError) -> str:
    if isinstance(error, SSLError):
        return "the certificate there is not valid"
    return "no answer in time" if isinstance(error, TimeoutError) else "no connection"


def _why_not(status: int, app: str) -> tuple[str, str]:
    if status in REDIRECT:
        return f"it was sent elsewhere (HTTP {status})", "Write the address that it is sent to as public_url."
    if status == UNAUTHORIZED:
        hint = "A proxy must leave host, path and query as they are called. Was the secret changed? Then start it anew."
        return "its signature did not fit when it came", hint
    if status == NOT_FOUND:
        return f"nothing is known there of {app}", "Let the path of public_url lead to the root of Bothways."
    return f"HTTP {status}", "See the log of the proxy in front, and of Bothways."


# --- what the app was asked to tell of ------------------------------------------------------------------


def _subscriptions(workspace: Workspace, app: str, connector: Subscribes) -> Iterator[Finding]:
    wanted, ours = topics(workspace, app, connector), address_of(workspace, app)
    if not wanted:
        return
    access = subscriber(connector)  # type: ignore[arg-type]
    if access is None:
        what = f"App {app}: subscriptions are made by hand, and should be to {words(wanted)}"
        if ours:
            what = f"App {app}: subscriptions are made by hand, and should be to {ours}, to {words(wanted)}"
        yield Finding("ok", what)
        return
    there = access.subscribed()
    if there.address != ours:
        yield _said(WebhooksElsewhere(app=app, address=there.address or "no address", ours=ours))
    state = compared(wanted, there, webhooks.own(app))
    to_come = [*state.missing, *(each.topic for each in there.subscriptions if each.id in state.paused)]
    flaw = flaw_of(app, state, max(there.most - len(there.subscriptions) + len(state.unneeded), 0), there.most)
    if flaw is not None:
        yield _said(flaw)
    elif to_come:
        reason = f"not subscribed to {words(to_come)}"
        hint = "bothways up, or a bothways worker, subscribes by itself: see what it says of this."
        yield _said(NotSubscribed(app=app, reason=reason, hint=hint), "warning")
    elif there.address == ours:
        count = len(wanted)
        yield Finding("ok", f"App {app}: all {count} subscriptions are there")


# --- when it last did -------------------------------------------------------------------------------------


def _last(app: str) -> Finding:
    known = webhooks.known(app)
    if webhooks.is_silent(known):
        hint = "Look at what is said of its way and its subscriptions. In the app: are deliveries failing, or paused?"
        silence = silence_of(app, known)
        return Finding("problem", silence.message, hint, silence.code)
    if known.came_at:
        return Finding("ok", f"App {app}: its last webhook came at {moment(known.came_at)}")
    return Finding("ok", f"App {app}: no webhook has come yet")
