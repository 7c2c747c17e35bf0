"""Callers of the API: the roles, and who makes a request."""

from dataclasses import dataclass
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
