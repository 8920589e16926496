"""The ASGI application: API, console, and nothing else."""

from __future__ import annotations

import json

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from liuke.app.http import models, problems, spa
from liuke.app.http.ports import ConsoleContext
from liuke.app.http.routes import ROUTERS
from liuke.app.http.security import SecurityMiddleware
from liuke.app.publish import PublishedReader
from liuke.app.segments import PublishedSegments

API_VERSION = "1"  # of the contract with callers; it grows when an answer changes its meaning
_COMPRESS_FROM = 1_000  # bytes; below that a gzip header costs more than it saves


def create_app(context: ConsoleContext) -> FastAPI:
    """Plug the routes together for one workspace.

    Parameters
    ----------
    context
        Workspace, operational store, cipher, shop and clock; see `ConsoleContext`.
    """
    context.operations.create_all()
    app = _api()
    app.state.context = context
    app.state.reader = PublishedReader(context.workspace.published_dir)
    app.state.segments = PublishedSegments(context.segment_settings)
    spa.mount(app)
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESS_FROM)
    app.add_middleware(SecurityMiddleware)
    return app


def openapi_text() -> str:
    """Return the schema of the API as it is committed beside the console's sources."""
    return json.dumps(_api().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _api() -> FastAPI:
    app = FastAPI(
        title="Liuke",
        version=API_VERSION,
        description="Everything the console shows, as JSON. Ids are strings; amounts are minor currency units.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere, which the content policy forbids
        redoc_url=None,
        responses={code: {"model": models.Problem} for code in (401, 403, 404, 422, 429, 503)},
    )
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
