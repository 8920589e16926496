"""Values that cross the door of the access room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Permission(StrEnum):
    """One thing that a role may allow."""

    SEE_PERSONAL = "see_personal"  # personal values in clear; every read is audited
    SEE_MASKED = "see_masked"  # personal values with their middle hidden
    SEARCH_PERSONAL = "search_personal"  # find a customer by name, phone, e-mail or member number
    EDIT_SEGMENTS = "edit_segments"  # save, freeze and archive segments
    RUN_TRIALS = "run_trials"  # plan, start, pause, stop and roll back trials
    SEE_ADMIN = "see_admin"  # runs, users and the audit chain


class Role(StrEnum):
    """What a user is in the shop; each role is a fixed set of permissions."""

    ADMIN = "admin"
    OPERATOR = "operator"
    ANALYST = "analyst"

    @property
    def permissions(self) -> frozenset[Permission]:
        """Permissions of this role."""
        return _PERMISSIONS[self]


_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATOR: frozenset(
        {Permission.SEE_MASKED, Permission.SEARCH_PERSONAL, Permission.EDIT_SEGMENTS, Permission.RUN_TRIALS}
    ),
    # An analyst works on pseudonymised rows and has no reason to know who a customer is.
    Role.ANALYST: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one user wants the console to look; an empty string follows the browser."""

    language: str = ""
    theme: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """One person who may sign in."""

    id: int
    name: str
    role: Role
    created_at: datetime
    last_signed_in_at: datetime | None
    preferences: Preferences

    def may(self, permission: Permission) -> bool:
        """Tell whether the user's role holds `permission`."""
        return permission in self.role.permissions


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: `token` goes into the cookie and is stored nowhere else."""

    user: User
    token: str
    expires_at: datetime
