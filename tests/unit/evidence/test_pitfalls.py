"""What went wrong elsewhere: cases from the issue trackers of systems that diff snapshots, and what pandas does to an audit log.

Each case and the tests that show it here; those without a folder are tests of this file or of tests/integration/runs/test_pitfalls.py.

Diffing and attribution
    A, B, A again                             test_a_change_made_again_is_another_event
                                              test_rule_1_a_revert_between_captures_is_two_events
    deleted, back again identical             test_deleted_and_back_again_identical_is_a_delete_and_a_restore
    a source cut short, not yet refilled      test_a_capture_cut_to_half_stops_the_run_and_loads_nothing
    changed rows taken for a full capture     test_a_changed_capture_deletes_nobody_it_does_not_mention
    a new column or custom field              tests/integration/runs/test_schema_changes.py
    null against ''; a clear not written      test_a_value_that_goes_to_null_or_to_empty_is_told
    null in the key                           test_an_unusable_entry_is_rejected_whole_and_its_change_is_unattributed
    nested JSON, sets in another order        test_values_that_are_equal_are_no_change
    backfilled history stamped "now"          test_history_loaded_years_later_bears_the_times_of_its_evidence
    a backfill's border kept as state         test_four_ways_give_the_same_rows
    when was it deleted?                      test_rule_7_a_death_without_any_event_before_it_lies_between_the_captures
    delete rows without values                test_rule_7_a_death_takes_every_value_to_null
                                              test_a_deleted_contact_keeps_its_last_values_and_a_restored_one_gets_its_new_ones
    several entries at one moment             test_entries_of_one_moment_are_in_order_of_their_ids
    the nearest match: the last of three      test_three_entries_that_may_have_made_a_change_are_all_named
    the nearest match: from years ago         test_an_entry_of_years_ago_explains_nothing_of_today
    runs missed in an outage                  test_an_outage_heals_in_one_run
    backfill and sync overwrite each other    test_runs_at_the_same_moment_give_the_same_rows_without_deadlock
    a script writes to the table              test_rule_5_without_any_entry_all_that_the_captures_show_is_one_event_over_the_pair
    impersonation                             not yet: a source that tells both authors
    an address that is forged                 test_an_impossible_address_or_author_type_is_noted_and_the_entry_counts_without_it
                                              test_no_value_reaches_the_terminal_as_a_command
    ids for labels                            test_a_label_is_the_one_of_the_day
    a deleted field's label                   test_a_field_deleted_from_the_helpdesk_keeps_its_label
    a hash chain's cut tail                   not yet: a witness elsewhere
    erasure from an immutable log             not yet

pandas
    != with null on both sides                test_null_on_both_sides_is_no_change
    None to 'x' counts as no change           test_a_first_value_is_a_change
    texts read as missing: NA, None, null     test_an_odd_text_captured_stands_unaltered_in_the_log_the_views_and_the_contacts
    phones 0044123, +4912, beside a blank     the same
    id 9007199254740993 beside a blank        test_ids_beyond_a_doubles_precision_stay_themselves
    10 becomes 10.0 in a merge                test_an_integer_that_is_cleared_stays_an_integer
    duplicate keys multiply                   test_alike_contacts_have_one_event_each
    null keys match each other                test_entries_of_nobody_known_in_one_window_are_each_rejected_once
                                              test_rule_4_several_candidates_keep_what_they_agree_on
    composed and decomposed; blanks           test_two_values_are_told_apart_or_taken_as_equal_as_they_were_written
    naive against aware times                 test_the_databases_time_zones_change_no_row
    Decimal('0.1') against 0.1                test_two_values_are_told_apart_or_taken_as_equal_as_they_were_written
    True against 1                            test_values_that_differ_are_a_change
    category columns                          test_frames_have_the_same_types_whatever_is_in_them
    merge_asof: the last of three             test_three_entries_that_may_have_made_a_change_are_all_named
    merge_asof: from years ago                test_an_entry_of_years_ago_explains_nothing_of_today
    a row hash without a separator            test_ids_of_events_are_apart_where_their_parts_run_together
                                              test_entries_whose_texts_run_together_are_no_duplicates
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contact_audit.attribution.attribute import Derived, attribute
from contact_audit.evidence.states import read
from tests.support.compact import events_of, expected, world_of
from tests.support.extracts import extract_of

ROOT = Path(__file__).parents[3]


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


def derived(world: dict[str, Any]) -> Derived:
    return attribute(read(extract_of(world)), timedelta(seconds=120))


# ---- diffing and attribution ---------------------------------------------------------------------------------------


def test_a_change_made_again_is_another_event() -> None:
    text = """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        02:00 update #2 ann plan:b>a
        02:30 update #3 ann plan:a>b
        03:00 capture plan=b
        06:00 capture plan=a
        09:00 capture plan=b
        12:00 capture plan=a
        15:00 capture plan=b
        """
    check(
        text,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] update 02:00 ann recorded #2: plan b>a
        03:00/3 [1-2] update 02:30 ann recorded #3: plan a>b
        06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan b>a
        09:00/1 [3-4] update 06:00..09:00 ? unattributed -: plan a>b
        12:00/1 [4-5] update 09:00..12:00 ? unattributed -: plan b>a
        15:00/1 [5-6] update 12:00..15:00 ? unattributed -: plan a>b
        """,
    )
    assert derived(world_of(text)).events["event_id"].nunique() == 7


def test_births_and_deaths_that_look_alike_in_one_pair_are_events_of_their_own() -> None:
    text = """
        00:00 capture
        01:00 restore #1 ann
        01:00 restore #2 ann email
        01:00 restore #3 bo
        03:00 capture
        """
    events = derived(world_of(text)).events
    assert events["action"].tolist() == ["delete", "restore"] * 3
    assert events["event_id"].is_unique


def test_deleted_and_back_again_identical_is_a_delete_and_a_restore() -> None:
    check(
        """
        00:00 capture plan=a created=-9:00
        03:00 capture -
        06:00 capture plan=a created=-9:00
        """,
        """
        03:00/1 [1-2] delete 00:00..03:00 ? unattributed -: plan a>null
        06:00/1 [2-3] restore 03:00..06:00 ? unattributed -: plan null>a
        """,
    )


def test_a_changed_capture_deletes_nobody_it_does_not_mention() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 changed
        06:00 changed plan=b
        09:00 changed
        12:00 changed -
        """,
        """
        06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan a>b
        12:00/1 [4-5] delete 09:00..12:00 ? unattributed -: plan b>null
        """,
    )


def test_a_value_that_goes_to_null_or_to_empty_is_told() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:a>"" email:x>null
        03:00 capture plan=""
        06:00 capture email=""
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>"", email x>null
        06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan "">null, email null>""
        """,
    )


def test_three_entries_that_may_have_made_a_change_are_all_named() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan
        02:00 update #2 bo plan
        02:59 update #3 ada plan
        03:00 capture plan=b
        """,
        "03:00/1 [1-2] update 01:00..02:59 ? ambiguous #1|#2|#3: plan a>b",
    )


def test_an_entry_of_years_ago_explains_nothing_of_today() -> None:
    check(
        """
        -40000:00 capture plan=a
        -35064:00 update #1 ann plan
        00:00 capture plan=a
        03:00 capture plan=b
        """,
        """
        03:00/1 [2-3] update 00:00..03:00 ? unattributed -: plan a>b
        #1 no_known_effect
        """,
    )


# ---- pandas --------------------------------------------------------------------------------------------------------


def test_null_on_both_sides_is_no_change() -> None:
    check(
        """
        00:00 capture plan=a name=null email=null phone=null seats=null
        03:00 capture plan=b name=null email=null phone=null seats=null
        """,
        "03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b",
    )


def test_a_first_value_is_a_change() -> None:
    check(
        """
        00:00 capture
        03:00 capture name=x email=x phone=x plan=x seats=0 vip=false
        """,
        """
        03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan null>x, seats null>0, vip null>false,
        email null>x, name null>x, phone null>x
        """.replace(",\n", ", "),
    )


def test_an_integer_that_is_cleared_stays_an_integer() -> None:
    world = world_of("00:00 capture seats=10\n 03:00 capture")
    (changes,) = derived(world).events["changes"]
    assert changes == '[{"field":"custom_fields.seats","old":10,"new":null}]'


def test_alike_contacts_have_one_event_each() -> None:
    world = world_of("00:00 capture plan=a\n 01:00 update #1 ann plan\n 03:00 capture plan=b")
    world["contact_snapshots"] += [{**row, "contact_id": 2} for row in world["contact_snapshots"]]
    world["contact_journal"] += [{**row, "contact_id": 2, "entry_id": 2} for row in world["contact_journal"]]
    events = derived(world).events
    seen = events[["contact_id", "journal_entry_id", "attribution"]].itertuples(index=False)
    assert [tuple(row) for row in seen] == [(1, 1, "matched"), (2, 2, "matched")]


def test_frames_have_the_same_types_whatever_is_in_them() -> None:
    nothing = derived(world_of("00:00 capture\n 03:00 capture"))
    much = derived(
        world_of(
            """
            00:00 capture plan=a email=x
            01:00 update #1 ann plan
            01:00 update #2 ann plan
            01:00 update #3 nobody plan
            02:00 update #4 ada email:x>y
            03:00 capture plan=b email=z
            """
        )
    )
    alone = derived(world_of("01:00 update #1 nobody plan:a>b\n 02:00 update #2 nobody\n 06:00 capture plan=b"))
    for frame in ("events", "entries_without_event", "rejected", "changes"):
        types = [dict(getattr(one, frame).dtypes.astype(str)) for one in (nothing, much, alone)]
        assert types[0] == types[1] == types[2]
        assert "category" not in types[0].values()


@pytest.mark.parametrize(
    ("one", "other"),
    [((1, 12, 3), (11, 2, 3)), ((1, 2, 13), (1, 21, 3)), ((12, 1, 3), (1, 21, 3))],
)
def test_ids_of_events_are_apart_where_their_parts_run_together(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    ids = set()
    for contact, previous, current in (one, other):
        world = world_of(f"00:00 capture#{previous} plan=a\n 03:00 capture#{current} plan=b")
        for row in world["contact_snapshots"]:
            row["contact_id"] = contact
        ids |= set(derived(world).events["event_id"])
    assert len(ids) == 2


def test_entries_whose_texts_run_together_are_no_duplicates() -> None:
    world = world_of(
        "00:00 capture plan=a\n 01:00 update #1 ann plan\n 01:00 update #2 ann plan\n 03:00 capture plan=b"
    )
    for row, name, channel in zip(world["contact_journal"], ("ab", "a"), ("c", "bc"), strict=True):
        row["author_name"], row["channel"] = name, channel
    (event,) = derived(world).events.to_dict("records")
    assert event["candidates"] == "[1,2]"


# ---- the table -----------------------------------------------------------------------------------------------------


def test_every_test_that_a_table_names_is_there() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    there = {name for text in files.values() for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
    there |= {path.stem for path in files}
    tables = (__doc__ or "", (ROOT / "docs" / "attribution.md").read_text(encoding="utf-8"))
    for table in tables:
        named = set(re.findall(r"\btest_\w+", table))
        assert len(named) > 20
        assert named <= there
