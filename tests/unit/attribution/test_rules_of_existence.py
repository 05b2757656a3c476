"""The rules by their numbers, 7 and 8: births and deaths, the time before the first capture."""

import pytest

from tests.support.compact import events_of, expected


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


# ---- rule 7: existence -----------------------------------------------------------------------------------------------


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


def test_rule_7_a_first_value_that_a_later_entry_names_is_inferred_where_the_births_own_entry_may_have_set_it() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann plan:>a email
        02:00 update #2 bo email
        03:00 capture plan=a email=x
        04:00 delete #3 ann plan:a email:x
        05:00 restore #4 ann
        05:30 update #5 bo email
        06:00 capture email=x
        """,
        """
        03:00/1 [1-2] create 01:00 ann recorded #1: plan null>a
        03:00/2 [1-2] update 02:00 bo inferred #2: email null>x
        06:00/1 [2-3] delete 04:00 ann recorded #3: plan a>null, email x>null
        06:00/2 [2-3] restore 05:00 ann recorded #4:
        06:00/3 [2-3] update 05:30 bo inferred #5: email null>x
        """,
    )


def test_rule_7_so_it_is_for_several_candidates_of_one_author_and_matched_after_a_birth_without_an_entry() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 bo email
        02:00 update #2 ann email
        02:30 update #3 ann email
        03:00 capture email=x
        """,
        """
        03:00/1 [1-2] create 01:00 bo recorded #1:
        03:00/2 [1-2] update 02:00..02:30 ann inferred #2|#3: email null>x
        """,
    )
    check(
        """
        00:00 capture -
        02:00 update #2 ann email
        03:00 capture email=x
        """,
        """
        03:00/1 [1-2] create 00:00..02:00 ? unattributed -:
        03:00/2 [1-2] update 02:00 ann matched #2: email null>x
        """,
    )


@pytest.mark.parametrize("births", ["plan", "email"])
def test_rules_6_and_7_several_candidates_of_one_author_are_known_as_the_weakest_part(births: str) -> None:
    check(
        f"""
        00:00 capture -
        01:00 create #1 bo {births}
        02:00 update #2 ann plan email
        02:30 update #3 ann plan email
        03:00 capture plan=a email=x
        """,
        """
        03:00/1 [1-2] create 01:00 bo recorded #1:
        03:00/2 [1-2] update 02:00..02:30 ann inferred #2|#3: plan null>a, email null>x
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


def test_rule_7_a_birth_starts_from_null_whatever_its_entry_says_and_what_is_put_right_is_matched() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann plan:z>a
        03:00 capture plan=a
        """,
        "03:00/1 [1-2] create 01:00 ann matched #1: plan null>a",
    )


def test_rule_7_a_birth_without_an_entry_ends_with_an_event_of_several_candidates_too() -> None:
    check(
        """
        00:00 capture -
        01:00 update #1 ann email
        01:30 update #2 bo email
        03:00 capture plan=a email=x
        """,
        """
        03:00/1 [1-2] create 00:00..01:30 ? unattributed -: plan null>a
        03:00/2 [1-2] update 01:00..01:30 unknown/None/None/10.0.0.7/agent_panel ambiguous #1|#2: email null>x
        """,
    )


def test_rule_7_created_at_outside_the_births_span_does_not_date_it() -> None:
    check(
        """
        00:00 capture -
        01:00 update #1 ann plan:a>b
        03:00 capture plan=b created=02:00
        """,
        """
        03:00/1 [1-2] create 00:00..01:00 ? unattributed -: plan null>a
        03:00/2 [1-2] update 01:00 ann recorded #1: plan a>b
        """,
    )


def test_rule_7_a_death_without_any_event_before_it_lies_between_the_captures() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 capture -
        """,
        "03:00/1 [1-2] delete 00:00..03:00 ? unattributed -: plan a>null",
    )


def test_rule_7_a_death_takes_each_value_as_the_walk_knows_it() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:a>b
        02:00 delete #2 bo email:y>
        03:00 capture -
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] update 00:00..02:00 ? unattributed -: email x>y
        03:00/3 [1-2] delete 02:00 bo unconfirmed #2: plan b>null, email y>null
        """,
    )


def test_rule_7_several_lives_between_two_captures_are_all_told() -> None:
    check(
        """
        00:00 capture plan=a
        00:30 delete #1 ann plan:a>
        01:00 restore #2 bo plan:>a
        01:30 delete #3 ann plan:a>
        02:00 restore #4 bo plan:>a
        03:00 capture plan=a
        """,
        """
        03:00/1 [1-2] delete 00:30 ann recorded #1: plan a>null
        03:00/2 [1-2] restore 01:00 bo recorded #2: plan null>a
        03:00/3 [1-2] delete 01:30 ann recorded #3: plan a>null
        03:00/4 [1-2] restore 02:00 bo recorded #4: plan null>a
        """,
    )


def test_rule_7_an_update_that_waited_for_its_birth_is_recorded_at_its_own_moment() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 delete #1 ann plan:a>
        01:30 update #2 bo plan:b>c
        01:30:01 restore #3 ann plan:>b
        03:00 capture plan=c
        """,
        """
        03:00/1 [1-2] delete 01:00 ann recorded #1: plan a>null
        03:00/2 [1-2] restore 01:30:01 ann recorded #3: plan null>b
        03:00/3 [1-2] update 01:30 bo recorded #2: plan b>c
        """,
    )


# ---- rule 8: before the first capture --------------------------------------------------------------------------------


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


def test_rule_8_a_birth_before_the_first_capture_starts_from_null_and_a_death_ends_there() -> None:
    check(
        """
        01:00 create #1 ann plan:z>a
        02:00 delete #2 ann plan:a>z
        06:00 capture -
        """,
        """
        03:00/1 [-] create 01:00 ann unconfirmed #1: plan null>a
        03:00/2 [-] delete 02:00 ann unconfirmed #2: plan a>null
        """,
    )


def test_rule_8_a_duplicate_before_the_first_capture_is_one_too() -> None:
    check(
        """
        01:00 update #1 ann plan:a>b
        01:00 update #2 ann plan:a>b
        06:00 capture plan=b
        """,
        """
        03:00/1 [-] update 01:00 ann unconfirmed #1: plan a>b
        #2 duplicate
        """,
    )
