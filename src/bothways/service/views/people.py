"""Who can sign in, and what they did. Times are in seconds."""

from dataclasses import dataclass

from bothways.service.rights import Actor, Role


@dataclass(frozen=True, slots=True)
class AccountView:
    """Somebody who can sign in. ``signed_in_at``: 0 if never; ``is_on``: not switched off; ``sessions``: open ones.

    ``second_factor``: signing in asks for a code, too. ``language`` and ``time_zone``: of the pages, "" where the
    browser says it. ``look``: of the pages, "" for that of the system.
    """

    id: int
    name: str
    role: Role
    made_at: float
    signed_in_at: float
    is_on: bool
    sessions: int = 0
    second_factor: bool = False
    language: str = ""
    time_zone: str = ""
    look: str = ""

    @property
    def actor(self) -> Actor:
        """Who acts when this account does something."""
        return Actor(self.name, self.role, self.id)


@dataclass(frozen=True, slots=True)
class OneTimeLinkView:
    """A one-time link that is good still. ``name``: whose new password it is for, "" for a new account of ``role``."""

    id: str
    role: Role
    name: str
    made_by: str
    ends_at: float


@dataclass(frozen=True, slots=True)
class DeedView:
    """Something that somebody did."""

    id: int
    at: float
    who: str
    what: str
    about: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser in which somebody is signed in: what it calls itself, since when, when last used; ``this`` one."""

    id: str
    agent: str
    made_at: float
    used_at: float
    this: bool


@dataclass(frozen=True, slots=True)
class WaysView:
    """By which ways somebody can sign in: with a password, and with whom besides, "" with nobody."""

    password: bool
    provider: str


@dataclass(frozen=True, slots=True)
class SecondFactorView:
    """How the second factor of somebody stands. ``recovery_codes``: how many are left."""

    on: bool
    recovery_codes: int


@dataclass(frozen=True, slots=True)
class NewFactorView:
    """A second factor that is about to be turned on: its secret, as it is typed, and as an address for a QR code."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token of the API. ``person``: in whose name it acts; ``role``: what it may do at most, as its person may.

    ``used_at``: 0 if never; ``ends_at``: None if it does not end by itself.
    """

    id: str
    name: str
    person: str
    role: Role
    made_at: float
    used_at: float
    ends_at: float | None
