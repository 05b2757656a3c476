"""Merges and impersonation: into whom a contact was merged, and in whose name an author acted."""

from typing import Any

import pytest

from tests.support.compact import world_of
from tests.support.extracts import attributed, extract_of

THERE = "00:00 capture name=Jo\n"
GONE = "03:00 capture -"


def derived(text: str, states: dict[int, Any] | None = None, entries: dict[int, dict[str, Any]] | None = None) -> Any:
    """What the lines come to; `states`: capture → merged_into of the contact there, `entries`: entry → more of its columns."""
    world = world_of(text)
    for number, survivor in (states or {}).items():
        row = {"snapshot_id": number, "contact_id": 1, "account_id": 1, "created_at": None, "deleted": True}
        row |= {"name": "Jo", "email": None, "primary_phone": None, "custom_fields": {}, "merged_into": survivor}
        world["contact_snapshots"].append(row)
    world["contact_journal"] = [one | (entries or {}).get(one["entry_id"], {}) for one in world["contact_journal"]]
    return attributed(extract_of(world))[1]


def told(frame: Any, *more: str) -> list[tuple[Any, ...]]:
    """action, channel, merged_into, on_behalf_of and more of each event."""
    columns = frame[["action", "channel", "merged_into", "on_behalf_of", *more]].astype(object)
    return [tuple(row) for row in columns.where(columns.notna(), None).itertuples(index=False)]


def test_a_delete_entry_tells_the_survivor_and_its_channel_is_merge() -> None:
    events = derived(THERE + "01:00 delete #1 ann\n" + GONE, entries={1: {"merged_into": "7"}}).events
    assert told(events, "attribution", "author_name") == [("delete", "merge", "7", None, "matched", "Ann")]


def test_without_an_entry_the_capture_tells_the_survivor_but_not_who() -> None:
    events = derived(THERE + "03:00 capture", states={2: "7"}).events
    assert told(events, "attribution", "author_type") == [("delete", "merge", "7", None, "unattributed", "unknown")]


def test_what_the_capture_tells_is_not_laid_on_an_entry_that_does_not_say_so() -> None:
    events = derived(THERE + "01:00 delete #1 ann\n03:00 capture", states={2: "7"}).events
    assert told(events) == [("delete", "agent_panel", None, None)]


def test_of_two_deaths_the_last_is_the_merge_that_the_capture_shows() -> None:
    text = THERE + "00:30 restore #2 ann\n01:00 restore #1 ann\n03:00 capture"
    found = told(derived(text, states={2: "7"}).events)
    deaths = [row for row in found if row[0] == "delete"]
    assert len(deaths) == 3  # before each restore, and at the end
    assert [row[2] for row in deaths] == [None, None, "7"]


@pytest.mark.parametrize("action", ["update", "restore"])
def test_only_a_delete_is_a_merge(action: str) -> None:
    text = (
        "00:00 capture name=Jo\n" if action == "update" else "00:00 capture -\n"
    ) + f"01:00 {action} #1 ann\n03:00 capture name=Al"
    events = derived(text, entries={1: {"merged_into": "7"}}).events
    assert told(events) == [(action, "agent_panel", None, None)]


def test_nobody_is_merged_into_himself() -> None:
    events = derived(THERE + "01:00 delete #1 ann\n" + GONE, entries={1: {"merged_into": "1"}}).events
    assert told(events) == [("delete", "agent_panel", None, None)]


def test_before_the_first_capture_an_entry_tells_the_survivor() -> None:
    events = derived("01:00 delete #1 ann\n03:00 capture -", entries={1: {"merged_into": "7"}}).events
    assert told(events, "attribution") == [("delete", "merge", "7", None, "unconfirmed")]


def test_the_author_is_who_acted_and_the_other_is_kept() -> None:
    text = THERE + "01:00 update #1 ann name:Jo>Al\n03:00 capture name=Al"
    events = derived(text, entries={1: {"on_behalf_of": "Bo (8)"}}).events
    assert told(events, "author_name") == [("update", "agent_panel", None, "Bo (8)", "Ann")]


def test_candidates_keep_in_whose_name_only_where_they_agree() -> None:
    text = THERE + "01:00 update #1 ann name\n02:00 update #2 ann name\n03:00 capture name=Al"
    for other, kept in (("Bo (8)", "Bo (8)"), (None, None)):
        given = {1: {"on_behalf_of": "Bo (8)"}, 2: {"on_behalf_of": other}}
        assert told(derived(text, entries=given).events, "attribution") == [
            ("update", "agent_panel", None, kept, "matched")
        ]


def test_entries_that_differ_only_in_whose_name_are_two() -> None:
    text = THERE + "01:00 update #1 ann name:Jo>Al\n01:00 update #2 ann name:Jo>Al\n03:00 capture name=Al"
    assert derived(text).entries_without_event["reason"].tolist() == ["duplicate"]
    other = derived(text, entries={2: {"on_behalf_of": "Bo (8)"}})
    assert "duplicate" not in other.entries_without_event["reason"].tolist()


def test_an_entry_without_an_event_keeps_in_whose_name() -> None:
    text = THERE + "01:00 update #1 ann nothing\n03:00 capture name=Jo"
    found = derived(text, entries={1: {"on_behalf_of": "Bo (8)", "merged_into": "7"}}).entries_without_event
    assert found[["entry_id", "on_behalf_of"]].to_numpy().tolist() == [[1, "Bo (8)"]]
    assert found["merged_into"].isna().all()  # it is no delete


def test_a_merge_of_who_is_gone_already_is_an_entry_without_an_event() -> None:
    found = derived("00:00 capture -\n01:00 delete #1 ann\n03:00 capture -", entries={1: {"merged_into": "7"}})
    assert found.events.empty
    assert found.entries_without_event[["entry_id", "merged_into"]].to_numpy().tolist() == [[1, "7"]]


def test_ids_are_those_they_were() -> None:
    text = THERE + "01:00 delete #1 ann\n" + GONE
    plain, merged = derived(text).events, derived(text, entries={1: {"merged_into": "7"}}).events
    assert plain["event_id"].tolist() == merged["event_id"].tolist()
