"""The ASGI application: API, console, and nothing else."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

import liuke
from liuke.app.publish import PublishedReader

from . import models, problems, spa
from .ports import ConsoleContext
from .routes import ROUTERS
from .security import SecurityMiddleware

_COMPRESS_FROM = 1_000  # bytes; below that a gzip header costs more than it saves


def create_app(context: ConsoleContext) -> FastAPI:
    """Plug the routes together for one workspace.

    Parameters
    ----------
    context
        Workspace, operational store, cipher, shop and clock; see `ConsoleContext`.
    """
    context.operations.create_all()
    app = FastAPI(
        title="Liuke",
        version=liuke.__version__,
        description="Everything the console shows, as JSON. Ids are strings; amounts are minor currency units.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere, which the content policy forbids
        redoc_url=None,
        responses={code: {"model": models.Problem} for code in (401, 403, 404, 422, 429, 503)},
    )
    app.state.context = context
    app.state.reader = PublishedReader(context.workspace.published_dir)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    spa.mount(app)
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESS_FROM)
    app.add_middleware(SecurityMiddleware)
    return app
