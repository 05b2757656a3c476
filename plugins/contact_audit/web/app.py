"""The FastAPI app: who may see it, the headers that keep it safe, its static files, what it says when something goes wrong.

Airflow mounts the app and authenticates nothing of it: every route here, static files and unknown addresses too, depends
on a login and on the right to read the DAG contact_audit_sync.
"""

import hashlib
import logging
import mimetypes
import os
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contact_audit.errors import ContactAuditError, ReaderRoleError
from contact_audit.settings import Settings
from contact_audit.web import alerts, api, exports, pages, undo
from contact_audit.web.downloads import Downloads
from contact_audit.web.filters import BadRequestError
from contact_audit.web.queries import Memory
from contact_audit.web.reading import Reading, TooSlowError, airflow_address
from contact_audit.web.rendering import Rendering
from contact_audit.web.runs import SYNC
from contact_audit.web.texts import TEXTS

STATIC = Path(__file__).with_name("static")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # pages hold people's data: no cache keeps them, the browser's neither
    "Cache-Control": "no-store",
}

_log = logging.getLogger(__name__)


def create_app(address: Callable[[], str] = airflow_address) -> FastAPI:
    """The app; `address` gives the audit database's DSN, when it is first read."""
    app = FastAPI(
        title=TEXTS["title"],
        version="1",
        dependencies=[Depends(requires_access_dag("GET", param_dag_id=SYNC))],
        # FastAPI's own pages of docs would ask for no login, and load from a CDN
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    files = {path.relative_to(STATIC).as_posix(): path for path in sorted(STATIC.rglob("*")) if path.is_file()}
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files.values())).hexdigest()[:12]
    app.state.reading = Reading(address)
    app.state.memory = Memory()
    settings = Settings.from_environment(os.environ)
    app.state.downloads = Downloads(settings.downloads, settings.download_seconds)
    app.state.rendering = Rendering(version)

    @app.get("/static/{name:path}", include_in_schema=False)
    def static(name: str) -> FileResponse:
        if name not in files:
            raise HTTPException(404)
        kind = mimetypes.guess_type(name)[0] or "text/plain"
        return FileResponse(files[name], media_type=kind, headers={"Cache-Control": "private, max-age=86400"})

    app.include_router(api.router)
    app.include_router(pages.router)
    app.include_router(alerts.router)
    app.include_router(exports.router)
    app.include_router(undo.api_router)
    app.include_router(undo.router)

    @app.get("/{unknown:path}", include_in_schema=False)
    def nothing() -> None:
        """Nobody learns which addresses there are without a login."""
        raise HTTPException(404)

    for error in (HTTPException, RequestValidationError, ContactAuditError, Exception):
        app.add_exception_handler(error, _explain)
    app.add_middleware(_Headers)
    return app


class _Headers:
    """Puts HEADERS on every response that has not its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _explain(request: Request, error: Exception) -> Response:
    status, detail = _meaning(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("contact activity, %s: %s", request.url.path, error, exc_info=status == 500)
    headers: Any = getattr(error, "headers", None)
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    if path.startswith("/api/"):
        return JSONResponse({"detail": detail or HTTPStatus(status).phrase}, status, headers)
    rendering: Rendering = request.app.state.rendering
    # who may not see the page does not get its style sheet either; who asks by another method than GET is not asked who he is
    section = "bare" if status in (401, 403, 405) else None
    return rendering.page(
        request, "error.html", status, headers, section=section, status=status, detail=detail, dag_id=SYNC
    )


def _meaning(error: Exception) -> tuple[int, str | None]:
    """The HTTP status of an error, and what of it the reader may know."""
    match error:
        case HTTPException():
            return error.status_code, None
        case RequestValidationError():
            return 400, "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())
        case BadRequestError():
            return 400, str(error)
        case TooSlowError():
            return 504, None
        case ReaderRoleError():
            return 503, TEXTS["error_503_role"]
        case ContactAuditError():
            return 503, None
        case _:
            return 500, None
