"""Fields that changed for all contacts at once, on the Activity page and in its API: each in its place, once, and in words."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote, unquote

import psycopg2
import pytest

from contact_audit.sql import statement
from contact_audit.web import queries, schema_changes, states
from contact_audit.web.filters import Filters
from contact_audit.web.reading import Query, Reading
from contact_audit.web.timeline import Labels, events
from tests.support.activity import DANA, GONE, HOST, HOSTILE, HOSTILE_FIELD, OTHER, Log
from tests.support.activity_app import client, mounted
from tests.support.runs import query

HOUR = timedelta(hours=1)
ALL = ["hostile", "region", "level", "tier"]


@pytest.fixture
def log(activity: tuple[str, Log]) -> Log:
    return activity[1]


@pytest.fixture
def ask(activity: tuple[str, Log]) -> Iterator[Query]:
    with reading_of(activity[0]) as found:
        yield found


def reading_of(dsn: str) -> Any:
    return Reading(lambda: dsn).snapshot()


def listed(page: str) -> list[str]:
    """The ids of a page's entries, in order."""
    return re.findall(r'<li class="(?:event|schema-change)" id="([^"]+)"', page)


def text_of(page: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.replace("> *", "")).split()))


def moments(log: Log) -> dict[str, datetime]:
    start = log.newest - timedelta(days=12)
    return {
        "tier": start + 6 * HOUR,
        "level": start + 18.5 * HOUR,
        "region": log.newest - timedelta(days=4),
        "hostile": log.newest - timedelta(days=1),
    }


def found(ask: Query, log: Log, filters: dict[str, str | None], contact_id: str | None = None) -> list[str]:
    """The names of those that pass."""
    names = {change: name for name, change in log.schema_ids.items()}
    rows = schema_changes.schema_changes(ask, Filters.from_address(filters), contact_id).rows
    return [names[row["schema_change_id"]] for row in rows]


def test_a_contacts_timeline_has_it_in_its_place_with_its_values(reader: Any, log: Log) -> None:
    page = reader.get(f"/contacts/{DANA}").text
    told = [
        *("phone", "unconfirmed", "cleared", "region", "unattributed"),
        *("ambiguous", "long", "level", "tier", "renamed", "born"),
    ]
    assert listed(page) == [
        f"schema-{log.schema_ids[name]}" if name in log.schema_ids else f"event-{log.ids[name]}" for name in told
    ]
    words = text_of(page)
    captures = "For 2 contacts of account 1, between capture"
    for one in (
        f"Field Region disappeared for all contacts Schema change {captures} 100 and capture 101 Region was EMEA → empty",
        f"Field Tier renamed to Level for all contacts Schema change {captures} 102 and capture 103 "
        "Level empty → now gold Tier was gold → empty",
        f"Field Tier appeared for all contacts Schema change {captures} 100 and capture 101 Tier empty → now gold",
        "8 events, 1 unattributed",
    ):
        assert one in words, one


def test_a_contact_that_it_did_not_touch_does_not_show_it(reader: Any) -> None:
    assert "schema-" not in reader.get(f"/contacts/{GONE}").text


def test_all_activity_has_one_entry_without_values(reader: Any, log: Log) -> None:
    page = reader.get("/events").text
    assert listed(page).count(f"schema-{log.schema_ids['region']}") == 1
    assert "EMEA" not in page
    assert "For 1 contact of account 1" in text_of(page)


@pytest.mark.parametrize("contact_id", [None, OTHER, DANA, HOST])
@pytest.mark.parametrize("most", [1, 7, 50])
def test_each_is_on_exactly_one_page_and_in_order(ask: Query, log: Log, contact_id: str | None, most: int) -> None:
    told: list[Any] = []
    after, filters = None, Filters()
    labels = Labels(ask, ["1"])
    while True:
        page = queries.events(ask, filters, contact_id, after, most)
        changed = schema_changes.of_page(ask, filters, contact_id, after, page.next)
        told += schema_changes.among(events(page.rows, labels), schema_changes.shown(changed.rows, labels))
        if page.next is None:
            break
        after = page.next
    ids = [entry.schema_change_id for entry in told if not entry.is_event]
    wanted = {None: ALL, OTHER: ALL[1:], DANA: ALL[1:], HOST: ALL[:1]}[contact_id]
    assert ids == [log.schema_ids[name] for name in wanted]
    order = [(entry.row["occurred_at"], not entry.is_event) for entry in told]
    assert order == sorted(order, reverse=True)


def test_the_pages_of_a_contact_show_each_once(reader: Any, log: Log) -> None:
    first = reader.get(f"/contacts/{OTHER}").text
    older = re.search(r'rel="next" href="[^"]*(\?[^"]*)"', first)
    assert older
    second = reader.get(f"/contacts/{OTHER}{unescape(older[1])}").text
    entries = [[one for one in listed(page) if one.startswith("schema-")] for page in (first, second)]
    ids = {name: f"schema-{change}" for name, change in log.schema_ids.items()}
    assert entries == [[ids["region"]], [ids["level"], ids["tier"]]]
    # between the event that ends the one page and the one that begins the other
    assert listed(second)[0] == ids["level"]


def test_time_and_field_are_filters_of_it(ask: Query, log: Log) -> None:
    at = moments(log)
    for filters, names in (
        ({}, ALL),
        ({"field": "custom_fields.tier"}, ["level", "tier"]),
        ({"field": "custom_fields.level"}, ["level"]),
        ({"field": "name"}, []),
        ({"from": at["region"].isoformat()}, ["hostile", "region"]),
        ({"to": at["level"].isoformat()}, ["tier"]),
        ({"from": at["tier"].isoformat(), "to": (at["level"] + HOUR).isoformat()}, ["level", "tier"]),
        ({"from": f"{at['region']:%Y-%m-%d}", "to": f"{at['region']:%Y-%m-%d}"}, ["region"]),
    ):
        assert found(ask, log, filters) == names, filters
        assert found(ask, log, filters, DANA) == [name for name in names if name != "hostile"], filters
    assert found(ask, log, {}, HOST) == ["hostile"]
    assert found(ask, log, {}, GONE) == []


@pytest.mark.parametrize(
    "filters",
    [
        {"action": "update"},
        {"author": "agent:agent-12"},
        {"kind": "unknown"},
        {"channel": "agent_panel"},
        {"attribution": "unattributed"},
        {"value": "EMEA"},
    ],
)
def test_with_any_other_filter_it_is_not_shown(ask: Query, log: Log, reader: Any, filters: dict[str, str]) -> None:
    assert found(ask, log, {**filters}, DANA) == []
    assert "schema-" not in reader.get(f"/contacts/{DANA}", params=filters).text
    assert "schema-" not in reader.get("/events", params={**filters, "field": "custom_fields.region"}).text


def test_a_field_that_no_event_has_changed_can_be_filtered_by(reader: Any, log: Log) -> None:
    page = reader.get(f"/contacts/{OTHER}?field=custom_fields.level").text
    assert listed(page) == [f"schema-{log.schema_ids['level']}"]
    assert "Tier renamed to Level" in text_of(page)
    later = (moments(log)["level"] - HOUR).isoformat().replace("+00:00", "Z")
    page = reader.get(f"/contacts/{DANA}", params={"from": later}).text
    assert '<option value="custom_fields.level">Level</option>' in page


@pytest.mark.parametrize("path", [f"/contacts/{quote(HOST, safe='')}", "/events", f"/states/{quote(HOST, safe='')}"])
def test_a_hostile_field_is_only_text(reader: Any, path: str) -> None:
    page = reader.get(path).text
    assert "<script>alert" not in page
    if not path.startswith("/states"):
        assert f"Field {HOSTILE} appeared for all contacts" in text_of(page)
    filtered = reader.get(path, params={"field": HOSTILE_FIELD}).text
    assert "<script>alert" not in filtered


def test_labels_are_those_of_the_time_and_what_would_not_be_seen_is_made_visible() -> None:
    then = datetime.fromisoformat("2026-11-24T12:00:00+00:00")
    since = then + HOUR
    known = [("one", "Kind", None), ("two", "Kind", None), ("two", "Sort", since), ("odd", "a\u202eb", None)]
    rows = [
        {"account_id": "1", "field": f"custom_fields.{field}", "label": label, "field_type": "text", "since": at}
        for field, label, at in known
    ]
    labels = Labels(lambda *_, **__: rows, ["1"])
    row = {
        "account_id": "1",
        "kind": "renamed",
        "field": "custom_fields.one",
        "renamed_to": "custom_fields.two",
        "occurred_after": then - HOUR,
        "occurred_at": then,
        "contacts": 1234,
        "changes": None,
        "previous_snapshot_id": 1000,
        "snapshot_id": 1001,
    }
    (change,) = schema_changes.shown([row], labels)
    assert change.words == "Field Kind (one) renamed to Kind (two) for all contacts"
    assert change.extent == "For 1,234 contacts of account 1, between capture 1000 and capture 1001"
    (change,) = schema_changes.shown([{**row, "occurred_at": since}], labels)
    assert change.words == "Field Kind renamed to Sort for all contacts"
    (change,) = schema_changes.shown(
        [{**row, "kind": "appeared", "field": "custom_fields.odd", "renamed_to": None}], labels
    )
    assert change.words == "Field a�b appeared for all contacts"


def test_a_state_before_and_after_has_the_values_of_that_time(ask: Query, log: Log) -> None:
    at, moment = moments(log), timedelta(microseconds=1)
    for name, before, after in (
        ("tier", {"region": "EMEA"}, {"region": "EMEA", "tier": "gold"}),
        ("level", {"region": "EMEA", "tier": "gold"}, {"region": "EMEA", "level": "gold"}),
        ("region", {"region": "EMEA", "level": "gold"}, {"level": "gold"}),
    ):
        for then, wanted in ((at[name] - moment, before), (at[name], after)):
            values = states.state_at(ask, DANA, then).values
            held = {field: values.get(f"custom_fields.{field}") for field in ("region", "tier", "level")}
            assert {field: value for field, value in held.items() if value is not None} == wanted


def last_changed(dsn: str, contact_id: str, at: datetime) -> dict[str, str | None]:
    """Field → the schema change that is named as what made it so."""
    with reading_of(dsn) as ask:
        contact = queries.contact(ask, contact_id)
        assert contact is not None
        lines = states.lines(ask, contact, states.state_at(ask, contact_id, at), queries.labels(ask, [contact]))
    return {line.field: line.schema_change and line.schema_change["schema_change_id"] for line in lines}


def test_what_a_schema_change_made_so_names_it(activity: tuple[str, Log], log: Log) -> None:
    dsn, ids, at = activity[0], log.schema_ids, moments(log)
    assert last_changed(dsn, DANA, at["level"])["custom_fields.level"] == ids["level"]
    then = last_changed(dsn, DANA, at["level"] - HOUR)
    assert then["custom_fields.tier"] == ids["tier"]
    assert then["custom_fields.region"] is None
    assert {field for field, change in last_changed(dsn, DANA, log.newest).items() if change} == {"custom_fields.level"}
    # what appeared is there from the first event between the two captures on
    assert last_changed(dsn, OTHER, at["tier"] - HOUR)["custom_fields.tier"] == ids["tier"]


def test_a_later_event_of_the_field_is_named_instead(activity_copy: str, log: Log) -> None:
    at = moments(log)["hostile"]
    with closing(psycopg2.connect(activity_copy)) as connection, connection, connection.cursor() as cursor:
        copy = Log(cursor, log.newest, {HOST: dict(log.states[HOST])}, dict(log.ids))
        copy.event(HOST, at + 5 * HOUR, {HOSTILE_FIELD: "mended"})
        cursor.execute(
            "update audit.contacts set custom_fields = custom_fields || %s::jsonb where contact_id = %s",
            ['{"' + HOSTILE + '": "mended"}', HOST],
        )
    assert last_changed(activity_copy, HOST, at + 5 * HOUR)[HOSTILE_FIELD] is None
    assert last_changed(activity_copy, HOST, at + 4 * HOUR)[HOSTILE_FIELD] == log.schema_ids["hostile"]


def test_the_state_leads_to_its_place_in_the_activity(reader: Any, log: Log) -> None:
    page = reader.get(f"/states/{DANA}").text
    link = re.search(rf'href="([^"]*#schema-{log.schema_ids["level"]})">schema change, ([^<]*)<', page)
    assert link
    at = moments(log)["level"]
    assert link[2] == f"{at.day} {at:%b %Y, %H:%M:%S} UTC"
    address = unquote(unescape(link[1]).partition("/contact-activity")[2])
    assert listed(reader.get(address).text)[0] == f"schema-{log.schema_ids['level']}"


def test_the_api_tells_them_newest_first(reader: Any, log: Log) -> None:
    told = reader.get("/api/schema-changes").json()
    assert [row["schema_change_id"] for row in told["schema_changes"]] == [log.schema_ids[name] for name in ALL]
    assert {row["changes"] for row in told["schema_changes"]} == {None}
    assert told["left_off"] == 0
    assert told["coverage"]["complete_to"] == f"{log.newest:%Y-%m-%dT%H:%M:%SZ}"
    told = reader.get("/api/schema-changes", params={"contact_id": DANA, "field": "custom_fields.level"}).json()
    (row,) = told["schema_changes"]
    assert (row["kind"], row["field"], row["renamed_to"]) == ("renamed", "custom_fields.tier", "custom_fields.level")
    assert row["occurred_at"] == f"{moments(log)['level']:%Y-%m-%dT%H:%M:%SZ}"
    assert row["changes"] == [
        {"field": "custom_fields.level", "old": None, "new": "gold"},
        {"field": "custom_fields.tier", "old": "gold", "new": None},
    ]
    day = f"{moments(log)['region']:%Y-%m-%d}"
    (row,) = reader.get("/api/schema-changes", params={"from": day, "to": day}).json()["schema_changes"]
    assert row["schema_change_id"] == log.schema_ids["region"]
    assert reader.get("/api/schema-changes", params={"contact_id": GONE}).json()["schema_changes"] == []
    assert reader.get("/api/schema-changes?from=yesterday").status_code == 400


def test_the_api_describes_what_it_gives(reader: Any) -> None:
    described = reader.get("/api/openapi.json").json()
    parameters = described["paths"]["/api/schema-changes"]["get"]["parameters"]
    assert {one["name"] for one in parameters} == {"contact_id", "field", "from", "to"}
    told = reader.get("/api/schema-changes", params={"contact_id": DANA}).json()
    models = described["components"]["schemas"]
    assert set(told) == set(models["SchemaChangesModel"]["properties"])
    assert set(told["schema_changes"][0]) == set(models["SchemaChangeModel"]["properties"])


@pytest.mark.usefixtures("reader")  # Airflow's authentication
def test_every_digit_is_kept_and_of_very_many_the_newest_are_shown(activity_copy: str, log: Log) -> None:
    number = "12345678901234567890.12345678901234567890"
    query(
        activity_copy,
        "update audit.schema_change_values set new = %s where contact_id = %s and field = %s",
        [number, DANA, "custom_fields.level"],
    )
    query(
        activity_copy,
        """
        insert into audit.schema_changes (
            schema_change_id, account_id, kind, field, contacts, occurred_after, occurred_at, previous_snapshot_id,
            snapshot_id, window_start, window_end, run_id
        )
        select
            gen_random_uuid(), number::text, 'appeared', 'custom_fields.new', 10, %(at)s::timestamptz - interval '3 hours',
            %(at)s, 1, 2, %(at)s::timestamptz - interval '3 hours', %(at)s, 'test_run'
        from generate_series(1, 600) as number
        """,
        {"at": log.newest},
    )
    with mounted(activity_copy) as app:
        reader = client(app, "viewer")
        assert number in reader.get(f"/contacts/{DANA}").text
        assert number in reader.get(f"/api/schema-changes?contact_id={DANA}").text
        told = reader.get("/api/schema-changes").json()
        assert len(told["schema_changes"]) == 500
        assert told["left_off"] == 100 + len(ALL)
        assert "older schema changes of this time are not shown" in reader.get("/events").text


def test_a_contact_without_any_costs_one_look_up(activity_copy: str, log: Log) -> None:
    query(
        activity_copy,
        """
        with change as (
            insert into audit.schema_changes
            select
                gen_random_uuid(), '2', 'disappeared', 'custom_fields.x', null, 10, %(at)s::timestamptz - interval '3 hours',
                %(at)s, 1, 2, %(at)s::timestamptz - interval '3 hours', %(at)s, 'test_run'
            from generate_series(1, 1000)
            returning schema_change_id
        )

        insert into audit.schema_change_values
        select change.schema_change_id, 'of-' || number, 'custom_fields.x', '1', 'null'
        from change
        cross join generate_series(1, 20) as number
        """,
        {"at": log.newest},
    )
    query(activity_copy, "analyze audit.schema_changes, audit.schema_change_values")
    none = {"contact_id": GONE, "since": None, "until": None, "field": None, "most": 500, "at": log.newest}
    for name in ("contact_schema_changes", "last_schema_changes"):
        with closing(psycopg2.connect(activity_copy)) as connection, connection.cursor() as cursor:
            cursor.execute(f"explain (analyze, costs off, timing off) {statement(f'audit/read/{name}')}", none)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "schema_change_values_contact" in plan
        assert "Seq Scan on schema_change" not in plan
        # nothing else is touched: neither schema changes nor events
        for line in plan.splitlines():
            if "Index Scan using" in line and "schema_change_values_contact" not in line:
                assert "never executed" in line, plan
