"""The pages: overview, find, all activity, a contact's activity, an event, entries without effect, state at a moment."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from contact_audit.web import queries, schema_changes, states, timeline
from contact_audit.web.filters import BadRequestError, Filters, Place, event_id, moment
from contact_audit.web.identities import Identities, identities, survivors
from contact_audit.web.overview import PERIODS, overview
from contact_audit.web.reading import Query as Ask
from contact_audit.web.reading import Reading, Row
from contact_audit.web.runs import last_runs
from contact_audit.web.shown import seen

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Text = Annotated[str, Query(max_length=timeline.LONGEST_FILTER)]
_ENTRIES = 25


def filters_of(
    action: Text = "",
    author: Text = "",
    kind: Text = "",
    channel: Text = "",
    account: Text = "",
    field: Text = "",
    attribution: Text = "",
    value: Text = "",
    from_: Annotated[str, Query(alias="from", max_length=40)] = "",
    to: Annotated[str, Query(max_length=40)] = "",
) -> Filters:
    """The filters of a page's address."""
    given = {"action": action, "author": author, "kind": kind, "channel": channel, "account": account, "field": field}
    return Filters.from_address({**given, "attribution": attribution, "value": value, "from": from_, "to": to})


FiltersDep = Annotated[Filters, Depends(filters_of)]


@router.get("/")
def home(request: Request, user: GetUserDep, days: int = PERIODS[1]) -> HTMLResponse:
    """The overview."""
    if days not in PERIODS:
        raise BadRequestError(f"days={days}: must be one of {', '.join(map(str, PERIODS))}")
    with _reading(request).snapshot() as ask:
        memory = request.app.state.memory
        coverage = queries.coverage(ask, memory)
        counted = overview(ask, memory, coverage, days, datetime.now(UTC))
        newest = queries.events(ask, most=5).rows
        labels = queries.labels(ask, newest)
        runs, verified = last_runs(ask, user)
        return _page(
            request,
            "overview.html",
            section="overview",
            overview=counted,
            periods=PERIODS,
            coverage=coverage,
            older=queries.older_rules(ask, memory, coverage),
            runs=runs,
            verified=verified,
            newest=timeline.days(timeline.events(newest, labels), datetime.now(UTC).date()),
        )


@router.get("/find")
def find(request: Request, q: Text = "") -> HTMLResponse:
    """Contacts by name, email, phone or id."""
    with _reading(request).snapshot() as ask:
        found = queries.find(ask, q)
        memory = request.app.state.memory
        gone = survivors(ask, memory, queries.coverage(ask, memory), (row["contact_id"] for row in found))
    shown, more = found[: queries.FOUND], len(found) > queries.FOUND
    return _page(request, "find.html", section="find", q=q, found=shown, more=more, survivors=gone)


@router.get("/events")
def all_events(request: Request, filters: FiltersDep, after: Text = "") -> HTMLResponse:
    """The activity of all contacts."""
    with _reading(request).snapshot() as ask:
        return _timeline(request, ask, filters, after, None)


@router.get("/contacts/{contact_id:path}")
def contact_activity(request: Request, contact_id: str, filters: FiltersDep, after: Text = "") -> HTMLResponse:
    """A contact's activity."""
    with _reading(request).snapshot() as ask:
        return _timeline(request, ask, filters, after, _contact(ask, contact_id))


@router.get("/event/{event}")
def one_event(request: Request, event: str) -> HTMLResponse:
    """One event with its evidence."""
    with _reading(request).snapshot() as ask:
        row = queries.event(ask, event_id(event))
        if row is None:
            raise HTTPException(404)
        (shown,) = timeline.events([row], queries.labels(ask, [row]))
        return _page(
            request,
            "event.html",
            event=shown,
            day=timeline.days([shown], datetime.now(UTC).date())[0],
            evidence=queries.evidence(ask, row, timeline.candidates_json(row)),
            contact=_contact(ask, row["contact_id"]),
            coverage=queries.coverage(ask, request.app.state.memory),
            author_of=timeline.author_of,
            parse_moment=datetime.fromisoformat,
        )


@router.get("/entries/{contact_id:path}")
def entries(request: Request, contact_id: str, after: Text = "") -> HTMLResponse:
    """Journal entries that touched a contact without visible effect."""
    at, _, entry = after.partition("~")
    if after and not (entry.isdecimal() and len(entry) < 19):
        raise BadRequestError("after: not a place that a page of this list has given")
    with _reading(request).snapshot() as ask:
        contact = _contact(ask, contact_id)
        rows = ask(
            "entries",
            contact_id=contact_id,
            after_at=moment(at, "after") if after else None,
            after_entry=int(entry) if after else None,
            most=_ENTRIES + 1,
        )
        return _page(
            request,
            "entries.html",
            contact=contact,
            entries=rows[:_ENTRIES],
            more=len(rows) > _ENTRIES,
            author_of=timeline.author_of,
            coverage=queries.coverage(ask, request.app.state.memory),
        )


@router.get("/states/{contact_id:path}")
def state(
    request: Request, contact_id: str, at: Text = "", and_: Annotated[str, Query(alias="and", max_length=40)] = ""
) -> HTMLResponse:
    """A contact as it was at a moment; with a second one, what differs between the two."""
    with _reading(request).snapshot() as ask:
        contact = _contact(ask, contact_id)
        coverage = queries.coverage(ask, request.app.state.memory)
        labels = queries.labels(ask, [contact])
        newest = coverage.until or datetime.now(UTC)
        moments = sorted({moment(text, name) for text, name in ((at, "at"), (and_, "and")) if text}) or [newest]
        found = [states.state_at(ask, contact_id, one) for one in moments]
        lines: Any = (
            states.differences(contact, found[0], found[1], labels)
            if len(found) == 2
            else states.lines(ask, contact, found[0], labels)
        )
        return _page(
            request,
            "state.html",
            contact=contact,
            coverage=coverage,
            states=found,
            lines=lines,
            asked=bool(at or and_),
            differing=sum(line.differs for line in lines),
        )


def _timeline(request: Request, ask: Ask, filters: Filters, after: str, contact: Row | None) -> HTMLResponse:
    memory = request.app.state.memory
    place = Place.from_text(after) if after else None
    contact_id = None if contact is None else contact["contact_id"]
    coverage = queries.coverage(ask, memory)
    parts = None if contact_id is None else identities(ask, memory, coverage, contact_id)
    page, facets = _page_and_facets(request, ask, filters, parts, place)
    changed = schema_changes.of_page(ask, filters, contact_id, place, page.next)
    labels = queries.labels(ask, [*page.rows, *changed.rows], (contact["account_id"],) if contact else ())
    now = datetime.now(UTC)
    fields = {
        field: labels.of(contact["account_id"], field, now)[0] if contact else labels.now().get(field)
        for field in timeline.sorted_fields(
            {*facets["fields"], *schema_changes.fields_of(changed.rows), *([filters.field] if filters.field else [])}
        )
    }
    shown = schema_changes.among(timeline.events(page.rows, labels), schema_changes.shown(changed.rows, labels))
    return _page(
        request,
        "timeline.html",
        section=None if contact else "events",
        contact=contact,
        filters=filters,
        days=timeline.days(shown, now.date(), None if place is None else place.occurred_at.astimezone(UTC).date()),
        place=place,
        older=filters.address(after=page.next.text()) if page.next else None,
        facets=facets,
        fields={field: label or labels.of("", field, now)[0] for field, label in fields.items()},
        authors=_authors(facets, filters),
        channels=sorted({*facets["channels"], *([filters.channel] if filters.channel else [])}),
        coverage=coverage,
        parts=parts,
        without=_without(filters),
        schema_changes_left_off=changed.left_off,
    )


def _page_and_facets(
    request: Request, ask: Ask, filters: Filters, parts: Identities | None, place: Place | None
) -> tuple[queries.Page, Row]:
    """A page of events, and what can be filtered by; of a contact, with whoever was merged into it."""
    if parts is None:
        return queries.events(ask, filters, None, place), queries.facets_of_all(ask, request.app.state.memory)
    contact_id, *others = parts.contacts
    if filters.given() or place is not None:
        page = queries.events(ask, filters, contact_id, place, others=others)
        return page, queries.facets(ask, contact_id, others)
    found = queries.events(ask, filters, contact_id, most=queries.WHOLE, others=others)
    facets = queries.facets(ask, contact_id, others) if found.next else queries.facets_of(found.rows)
    return found.first(queries.PAGE), facets


def _authors(facets: Row, filters: Filters) -> dict[str, str]:
    """Filter → name, for every author to choose from."""
    known = {f"{kind}:{key or name}": (name or key, kind) for kind, key, name, _ in facets["authors"]}
    known = {text: one for text, one in known.items() if len(text) <= timeline.LONGEST_FILTER}
    names = dict(sorted(known.items(), key=lambda item: item[1][0].lower()))
    found = {text: f"{seen(name)} ({kind})" for text, (name, kind) in names.items()}
    return found if filters.author is None or filters.author in found else {filters.author: filters.author, **found}


def _without(filters: Filters) -> list[tuple[str, str, str]]:
    """Each filter that is set: its name, its text, and the address without it."""
    given = filters.given()
    return [
        (name, text, urlencode({other: kept for other, kept in given.items() if other != name}))
        for name, text in given.items()
    ]


def _contact(ask: Ask, contact_id: str) -> Row:
    contact = queries.contact(ask, contact_id)
    if contact is None:
        raise HTTPException(404)
    return contact


def _reading(request: Request) -> Reading:
    reading: Reading = request.app.state.reading
    return reading


def _page(request: Request, template: str, **values: Any) -> HTMLResponse:
    response: HTMLResponse = request.app.state.rendering.page(request, template, **values)
    return response
