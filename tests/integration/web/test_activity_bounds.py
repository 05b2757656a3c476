"""What reading may do at most: the reader's rights, few downloads at once, pages and headers of a bounded size."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from contact_audit.errors import ReaderRoleError
from contact_audit.export.events import Coverage
from contact_audit.export.request import Request
from contact_audit.export.run import export_to
from contact_audit.web.downloads import Downloads
from contact_audit.web.reading import TooSlowError
from tests.support.activity import DANA
from tests.support.activity_app import PREFIX, client, mounted
from tests.support.runs import query, quiet

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MEGABYTE = 1 << 20


@pytest.fixture
def owner_without_the_role(activity_copy: str) -> Iterator[str]:
    """The DSN of one who may read all tables, but not take on the reader's role."""
    query(
        activity_copy,
        "create role may_read_all login; grant usage on schema audit to may_read_all; "
        "grant select on all tables in schema audit to may_read_all",
    )
    yield activity_copy.replace("postgres@", "may_read_all@")
    query(activity_copy, "drop owned by may_read_all; drop role may_read_all")


@pytest.mark.usefixtures("airflow")
def test_without_the_readers_role_nothing_is_read_with_other_rights(
    owner_without_the_role: str, tmp_path: Path
) -> None:
    with mounted(owner_without_the_role) as app:
        viewer = client(app, "viewer")
        for path in ("/", f"/contacts/{DANA}", f"/export?contact_id={DANA}"):
            page = viewer.get(path)
            assert page.status_code == 503
            assert "may not take on the role contact_audit_reader" in page.text
            assert "Dana" not in page.text
        told = viewer.get("/api/events")
        assert (told.status_code, list(told.json())) == (503, ["detail"])
        assert "contact_audit_reader" in told.json()["detail"]
    with pytest.raises(
        ReaderRoleError, match="may not take on the role contact_audit_reader in .*grant contact_audit_reader"
    ):
        export_to(owner_without_the_role, Request.from_params({}, NOW), tmp_path.as_uri(), "test", NOW, quiet)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("airflow")
def test_more_downloads_than_may_run_at_once_are_asked_to_come_again(
    activity: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTACT_AUDIT_DOWNLOADS", "1")
    with mounted(activity[0]) as app:
        viewer, path = client(app, "viewer"), f"/export?contact_id={DANA}"
        (inner,) = (route.app for route in app.routes if getattr(route, "path", None) == PREFIX)
        held = inner.state.downloads.start(_pieces(3))
        refused = viewer.get(path)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 600
        assert "Too many downloads" in refused.text
        assert _sent(held) == b"0123"
        assert viewer.get(path).status_code == 200
        assert viewer.get(path).status_code == 200
        assert viewer.get("/export?format=nothing").status_code == 400
        assert viewer.get(path).status_code == 200


@pytest.mark.parametrize("seconds_of", ["the database", "the reader"])
def test_a_download_that_takes_too_long_is_broken_off_and_its_place_is_free(seconds_of: str) -> None:
    downloads, ended = Downloads(1, 0.3), []
    slow_database, slow_reader = (0.2, 0.0) if seconds_of == "the database" else (0.0, 0.2)
    with pytest.raises(TooSlowError, match="CONTACT_AUDIT_DOWNLOAD_SECONDS"):
        _sent(downloads.start(_pieces(20, slow_database, lambda: ended.append(True))), slow_reader)
    assert ended == [True]  # the database's connection is given back
    assert _sent(downloads.start(_pieces(1))) == b"01"


def test_an_error_before_the_first_piece_is_told_and_its_place_is_free() -> None:
    def broken() -> Iterator[bytes]:
        raise TooSlowError("at once")
        yield b""

    downloads = Downloads(1, 10)
    for _ in range(2):
        with pytest.raises(TooSlowError):
            downloads.start(broken())
    held = downloads.start(_pieces(1))
    with pytest.raises(HTTPException):
        downloads.start(_pieces(1))
    assert _sent(held) == b"01"


@pytest.mark.usefixtures("airflow")
def test_values_of_a_megabyte_are_shown_cut_and_whole_on_demand(activity_copy: str) -> None:
    text = "x" * MEGABYTE
    changes = [{"field": f"custom_fields.f{n}", "old": text, "new": f"{text}<{n}>{text}"} for n in range(5)]
    changes += [{"field": "custom_fields.list", "old": None, "new": [text] * 3}]
    changes += [{"field": "custom_fields.many", "old": [f"choice {n}" for n in range(9_000)], "new": ["choice 1"]}]
    changes += [{"field": "custom_fields.nested", "old": None, "new": {"deep": [text]}}]
    changes += [{"field": "name", "old": text, "new": "Dana"}]
    (event,) = query(
        activity_copy,
        "update audit.contact_audit_log set changes = %s, author_name = %s "
        "where contact_id = %s and action = 'create' returning event_id::text",
        [json.dumps(changes), text, DANA],
    )
    query(
        activity_copy,
        "update audit.contacts set name = %s, email = %s, "
        "custom_fields = jsonb_build_object('note', %s::text, 'number', ('1' || repeat('0', 100000))::numeric) where contact_id = %s",
        [text, text, text, DANA],
    )
    with mounted(activity_copy) as app:
        viewer = client(app, "viewer")
        whole = f"/api/events/{event['event_id']}"
        for path in (f"/contacts/{DANA}", f"/event/{event['event_id']}", "/events", f"/states/{DANA}", "/find?q=4711"):
            page = viewer.get(path)
            assert page.status_code == 200, path
            assert len(page.content) < 300_000, path
        page = viewer.get(f"/contacts/{DANA}").text
        assert page.count(f'{whole}">see all of it</a>') == len(changes)
        assert "…x" in page
        assert "x&lt;3&gt;x" in page, "the part that differs is shown"
        assert viewer.get(whole).json()["changes"] == changes
        assert f"/api/state?contact_id={DANA}&amp;at=" in viewer.get(f"/states/{DANA}").text


def test_no_header_grows_with_the_number_of_gaps() -> None:
    gaps = [
        [(NOW + timedelta(hours=6 * n)).isoformat(), (NOW + timedelta(hours=6 * n + 3)).isoformat()]
        for n in range(9_000)
    ]
    coverage = Coverage(NOW, NOW + timedelta(days=3000), None, 0, None, gaps, 1)
    line = coverage.line(2)
    assert line == (
        "Complete from 2026-01-01 00:00 to 2034-03-20 00:00 UTC; but not 2026-01-01 00:00 to 2026-01-01 03:00, "
        "2026-01-01 06:00 to 2026-01-01 09:00, and 8,998 other gaps."
    )


def _pieces(last: int, seconds: float = 0.0, ended: Callable[[], None] = lambda: None) -> Iterator[bytes]:
    try:
        for number in range(last + 1):
            time.sleep(seconds)
            yield str(number).encode()
    finally:
        ended()


def _sent(response: Any, seconds: float = 0.0) -> bytes:
    """Send a response to a reader who takes so many seconds for each piece; what he got.

    In a thread of its own: a browser that this process drives keeps an event loop in the main one.
    """
    found = []

    async def send(message: Any) -> None:
        await asyncio.sleep(seconds)
        found.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.sleep(3600)

    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, response({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)).result()
    return b"".join(found)
