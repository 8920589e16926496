"""The console's files: hashed assets that never change, and one page for every other address."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from liuke.app.http.problems import problem

_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Liuke</title>
<p>控制台尚未构建。The console has not been built yet.</p><p>Run <code>make console</code>, then reload.</p>"""


class _ImmutableFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        # The name of each file holds a hash of its content.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def console_dir() -> Path:
    """Folder of the built console inside the package."""
    return Path(str(files("liuke.app") / "console" / "static"))


def console_is_built() -> bool:
    """Tell whether there are pages to serve; the API works without."""
    return (console_dir() / "index.html").is_file()


def mount(app: FastAPI) -> None:
    """Serve the console below ``/``, after the API; an unknown ``/api`` address stays a 404 in JSON."""
    folder = console_dir()
    app.mount("/assets", _ImmutableFiles(directory=folder / "assets", check_dir=False), name="assets")

    @app.api_route("/api", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    @app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    def unknown_api(path: str = "") -> Response:
        return problem(404, "not_found", f"There is no /api/{path}.", "The API's schema is at /api/openapi.json.")

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> Response:
        if path == "favicon.svg" and (folder / path).is_file():
            return FileResponse(folder / path)
        index = folder / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})
