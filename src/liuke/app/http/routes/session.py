"""Sign in, see who is signed in, sign out, remember how the console should look."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request, Response

from liuke.app import access
from liuke.app.http.dependencies import COOKIE, Context, SignedInUser
from liuke.app.http.models import Credentials, PreferenceChange, Session
from liuke.app.http.ports import ConsoleContext
from liuke.app.publish import NothingPublishedError, PublishedReader, read_simulation
from liuke.kernel.money import minor_exponent

router = APIRouter(prefix="/api/session", tags=["session"])


@router.post("", operation_id="signIn")
def sign_in(credentials: Credentials, request: Request, response: Response, context: Context) -> Session:
    """Check name and password and set the session cookie."""
    address = request.client.host if request.client else "unknown"
    signed_in = access.sign_in(
        context.operations, credentials.name, credentials.password, address, context.wall_clock()
    )
    response.set_cookie(
        COOKIE,
        signed_in.token,
        max_age=int((signed_in.expires_at - context.wall_clock()).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return _session(signed_in.user, context, request)


@router.get("", operation_id="getSession")
def get_session(user: SignedInUser, request: Request, context: Context) -> Session:
    """Return who is signed in."""
    return _session(user, context, request)


@router.delete("", operation_id="signOut", status_code=204)
def sign_out(user: SignedInUser, request: Request, response: Response, context: Context) -> None:
    """End this session."""
    access.sign_out(context.operations, request.cookies[COOKIE], user, context.wall_clock())
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@router.put("/preferences", operation_id="setPreferences", status_code=204)
def set_preferences(change: PreferenceChange, user: SignedInUser, context: Context) -> None:
    """Remember language and theme for this user."""
    access.set_preferences(context.operations, user, access.Preferences(change.language, change.theme))


def _session(user: access.User, context: ConsoleContext, request: Request) -> Session:
    reader: PublishedReader = request.app.state.reader
    status: dict[str, Any] = {}
    with suppress(NothingPublishedError):  # a fresh workspace: the pages themselves say what to run
        status = reader.current().status
    return Session(
        user=user.name,
        role=user.role.value,
        permissions=sorted(user.role.permissions),
        language=user.preferences.language,
        theme=user.preferences.theme,
        shop=context.shop.name,
        currency=context.shop.currency,
        currency_exponent=minor_exponent(context.shop.currency),
        zone=context.shop.zone,
        as_of=status.get("as_of"),
        published_at=status.get("published_at"),
        simulated_day=context.simulated_day,
        next_day_command=context.next_day_command,
        stale=status.get("notes", {}).get("data"),
        simulated=read_simulation(context.workspace.published_dir) is not None,
    )
