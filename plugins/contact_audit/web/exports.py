"""Downloads: the events that a page shows, whole, as a file of one of the export's formats."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from contact_audit.errors import SettingsError
from contact_audit.web import queries
from contact_audit.web.downloads import Download, Downloads
from contact_audit.web.filters import EXPORTS, BadRequestError
from contact_audit.web.identities import identities
from contact_audit.web.pages import FiltersDep
from contact_audit.web.reading import Reading

_GAPS = 2
"""As many gaps are named in a header, however many there are."""

router = APIRouter(include_in_schema=False)


@router.get("/export")
def export(
    request: Request,
    filters: FiltersDep,
    format_: Annotated[str, Query(alias="format", max_length=20)] = EXPORTS[0],
    contact_id: Annotated[str, Query(max_length=500)] = "",
) -> Download:
    """The events, streamed while they are read: of any number in constant memory."""
    # They bring Arrow and object storage.
    from contact_audit.export import request as asked
    from contact_audit.export.run import FORMATS as DEFINED
    from contact_audit.export.run import file_name, stream

    if not filters.can_be_exported:
        raise BadRequestError("an export cannot be filtered by value, author kind, or a part of an author's name")
    bounds, now = filters.parameters(), datetime.now(UTC)
    params: dict[str, Any] = {
        "format": format_,
        "from": bounds["since"] and bounds["since"].isoformat(),
        "to": bounds["until"] and bounds["until"].isoformat(),
        "contacts": _contacts(request, contact_id) if contact_id else "",
        "authors": filters.author,
        "actions": filters.action,
        "fields": filters.field,
        "channels": filters.channel,
        "attributions": filters.attribution,
    }
    try:
        wanted = asked.Request.from_params(params, now)
    except SettingsError as error:
        raise BadRequestError(str(error)) from error
    reading: Reading = request.app.state.reading
    covers: list[str] = []
    downloads: Downloads = request.app.state.downloads
    pieces = stream(
        reading.address(),
        wanted,
        covered=lambda coverage: covers.append(coverage.line(_GAPS)),
        timeout_seconds=downloads.seconds,
    )
    return downloads.start(
        pieces,
        media_type=DEFINED[wanted.format].media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{file_name(wanted)}"',
            # what a format has no place for: how far the file is complete
            "Contact-Audit-Coverage": lambda: "".join(covers),
        },
    )


def _contacts(request: Request, contact_id: str) -> list[str]:
    """The contact and whoever was merged into it, as its page shows them."""
    reading, memory = request.app.state.reading, request.app.state.memory
    with reading.snapshot() as ask:
        return identities(ask, memory, queries.coverage(ask, memory), contact_id).contacts
