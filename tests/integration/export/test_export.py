"""Exports from a real log: the right events, in one snapshot, whole or not at all, in constant memory."""

import hashlib
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from contact_audit.errors import AuditDatabaseError, SettingsError
from contact_audit.export.events import BATCH, COLUMNS, reading
from contact_audit.export.request import Request
from contact_audit.export.run import FORMATS, export_to, file_name, stream
from contact_audit.sql import statement
from tests.support.runs import backfill, new_pipeline, query, quiet
from tests.support.worlds import load_world, write_world
from tests.unit.export.test_export_formats import check_ocsf

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = {"from_": "2019-10-01T00:00:00Z", "to": "2019-10-04T00:00:00Z"}


@pytest.fixture
def log(helpdesk_dsn: str, audit_dsn: str) -> str:
    """An audit database with the world `plain`: 69 events of 2019-10-01."""
    write_world(helpdesk_dsn, load_world("plain"))
    backfill(new_pipeline(helpdesk_dsn, audit_dsn), **DAYS)
    return audit_dsn


def request(**params: Any) -> Request:
    return Request.from_params({name.rstrip("_"): value for name, value in params.items()}, NOW)


def exported(dsn: str, **params: Any) -> list[dict[str, Any]]:
    """The events of a Parquet export."""
    data = b"".join(stream(dsn, request(format="parquet", **params)))
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(data)).to_pylist()
    return rows


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_export_has_every_event_newest_first_as_it_stands_in_the_log(log: str) -> None:
    rows = exported(log)
    newest_first = "order by occurred_at desc, window_end desc, sequence desc, event_id desc"
    wanted = query(log, f"select *, host(ip_address) as ip_address from audit.contact_activity {newest_first}")
    assert len(rows) == len(wanted) == 69
    for row, event in zip(rows, wanted, strict=True):
        assert json.loads(row["changes"]) == event["changes"]
        assert row | {"changes": event["changes"]} == {name: event[name] for name in COLUMNS.names}


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"contacts": ["3", "5"]}, "contact_id in ('3', '5')"),
        ({"actions": ["create", "delete"]}, "action in ('create', 'delete')"),
        ({"channels": ["azure_ad_sync"]}, "channel = 'azure_ad_sync'"),
        ({"attributions": ["unattributed", "ambiguous"]}, "attribution in ('unattributed', 'ambiguous')"),
        ({"fields": ["email", "custom_fields.plan"]}, "fields @> '[\"email\"]' or fields @> '[\"custom_fields.plan\"]'"),
        ({"authors": ["agent:7"]}, "author_type = 'agent' and author_id = '7'"),
        ({"authors": ["Azure AD", "8"]}, "author_name = 'Azure AD' or author_id = '8'"),
        ({"from_": "2019-10-01T06:00:00Z", "to": "2019-10-01T09:00:00Z"}, "occurred_at >= '2019-10-01 06:00+00'"
         " and occurred_at < '2019-10-01 09:00+00'"),
        ({"actions": ["update"], "fields": ["name"]}, "action = 'update' and fields @> '[\"name\"]'"),
        ({"contacts": ["nobody"]}, "false"),
        ({"channels": ["'; drop table audit.contacts; --", "100%"]}, "false"),
    ],
)  # fmt: skip
def test_a_filter_lets_pass_what_it_names(log: str, params: dict[str, Any], where: str) -> None:
    wanted = query(log, f"select event_id from audit.contact_audit_log where {where}")
    assert bool(wanted) == (where != "false")
    assert {row["event_id"] for row in exported(log, **params)} == {row["event_id"] for row in wanted}


@pytest.mark.parametrize("form", list(FORMATS))
def test_a_file_and_its_manifest_agree(log: str, tmp_path: Path, form: str) -> None:
    asked = request(format=form)
    told = export_to(log, asked, tmp_path.as_uri(), "manual__2026-01-01T00:00:00+00:00", NOW, quiet)
    name = file_name(asked)
    assert files(tmp_path) == sorted([name, f"{name}.manifest.json"])
    data = (tmp_path / name).read_bytes()
    manifest = json.loads((tmp_path / f"{name}.manifest.json").read_text())
    assert told == manifest | {"uri": f"{tmp_path.as_uri()}/{name}"}
    assert (manifest["bytes"], manifest["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert (manifest["events"], manifest["schema"], manifest["filters"]) == (69, FORMATS[form].schema, {})
    assert data == b"".join(stream(log, asked)) or form == "parquet"
    assert [(tmp_path / file).stat().st_mode & 0o777 for file in files(tmp_path)] == [0o600, 0o600]
    (status,) = query(log, "select * from audit.sync_status")
    (position,) = query(log, "select max(position) as position from audit.event_feed")
    coverage = manifest["coverage"]
    assert coverage["complete_until"] == status["data_complete_up_to"].isoformat()
    assert coverage["next_due"] == status["next_due"].isoformat()
    assert (coverage["gaps"], coverage["feed_position"]) == ([], position["position"])


def test_every_event_of_a_log_is_a_valid_one_of_ocsf(log: str) -> None:
    events = [json.loads(line) for line in b"".join(stream(log, request(format="ocsf"))).splitlines()]
    assert len(events) == 69
    for event in events:
        check_ocsf(event)


def test_gaps_in_the_log_are_told(helpdesk_dsn: str, audit_dsn: str, tmp_path: Path) -> None:
    write_world(helpdesk_dsn, load_world("plain"))
    pipeline = new_pipeline(helpdesk_dsn, audit_dsn)
    backfill(pipeline, from_="2019-10-01T00:00:00Z", to="2019-10-01T06:00:00Z")
    backfill(pipeline, from_="2019-10-01T12:00:00Z", to="2019-10-01T15:00:00Z")
    told = export_to(audit_dsn, request(), tmp_path.as_uri(), "test", NOW, quiet)
    assert told["coverage"]["gaps"] == [["2019-10-01T06:00:00+00:00", "2019-10-01T12:00:00+00:00"]]
    assert "but not 2019-10-01 06:00 to 2019-10-01 12:00;" in told["coverage"]["line"]
    elsewhere = request(from_="2019-10-01T12:00:00Z")
    assert export_to(audit_dsn, elsewhere, tmp_path.as_uri(), "test", NOW, quiet)["coverage"]["gaps"] == []


def test_an_export_before_the_first_load_is_an_empty_file_that_says_so(audit_dsn: str, tmp_path: Path) -> None:
    told = export_to(audit_dsn, request(), tmp_path.as_uri(), "test", NOW, quiet)
    assert (told["events"], told["coverage"]["line"]) == (0, "Nothing is loaded yet.")


def many_events(dsn: str, count: int) -> None:
    """So many events of one contact, a second apart, from 2024 on; each with a label of its own to look up."""
    query(
        dsn,
        """
        insert into audit.contact_audit_log (
            event_id, account_id, contact_id, action, author_type, author_id, occurred_at, occurred_after, sequence,
            changes, attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end,
            rules_version, run_id
        )
        select
            gen_random_uuid(), '1', '1', 'update', 'agent', '7', moment, moment, number,
            jsonb_build_array(jsonb_build_object('field', 'custom_fields.note', 'old', number, 'new', repeat('x', 200) || number)),
            'recorded', number, 1, 2, border, border + interval '3 hours', 1, 'test'
        from generate_series(1, %s) as number
        cross join lateral (select '2024-02-01 UTC'::timestamptz + number * interval '1 second' as moment) as at
        cross join lateral (select date_bin('3 hours', moment, '2019-10-01 UTC') as border) as its
        """,
        [count],
    )


@pytest.fixture
def breaks(audit_dsn: str) -> str:
    """A log whose oldest event of 6,000 cannot be read: the error comes after more than a batch."""
    assert BATCH < 6_000
    many_events(audit_dsn, 6_000)
    query(
        audit_dsn,
        """
        update audit.contact_audit_log set changes = '[{"field": "custom_fields.bad", "old": 1, "new": 2}]' where sequence = 1;
        create or replace function audit.plain_label(field text) returns text language plpgsql as $$
        begin
            if field = 'custom_fields.bad' then
                raise exception 'this row is bad';
            end if;
            return field;
        end $$
        """,
    )
    return audit_dsn


@pytest.mark.parametrize("form", list(FORMATS))
def test_an_export_that_fails_leaves_nothing_and_the_file_before_it_stays(
    breaks: str, tmp_path: Path, form: str
) -> None:
    name = file_name(request(format=form))
    pieces = stream(breaks, request(format=form))
    assert len(next(pieces))  # it has begun well
    with pytest.raises(AuditDatabaseError, match="this row is bad"):
        list(pieces)
    for before in ([], [name, f"{name}.manifest.json"]):
        for file in before:
            (tmp_path / file).write_text("of yesterday")
        with pytest.raises(AuditDatabaseError, match="this row is bad"):
            export_to(breaks, request(format=form), tmp_path.as_uri(), "test", NOW, quiet)
        assert files(tmp_path) == sorted(before)
    assert (tmp_path / name).read_text() == "of yesterday"


def test_a_repeat_replaces_the_file_and_its_manifest(log: str, tmp_path: Path) -> None:
    for run_id in ("one", "two"):
        export_to(log, request(), tmp_path.as_uri(), run_id, NOW, quiet)
    name = file_name(request())
    assert files(tmp_path) == sorted([name, f"{name}.manifest.json"])
    assert json.loads((tmp_path / f"{name}.manifest.json").read_text())["run_id"] == "two"


def test_what_is_loaded_meanwhile_is_not_in_an_export(audit_dsn: str) -> None:
    many_events(audit_dsn, 6_000)
    pieces = stream(audit_dsn, request(format="ocsf"))
    first = next(pieces)
    query(audit_dsn, "delete from audit.contact_audit_log")
    assert first.count(b"\n") + sum(piece.count(b"\n") for piece in pieces) == 6_000


def test_an_export_can_only_read_and_what_the_reader_may(log: str) -> None:
    with reading(log, request()) as found, found._connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('transaction_read_only')")
        assert cursor.fetchone() == ("contact_audit_reader", "on")


def test_what_a_stream_covers_is_told_before_its_first_piece(log: str) -> None:
    told: list[str] = []
    pieces = stream(log, request(), covered=lambda coverage: told.append(coverage.line()))
    next(pieces)
    assert told[0].startswith("Complete from 2019-10-01 00:00 to 2019-10-04 00:00 UTC; without gaps;")
    pieces.close()


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ("/srv/exports", "is no object storage URI; valid: the URI of a folder, as in file:///srv/exports"),
        ("", "is no object storage URI"),
        ("s3://bucket/x", "No filesystem registered for scheme s3; valid: "),
        ("nowhere://bucket/x", "Unsupported filesystem: 'nowhere'; valid: .*comes with its Airflow provider"),
        ("file:///dev/null/x", "is no folder to write to"),
    ],
)
def test_a_destination_that_cannot_be_written_to_is_refused(log: str, destination: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        export_to(log, request(), destination, "test", NOW, quiet)


_CHILD = """
import resource, sys
from contact_audit.export.request import Request
from contact_audit.export.run import stream
from datetime import UTC, datetime
dsn, form, until = sys.argv[1:]
asked = Request.from_params({"format": form, "from": "2024-01-01", "to": until}, datetime.now(UTC))
rows = 0
def count(more):
    global rows
    rows += more
size = sum(map(len, stream(dsn, asked, count)))
print(rows, size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.heavy(minutes=5)
def test_three_times_the_events_take_no_more_memory(audit_dsn: str) -> None:
    few, many = 20_000, 60_000  # some batches at least, so that all that one needs is there
    many_events(audit_dsn, many)
    query(audit_dsn, "analyze audit.contact_audit_log")
    start = datetime(2024, 2, 1, tzinfo=UTC) + timedelta(seconds=1)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["plugins", "."])}
    for form in FORMATS:
        peaks = []
        for count in (few, many):
            until = (start + timedelta(seconds=count)).isoformat()
            command = [sys.executable, "-c", _CHILD, audit_dsn, form, until]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            rows, size, megabytes = map(int, done.stdout.split())
            assert rows == count
            peaks.append(megabytes)
        # of 30 to 80 MB, as text
        assert size > 12 * 2**20 or form == "parquet"
        assert peaks[1] - peaks[0] < 25, (form, peaks)


def test_object_storage_that_is_no_file_system_is_written_to_as_well(log: str) -> None:
    from airflow.sdk import ObjectStoragePath
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    attach("memory", fs=MemoryFileSystem())
    folder = ObjectStoragePath("memory://bucket/exports")
    told = export_to(log, request(), str(folder), "test", NOW, quiet)
    name = file_name(request())
    assert told["uri"] == f"memory://bucket/exports/{name}"
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, f"{name}.manifest.json"])
    query(log, "drop view audit.contact_activity cascade")
    with pytest.raises(AuditDatabaseError, match="contact_activity"):
        export_to(log, request(format="ocsf"), str(folder), "test", NOW, quiet)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    "params", [{}, {"from_": "2024-02-01T06:00:00Z", "to": "2024-02-01T09:00:00Z"}, {"authors": ["agent:7"]}], ids=str
)
def test_the_first_events_come_before_all_are_read(audit_dsn: str, params: dict[str, Any]) -> None:
    many_events(audit_dsn, 20_000)
    query(audit_dsn, "analyze audit.contact_audit_log")
    text = f"explain (format json) declare reading cursor for {statement('audit/export/events')}"
    (row,) = query(audit_dsn, text, request(**params).values())
    node, above = row["QUERY PLAN"][0]["Plan"], []
    while node["Node Type"] not in ("Append", "Index Scan", "Seq Scan", "Bitmap Heap Scan"):
        above.append(node["Node Type"])
        node = node["Plans"][0]
    assert node["Node Type"] in ("Append", "Index Scan")
    # an incremental sort keeps the rows of one moment only
    assert not {"Sort", "Hash", "Materialize", "Aggregate"} & set(above)
