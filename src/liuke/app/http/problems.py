"""Every error leaves as ``{code, message, hint}``, with a status that a client can act on."""

from __future__ import annotations

import re

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from liuke.app.access import SignInRefusedError, SignInThrottledError
from liuke.app.publish import NothingPublishedError
from liuke.kernel.errors import LiukeError, LockedError, ServiceError, UsageError
from liuke.learn.experiments import ExperimentError, NoSuchTrialError
from liuke.understand.segments import SegmentStoppedError

_STATUS: tuple[tuple[type[LiukeError], int], ...] = (
    (SignInRefusedError, 401),
    (SignInThrottledError, 429),
    (NothingPublishedError, 503),
    (NoSuchTrialError, 404),
    (ExperimentError, 422),
    (LockedError, 503),
    (SegmentStoppedError, 503),
    (ServiceError, 502),
    (UsageError, 400),
)


class HttpError(LiukeError):
    """An error of the HTTP edge itself."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(LiukeError, _liuke)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def problem(
    status: int, code: str, message: str, hint: str = "", headers: dict[str, str] | None = None, *, zh: str = ""
) -> JSONResponse:
    """Build the response of one problem."""
    content = {"code": code, "message": message, "hint": hint} | ({"zh": zh} if zh else {})
    return JSONResponse(content, status_code=status, headers=headers)


async def _liuke(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LiukeError)
    if isinstance(error, HttpError):
        return problem(error.status, error.code, error.message, error.hint)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, SignInThrottledError) else None
    return problem(status, _code(type(error)), error.message, error.hint, headers, zh=error.zh)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    names = {404: "not_found", 405: "method_not_allowed"}
    return problem(error.status_code, names.get(error.status_code, "http_error"), str(error.detail))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return problem(422, "invalid_request", f"{place}: {first['msg']}", "The API's schema is at /api/openapi.json.")


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    # The server logs the traceback; a browser learns nothing about the inside.
    return problem(
        500, "internal_error", "Something went wrong inside Liuke.", "The server's log says what; try again."
    )


def _code(kind: type[LiukeError]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__.removesuffix("Error")).lower()
