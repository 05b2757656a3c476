"""What an export is asked for, and how an event reads in each format; without a database."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from contact_audit.errors import SettingsError
from contact_audit.export.events import COLUMNS, Coverage
from contact_audit.export.request import Filters, Request
from contact_audit.export.run import FORMATS, file_name

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
AT = datetime(2026, 11, 23, 10, 42, 7, 123456, tzinfo=UTC)
COVERAGE = Coverage(AT, NOW, NOW + timedelta(hours=3), 4, AT, [], 17)
EVENT: dict[str, Any] = {
    "event_id": "00000000-0000-0000-0000-000000000001",
    "account_id": "1",
    "contact_id": "4711",
    "contact_name": "Dana Weber",
    "action": "update",
    "author_type": "agent",
    "author_id": "7",
    "author_name": "Ann Agent",
    "ip_address": "10.0.0.7",
    "channel": "agent_panel",
    "occurred_at": AT,
    "occurred_after": AT,
    "activity": 'Email changed from "a@x" to "b@x"',
    "fields": ["custom_fields.seats", "email"],
    "changes": json.dumps(
        [
            {"field": "custom_fields.seats", "old": 12, "new": None},
            {"field": "email", "old": "a@x", "new": "b@x"},
        ]
    ),
    "attribution": "recorded",
    "journal_entry_id": 900,
    "candidates": None,
    "previous_snapshot_id": 1,
    "snapshot_id": 2,
    "window_start": datetime(2026, 11, 23, 9, tzinfo=UTC),
    "window_end": datetime(2026, 11, 23, 12, tzinfo=UTC),
    "sequence": 1,
    "rules_version": 1,
    "run_id": "test",
    "loaded_at": NOW,
    "merged_into": None,
    "on_behalf_of": None,
}
NOBODY = {
    "author_type": "unknown",
    "author_id": None,
    "author_name": None,
    "ip_address": None,
    "channel": None,
    "attribution": "unattributed",
    "journal_entry_id": None,
    "occurred_after": AT - timedelta(hours=1),
}


def encoded(form: str, *events: dict[str, Any]) -> bytes:
    batches = [pa.Table.from_pylist([event], schema=COLUMNS) for event in events]
    return b"".join(FORMATS[form].encode(batches, COVERAGE))


def objects(form: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in encoded(form, *events).splitlines()]


def as_csv(*events: dict[str, Any]) -> list[dict[str, Any]]:
    options = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(COLUMNS.names, pa.string()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    rows: list[dict[str, Any]] = pyarrow.csv.read_csv(
        io.BytesIO(encoded("csv", *events)), convert_options=options, parse_options=parsing
    ).to_pylist()
    return rows


# ---- the request -----------------------------------------------------------------------------------------------------


def test_a_request_takes_everything_until_now_by_default() -> None:
    request = Request.from_params({}, NOW)
    assert request == Request(datetime(2019, 10, 1, tzinfo=UTC), NOW, Filters(), "csv")
    assert file_name(request) == "contact_audit-20191001T000000Z-20261124T093000Z.csv"


def test_another_request_has_another_name_and_the_same_one_the_same() -> None:
    one = {"fields": ["email"], "format": "ocsf"}
    names = {file_name(Request.from_params(params, NOW)) for params in (one, dict(one), {"fields": ["name"]}, {})}
    assert len(names) == 3
    assert [name.endswith(".ocsf.ndjson") for name in sorted(names)].count(True) == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"format": "xlsx"}, "format='xlsx' is no format; valid: csv, parquet, ocsf, ecs"),
        ({"from": "yesterday"}, "from='yesterday' is no moment; valid: ISO 8601"),
        ({"to": 2024}, "to=2024 is no moment; valid: ISO 8601"),
        (
            {"from": "2026-01-02", "to": "2026-01-01"},
            "is not before to=2026-01-01T00:00:00\\+00:00; valid: from before to",
        ),
        ({"from": "2027-01-01"}, "is not before to=2026-11-24"),
        ({"actions": ["merge"]}, "actions='merge' is unknown; valid: create, update, delete, restore"),
        ({"attributions": ["guessed"]}, "attributions='guessed' is unknown; valid: recorded, matched, inferred, amb"),
        ({"fields": ["phone"]}, "fields='phone' is no field; valid: name, email, primary_phone, custom_fields.<key>"),
        ({"contacts": [4711]}, r'contacts=\[4711\] is no list of texts; valid: as in \["4711"\]'),
        ({"authors": {"agent": "7"}}, "authors=.* is no list of texts"),
        ({"channels": [""]}, "channels=.* is no list of texts"),
    ],
)
def test_a_bad_param_is_refused_with_the_valid_ones(params: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Request.from_params(params, NOW)


def test_a_moment_without_a_zone_is_utc_and_one_with_a_zone_becomes_it() -> None:
    request = Request.from_params({"from": "2026-01-01T02:00:00+02:00", "to": "2026-01-02"}, NOW)
    assert (request.start, request.end) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


# ---- what it covers --------------------------------------------------------------------------------------------------


def test_what_an_export_covers_is_one_sentence() -> None:
    assert COVERAGE.line() == (
        "Complete from 2026-11-23 10:42 to 2026-11-24 09:30 UTC; without gaps; "
        "4 journal entries wait for the next capture; next sync due 2026-11-24 12:30 UTC."
    )
    gaps = [["2026-11-23T12:00:00+00:00", "2026-11-23T15:00:00+00:00"]]
    assert "; but not 2026-11-23 12:00 to 2026-11-23 15:00;" in Coverage(AT, NOW, None, 4, AT, gaps, 17).line()
    assert Coverage(None, None, None, 0, None, [], 0).line() == "Nothing is loaded yet."


# ---- CSV -------------------------------------------------------------------------------------------------------------


def test_a_csv_has_a_header_and_reads_back() -> None:
    (row,) = as_csv(EVENT)
    assert list(row) == COLUMNS.names
    assert row["occurred_at"] == "2026-11-23T10:42:07.123456Z"
    assert (row["fields"], row["candidates"]) == ('["custom_fields.seats","email"]', None)
    assert json.loads(row["changes"]) == json.loads(EVENT["changes"])
    assert (row["author_name"], row["journal_entry_id"]) == ("Ann Agent", "900")


def test_a_csv_of_nothing_is_its_header() -> None:
    assert encoded("csv").count(b"\n") == 1


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1", "-5", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_that_begins_as_a_formula_is_text_in_a_csv(text: str) -> None:
    (row,) = as_csv(EVENT | {"contact_name": text})
    assert row["contact_name"] == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "'1", 'say "hi", now', "two\nlines", "名前 😀", "NULL"])
def test_any_other_cell_stays_as_it_is(text: str) -> None:
    (row,) = as_csv(EVENT | {"contact_name": text})
    assert row["contact_name"] == text


def test_no_value_and_an_empty_one_stay_apart_in_a_csv() -> None:
    empty, none = as_csv(EVENT | {"author_name": ""}, EVENT | {"author_name": None})
    assert (empty["author_name"], none["author_name"]) == ("", None)


# ---- Parquet ---------------------------------------------------------------------------------------------------------


def test_a_parquet_file_has_typed_columns_and_says_what_it_covers() -> None:
    file = pq.ParquetFile(io.BytesIO(encoded("parquet", EVENT, EVENT | NOBODY)))
    table = file.read()
    assert table.schema.equals(COLUMNS)
    assert table.to_pylist() == [EVENT, EVENT | NOBODY]
    assert file.num_row_groups == 2
    covered = json.loads(table.schema.metadata[b"contact_audit.coverage"])
    assert (covered["line"], covered["feed_position"]) == (COVERAGE.line(), 17)


# ---- OCSF ------------------------------------------------------------------------------------------------------------

# Required attributes and constraints of class entity_management and of the objects used, by the published schema at tag
# 1.6.0: github.com/ocsf/ocsf-schema, events/base_event.json, events/iam/iam.json, events/iam/entity_management.json,
# objects/{metadata,product,managed_entity,_entity,actor,user,network_endpoint}.json; also schema.ocsf.io/1.6.0.
REQUIRED = {
    "activity_id": int,
    "category_uid": int,
    "class_uid": int,
    "entity": dict,
    "metadata": dict,
    "severity_id": int,
    "time": int,
    "type_uid": int,
}
KNOWN = REQUIRED | {
    "activity_name": str,
    "category_name": str,
    "class_name": str,
    "type_name": str,
    "start_time": int,
    "end_time": int,
    "severity": str,
    "status_id": int,
    "status": str,
    "message": str,
    "actor": dict,
    "src_endpoint": dict,
    "entity_result": dict,
    "unmapped": dict,
}
ACTIVITY_IDS = {*range(14), 99}
AT_LEAST_ONE = {
    "metadata.product": {"name", "uid"},
    "entity": {"name", "uid", "device", "group", "org", "policy", "user"},
    "entity_result": {"name", "uid", "device", "group", "org", "policy", "user"},
    "actor": {"process", "user", "invoked_by", "session", "app_name", "app_uid"},
    "actor.user": {"account", "name", "uid"},
    "src_endpoint": {"ip", "uid", "name", "hostname", "svc_name"},
}
KNOWN_WITHIN = {
    "metadata": {"version", "product", "uid", "log_name", "original_time", "logged_time", "tenant_uid"},
    "metadata.product": {"name", "vendor_name", "uid", "version"},
    "entity": {"name", "uid", "type", "type_id", "data"},
    "entity_result": {"name", "uid", "type", "type_id", "data"},
    "actor": {"user", "app_name", "app_uid"},
    "actor.user": {"uid", "name", "type", "type_id"},
    "src_endpoint": {"ip"},
}


def check_ocsf(event: dict[str, Any]) -> None:
    """The event is a valid one of class 3004, as far as the published schema's requirements go."""
    assert REQUIRED.keys() <= event.keys()
    for name, value in event.items():
        assert type(value) is KNOWN[name], name
    assert (event["category_uid"], event["class_uid"]) == (3, 3004)
    assert event["activity_id"] in ACTIVITY_IDS
    assert event["type_uid"] == 3004 * 100 + event["activity_id"]
    assert (event["metadata"]["version"], event["severity_id"]) == ("1.6.0", 1)
    assert "product" in event["metadata"]
    for path, names in AT_LEAST_ONE.items():
        part: Any = event
        for step in path.split("."):
            part = (part or {}).get(step)
        if part is not None:
            assert part.keys() & names, path
    for path, names in KNOWN_WITHIN.items():
        part = event
        for step in path.split("."):
            part = (part or {}).get(step)
        assert set(part or {}) <= names, path
    assert 10**12 < event["time"] < 10**13  # milliseconds


@pytest.mark.parametrize(
    ("action", "type_uid", "name"),
    [
        ("create", 300401, "Entity Management: Create"),
        ("update", 300403, "Entity Management: Update"),
        ("delete", 300404, "Entity Management: Delete"),
        ("restore", 300499, "Entity Management: Other"),
    ],
)
def test_an_action_is_an_activity_of_entity_management(action: str, type_uid: int, name: str) -> None:
    (event,) = objects("ocsf", EVENT | {"action": action})
    check_ocsf(event)
    assert (event["type_uid"], event["type_name"], event["activity_name"]) == (type_uid, name, action.capitalize())


@pytest.mark.parametrize("author_type", ["contact", "agent", "admin", "integration", "system", "unknown"])
@pytest.mark.parametrize("known", [{}, {"author_id": None}, {"author_name": None}, NOBODY])
def test_an_event_is_valid_whoever_made_it(author_type: str, known: dict[str, Any]) -> None:
    (event,) = objects("ocsf", EVENT | known | {"author_type": author_type})
    check_ocsf(event)


def test_an_event_in_ocsf() -> None:
    (event,) = objects("ocsf", EVENT)
    assert event["time"] == 1795430527123
    assert "start_time" not in event
    assert event["actor"] == {"user": {"uid": "7", "name": "Ann Agent", "type_id": 1, "type": "User"}}
    assert event["src_endpoint"] == {"ip": "10.0.0.7"}
    assert event["entity"]["data"] == {"custom_fields.seats": 12, "email": "a@x"}
    assert event["entity_result"]["data"] == {"custom_fields.seats": None, "email": "b@x"}
    assert (event["metadata"]["uid"], event["metadata"]["tenant_uid"]) == (EVENT["event_id"], "1")
    assert (event["unmapped"]["channel"], event["unmapped"]["attribution"]) == ("agent_panel", "recorded")


def test_an_event_of_an_unknown_moment_is_a_span_and_names_nobody() -> None:
    (event,) = objects("ocsf", EVENT | NOBODY)
    assert event["end_time"] - event["start_time"] == 3_600_000
    assert not {"actor", "src_endpoint"} & event.keys()


def test_an_integration_is_an_application() -> None:
    (event,) = objects("ocsf", EVENT | {"author_type": "integration", "author_id": "azure", "author_name": "Azure AD"})
    assert event["actor"] == {"app_uid": "azure", "app_name": "Azure AD"}


@pytest.mark.parametrize("form", ["ocsf", "ecs"])
def test_a_number_keeps_every_digit(form: str) -> None:
    digits = "12345678901234567890123.123456789012345678901234567890"
    text = encoded(form, EVENT | {"changes": f'[{{"field": "custom_fields.n", "old": null, "new": {digits}}}]'})
    assert digits.encode() in text


# ---- ECS -------------------------------------------------------------------------------------------------------------

# Fields of the schema that we fill: github.com/elastic/ecs at tag v9.4.0, generated/ecs/ecs_flat.yml; required is @timestamp
# (schemas/base.yml); event.type beside the category iam: schemas/event.yml, expected_event_types.
ECS_FIELDS = {
    *("@timestamp", "ecs.version", "message", "organization.id", "source.ip", "source.address"),
    *("event.id", "event.kind", "event.category", "event.type", "event.action", "event.outcome", "event.provider"),
    *("event.dataset", "event.start", "event.end", "event.created", "event.sequence"),
    *("user.id", "user.full_name", "user.roles", "user.target.id", "user.target.full_name"),
    *("user.changes.full_name", "user.changes.email", "related.ip", "related.user"),
}
IAM_TYPES = {"admin", "change", "creation", "deletion", "group", "info", "user"}


def flat(value: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, part in value.items():
        found |= flat(part, f"{path}{name}.") if isinstance(part, dict) else {path + name: part}
    return found


@pytest.mark.parametrize(
    ("action", "kind"), [("create", "creation"), ("update", "change"), ("delete", "deletion"), ("restore", "change")]
)
@pytest.mark.parametrize("known", [{}, NOBODY])
def test_an_event_in_ecs_has_the_schemas_fields_and_ours(action: str, kind: str, known: dict[str, Any]) -> None:
    (event,) = objects("ecs", EVENT | known | {"action": action})
    fields = flat({name: part for name, part in event.items() if name != "contact_audit"})
    assert fields.keys() <= ECS_FIELDS
    assert {"@timestamp", "ecs.version"} <= fields.keys()
    assert (fields["ecs.version"], fields["event.kind"], fields["event.category"]) == ("9.4.0", "event", ["iam"])
    assert fields["event.type"] == ["user", kind]
    assert set(fields["event.type"]) <= IAM_TYPES
    assert fields["user.target.id"] == "4711"
    assert None not in fields.values()


def test_an_event_in_ecs() -> None:
    (event,) = objects("ecs", EVENT)
    assert event["user"] == {
        "id": "7",
        "full_name": "Ann Agent",
        "roles": ["agent"],
        "target": {"id": "4711", "full_name": "Dana Weber"},
        "changes": {"email": "b@x"},
    }
    assert event["@timestamp"] == "2026-11-23T10:42:07.123456+00:00"
    assert event["contact_audit"]["changes"] == [
        {"field": "custom_fields.seats", "old": "12"},
        {"field": "email", "old": "a@x", "new": "b@x"},
    ]
    assert event["related"] == {"ip": ["10.0.0.7"], "user": ["Ann Agent", "Dana Weber", "4711"]}
