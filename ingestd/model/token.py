"""Tokens of the API, their roles, and who makes a request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

#: Each role may do what those before it may.  read: read everything that its filter allows; operate: pause, resume,
#: poll, retry and acknowledge; admin: create and remove, and read what is withheld if it asks for that.
Role = Literal["read", "operate", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a request of the API."""

    #: Name of the token; `api_token` for the one of the settings.  None: no token, a request from this host.
    token: str | None
    role: Role
    #: In the filter language: what the caller may see; empty: everything.
    filter: str = ""

    def has(self, role: Role) -> bool:
        """Return whether the caller may do what a role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token of the API, without its secret, which nobody keeps."""

    id: int
    name: str
    #: SHA-256 of the secret, in hexadecimal.
    sha256: str
    role: Role
    filter: str = ""
    created_at: datetime
    #: None: never.
    expires_at: datetime | None = None
    #: When it was last used, to the hour.
    used_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Names the token in the cookie of a session."""
        return self.sha256[:16]

    def is_valid(self, now: datetime) -> bool:
        """Return whether it has not expired."""
        return self.expires_at is None or now < self.expires_at
