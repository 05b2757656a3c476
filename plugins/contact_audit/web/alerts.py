"""Alerts of watches: all, a watch's, a contact's; one with the events behind it, and the way to what would take them back."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from contact_audit.web import queries, timeline
from contact_audit.web.reading import Query as Ask
from contact_audit.web.reading import Reading, Row

router = APIRouter(include_in_schema=False)

_PAGE, _BEHIND = 50, 200
_LARGEST = 2**63 - 1
Text = Annotated[str, Query(max_length=500)]
Number = Annotated[int | None, Query(ge=1, le=_LARGEST)]


@router.get("/alerts", response_class=HTMLResponse)
def all_alerts(request: Request, watch: Text = "", before: Number = None) -> HTMLResponse:
    """All alerts, or a watch's."""
    with _reading(request).snapshot() as ask:
        return _list(request, ask, None, watch, before)


@router.get("/alerts/{contact_id:path}", response_class=HTMLResponse)
def of_contact(request: Request, contact_id: str, before: Number = None) -> HTMLResponse:
    """A contact's alerts."""
    with _reading(request).snapshot() as ask:
        contact = queries.contact(ask, contact_id)
        if contact is None:
            raise HTTPException(404)
        return _list(request, ask, contact, "", before)


@router.get("/alert/{alert_id}", response_class=HTMLResponse)
def one_alert(request: Request, alert_id: str) -> HTMLResponse:
    """An alert with the events behind it."""
    if not (alert_id.isascii() and alert_id.isdecimal() and 1 <= int(alert_id[:20]) <= _LARGEST):
        raise HTTPException(404)
    with _reading(request).snapshot() as ask:
        found = _alerts(ask, alert_id=int(alert_id), most=1)
        if not found:
            raise HTTPException(404)
        rows = ask("alert_events", alert_id=int(alert_id), most=_BEHIND)
        labels = queries.labels(ask, rows)
        return _page(
            request,
            "alert.html",
            section="alerts",
            alert=_shown(found[0]),
            days=timeline.days(timeline.events(rows, labels), datetime.now(UTC).date()),
            left_off=found[0]["events"] - len(rows),
            coverage=queries.coverage(ask, request.app.state.memory),
        )


def _list(request: Request, ask: Ask, contact: Row | None, watch: str, before: int | None) -> HTMLResponse:
    found = _alerts(
        ask,
        watch=watch or None,
        before=before,
        contact_id=None if contact is None else contact["contact_id"],
        most=_PAGE + 1,
    )
    return _page(
        request,
        "alerts.html",
        section=None if contact else "alerts",
        contact=contact,
        watch=watch,
        alerts=[_shown(row) for row in found[:_PAGE]],
        before=found[_PAGE - 1]["alert_id"] if len(found) > _PAGE else None,
        coverage=queries.coverage(ask, request.app.state.memory),
    )


def _alerts(ask: Ask, **asked: Any) -> list[Row]:
    none = {"alert_id": None, "watch": None, "before": None, "contact_id": None}
    return ask("alerts", **{**none, **asked})


def _shown(row: Row) -> Row:
    """The row with its author as a reader sees him; None where there are several."""
    return {**row, "author": None if row["author_type"] is None else timeline.author_of(row)}


def _reading(request: Request) -> Reading:
    reading: Reading = request.app.state.reading
    return reading


def _page(request: Request, template: str, **values: Any) -> HTMLResponse:
    response: HTMLResponse = request.app.state.rendering.page(request, template, **values)
    return response
