"""Who may see and do what: users, sessions, roles and the audit chain."""

from .audit import AuditEntry, first_broken_entry, record, recent
from .contracts import Permission, Preferences, Role, SignedIn, User
from .errors import PasswordTooWeak, SignInRefused, SignInThrottled, UserExists
from .passwords import generate_password
from .service import (
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
    "PasswordTooWeak",
    "Permission",
    "Preferences",
    "Role",
    "SignInRefused",
    "SignInThrottled",
    "SignedIn",
    "User",
    "UserExists",
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
