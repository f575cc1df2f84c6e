"""How people let us into an app by OAuth, and what for, as data of its connector."""

from dataclasses import dataclass, replace

from bothways.connectors.base import Connector, ObjectType


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that an app lets us do by OAuth: its ``scope`` there, and in words what we do with it.

    ``reads`` are the objects that cannot be read without it, ``writes`` those that can then be read alone, ``makes``
    those in which the own field cannot be made. Who signs in may leave out what is not ``needed``.
    """

    scope: str
    label: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    needed: bool = True
    makes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OAuth:
    """How people let us into an app by OAuth 2 (RFC 6749, with PKCE by RFC 7636), as data.

    ``authorize`` is the address at which they allow it. The paths ``token``, ``introspect`` (RFC 7662) and ``revoke``
    (RFC 7009) are joined to the setting ``server``; "" for what the app does not have. ``instead_of`` names the secret
    that is not needed then. ``optional`` is the parameter for scopes that may be left out, "" where all go in one;
    ``itself`` the scope that is of OAuth alone, so that no secret needs it. ``further`` permissions are asked for when
    what they are for is wanted, and kept from then on: no sign-in asks for them by itself. ``never`` says in words what
    we do not do there.
    """

    authorize: str
    server: str
    token: str
    introspect: str = ""
    revoke: str = ""
    instead_of: str = "token"
    optional: str = ""
    itself: str = ""
    permissions: tuple[Permission, ...] = ()
    further: tuple[Permission, ...] = ()
    never: tuple[str, ...] = ()

    def missing(self, allowed: frozenset[str] | None) -> tuple[Permission, ...]:
        """Return the permissions that are not among the scopes ``allowed``; none where these are not known."""
        return () if allowed is None else tuple(each for each in self.permissions if each.scope not in allowed)

    def to_make(self, object: str, allowed: frozenset[str] | None) -> str:
        """Return the scope that is missing for the own field in an object, "" for none, or where it is not known."""
        missing = (each for each in self.further if allowed is not None and each.scope not in allowed)
        return next((each.scope for each in missing if object in each.makes), "")

    def restricted(self, kind: ObjectType, allowed: frozenset[str] | None) -> ObjectType:
        """Return a kind of record as these scopes let us read and write it."""
        missing = self.missing(allowed)
        readable = not any(kind.name in each.reads for each in missing)
        writable = readable and not any(kind.name in each.writes for each in missing)
        return replace(
            kind,
            readable=kind.readable and readable,
            writable=kind.writable and writable,
            deletable=kind.deletable and writable,
        )


def oauth_of(kind: type[Connector]) -> OAuth | None:
    """Return how people let us into apps of a kind by OAuth, None where they do not."""
    found: object = getattr(kind, "oauth", None)
    return found if isinstance(found, OAuth) else None
