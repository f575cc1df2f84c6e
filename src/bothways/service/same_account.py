"""An app stays the account that it was, since other credentials or another address may lead to other records.

What is linked would then be taken for deleted or, worse, ids mean other records there, and these would be overwritten
with what is known of ours. So as soon as the settings or credentials of a connection differ from those last seen, the
app is asked who we are there, and nothing is read or written if it is somebody else. Of credentials few bits are kept.
"""

import hashlib
import json

from bothways.connectors import registry
from bothways.connectors.base import Account
from bothways.errors import AccountChanged
from bothways.ledger import access, db, rests
from bothways.service.access import memory_of
from bothways.service.connect import Opened, open_app, secrets_of
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.workspace import Workspace


def ensure_same_account(workspace: Workspace, app: Opened) -> None:
    """Refuse an app that has become another account (AccountChanged), in the caller's use of the database.

    It is asked only where its settings or credentials have changed. Raises what asking it may raise.
    """
    if app.document.oauth:
        memory_of(workspace.database, app.name).belongs_to(access.mark_of(app.name))
    trace = _trace(workspace, app)
    row = db.one("SELECT account, trace FROM connection WHERE name=%s", (app.name,))
    if row is None or row[1] == trace:
        return
    now = app.connector.check()
    refuse_another(app.name, now.id, now.label)
    _keep(app.name, now.id or str(row[0]), trace)


def refuse_another(name: str, id: str, label: str) -> None:
    """Refuse an account of an app that is not the one that it was (AccountChanged)."""
    before = str(db.value("SELECT account FROM connection WHERE name=%s", (name,)) or "")
    if before and id and id != before:
        raise AccountChanged(app=name, before=before, now=label or id)


@on_database
@for_role(Role.EDITOR)
def accept_account(workspace: Workspace, name: str) -> Account:
    """Let an app be the account that it is now, since somebody says that this is the same one; return it."""
    app = open_app(workspace, name)
    now = app.connector.check()
    _keep(name, now.id, _trace(workspace, app))
    rests.wake(name)
    return now


def _keep(name: str, account: str, trace: str) -> None:
    with db.transaction_():
        db.execute("UPDATE connection SET account=%s, trace=%s WHERE name=%s", (account, trace, name))


def _trace(workspace: Workspace, app: Opened) -> str:
    """Return what tells whether anything has changed by which an app is reached and we are known there.

    Of the secrets those count with which the app was opened: it is that one which says who we are.
    """
    document, kind = app.document, registry.connector_class(app.document.connector)
    store = secrets_of(workspace, document)
    for each in kind.settings:
        if each.secret and each.required and each.name in document.secrets and each.name not in app.bits:
            store.get(each.name)
    by_oauth = [document.oauth.client_id, access.mark_of(app.name)] if document.oauth else []
    said = json.dumps([document.connector, dict(document.settings), dict(app.bits), *by_oauth], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
