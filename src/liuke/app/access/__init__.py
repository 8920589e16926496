"""Who may see and do what: users, sessions, roles and the audit chain."""

from liuke.app.access.audit import AuditEntry, first_broken_entry, recent, record
from liuke.app.access.contracts import Permission, Preferences, Role, SignedIn, User
from liuke.app.access.errors import SignInRefusedError, SignInThrottledError, UserExistsError, WeakPasswordError
from liuke.app.access.passwords import generate_password
from liuke.app.access.service import (
    create_user,
    list_users,
    session_user,
    set_password,
    set_preferences,
    sign_in,
    sign_out,
)

__all__ = [
    "AuditEntry",
    "Permission",
    "Preferences",
    "Role",
    "SignInRefusedError",
    "SignInThrottledError",
    "SignedIn",
    "User",
    "UserExistsError",
    "WeakPasswordError",
    "create_user",
    "first_broken_entry",
    "generate_password",
    "list_users",
    "recent",
    "record",
    "session_user",
    "set_password",
    "set_preferences",
    "sign_in",
    "sign_out",
]
