"""Use cases: make users, sign them in, recognise them, sign them out."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from liuke.app.access import config, tables, throttle
from liuke.app.access.audit import record
from liuke.app.access.contracts import Preferences, Role, SignedIn, User
from liuke.app.access.errors import SignInRefusedError, SignInThrottledError, UserExistsError
from liuke.app.access.passwords import hash_password, needs_rehash, password_matches
from liuke.kernel.errors import UsageError
from liuke.store.operations import Operations


def create_user(operations: Operations, name: str, password: str, role: Role | str, now: datetime) -> User:
    """Make a user who may sign in at once.

    Raises
    ------
    UserExistsError
        Choose another name, or change that user's password.
    WeakPasswordError
        Choose a longer password.
    """
    name = name.strip()
    if not 1 <= len(name) <= 64:
        raise UsageError("A user name has 1 to 64 characters.", hint="Choose another name.")
    role = _role(role)
    hashed = hash_password(password)
    try:
        with operations.begin() as connection:
            connection.execute(
                insert(tables.users).values(name=name, password_hash=hashed, role=role.value, created_at=now)
            )
            record(connection, "cli", "user.create", now, {"user": name, "role": role.value})
            return _user(_by_name(connection, name))
    except IntegrityError as error:
        raise UserExistsError(f"There is a user “{name}” already.", hint="Choose another name.") from error


def set_password(operations: Operations, name: str, password: str, now: datetime) -> None:
    """Give a user a new password and end all of that user's sessions."""
    hashed = hash_password(password)
    with operations.begin() as connection:
        row = _by_name(connection, name)
        if row is None:
            raise UsageError(f"There is no user “{name}”.", hint="`liuke users list` shows the names.")
        mine = tables.users.c.user_id == row.user_id
        connection.execute(update(tables.users).where(mine).values(password_hash=hashed))
        connection.execute(delete(tables.sessions).where(tables.sessions.c.user_id == row.user_id))
        record(connection, "cli", "user.set_password", now, {"user": name})


def list_users(operations: Operations) -> list[User]:
    """All users, by name."""
    with operations.read() as connection:
        return [_user(r) for r in connection.execute(select(tables.users).order_by(tables.users.c.name))]


def sign_in(operations: Operations, name: str, password: str, address: str, now: datetime) -> SignedIn:
    """Check name and password and open a session.

    Parameters
    ----------
    address
        Network address of the browser; failures are counted per name and per address.
    now
        UTC, without zone.

    Raises
    ------
    SignInThrottledError
        Wait as long as it says.
    SignInRefusedError
        Name or password is wrong.
    """
    name = name.strip()[:64]
    subjects = [f"name:{name}", f"address:{address}"[:160]]
    with operations.read() as connection:
        wait = throttle.remaining_wait(connection, subjects, now)
        row = _by_name(connection, name)
    if wait:
        raise SignInThrottledError(wait)
    # Outside any transaction: hashing takes tens of milliseconds on purpose.
    matches = password_matches(row.password_hash if row else None, password)
    if row is None or not matches:
        with operations.begin() as connection:
            throttle.count_failure(connection, subjects, now)
            record(connection, name, "session.refuse", now, {"address": address})
        raise SignInRefusedError("Name or password is wrong.", hint="Check both; capital letters count.")
    fresh = hash_password(password) if needs_rehash(row.password_hash) else row.password_hash
    return _open_session(operations, row, fresh, address, now)


def session_user(operations: Operations, token: str, now: datetime) -> User | None:
    """Return the user of a session cookie, or ``None`` when it is unknown or has ended."""
    with operations.read() as connection:
        row = connection.execute(
            select(tables.users)
            .join(tables.sessions, tables.sessions.c.user_id == tables.users.c.user_id)
            .where(tables.sessions.c.token_hash == _digest(token), tables.sessions.c.expires_at > now)
        ).first()
    return _user(row) if row else None


def sign_out(operations: Operations, token: str, user: User, now: datetime) -> None:
    """End one session."""
    with operations.begin() as connection:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.token_hash == _digest(token)))
        record(connection, user.name, "session.end", now)


def set_preferences(operations: Operations, user: User, preferences: Preferences) -> None:
    """Remember how this user wants the console to look."""
    with operations.begin() as connection:
        connection.execute(
            update(tables.users)
            .where(tables.users.c.user_id == user.id)
            .values(language=preferences.language, theme=preferences.theme)
        )


def _open_session(operations: Operations, row: Row[Any], hashed: str, address: str, now: datetime) -> SignedIn:
    token = secrets.token_urlsafe(config.SESSION_TOKEN_BYTES)
    expires_at = now + config.SESSION_LIFETIME
    with operations.begin() as connection:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.expires_at <= now))
        connection.execute(
            insert(tables.sessions).values(
                token_hash=_digest(token), user_id=row.user_id, created_at=now, expires_at=expires_at
            )
        )
        mine = tables.users.c.user_id == row.user_id
        connection.execute(update(tables.users).where(mine).values(last_signed_in_at=now, password_hash=hashed))
        throttle.forget(connection, f"name:{row.name}")
        record(connection, row.name, "session.begin", now, {"address": address})
    return SignedIn(_user(row), token, expires_at)


def _by_name(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(tables.users).where(tables.users.c.name == name)).first()


def _user(row: Row[Any] | None) -> User:
    assert row is not None
    return User(
        id=row.user_id,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
        last_signed_in_at=row.last_signed_in_at,
        preferences=Preferences(row.language, row.theme),
    )


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise UsageError(f"There is no role “{role}”.", hint=f"Choose one of: {', '.join(Role)}.") from error


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
