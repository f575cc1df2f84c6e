"""Who may do what: four roles, each with the rights of those before it, checked where the use cases are."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from bothways.errors import NotAllowed, UnknownRole

P = ParamSpec("P")
R = TypeVar("R")


class Role(StrEnum):
    """VIEWER looks; OPERATOR decides, tries again and undoes for single records; EDITOR changes settings and undoes
    whole runs; ADMIN also says who may do what."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    EDITOR = "editor"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Tell whether it has the rights of another role."""
        order = list(Role)
        return order.index(self) >= order.index(other)


def role_called(name: str) -> Role:
    """Return the role of a name; raise UnknownRole."""
    try:
        return Role(name)
    except ValueError:
        raise UnknownRole(name=name, roles=", ".join(Role)) from None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the name that settings and requests keep, the role, and the number of the account."""

    name: str
    role: Role
    account: int = 0


class HasActor(Protocol):
    """Whatever knows who is acting; None is whoever has the command line, who may do everything."""

    @property
    def actor(self) -> Actor | None: ...


W = TypeVar("W", bound=HasActor)


def for_role(role: Role) -> Callable[[Callable[Concatenate[W, P], R]], Callable[Concatenate[W, P], R]]:
    """Let a use case be refused (NotAllowed) to who lacks a role; the workspace is its first argument."""

    def around(function: Callable[Concatenate[W, P], R]) -> Callable[Concatenate[W, P], R]:
        @wraps(function)
        def inside(workspace: W, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(workspace, role)
            return function(workspace, *args, **kwargs)

        inside.for_role = role  # type: ignore[attr-defined]
        return inside

    return around


def may(workspace: HasActor, role: Role) -> bool:
    """Tell whether who is acting has the rights of a role."""
    return workspace.actor is None or workspace.actor.role.includes(role)


def require(workspace: HasActor, role: Role) -> None:
    """Raise NotAllowed if who is acting lacks a role."""
    actor = workspace.actor
    if actor is not None and not may(workspace, role):
        raise NotAllowed(who=actor.name, needed=role, role=actor.role)
