"""From the file to the OpenID provider with whom people sign in, and back; its secret stands elsewhere."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from bothways.errors import SecretInFile, WrongType
from bothways.service.document import SignInDocument
from bothways.service.reading_apps import address_parts, secret_place, secret_places
from bothways.service.rights import Role
from bothways.service.yaml_file import Node, shown

KEYS = ("name", "issuer", "client_id", "client_secret", "scopes", "claim", "roles")
NEEDED = ("issuer", "client_id", "client_secret")

SCOPES, CLAIM = ("profile",), "groups"
"""What is usual."""

ISSUER = "a web address such as https://login.example.com; one with http only where allow_hosts names its host"

HINTS = {
    "issuer": "Such as: issuer: https://login.example.com",
    "client_id": "It is the name under which the provider knows Bothways.",
    "client_secret": "Say where it is: client_secret: {env: NAME}",
}


def sign_in_of(root: Node, hosts: frozenset[str]) -> SignInDocument | None:
    """Return with whom people sign in, None where the file names nobody."""
    if root.data.get("sign_in") is None:
        return None
    node = root.node("sign_in")
    node.only(KEYS)
    for key in NEEDED:
        node.need(key, HINTS[key])
    issuer = node.text("issuer")
    if not may_be_asked(issuer, hosts):
        raise WrongType(where=node.value_place("issuer"), key="issuer", expected=ISSUER, got="something else")
    if not isinstance(node.data["client_secret"], Mapping):
        where = node.value_place("client_secret")
        raise SecretInFile(where=where, key="client_secret", instead=secret_places("client_secret"))
    roles = node.node("roles")
    return SignInDocument(
        _text(node, "name", urlsplit(issuer).hostname or ""),
        issuer,
        node.text("client_id"),
        secret_place(node, "client_secret"),
        _scopes(node),
        _text(node, "claim", CLAIM),
        {_value(roles, value): roles.choice(value, tuple(Role), Role.VIEWER) for value in roles},
    )


def may_be_asked(url: str, hosts: frozenset[str]) -> bool:
    """Tell whether a provider may be at an address: what it says is believed, so it must be reached by TLS.

    Hosts that an administrator allows by name may be reached without it.
    """
    parts = address_parts(url)
    if parts is None or not parts.hostname or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in hosts)


def _text(node: Node, key: str, usual: str) -> str:
    return node.text(key) if node.data.get(key) is not None else usual


def _scopes(node: Node) -> tuple[str, ...]:
    if node.data.get("scopes") is None:
        return SCOPES
    scopes = node.list("scopes")
    if not all(isinstance(each, str) and each and each.isprintable() and " " not in each for each in scopes):
        raise node.wrong("scopes", "a list of words")
    return tuple(scopes)


def _value(roles: Node, value: object) -> str:
    if not isinstance(value, str):
        where = roles.key_place(value)  # type: ignore[arg-type]
        raise WrongType(where=where, key="roles", expected="text before each role", got=shown(value))
    return value


def sign_in_data(sign_in: SignInDocument | None) -> dict[str, object]:
    """Return with whom people sign in as plain data in the words of the file; nothing if there is nobody."""
    if sign_in is None:
        return {}
    return {
        "name": sign_in.name,
        "issuer": sign_in.issuer,
        "client_id": sign_in.client_id,
        "client_secret": {sign_in.secret.kind: sign_in.secret.name},
        "scopes": list(sign_in.scopes),
        "claim": sign_in.claim,
        **({"roles": {value: str(role) for value, role in sign_in.roles.items()}} if sign_in.roles else {}),
    }
