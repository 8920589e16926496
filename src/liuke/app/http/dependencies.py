"""What a route may ask for: the context, the current build, the signed-in user."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from liuke.app import access
from liuke.app.http.ports import ConsoleContext
from liuke.app.http.problems import HttpError
from liuke.app.publish import OpenBuild, PublishedReader

COOKIE = "liuke_session"


def _context(request: Request) -> ConsoleContext:
    context: ConsoleContext = request.app.state.context
    return context


def _build(request: Request) -> OpenBuild:
    reader: PublishedReader = request.app.state.reader
    return reader.current()


def _user(request: Request, context: Context) -> access.User:
    token = request.cookies.get(COOKIE)
    user = access.session_user(context.operations, token, context.wall_clock()) if token else None
    if user is None:
        raise HttpError(401, "not_signed_in", "You are not signed in.", "Sign in, then try again.")
    return user


def _admin(user: SignedInUser) -> access.User:
    if not user.may(access.Permission.SEE_ADMIN):
        raise HttpError(403, "not_allowed", "Your role may not see this.", "Ask an administrator of this shop.")
    return user


def _segment_editor(user: SignedInUser) -> access.User:
    if not user.may(access.Permission.EDIT_SEGMENTS):
        raise HttpError(403, "not_allowed", "Your role may not change segments.", "Ask an operator of this shop.")
    return user


def _trial_runner(user: SignedInUser) -> access.User:
    if not user.may(access.Permission.RUN_TRIALS):
        raise HttpError(403, "not_allowed", "Your role may not change trials.", "Ask an operator of this shop.")
    return user


Context = Annotated[ConsoleContext, Depends(_context)]
SignedInUser = Annotated[access.User, Depends(_user)]
Admin = Annotated[access.User, Depends(_admin)]
SegmentEditor = Annotated[access.User, Depends(_segment_editor)]
TrialRunner = Annotated[access.User, Depends(_trial_runner)]
Build = Annotated[OpenBuild, Depends(_build)]
