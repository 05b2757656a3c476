"""The demo's simulation: deterministic, extensible, and as varied as a real helpdesk.

The truth that it keeps is played back here and held against the captures and the journal.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from contact_audit.demo import World, simulate
from contact_audit.demo.fields import RENAMED
from contact_audit.demo.history import STAR
from contact_audit.demo.simulation import visible_until

FEW = 60
DECEMBER = datetime(2019, 12, 1, 3, tzinfo=UTC)
TODAY = datetime(2026, 11, 23, 21, tzinfo=UTC)
SEVEN_YEARS_OF_CAPTURES = 20_878
DOZENS = 24
RESERVED = [ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32")]


@pytest.fixture(scope="module")
def short() -> World:
    return simulate(DECEMBER, contacts=FEW)


@pytest.fixture(scope="module")
def whole() -> World:
    return simulate(TODAY)


def test_the_same_seed_gives_the_same_rows(short: World) -> None:
    assert simulate(DECEMBER, contacts=FEW) == short


def test_another_seed_gives_other_rows(short: World) -> None:
    assert simulate(DECEMBER, seed=1, contacts=FEW).contact_journal != short.contact_journal


@pytest.mark.parametrize("hours", [3, 24, 240])
def test_a_longer_history_begins_with_the_shorter_one(short: World, hours: int) -> None:
    longer = simulate(DECEMBER + timedelta(hours=hours), contacts=FEW)
    assert longer.snapshots[: len(short.snapshots)] == short.snapshots
    assert longer.contact_snapshots[: len(short.contact_snapshots)] == short.contact_snapshots
    assert longer.contact_journal[: len(short.contact_journal)] == short.contact_journal
    assert longer.deeds[: len(short.deeds)] == short.deeds
    horizon = visible_until(short.snapshots[-1])
    assert all(entry.recorded_at > horizon for entry in longer.contact_journal[len(short.contact_journal) :])


def test_captures_show_what_was_truly_done_and_only_contacts_that_differ(short: World) -> None:
    rows: dict[int, list[Any]] = {}
    for row in short.contact_snapshots:
        rows.setdefault(row.snapshot_id, []).append(row)
    captured: dict[int, Any] = {}
    true: dict[int, dict[str, Any] | None] = {}
    deeds = short.deeds[::-1]
    for snapshot in short.snapshots:
        if snapshot.kind == "full":
            true = {row.contact_id: _values(row) for row in rows[snapshot.snapshot_id]}
        while deeds and deeds[-1].moment <= snapshot.captured_at:
            _play(true, deeds.pop())
        for row in rows.get(snapshot.snapshot_id, []):
            assert captured.get(row.contact_id, (None,))[1:] != row[1:]
            captured[row.contact_id] = row
        shown = {number: _values(row) for number, row in captured.items()}
        assert {n: v for n, v in shown.items() if v is not None} == {n: v for n, v in true.items() if v is not None}
    assert not deeds


def test_entries_with_values_tell_the_truth(short: World) -> None:
    true = {
        (deed.contact_id, deed.action, item["field"], json.dumps(item["new"]))
        for deed in short.deeds
        for item in json.loads(deed.changes)
    }
    last = short.snapshots[-1].captured_at - timedelta(minutes=3)
    told = 0
    for entry in short.contact_journal:
        for item in json.loads(entry.changes or "[]"):
            no_change = item.get("old") == item.get("new")
            upsert = entry.action == "create"
            if "new" in item and not no_change and not upsert and entry.occurred_at < last:
                told += 1
                assert (entry.contact_id, entry.action, item["field"], json.dumps(item["new"])) in true
    assert told > DOZENS


def test_seven_years_have_the_promised_size(whole: World) -> None:
    assert SEVEN_YEARS_OF_CAPTURES - 100 < len(whole.snapshots) < SEVEN_YEARS_OF_CAPTURES
    assert 38_000 < len(whole.contact_journal) < 42_000
    assert len({row.contact_id for row in whole.contact_snapshots}) == 2_000
    assert {row.account_id for row in whole.contact_snapshots} == {1, 2}
    assert Counter(capture.kind for capture in whole.snapshots)["full"] == 1


def test_everything_that_a_helpdesk_shows_occurs_dozens_of_times(whole: World) -> None:
    for column in ("story", "telling", "action", "author_type", "channel"):
        counts = Counter(getattr(deed, column) for deed in whole.deeds)
        assert min(counts.values()) >= DOZENS, (column, counts)
    assert len({deed.story for deed in whole.deeds}) == 30
    assert {deed.telling for deed in whole.deeds} == {"values", "names", "mixed", "bare", "upsert", "empty", "missing"}
    fields = Counter(
        item["field"] for deed in whole.deeds for item in json.loads(deed.changes) if deed.action == "update"
    )
    custom = {f"custom_fields.{field.field_key}" for field in whole.custom_fields}
    assert set(fields) == {"name", "email", "primary_phone"} | custom
    assert min(fields.values()) >= DOZENS
    types = {"text", "number", "date", "dropdown", "multiple_choice", "checkbox"}
    for account_id in (1, 2):
        assert {field.field_type for field in whole.custom_fields if field.account_id == account_id} == types


def test_one_day_a_field_has_another_name_in_all_contacts_of_its_account(whole: World) -> None:
    capture = next(one for one in whole.snapshots if one.captured_at >= RENAMED.moment)
    held: dict[int, Any] = {}
    for row in whole.contact_snapshots:
        if row.snapshot_id >= capture.snapshot_id:
            break
        held[row.contact_id] = row
    values = {number: json.loads(row.custom_fields) for number, row in held.items()}
    assert not [number for number, fields in values.items() if RENAMED.new_key in fields]
    before = {number for number, row in held.items() if RENAMED.old.field_key in values[number] and not row.deleted}
    assert {held[number].account_id for number in before} == {RENAMED.old.account_id}
    rows = {row.contact_id: row for row in whole.contact_snapshots if row.snapshot_id == capture.snapshot_id}
    assert len(before) > 500
    for number in before:
        fields = json.loads(rows[number].custom_fields)
        assert fields.pop(RENAMED.new_key) == values[number].pop(RENAMED.old.field_key)
        assert RENAMED.old.field_key not in fields
    later = [row.custom_fields for row in whole.contact_snapshots if row.snapshot_id >= capture.snapshot_id]
    assert not [fields for fields in later if RENAMED.old.field_key in json.loads(fields)]
    named = f"custom_fields.{RENAMED.old.field_key}"
    assert all(entry.occurred_at < RENAMED.moment for entry in whole.contact_journal if named in (entry.changes or ""))


def test_the_journal_is_as_unreliable_as_a_real_one(whole: World) -> None:
    entries = whole.contact_journal
    captured = {capture.captured_at for capture in whole.snapshots}
    assert sum(entry.recorded_at - entry.occurred_at > timedelta(hours=1) for entry in entries) >= DOZENS
    assert len(entries) - len({entry[1:4] + entry[5:] for entry in entries}) >= DOZENS
    moments = {deed.moment for deed in whole.deeds}
    assert sum(entry.occurred_at not in moments for entry in entries) >= DOZENS
    assert sum(moment.minute != 0 or moment.second != 0 for moment in captured) >= DOZENS
    assert sum(entry.ip_address is None for entry in entries) >= DOZENS
    addresses = {ip_address(entry.ip_address) for entry in entries if entry.ip_address}
    assert all(any(address in network for network in RESERVED) for address in addresses)


@pytest.mark.parametrize("hours", range(0, 24, 3))
def test_the_stars_last_day_shows_every_kind_of_event(short: World, hours: int) -> None:
    until = DECEMBER - timedelta(days=3) + timedelta(hours=hours)
    routine = {
        (deed.author_type, deed.channel, deed.telling)
        for deed in short.deeds
        if deed.contact_id == STAR and until - timedelta(hours=24) < deed.moment <= until
    }
    assert routine >= {
        ("contact", "support_portal", "values"),
        ("agent", "agent_panel", "values"),
        ("integration", "azure_ad_sync", "names"),
        ("admin", "agent_panel", "missing"),
    }


@pytest.mark.parametrize(
    "until", [DECEMBER + timedelta(hours=1), DECEMBER.replace(tzinfo=None), datetime(2019, 9, 1, tzinfo=UTC)]
)
def test_an_end_that_is_no_border_is_refused(until: datetime) -> None:
    with pytest.raises(ValueError, match="border of a three-hour window"):
        simulate(until)


def test_too_few_contacts_are_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        simulate(DECEMBER, contacts=3)


def _values(row: Any) -> dict[str, Any] | None:
    """A captured contact's values by the journal's names, without the nulls; None for a deleted one."""
    if row.deleted:
        return None
    values = {"name": row.name, "email": row.email, "primary_phone": row.primary_phone}
    values |= {f"custom_fields.{key}": value for key, value in json.loads(row.custom_fields).items()}
    return {field: value for field, value in values.items() if value is not None}


def _play(true: dict[int, dict[str, Any] | None], deed: Any) -> None:
    values = dict(true.get(deed.contact_id) or {})
    for item in json.loads(deed.changes):
        assert values.get(item["field"]) == item["old"]
        values.pop(item["field"], None)
        if item["new"] is not None:
            values[item["field"]] = item["new"]
    true[deed.contact_id] = None if deed.action == "delete" else values


def test_once_a_month_a_bulk_import_goes_wrong_and_most_of_it_can_be_undone_a_month_later(whole: World) -> None:
    wrong = [deed for deed in whole.deeds if deed.story == "wrong_import"]
    days = Counter(deed.moment.date() for deed in wrong)
    assert all(day.weekday() == 1 and day.day <= 7 for day in days)
    assert len(days) > 80
    assert min(days.values()) >= 10
    newest = max(days)
    told = {deed.contact_id for deed in wrong if deed.moment.date() == newest}
    since = {deed.contact_id for deed in whole.deeds if deed.moment.date() > newest and "primary_phone" in deed.changes}
    assert len(told & since) < len(told) / 2
