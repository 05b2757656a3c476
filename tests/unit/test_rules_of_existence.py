"""The rules of the design by their numbers, 7 to 9: births and deaths, the time before the first capture, skew."""

import pytest

from tests.support.compact import events_of, expected


def check(evidence: str, events: str, skew_seconds: float = 120) -> None:
    assert events_of(evidence, skew_seconds) == expected(events)


# ---- rule 7: existence ---------------------------------------------------------------------------------------------


def test_rule_7_a_contact_in_the_very_first_capture_is_no_event() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 capture plan=a
        """,
        "",
    )


@pytest.mark.parametrize("action", ["create", "restore"])
def test_rule_7_a_birth_is_what_its_entry_says_and_takes_every_gap_from_absence(action: str) -> None:
    check(
        f"""
        00:00 capture -
        01:00 {action} #1 ann plan:>a
        03:00 capture plan=a email=x
        """,
        f"03:00/1 [1-2] {action} 01:00 ann matched #1: plan null>a, email null>x",
    )


def test_rule_7_a_birth_with_all_its_values_is_recorded_and_so_is_one_of_an_empty_contact() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann plan:>a
        03:00 capture plan=a
        """,
        "03:00/1 [1-2] create 01:00 ann recorded #1: plan null>a",
    )
    check(
        """
        00:00 capture -
        01:00 create #1 ann
        03:00 capture created=01:00
        """,
        "03:00/1 [1-2] create 01:00 ann recorded #1:",
    )


def test_rule_7_a_birth_leaves_the_gaps_that_a_later_entry_names() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann plan:>a
        02:00 update #2 bo email
        03:00 capture plan=a email=x
        """,
        """
        03:00/1 [1-2] create 01:00 ann recorded #1: plan null>a
        03:00/2 [1-2] update 02:00 bo matched #2: email null>x
        """,
    )


def test_rule_7_a_birth_is_inferred_where_a_bare_update_could_have_set_a_value() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann
        02:00 update #2 bo
        03:00 capture plan=a
        """,
        """
        03:00/1 [1-2] create 01:00 ann inferred #1: plan null>a
        #2 no_known_effect
        """,
    )


@pytest.mark.parametrize(
    ("created", "event"),
    [
        ("created=01:30", "create 01:30"),
        ("created=00:00", "create 00:00"),  # the span's ends belong to it
        ("created=03:00", "create 03:00"),
        ("", "create 00:00..03:00"),
        ("created=-1:58", "create 00:00..03:00"),  # 23:58 of the day before: exactly skew before the capture
        ("created=-1:57", "restore 00:00..03:00"),
    ],
)
def test_rule_7_a_birth_without_an_entry_is_dated_by_created_at_or_by_its_span(created: str, event: str) -> None:
    check(
        f"""
        00:00 capture -
        03:00 capture plan=a {created}
        """,
        f"03:00/1 [1-2] {event} ? unattributed -: plan null>a",
    )


def test_rule_7_a_birth_after_a_death_in_the_pair_is_a_restore() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 delete #1 ann plan:a>
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] delete 01:00 ann recorded #1: plan a>null
        03:00/2 [1-2] restore 01:00..03:00 ? unattributed -: plan null>b
        """,
    )


def test_rule_7_a_birth_without_an_entry_ends_with_the_contacts_next_event_by_an_entry() -> None:
    check(
        """
        00:00 capture -
        01:00 update #1 ann email
        02:00 update #2 bo plan:a>b
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] create 00:00..02:00 ? unattributed -: plan null>a
        03:00/2 [1-2] update 02:00 bo recorded #2: plan a>b
        #1 no_known_effect
        """,
    )


def test_rule_7_a_birth_without_an_entry_takes_what_a_bare_entry_could_have_set() -> None:
    check(
        """
        00:00 capture -
        01:00 update #1 ann
        03:00 capture plan=a
        """,
        """
        03:00/1 [1-2] create 00:00..03:00 ? unattributed -: plan null>a
        #1 no_known_effect
        """,
    )


@pytest.mark.parametrize(
    ("items", "attribution"),
    [("plan:a> email:x>null", "recorded"), ("plan:a>", "matched"), ("", "matched"), ("plan:a>b email:x>", "matched")],
)
def test_rule_7_a_death_takes_every_value_to_null(items: str, attribution: str) -> None:
    check(
        f"""
        00:00 capture plan=a email=x
        01:00 delete #1 ann {items}
        03:00 capture -
        """,
        f"03:00/1 [1-2] delete 01:00 ann {attribution} #1: plan a>null, email x>null",
    )


@pytest.mark.parametrize("update", ["plan", ""])
def test_rule_7_a_death_is_inferred_where_an_update_before_it_named_the_field_or_was_bare(update: str) -> None:
    check(
        f"""
        00:00 capture plan=a
        00:30 update #1 bo {update}
        01:00 delete #2 ann
        03:00 capture -
        """,
        """
        03:00/1 [1-2] delete 01:00 ann inferred #2: plan a>null
        #1 no_known_effect
        """,
    )


def test_rule_7_a_death_without_an_entry_lies_after_the_last_event_by_an_entry() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        02:00 update #2 ann
        03:00 capture -
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] delete 01:00..03:00 ? unattributed -: plan b>null
        #2 no_known_effect
        """,
    )


def test_rule_7_created_and_deleted_between_two_captures_are_both_events() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann plan:>a
        02:00 delete #2 bo
        03:00 capture -
        """,
        """
        03:00/1 [1-2] create 01:00 ann recorded #1: plan null>a
        03:00/2 [1-2] delete 02:00 bo matched #2: plan a>null
        """,
    )


def test_rule_7_an_update_of_an_absent_contact_waits_for_its_birth_by_an_entry() -> None:
    check(
        """
        00:00 capture -
        01:00 update #1 ann plan:a>b
        01:00:01 create #2 bo plan:>a
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] create 01:00:01 bo recorded #2: plan null>a
        03:00/2 [1-2] update 01:00 ann recorded #1: plan a>b
        """,
    )


@pytest.mark.parametrize(
    ("items", "events"),
    [
        ("plan:a>b", "03:00/1 [1-2] update 01:00 ann matched #1: plan a>b"),
        ("", "03:00/1 [1-2] update 01:00 ann inferred #1: plan a>b"),
        ("nothing", "03:00/1 [1-2] update 01:00 ann inferred #1: plan a>b"),  # it lists none: bare
    ],
)
def test_rule_7_a_create_of_a_contact_that_is_there_is_an_update_that_only_names(items: str, events: str) -> None:
    check(
        f"""
        00:00 capture plan=a
        01:00 create #1 ann {items}
        03:00 capture plan=b
        """,
        events,
    )


def test_rule_7_a_restore_of_a_contact_that_is_there_proves_a_death_right_before_it() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        02:00 restore #2 bo plan:>c
        03:00 capture plan=c
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] delete 01:00..02:00 ? unattributed -: plan b>null
        03:00/3 [1-2] restore 02:00 bo recorded #2: plan null>c
        """,
    )


def test_rule_7_a_delete_of_a_contact_that_is_not_there_has_no_known_effect() -> None:
    check(
        """
        00:00 capture -
        01:00 delete #1 ann plan:a>
        03:00 capture -
        """,
        "#1 no_known_effect",
    )


# ---- rule 8: before the first capture ------------------------------------------------------------------------------


def test_rule_8_entries_with_values_births_and_deaths_stand_alone_unconfirmed_in_their_own_windows() -> None:
    check(
        """
        01:00 create #1 ann
        02:00 update #2 ann plan:a>b email
        03:00 update #3 bo email
        03:30 update #4 bo plan:b>b
        04:00 update #5 bo
        05:00 delete #6 ada plan:b>
        07:00 capture plan=z
        """,
        """
        03:00/1 [-] create 01:00 ann unconfirmed #1:
        03:00/2 [-] update 02:00 ann unconfirmed #2: plan a>b
        06:00/1 [-] delete 05:00 ada unconfirmed #6: plan b>null
        #3 no_known_effect
        #4 no_known_effect
        #5 no_known_effect
        """,
    )


# ---- rule 9: skew --------------------------------------------------------------------------------------------------


def test_rule_9_an_entry_that_the_capture_has_seen_lies_before_it() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 capture plan=b
        03:02 update #1 ann plan:a>b
        06:00 capture plan=b
        """,
        "03:00/1 [1-2] update 03:02 ann recorded #1: plan a>b",
    )


def test_rule_9_an_entry_that_the_capture_has_not_seen_lies_after_it() -> None:
    check(
        """
        00:00 capture plan=a
        02:58 update #1 ann plan:a>b
        03:00 capture plan=a
        06:00 capture plan=b
        """,
        "06:00/1 [2-3] update 02:58 ann recorded #1: plan a>b",
    )


def test_rule_9_beyond_skew_an_entry_stays_where_its_clock_says() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 capture plan=b
        03:02:00.000001 update #1 ann plan:a>b
        06:00 capture plan=b
        """,
        """
        03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b
        06:00/1 [2-3] update 03:00..03:02:00.000001 ? unattributed -: plan b>a
        06:00/2 [2-3] update 03:02:00.000001 ann unconfirmed #1: plan a>b
        """,
    )


def test_rule_9_the_cut_that_moves_the_fewest_is_taken_and_the_order_is_kept() -> None:
    check(
        """
        00:00 capture plan=a
        02:59 update #1 ann plan:a>b
        03:00 capture plan=c
        03:01 update #2 bo plan:b>c
        03:01:30 update #3 ada email
        06:00 capture plan=c email=x
        """,
        """
        03:00/1 [1-2] update 02:59 ann recorded #1: plan a>b
        03:00/2 [1-2] update 03:01 bo recorded #2: plan b>c
        06:00/1 [2-3] update 03:01:30 ada matched #3: email null>x
        """,
    )


def test_rule_9_of_two_places_that_move_as_many_the_earlier_is_taken() -> None:
    # The value a is there before #1 and after #2; by the clocks the cut lies between them and fits nowhere else nearer.
    check(
        """
        00:00 capture plan=a
        02:59 update #1 ann plan:a>b
        03:00 capture plan=a
        03:01 update #2 bo plan:b>a
        06:00 capture plan=a
        """,
        """
        06:00/1 [2-3] update 02:59 ann recorded #1: plan a>b
        06:00/2 [2-3] update 03:01 bo recorded #2: plan b>a
        """,
    )


def test_rule_9_an_update_that_names_the_field_between_pin_and_cut_accounts_for_the_difference() -> None:
    check(
        """
        00:00 capture plan=a
        02:58 update #1 ann plan:a>b
        02:59 update #2 bo plan
        03:00 capture plan=c
        06:00 capture plan=c
        """,
        """
        03:00/1 [1-2] update 02:58 ann recorded #1: plan a>b
        03:00/2 [1-2] update 02:59 bo matched #2: plan b>c
        """,
    )


def test_rule_9_where_no_place_fits_the_cut_is_at_the_captures_moment() -> None:
    check(
        """
        00:00 capture plan=a
        02:59 update #1 ann plan:a>b
        03:00 capture plan=z
        03:01 update #2 bo plan:b>c
        06:00 capture plan=c
        """,
        """
        03:00/1 [1-2] update 02:59 ann unconfirmed #1: plan a>b
        03:00/2 [1-2] update 02:59..03:00 ? unattributed -: plan b>z
        06:00/1 [2-3] update 03:00..03:01 ? unattributed -: plan z>b
        06:00/2 [2-3] update 03:01 bo unconfirmed #2: plan b>c
        """,
    )


def test_rule_9_a_birth_seen_early_lies_before_the_capture() -> None:
    check(
        """
        00:00 capture -
        03:00 capture plan=a
        03:01 create #1 ann plan:>a
        06:00 capture plan=a
        """,
        "03:00/1 [1-2] create 03:01 ann recorded #1: plan null>a",
    )


def test_rule_9_holds_for_the_first_capture_too() -> None:
    check(
        """
        02:59 update #1 ann plan:a>b
        03:00 capture plan=a
        06:00 capture plan=b
        """,
        "06:00/1 [1-2] update 02:59 ann recorded #1: plan a>b",
    )


def test_rule_9_after_the_newest_capture_and_its_cut_entries_wait() -> None:
    check(
        """
        00:00 capture plan=a
        02:59 update #1 ann plan:a>b
        03:00 capture plan=a
        04:00 update #2 ann
        """,
        "",
    )


# ---- values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ('["a","b"]', '["b","a","a"]'),
        ("[]", "null"),
        ('{"k":1,"l":2}', '{"l":2.0,"k":1}'),
        ('{"k":null}', "{}"),
        ("0", "-0.0"),
        ("1e2", "100"),
    ],
)
def test_values_that_are_equal_are_no_change(one: str, other: str) -> None:
    check(
        f"""
        00:00 capture seats={one}
        01:00 update #1 ann seats:{one}>{other}
        03:00 capture seats={other}
        """,
        "#1 no_known_effect",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('""', "null"),
        ("1", "true"),
        ("0", "false"),
        ("1", '"1"'),
        ("a", "A"),
        ('"\\u00e9"', '"e\\u0301"'),
        ("9007199254740993", "9007199254740992"),
        ('["a"]', '["a","b"]'),
        ('["a"]', "a"),
    ],
)
def test_values_that_differ_are_a_change(one: str, other: str) -> None:
    lines = events_of(
        f"""
        00:00 capture seats={one}
        01:00 update #1 ann seats
        03:00 capture seats={other}
        """
    )
    assert len(lines) == 1
    assert lines[0].startswith("03:00/1 [1-2] update 01:00 ann matched #1: seats ")
