"""What a browser is told never to do with this site, and which requests may change something."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liuke.app.http.problems import problem

CONSOLE_HEADER = "x-liuke-request"
"""A form of another site cannot set a header, and its scripts would need a CORS permission that we never give."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Ant Design writes its styles into <style> elements at run time, hence 'unsafe-inline' for styles and only for them.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityMiddleware:
    """Refuse requests forged by other sites; add the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        forged = scope["method"] not in _SAFE_METHODS and not _from_this_site(Headers(scope=scope))
        answer = _refusal() if forged else self._app
        await answer(scope, receive, send_with_headers)


def _from_this_site(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return False
    return CONSOLE_HEADER in headers


def _refusal() -> ASGIApp:
    return problem(
        403,
        "forged_request",
        "This request did not come from the console.",
        f"A program that calls the API sends the header {CONSOLE_HEADER} (any value) with every change.",
    )
