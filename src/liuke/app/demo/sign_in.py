"""Who may look at a demo: one user, whose password stays in the demo's folder, so that it can be opened again.

Everything in a demo is made up, so its password guards nobody's data; a real shop's passwords are kept nowhere in the
clear.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from liuke.app.access import Role, create_user, generate_password, list_users, set_password
from liuke.app.bootstrap import Application

DEMO_USER = "demo"
_FILE = "demo-password"


@dataclass(frozen=True)
class SignIn:
    """Name and password of the demo's user, and the file in which the password lies."""

    user: str
    password: str
    file: Path


def let_in(app: Application) -> SignIn:
    """Make the demo's user, or give it a new password if the one in the folder is lost."""
    known = written_sign_in(app)
    if known is not None and any(user.name == known.user for user in list_users(app.operations)):
        return known
    password = generate_password()
    now = app.wall_clock()
    if any(user.name == DEMO_USER for user in list_users(app.operations)):
        set_password(app.operations, DEMO_USER, password, now)
    else:
        create_user(app.operations, DEMO_USER, password, Role.ADMIN, now)
    path = _path(app)
    half = path.with_suffix(".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(password + "\n")
    half.replace(path)
    return SignIn(DEMO_USER, password, path)


def written_sign_in(app: Application) -> SignIn | None:
    """Return the demo's user as its folder has it; None without a demo, or without the file."""
    path = _path(app)
    return SignIn(DEMO_USER, path.read_text(encoding="utf-8").strip(), path) if path.exists() else None


def _path(app: Application) -> Path:
    return app.workspace.key_file.with_name(_FILE)
