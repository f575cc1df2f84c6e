"""Connections to apps: made from the settings, secrets read at the moment they are used, one budget each."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bothways.connectors import registry
from bothways.connectors.base import Access, Connector, ObjectType, Setup
from bothways.connectors.budget import Billed
from bothways.connectors.made import with_made
from bothways.connectors.permissions import oauth_of
from bothways.errors import SecretMissing, SecretUnreadable, UnknownObject
from bothways.records import Field
from bothways.service.access import KeptAccess, memory_of
from bothways.service.allowances import budget_of
from bothways.service.document import CLIENT_SECRET, AppDocument, SecretPlace
from bothways.service.own_access import OwnAccess
from bothways.service.traced import traced
from bothways.service.tracing import is_on
from bothways.service.yaml_file import nearest

if TYPE_CHECKING:
    from bothways.connectors.oauth import Client, TokenServer
    from bothways.service.workspace import Workspace

SCHEMA_KEPT = 600.0
"""Seconds for which the fields of an object are not asked for again."""


BITS = 16
"""What is kept of each secret: too little to find it by, enough to see that it changed."""

Schemas = dict[str, tuple[AppDocument, dict[str, tuple[float, Mapping[str, Field]]]]]
"""What each app, of these settings, has told of the fields of its objects, and when."""


@dataclass(slots=True)
class Opened:
    """An app in use: its settings as of its opening, its connector, its share in a budget, the schemas read by now.

    ``bits``: of the secrets that it was opened with, by which it is seen whether they have changed since.
    """

    document: AppDocument
    title: str
    connector: Connector
    budget: Billed
    allow_hosts: frozenset[str]
    schemas: dict[str, tuple[float, Mapping[str, Field]]] = field(default_factory=dict)
    bits: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.document.name

    def fields(self, object: str, now: float, place: str = "") -> Mapping[str, Field]:
        """Return the fields of an object by name; raise UnknownObject with the ``place`` that names it."""
        kept = self.schemas.get(object)
        if kept is None or not 0 <= now - kept[0] < SCHEMA_KEPT:
            try:
                found = {each.name: each for each in self.connector.fields(object)}
            except UnknownObject as error:
                names = [each.name for each in self.connector.objects()]
                raise UnknownObject(where=place, app=self.name, name=object, hint=nearest(object, names)) from error
            kept = self.schemas[object] = (now, found)
        return kept[1]

    def object(self, name: str, place: str = "") -> ObjectType:
        """Return a kind of record; raise UnknownObject."""
        offered: Sequence[ObjectType] = self.connector.objects()
        found = next((each for each in offered if each.name == name), None)
        if found is None:
            hint = nearest(name, [each.name for each in offered])
            raise UnknownObject(where=place, app=self.name, name=name, hint=hint)
        return found

    def bill(self) -> dict[str, int]:
        """Return the calls made by it so far, as ``HubSpot read`` and so on."""
        return {f"{self.name} {call}": count for call, count in self.budget.bill.items()}


def open_app(workspace: "Workspace", name: str) -> Opened:
    """Return an app of the workspace, ready to be called; the same one until its settings or its secrets change."""
    document = workspace.app(name)
    opened, now = workspace.opened.get(name), (document, workspace.document.allow_hosts, bits_of(workspace, document))
    if opened is None or (opened.document, opened.allow_hosts, opened.bits) != now:
        opened = workspace.opened[name] = make(workspace, document)
        if workspace.schemas is not None:
            opened.schemas = _kept(workspace.schemas, document)
    return opened


def ask_anew(workspace: "Workspace", names: Sequence[str]) -> None:
    """Have apps asked for their fields again when these are needed next, whatever they told lately."""
    for name in names:
        workspace.opened.pop(name, None)
        if workspace.schemas is not None:
            workspace.schemas.pop(name, None)


def _kept(schemas: Schemas, document: AppDocument) -> dict[str, tuple[float, Mapping[str, Field]]]:
    """Return what an app of these settings has told; nothing is known of one whose settings have changed."""
    known = schemas.get(document.name)
    if known is None or known[0] != document:
        known = schemas[document.name] = (document, {})  # other threads are at it, too
    return known[1]


def make(workspace: "Workspace", document: AppDocument, access: Access | None = None) -> Opened:
    """Return an app made from its settings; ``access``: what it gave, where that is not kept yet."""
    kind = registry.connector_class(document.connector)
    setup = setup_of(workspace, document)
    if document.oauth:
        setup = replace(
            setup,
            access=access or access_of(workspace, document),
            own_access=lambda scopes: own_access_of(workspace, document, scopes),
        )
    made, budget = with_made(kind), cast(Billed, setup.budget)
    while True:
        bits = bits_of(workspace, document)
        connector = (traced(made) if is_on() else made)(setup)
        if bits_of(workspace, document) == bits:  # else it may have been made with secrets of before or after
            return Opened(document, kind.title, connector, budget, setup.allow_hosts, bits=bits)


def bits_of(workspace: "Workspace", document: AppDocument) -> dict[str, str]:
    """Return a few bits of each secret that an app needs, as it is now; those that are not there are left out."""
    store, found = secrets_of(workspace, document), dict[str, str]()
    for each in registry.connector_class(document.connector).settings:
        if each.secret and each.required and each.name in document.secrets:
            with suppress(SecretMissing):
                found[each.name] = _few_bits(document.name, store.get(each.name))
    return found


def _few_bits(salt: str, secret: str) -> str:
    return hashlib.blake2b(secret.encode(), key=salt.encode()[:64], digest_size=BITS // 8).hexdigest()


def setup_of(workspace: "Workspace", document: AppDocument) -> Setup:
    """Return what a connector, or whoever else talks to its app, is made from."""
    kind = registry.connector_class(document.connector)
    store = secrets_of(workspace, document)
    public = {each.name for each in kind.settings if each.auth and not each.secret}
    settings = dict(document.settings) | {name: store.get(name) for name in document.secrets if name in public}
    hosts = workspace.document.allow_hosts
    budget = Billed(budget_of(workspace, document, kind))
    secrets = Secrets(document.name, document.secrets, workspace.folder, settings)
    return Setup(document.name, settings, secrets, budget, hosts, clock=workspace.clock)


def secrets_of(workspace: "Workspace", document: AppDocument) -> "Secrets":
    """Return what reads the secrets of an app that stand elsewhere."""
    return Secrets(document.name, document.all_secrets, workspace.folder)


def client_of(workspace: "Workspace", document: AppDocument) -> "Client":
    """Return by what an app knows us that lets us in by OAuth; raise SecretMissing."""
    from bothways.connectors.oauth import Client

    assert document.oauth is not None
    return Client(document.oauth.client_id, secrets_of(workspace, document).get(CLIENT_SECRET).strip())


def token_server(workspace: "Workspace", document: AppDocument, client: "Client") -> "TokenServer":
    """Return where an app hands out tokens."""
    from bothways.connectors.oauth import TokenServer

    oauth = oauth_of(registry.connector_class(document.connector))
    assert oauth is not None
    return TokenServer(oauth, setup_of(workspace, document), client)


def access_of(workspace: "Workspace", document: AppDocument) -> KeptAccess:
    """Return the access to an app that lets us in by OAuth."""
    return KeptAccess(
        workspace.database,
        document.name,
        lambda: client_of(workspace, document),
        lambda client: token_server(workspace, document, client),
        workspace.clock,
        memory_of(workspace.database, document.name),
    )


def own_access_of(workspace: "Workspace", document: AppDocument, scopes: Callable[[], Sequence[str]]) -> OwnAccess:
    """Return the access that our registration at an app has by itself."""
    return OwnAccess(
        lambda: client_of(workspace, document),
        lambda client: token_server(workspace, document, client),
        workspace.clock,
        scopes,
    )


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one connection: read from the environment or a file each time, never kept or shown."""

    app: str
    places: Mapping[str, SecretPlace]
    folder: Path
    plain: Mapping[str, str] = field(default_factory=dict)
    environment: Callable[[str], str | None] = field(default=os.environ.get, repr=False)

    def get(self, name: str) -> str:
        """Return a secret; raise SecretMissing or SecretUnreadable, naming the variable or the file."""
        place = self.places.get(name)
        if place is None:
            if name in self.plain:
                return self.plain[name]
            raise SecretMissing(app=self.app, what=f'"{name}" under auth: in bothways.yaml')
        value = self._held(place)
        if not value or not value.strip():
            raise SecretMissing(app=self.app, what=place.words)
        return value.strip("\r\n")

    def _held(self, place: SecretPlace) -> str | None:
        try:
            if place.kind == "env":
                value = self.environment(place.name)
                return os.fsencode(value).decode() if value else None
            return (self.folder / place.name).read_text(encoding="utf-8-sig")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SecretUnreadable(app=self.app, what=place.words, reason=reason) from error
        except UnicodeDecodeError as error:
            raise SecretUnreadable(app=self.app, what=place.words, reason="it is not UTF-8 text") from error
