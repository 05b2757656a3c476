"""Pages from templates: every value escaped, every word from texts.py, every address below the app's own path."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contact_audit.web import filters as choices
from contact_audit.web import fragments
from contact_audit.web.shown import seen
from contact_audit.web.texts import channel_name, counted, say
from contact_audit.web.timeline import minute, near, second, window

TEMPLATES = Path(__file__).with_name("templates")


class Rendering:
    """Renders the templates; `version` marks the static files, so that browsers fetch new ones."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            say=say,
            counted=counted,
            fragments=fragments,
            text=fragments.text,
            kind_in_a_line=fragments.kind_in_a_line,
            channel_name=channel_name,
            actions=choices.ACTIONS,
            kinds=choices.KINDS,
            attributions=choices.ATTRIBUTIONS,
            exports=choices.EXPORTS,
        )
        self._environment.filters.update(
            minute=minute,
            second=second,
            near=near,
            window=window,
            number=lambda count: f"{count:,}",
            clock=lambda at: at.strftime("%H:%M:%S"),
            hour=lambda at: at.strftime("%H:%M"),
            iso=_iso,
            iso_after=_iso_after,
            part=_part,
            query=urlencode,
            seen=seen,
        )

    def page(
        self, request: Request, template: str, status_code: int = 200, headers: Any = None, /, **values: Any
    ) -> HTMLResponse:
        """A template as a response."""
        base = request.scope.get("root_path", "").rstrip("/")
        values = {
            "base": base,
            # where the page stands, for a login to come back to
            "login": _login(request, base),
            "version": self._version,
            "now": datetime.now(UTC),
            "section": None,
            **values,
        }
        return HTMLResponse(self._environment.get_template(template).render(values), status_code, headers)


def _login(request: Request, base: str) -> str:
    airflow = request.scope.get("app_root_path", base.rpartition("/")[0])
    path = request.url.path if request.url.path.startswith(base) else base + request.url.path
    here = path + (f"?{request.url.query}" if request.url.query else "")
    return f"{airflow}/api/v2/auth/login?{urlencode({'next': here})}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(".000000Z", "Z")


def _iso_after(moment: datetime) -> str:
    """A microsecond later: the end of a span that includes the moment."""
    return _iso(moment + timedelta(microseconds=1))


def _part(text: str) -> str:
    """A text as one part of a path; an id may hold anything."""
    return quote(text, safe="")
