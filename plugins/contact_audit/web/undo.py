"""The undo plan of what a list shows: its preview, its downloads, and the same for programs. Works out; writes nowhere."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from contact_audit.settings import Settings
from contact_audit.web import queries, timeline
from contact_audit.web.filters import BadRequestError, Filters
from contact_audit.web.pages import FiltersDep
from contact_audit.web.reading import Query as Ask
from contact_audit.web.reading import Reading
from contact_audit.web.shown import parse, value

if TYPE_CHECKING:
    from contact_audit.act.undo import UndoPlan

router = APIRouter(include_in_schema=False)
api_router = APIRouter(prefix="/api", tags=["undo"])

MOST_EVENTS = 20_000
"""More are for the DAG contact_audit_undo: a page keeps nobody waiting, nor a web server's memory."""
_SHOWN = 50
ContactId = Annotated[str, Query(max_length=500)]
Alert = Annotated[int | None, Query(ge=1, lt=2**63, description="the events behind this alert")]


@dataclass(frozen=True)
class Section:
    """A section of a plan as the preview shows it: how much it is, and its first entries."""

    name: str
    changes: int
    contacts: int
    entries: list[dict[str, Any]]
    left_off: int


@router.get("/undo", response_class=HTMLResponse)
def preview(request: Request, filters: FiltersDep, contact_id: ContactId = "", alert: Alert = None) -> HTMLResponse:
    """What would take the events of a list back, before anything is downloaded."""
    with _reading(request).snapshot() as ask:
        plan = _plan(ask, filters, contact_id, alert)
        sections = [_section(plan, name, ask) for name in plan.counts()]
        coverage = queries.coverage(ask, request.app.state.memory)
    page: HTMLResponse = request.app.state.rendering.page(
        request,
        "undo.html",
        plan=plan,
        sections=sections,
        changes=sum(section.changes for section in sections),
        files=plan.files(_empty_mark()),
        address=filters.address(contact_id=contact_id or None, alert=alert),
        filters=filters,
        contact_id=contact_id,
        coverage=coverage,
    )
    return page


@router.get("/undo/plan.json")
def as_json(request: Request, filters: FiltersDep, contact_id: ContactId = "", alert: Alert = None) -> Response:
    """plan.json."""
    with _reading(request).snapshot() as ask:
        data = _plan(ask, filters, contact_id, alert).as_json()
    return Response(data, media_type="application/json", headers=_attachment("plan.json"))


@router.get("/undo/plan.zip")
def as_zip(request: Request, filters: FiltersDep, contact_id: ContactId = "", alert: Alert = None) -> Response:
    """plan.json, the import files and their manifest."""
    from contact_audit.act.write import as_zip as packed  # it brings object storage

    with _reading(request).snapshot() as ask:
        data = packed(_plan(ask, filters, contact_id, alert), _empty_mark())
    return Response(data, media_type="application/zip", headers=_attachment("contact_audit-undo.zip"))


@api_router.get("/undo", summary="What would take these events back")
def undo(request: Request, filters: FiltersDep, contact_id: ContactId = "", alert: Alert = None) -> Response:
    """An undo plan, plan.json: fields to set, contacts to recreate or remove, conflicts, and what is back already.

    It changes nothing. At most 20,000 events: more by the DAG contact_audit_undo.
    """
    with _reading(request).snapshot() as ask:
        data = _plan(ask, filters, contact_id, alert).as_json()
    return Response(data, media_type="application/json")


def _plan(ask: Ask, filters: Filters, contact_id: str, alert: int | None) -> "UndoPlan":
    from contact_audit.act.choice import Choice  # pandas, which most pages never need
    from contact_audit.act.undo import plan_of

    given: Mapping[str, str] = (
        filters.given() | ({"contact_id": contact_id} if contact_id else {}) | ({"alert": str(alert)} if alert else {})
    )
    if not given:
        raise BadRequestError("an undo plan needs a filter: of all events there ever were, it would be the empty log")
    wanted = filters.parameters()
    author = wanted["author"]
    behind = [] if alert is None else ask("alert_event_ids", alert_id=alert, most=MOST_EVENTS + 1)
    choice = Choice.of(
        given,
        None if filters.field is None else [filters.field],
        MOST_EVENTS + 1,
        since=wanted["since"],
        until=wanted["until"],
        events=None if alert is None else [row["event_id"] for row in behind],
        contacts=[contact_id] if contact_id else None,
        actions=_one(filters.action),
        kinds=_one(wanted["kind"]),
        channels=_one(filters.channel),
        attributions=_one(filters.attribution),
        authors=_one(None if author is None else f"{wanted['kind']}:{author}"),
        author_name=wanted["author_name"],
        value=wanted["value"],
    )
    plan = plan_of(ask, choice, datetime.now(UTC))
    if plan.events > MOST_EVENTS:
        raise BadRequestError(
            f"more than {MOST_EVENTS:,} events pass these filters: narrow them down, or run the DAG contact_audit_undo"
        )
    return plan


def _section(plan: "UndoPlan", name: str, ask: Ask) -> Section:
    entries = plan.entries_of(name, _SHOWN)
    labels = timeline.Labels(ask, {entry["account_id"] for entry in entries})
    shown = [_shown(entry, labels, plan.made_at) for entry in entries]
    count = plan.entry_counts()[name]
    return Section(name, plan.counts()[name], plan.contacts()[name], shown, count - len(shown))


def _shown(entry: dict[str, Any], labels: timeline.Labels, now: datetime) -> dict[str, Any]:
    field = entry.get("field")
    label, kind = labels.of(entry["account_id"], field, now) if field else (None, None)
    values: dict[str, Any] = {
        name: value(parse(entry[name].decode()), kind) for name in ("now", "back_to") if field and name in entry
    }
    return {**entry, "label": label, **values}


def _one(text: str | None) -> list[str] | None:
    return None if text is None else [text]


def _empty_mark() -> str | None:
    return Settings.from_environment(os.environ).undo_empty_mark or None


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _reading(request: Request) -> Reading:
    reading: Reading = request.app.state.reading
    return reading
