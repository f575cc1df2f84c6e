"""Who can sign in, and what they did. Times are in seconds."""

from dataclasses import dataclass

from bothways.service.rights import Actor, Role


@dataclass(frozen=True, slots=True)
class AccountView:
    """Somebody who can sign in. ``signed_in_at``: 0 if never; ``is_on``: not switched off; ``sessions``: open ones."""

    id: int
    name: str
    role: Role
    made_at: float
    signed_in_at: float
    is_on: bool
    sessions: int = 0

    @property
    def actor(self) -> Actor:
        """Who acts when this account does something."""
        return Actor(self.name, self.role)


@dataclass(frozen=True, slots=True)
class DeedView:
    """Something that somebody did."""

    at: float
    who: str
    what: str
    about: str
