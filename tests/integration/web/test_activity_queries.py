"""What the Activity page asks of the audit database: filters, paging, finding, states, and that it can only read."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from contact_audit.errors import AuditDatabaseError, ConnectionLostError
from contact_audit.web import queries, states, timeline
from contact_audit.web.filters import BadRequestError, Filters, Place
from contact_audit.web.overview import overview
from contact_audit.web.queries import Memory
from contact_audit.web.reading import IDLE_CONNECTIONS, Query, Reading, TooSlowError
from tests.support.activity import DANA, GONE, HOST, HOSTILE, OTHER, PAGED, Log
from tests.support.runs import query


@pytest.fixture
def log(activity: tuple[str, Log]) -> Log:
    return activity[1]


@pytest.fixture
def ask(activity: tuple[str, Log]) -> Iterator[Query]:
    reading = Reading(lambda: activity[0])
    with reading.snapshot() as found:
        yield found
    reading.close()


def ids(page: queries.Page) -> list[str]:
    return [row["event_id"] for row in page.rows]


def test_pages_go_through_all_events_once_and_newest_first(log: Log, ask: Query) -> None:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = queries.events(ask, after=after, most=7)
        found += page.rows
        if page.next is None:
            break
        after = Place.from_text(page.next.text())
    assert len(found) == len(log.ids) == len({row["event_id"] for row in found})
    order = [(row["occurred_at"], row["window_end"], row["sequence"], row["event_id"]) for row in found]
    assert order == sorted(order, reverse=True)


def test_a_place_holds_where_newer_events_come_in_between(activity_copy: str, log: Log, ask: Query) -> None:
    first = queries.events(ask, contact_id=OTHER, most=10)
    rest = ids(queries.events(ask, contact_id=OTHER, after=first.next, most=100))
    query(
        activity_copy,
        "update audit.contact_audit_log set occurred_at = %(at)s, occurred_after = %(at)s where event_id = %(event_id)s",
        {"at": log.newest, "event_id": first.rows[5]["event_id"]},
    )
    reading = Reading(lambda: activity_copy)
    with reading.snapshot() as later:
        assert ids(queries.events(later, contact_id=OTHER, after=first.next, most=100)) == rest
    reading.close()


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"action": "create"}, ["born"]),
        ({"kind": "admin"}, ["cleared", "born"]),
        ({"author": "integration:azure-ad"}, ["renamed"]),
        ({"author": "ADMIN"}, ["cleared", "born"]),
        ({"author": "agent:azure-ad"}, []),
        ({"kind": "agent", "author": "admin:admin-1"}, []),
        ({"channel": "support_portal"}, ["phone"]),
        ({"field": "custom_fields.plan"}, ["unconfirmed", "unattributed", "born"]),
        ({"attribution": "ambiguous"}, ["ambiguous"]),
        ({"value": "danish"}, ["long"]),
        ({"value": "morning.\nSpeaks"}, ["long", "born"]),
        ({"value": "%"}, []),
        ({"value": "custom_fields"}, []),
        ({"field": "email", "value": "NORTHWIND"}, ["unconfirmed", "cleared", "born"]),
        ({}, ["phone", "unconfirmed", "cleared", "unattributed", "ambiguous", "long", "renamed", "born"]),
    ],
)
def test_each_filter_lets_pass_what_it_says(
    log: Log, ask: Query, filters: dict[str, str | None], names: list[str]
) -> None:
    found = queries.events(ask, Filters.from_address(filters), DANA)
    assert ids(found) == [log.ids[name] for name in names]


def test_an_author_without_an_id_is_found_by_his_name(log: Log, ask: Query) -> None:
    page = queries.events(ask, Filters.from_address({"author": "system:Automation"}), most=200)
    assert len(page.rows) == PAGED - 1


def test_days_include_their_end_and_moments_do_not(log: Log, ask: Query) -> None:
    at = next(row for row in queries.events(ask, contact_id=DANA).rows if row["event_id"] == log.ids["long"])[
        "occurred_at"
    ]
    day = f"{at:%Y-%m-%d}"
    one = [log.ids["long"]]
    assert one[0] in ids(queries.events(ask, Filters.from_address({"from": day, "to": day}), DANA))
    assert ids(queries.events(ask, Filters.from_address({"from": at.isoformat(), "to": at.isoformat()}), DANA)) == []
    later = (at + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    assert ids(queries.events(ask, Filters.from_address({"from": at.isoformat(), "to": later}), DANA)) == one


@pytest.mark.parametrize(
    "given",
    [{"action": "destroy"}, {"kind": "robot"}, {"attribution": "x"}, {"from": "yesterday"}, {"to": "2026-13-01"}],
)
def test_a_filter_that_cannot_be_read_is_refused(given: dict[str, str | None]) -> None:
    with pytest.raises(BadRequestError, match=next(iter(given))):
        Filters.from_address(given)


@pytest.mark.parametrize("text", ["x", "W10", "bnVsbA", "WzEsMiwzLDRd", "é"])
def test_a_place_that_nobody_gave_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError, match="after"):
        Place.from_text(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4711", {DANA}),
        ("dana", {DANA}),
        ("WHITFIELD", {DANA}),
        ("dana@north", {DANA}),
        ("northwind.example", {DANA}),
        ("555 010 7788", {DANA}),
        ("+44 (0)7700 900499", set()),
        ("7700900499", {OTHER}),
        ("%", set()),
        ("_", set()),
        ("", set()),
        (HOSTILE, {HOST}),
        (HOST, {HOST}),
        ("bo lind", {GONE}),
    ],
)
def test_a_contact_is_found_by_name_email_phone_and_id(log: Log, ask: Query, text: str, found: set[str]) -> None:
    assert {row["contact_id"] for row in queries.find(ask, text)} == found


def test_gaps_are_told_and_what_waits(log: Log, ask: Query) -> None:
    coverage = queries.coverage(ask, Memory())
    missing = log.newest - timedelta(hours=300)
    assert coverage.gaps == [(missing - timedelta(hours=3), missing)]
    assert coverage.until == log.newest
    assert coverage.row["waiting_entries"] == 2


def test_what_can_be_filtered_by_is_what_there_is(log: Log, ask: Query) -> None:
    facets = queries.facets(ask, DANA)
    assert facets["events"] == 8
    assert facets["unattributed"] == 1
    assert set(facets["channels"]) == {"agent_panel", "azure_ad_sync", "bulk_import", "support_portal"}
    assert {(kind, key) for kind, key, _, _ in facets["authors"]} == {
        ("admin", "admin-1"),
        ("agent", "agent-12"),
        ("contact", DANA),
        ("integration", "azure-ad"),
    }
    assert "custom_fields.seats" in facets["fields"]


@pytest.mark.parametrize("contact_id", [DANA, GONE, HOST, OTHER])
def test_of_a_contact_read_whole_the_same_is_told_without_asking(contact_id: str, ask: Query) -> None:
    page = queries.events(ask, contact_id=contact_id, most=queries.WHOLE)
    assert page.next is None
    told, asked = queries.facets_of(page.rows), queries.facets(ask, contact_id)
    for name in ("authors", "channels", "fields"):
        assert sorted(map(str, told.pop(name))) == sorted(map(str, asked.pop(name)))
    assert told == asked


def test_the_first_events_of_a_page_are_the_page_that_is_asked_for_alone(ask: Query) -> None:
    assert queries.events(ask, contact_id=OTHER, most=queries.WHOLE).first(7) == queries.events(
        ask, contact_id=OTHER, most=7
    )
    whole = queries.events(ask, contact_id=DANA, most=queries.WHOLE)
    assert whole.first(queries.PAGE) == whole


def test_what_can_be_filtered_by_in_all_contacts(log: Log, ask: Query) -> None:
    facets = queries.facets_of_all(ask, Memory())
    assert {"support_portal", "azure_ad_sync", HOSTILE} <= set(facets["channels"])
    assert ["system", None, "Automation", PAGED - 1] in facets["authors"]
    # changed, or only known by its label
    assert {"email", "custom_fields.seats", "custom_fields.evil"} <= set(facets["fields"])


def test_a_state_between_two_events_has_the_values_of_that_time(log: Log, ask: Query) -> None:
    contact = queries.contact(ask, DANA)
    assert contact is not None
    by_id = {row["event_id"]: row for row in queries.events(ask, contact_id=DANA).rows}
    at = {name: by_id[event]["occurred_at"] for name, event in log.ids.items() if event in by_id}
    just_before = states.state_at(ask, DANA, at["renamed"] - timedelta(microseconds=1))
    just_then = states.state_at(ask, DANA, at["renamed"])
    assert (just_before.values["name"], just_then.values["name"]) == ("Dana Whitefield", "Dana Whitfield")
    assert just_then.values["custom_fields.interests"] == ["api", "billing", "webhooks"]
    assert not states.state_at(ask, DANA, at["born"] - timedelta(seconds=1)).exists
    labels = queries.labels(ask, [contact])
    differing = [line.field for line in states.differences(contact, just_before, just_then, labels) if line.differs]
    assert differing == ["name", "custom_fields.interests"]
    lines = {line.field: line for line in states.lines(ask, contact, just_then, labels)}
    assert lines["name"].author is not None
    assert lines["name"].author.name == "Azure AD sync"
    assert lines["email"].changed is not None
    assert lines["email"].changed["event_id"] == log.ids["born"]


def test_a_deleted_contact_existed_before(log: Log, ask: Query) -> None:
    born = log.newest - timedelta(days=12)
    assert states.state_at(ask, GONE, born).values["name"] == "Bo Lind"
    assert not states.state_at(ask, GONE, born + timedelta(hours=1)).exists
    assert not states.state_at(ask, GONE, log.newest - timedelta(days=400)).known


def test_the_overview_counts_every_event_of_its_days(log: Log, ask: Query) -> None:
    memory = Memory()
    counted = overview(ask, memory, queries.coverage(ask, memory), 90, log.newest)
    assert counted.events == len(log.ids)
    assert counted.unattributed == 1
    assert sum(bar.events for bar in counted.chart.bars) == counted.events
    assert len(counted.chart.bars) == 90
    assert dict(counted.attributions)["ambiguous"] == 1
    assert counted.authors[0]["author"].name == "Automation"
    long_ago = overview(ask, memory, queries.coverage(ask, memory), 7, log.newest - timedelta(days=365))
    assert long_ago.chart.bars[0].events == 0


def test_an_author_whose_name_has_changed_is_one_of_the_overviews_authors(activity_copy: str, log: Log) -> None:
    query(
        activity_copy,
        "update audit.contact_audit_log set author_name = 'Mario Ricci' where event_id = %s",
        [log.ids["unconfirmed"]],
    )
    reading, memory = Reading(lambda: activity_copy), Memory()
    with reading.snapshot() as ask:
        counted = overview(ask, memory, queries.coverage(ask, memory), 90, log.newest)
    reading.close()
    assert [row["author"].name for row in counted.authors].count("Mario Ricci") == 1
    assert "Marco Ricci" not in {row["author"].name for row in counted.authors}


def test_labels_are_those_of_the_time(log: Log, activity_copy: str) -> None:
    query(
        activity_copy,
        "insert into audit.field_labels values ('1', 'custom_fields.plan', 'Tier', 'dropdown', %s)",
        [log.newest],
    )
    reading = Reading(lambda: activity_copy)
    with reading.snapshot() as later:
        labels = timeline.Labels(later, ["1"])
    reading.close()
    assert labels.of("1", "custom_fields.plan", log.newest - timedelta(1))[0] == "Plan"
    assert labels.of("1", "custom_fields.plan", log.newest)[0] == "Tier"
    assert labels.of("1", "custom_fields.unheard_of", log.newest) == ("unheard_of", None)


@pytest.fixture
def reading(audit_dsn: str) -> Iterator[Reading]:
    found = Reading(lambda: audit_dsn)
    yield found
    found.close()


def test_nothing_can_be_written(reading: Reading, audit_dsn: str) -> None:
    connection: Any = reading._borrow(audit_dsn)
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        cursor.execute("delete from audit.contacts")
    connection.close()


def test_a_slow_question_ends_and_the_next_is_answered(audit_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(lambda: audit_dsn, timeout_seconds=0.1)
    with reading.snapshot() as ask:
        ask("coverage")
    monkeypatch.setattr("contact_audit.web.reading.statement", lambda _: "select pg_sleep(5)")
    with pytest.raises(TooSlowError), reading.snapshot() as ask:
        ask("anything")
    monkeypatch.undo()
    with reading.snapshot() as ask:
        assert ask("coverage")
    reading.close()


def test_a_connection_that_was_lost_while_idle_is_replaced(reading: Reading, audit_dsn: str) -> None:
    with reading.snapshot() as ask:
        ask("coverage")
    query(
        audit_dsn,
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'contact_audit page' and datname = current_database()",
    )
    with reading.snapshot() as ask:
        assert ask("coverage")


def test_no_connection_is_kept_from_many_readers_at_once(reading: Reading) -> None:
    failures = []

    def read() -> None:
        try:
            with reading.snapshot() as ask:
                ask("coverage")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3 * IDLE_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(reading._idle) <= IDLE_CONNECTIONS


def test_a_database_that_is_not_there_or_not_migrated_is_told(new_database: Any) -> None:
    dsn = new_database()
    with pytest.raises(AuditDatabaseError, match="make migrate"), Reading(lambda: dsn).snapshot() as ask:
        ask("coverage")
    with (
        pytest.raises((AuditDatabaseError, ConnectionLostError), match="database"),
        Reading(lambda: "postgresql://nobody@localhost:1/none").snapshot(),
    ):
        pass


def test_the_reader_role_is_taken_on(reading: Reading, audit_dsn: str) -> None:
    connection: Any = reading._borrow(audit_dsn)
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("contact_audit_reader",)
    connection.close()
