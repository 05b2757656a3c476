"""The JSON API: the same events with the same filters, for programs. Described by OpenAPI at api/openapi.json.

A program logs in as for Airflow's own API: a bearer token of POST /auth/token.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from contact_audit.evidence.values import as_jsonb
from contact_audit.web import queries, schema_changes, states
from contact_audit.web.filters import Action, Attribution, Filters, Kind, Place, event_id, moment
from contact_audit.web.identities import Identities, identities, survivors
from contact_audit.web.reading import Reading, Row

router = APIRouter(prefix="/api", tags=["contact activity"])


class ChangeModel(BaseModel):
    """One field's change; null where there was or is no value."""

    field: str = Field(examples=["primary_phone", "custom_fields.plan"])
    old: Any
    new: Any


class EventModel(BaseModel):
    """One event: one author, one moment, one contact. docs/data-dictionary.md says what each column means."""

    event_id: str
    account_id: str
    contact_id: str
    contact_name: str | None
    action: Action
    author_type: Kind
    author_id: str | None
    author_name: str | None
    ip_address: str | None
    channel: str | None
    occurred_at: datetime
    occurred_after: datetime
    sequence: int
    changes: list[ChangeModel]
    fields: list[str]
    attribution: Attribution
    journal_entry_id: int | None
    candidates: list[int] | None
    previous_snapshot_id: int | None
    snapshot_id: int | None
    window_start: datetime
    window_end: datetime
    rules_version: int
    run_id: str
    loaded_at: datetime
    merged_into: str | None
    on_behalf_of: str | None


class IdentityModel(BaseModel):
    """A contact that was merged into another one, which may be the one asked for, or part of it in turn; event_id tells the merge."""

    contact_id: str
    name: str | None
    merged_into: str
    merged_at: datetime
    event_id: str


class CoverageModel(BaseModel):
    """What the log covers: complete in (complete_from, complete_to], but for the gaps."""

    complete_from: datetime | None
    complete_to: datetime | None
    gaps: list[tuple[datetime, datetime]]
    next_sync: datetime | None
    waiting_entries: int


class EventsModel(BaseModel):
    """A page of events, newest first; `next` as the parameter `after` gives the next one, null: there is none.

    Of a contact, the events of those that were merged into it come along, each under the contact_id that it had; `identities` are these.
    """

    events: list[EventModel]
    next: str | None
    identities: list[IdentityModel]
    coverage: CoverageModel


class SchemaChangeModel(BaseModel):
    """A field that appeared, disappeared or was renamed for all contacts of an account at once, between two captures.

    `changes` are the contact's values that it changed; null where it is told of all contacts.
    """

    schema_change_id: str
    account_id: str
    kind: Literal["appeared", "disappeared", "renamed"]
    field: str = Field(examples=["custom_fields.region"])
    renamed_to: str | None
    contacts: int
    occurred_after: datetime
    occurred_at: datetime
    previous_snapshot_id: int
    snapshot_id: int
    window_start: datetime
    window_end: datetime
    run_id: str
    loaded_at: datetime
    changes: list[ChangeModel] | None


class SchemaChangesModel(BaseModel):
    """Schema changes, newest first; `left_off`: how many older ones of the time asked for there are beyond the limit."""

    schema_changes: list[SchemaChangeModel]
    left_off: int
    coverage: CoverageModel


class ContactModel(BaseModel):
    """A contact that was found, as of the newest capture."""

    contact_id: str
    account_id: str
    name: str | None
    email: str | None
    primary_phone: str | None
    deleted: bool
    merged_into: str | None


class StateModel(BaseModel):
    """A contact at a moment; fields is empty where it did not exist, exists is null where nothing is known of it."""

    contact_id: str
    at: datetime
    exists: bool | None
    fields: dict[str, Any]
    coverage: CoverageModel


_EVENT = "Part of an author's name, or kind:id (agent:agent-12) for exactly one; kind:name for an author without an id."


@router.get("/events", response_model=EventsModel, summary="Events, newest first")
def list_events(
    request: Request,
    contact_id: str | None = None,
    action: Action | None = None,
    author: Annotated[str | None, Query(max_length=500, description=_EVENT)] = None,
    kind: Annotated[Kind | None, Query(description="The author's kind.")] = None,
    channel: str | None = None,
    account: Annotated[
        str | None, Query(description="A contact's move from one account to another is shown in both.")
    ] = None,
    field: Annotated[str | None, Query(examples=["email", "custom_fields.plan"])] = None,
    attribution: Attribution | None = None,
    value: Annotated[str | None, Query(max_length=500, description="A part of an old or new value.")] = None,
    from_: Annotated[str | None, Query(alias="from", description="A date or a moment, included.")] = None,
    to: Annotated[str | None, Query(description="A date, included, or a moment, not included.")] = None,
    merged: Annotated[
        bool, Query(description="Of a contact: with the events of those that were merged into it.")
    ] = True,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """Events that pass all filters. Page on with `after` until `next` is null: no event is left out or comes twice."""
    given = {"action": action, "author": author, "kind": kind, "channel": channel, "account": account, "field": field}
    filters = Filters.from_address({**given, "attribution": attribution, "value": value, "from": from_, "to": to})
    with _reading(request).snapshot() as ask:
        coverage = queries.coverage(ask, request.app.state.memory)
        parts = Identities("")
        if contact_id is not None and merged:
            parts = identities(ask, request.app.state.memory, coverage, contact_id)
        place = Place.from_text(after) if after else None
        page = queries.events(ask, filters, contact_id, place, limit, others=parts.contacts[1:])
    found = [_as_logged(row) for row in page.rows]
    told = {"events": found, "next": page.next and page.next.text(), "identities": parts.others}
    return _json({**told, "coverage": _coverage(coverage)})


@router.get("/events/{event}", response_model=EventModel, summary="One event")
def one_event(request: Request, event: str) -> Response:
    """An event by its id; 404 where it is not in the log (any more)."""
    with _reading(request).snapshot() as ask:
        row = queries.event(ask, event_id(event))
    if row is None:
        raise HTTPException(404)
    return _json(_as_logged(row))


@router.get("/schema-changes", response_model=SchemaChangesModel, summary="Schema changes, newest first")
def list_schema_changes(
    request: Request,
    contact_id: Annotated[
        str | None, Query(description="Those that changed this contact's values, with these.")
    ] = None,
    field: Annotated[str | None, Query(description="The old or the new name.", examples=["custom_fields.plan"])] = None,
    from_: Annotated[str | None, Query(alias="from", description="A date or a moment, included.")] = None,
    to: Annotated[str | None, Query(description="A date, included, or a moment, not included.")] = None,
) -> Response:
    """Fields that appeared, disappeared or were renamed for all contacts of an account at once: no events. At most 500."""
    filters = Filters.from_address({"field": field, "from": from_, "to": to})
    with _reading(request).snapshot() as ask:
        found = schema_changes.schema_changes(ask, filters, contact_id)
        coverage = _coverage(queries.coverage(ask, request.app.state.memory))
    rows = [_as_logged(row) for row in found.rows]
    return _json({"schema_changes": rows, "left_off": found.left_off, "coverage": coverage})


@router.get("/contacts", response_model=list[ContactModel], summary="Find contacts")
def find_contacts(request: Request, q: Annotated[str, Query(min_length=1, max_length=500)]) -> Response:
    """Contacts by id, name, email or phone, at most 50."""
    with _reading(request).snapshot() as ask:
        found = queries.find(ask, q)[: queries.FOUND]
        memory = request.app.state.memory
        gone = survivors(ask, memory, queries.coverage(ask, memory), (row["contact_id"] for row in found))
    return _json([{**row, "merged_into": gone.get(row["contact_id"], {}).get("merged_into")} for row in found])


@router.get("/state", response_model=StateModel, summary="A contact at a moment")
def contact_state(
    request: Request,
    contact_id: str,
    at: Annotated[str | None, Query(description="A date (its start) or a moment; default: the newest covered.")] = None,
) -> Response:
    """A contact as it was: the newest captured state with every later change undone."""
    with _reading(request).snapshot() as ask:
        if queries.contact(ask, contact_id) is None:
            raise HTTPException(404)
        coverage = queries.coverage(ask, request.app.state.memory)
        then = moment(at, "at") if at else coverage.until or datetime.now(UTC)
        state = states.state_at(ask, contact_id, then)
    told = {
        "contact_id": contact_id,
        "at": state.at,
        "exists": state.exists if state.known else None,
        "fields": orjson.Fragment(as_jsonb(state.values)),
    }
    return _json({**told, "coverage": _coverage(coverage)})


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> JSONResponse:
    """What this API takes and gives."""
    described = dict(request.app.openapi())
    return JSONResponse({**described, "servers": [{"url": request.scope.get("root_path") or "/"}]})


def _as_logged(row: Row) -> dict[str, Any]:
    # as it stands in the log: no number loses a digit on the way
    return {**row, "changes": None if row["changes"] is None else orjson.Fragment(row["changes"])}


def _coverage(coverage: queries.Coverage) -> dict[str, Any]:
    return {
        "complete_from": coverage.since,
        "complete_to": coverage.until,
        "gaps": coverage.gaps,
        "next_sync": coverage.row["next_due"],
        "waiting_entries": coverage.row["waiting_entries"],
    }


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content, option=orjson.OPT_UTC_Z), media_type="application/json")


def _reading(request: Request) -> Reading:
    reading: Reading = request.app.state.reading
    return reading
