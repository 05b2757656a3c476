"""The rules by their numbers, 1 to 6, with duplicates: a contact's evidence in, whole events out."""

from datetime import timedelta

import pytest

from contact_audit.attribution.attribute import attribute
from contact_audit.evidence.states import read
from tests.support.compact import events_of, expected, world_of
from tests.support.extracts import as_records, extract_of


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


# ---- rule 1: pinned --------------------------------------------------------------------------------------------------


def test_rule_1_two_changes_between_captures_are_two_events() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        02:00 update #2 bo plan:b>c
        03:00 capture plan=c
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] update 02:00 bo recorded #2: plan b>c
        """,
    )


def test_rule_1_a_revert_between_captures_is_two_events() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        02:00 update #2 ann plan:b>a
        03:00 capture plan=a
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] update 02:00 ann recorded #2: plan b>a
        """,
    )


@pytest.mark.parametrize(
    ("first", "last", "events"),
    [
        (
            "a",
            "c",
            """03:00/1 [1-2] update 00:00..01:00 ? unattributed -: plan a>b
               03:00/2 [1-2] update 01:00 ann unconfirmed #1: plan b>c""",
        ),
        (
            "b",
            "d",
            """03:00/1 [1-2] update 01:00 ann unconfirmed #1: plan b>c
               03:00/2 [1-2] update 01:00..03:00 ? unattributed -: plan c>d""",
        ),
    ],
)
def test_rule_1_a_pin_with_an_unattributed_gap_before_or_after_it_is_unconfirmed(
    first: str, last: str, events: str
) -> None:
    check(
        f"""
        00:00 capture plan={first}
        01:00 update #1 ann plan:b>c
        03:00 capture plan={last}
        """,
        events,
    )


def test_rule_1_a_pin_of_another_field_stays_recorded_beside_an_unattributed_gap() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:a>b
        03:00 capture plan=b email=y
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] update 00:00..03:00 ? unattributed -: email x>y
        """,
    )


def test_rule_1_an_unheard_birth_leaves_the_pin_after_it_recorded() -> None:
    check(
        """
        00:00 capture -
        01:00 update #1 ann plan:a>b
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] create 00:00..01:00 ? unattributed -: plan null>a
        03:00/2 [1-2] update 01:00 ann recorded #1: plan a>b
        """,
    )


def test_rule_1_a_pin_that_says_unchanged_fixes_the_value_and_is_no_event() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann
        02:00 update #2 bo plan:a>a
        02:30 update #3 bo
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] update 02:30 bo inferred #3: plan a>b
        #1 no_known_effect
        #2 no_known_effect
        """,
    )


def test_rule_1_an_item_with_one_of_two_values_only_names_its_field() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:>b email:z
        03:00 capture plan=c email=y
        """,
        "03:00/1 [1-2] update 01:00 ann matched #1: plan a>c, email x>y",
    )


def test_rule_1_a_pin_that_says_unchanged_beside_an_unattributed_gap_makes_its_entry_unconfirmed() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:b>b email:x>y
        03:00 capture plan=b email=y
        """,
        """
        03:00/1 [1-2] update 00:00..01:00 ? unattributed -: plan a>b
        03:00/2 [1-2] update 01:00 ann unconfirmed #1: email x>y
        """,
    )


def test_rule_1_a_field_pinned_twice_differently_is_only_named_and_twice_alike_is_pinned_once() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:a>b plan:a>c email:x>y email:x>y
        03:00 capture plan=d email=y
        """,
        "03:00/1 [1-2] update 01:00 ann matched #1: plan a>d, email x>y",
    )


def test_rule_1_a_field_pinned_and_named_by_one_entry_is_pinned() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan plan:a>b
        03:00 capture plan=b
        """,
        "03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b",
    )


def test_rule_1_another_contacts_entries_explain_nothing() -> None:
    world = world_of(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        03:00 capture plan=b
        """
    )
    world["contact_journal"][0]["contact_id"] = 2
    events, without = as_records(attribute(read(extract_of(world)), timedelta(seconds=120)))
    assert [(event["contact_id"], event["attribution"]) for event in events] == [("1", "unattributed")]
    assert without == [{"entry_id": 1, "reason": "not_captured"}]


# ---- rule 2: named ---------------------------------------------------------------------------------------------------


def test_rule_2_a_gap_goes_to_the_entry_that_names_the_field_not_to_a_bare_one() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann
        02:00 update #2 bo plan
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] update 02:00 bo matched #2: plan a>b
        #1 no_known_effect
        """,
    )


def test_rule_2_only_entries_of_the_gaps_segment_count() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan
        01:30 update #2 bo plan:a>b
        02:00 update #3 ada plan
        03:00 capture plan=c
        """,
        """
        03:00/1 [1-2] update 01:30 bo recorded #2: plan a>b
        03:00/2 [1-2] update 02:00 ada matched #3: plan b>c
        #1 no_known_effect
        """,
    )


def test_rule_2_an_entry_at_the_captures_moment_lies_before_it() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 update #1 ann plan
        03:00 capture plan=b
        06:00 capture plan=b
        """,
        "03:00/1 [1-2] update 03:00 ann matched #1: plan a>b",
    )


def test_rule_2_only_updates_are_candidates() -> None:
    check(
        """
        00:00 capture -
        01:00 delete #1 ann plan
        03:00 capture plan=a
        04:00 delete #2 ann plan:a>
        05:00 restore #3 bo plan:>b
        06:00 capture plan=c
        """,
        """
        03:00/1 [1-2] create 00:00..03:00 ? unattributed -: plan null>a
        06:00/1 [2-3] delete 04:00 ann recorded #2: plan a>null
        06:00/2 [2-3] restore 05:00 bo unconfirmed #3: plan null>b
        06:00/3 [2-3] update 05:00..06:00 ? unattributed -: plan b>c
        #1 no_known_effect
        """,
    )


def test_rule_2_an_entry_at_the_previous_captures_moment_is_not_the_pairs() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 capture plan=a
        03:00 update #1 ann plan
        06:00 capture plan=b
        """,
        """
        06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan a>b
        #1 no_known_effect
        """,
    )


# ---- rule 3: bare ----------------------------------------------------------------------------------------------------


def test_rule_3_else_the_gap_goes_to_the_entry_that_names_nothing() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann
        02:00 update #2 bo phone
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] update 01:00 ann inferred #1: plan a>b, email x>null
        #2 no_known_effect
        """,
    )


def test_rule_3_an_empty_list_says_that_nothing_was_touched() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann nothing
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b
        #1 no_known_effect
        """,
    )


def test_rule_3_an_entry_that_names_only_what_captures_do_not_hold_is_not_bare() -> None:
    world = world_of(
        """
        00:00 capture plan=a
        01:00 update #1 ann avatar
        03:00 capture plan=b
        """
    )
    world["contact_journal"][0]["changes"][0]["field"] = "avatar"
    events, without = as_records(attribute(read(extract_of(world)), timedelta(seconds=120)))
    assert [event["attribution"] for event in events] == ["unattributed"]
    assert without == [{"entry_id": 1, "reason": "no_known_effect"}]


# ---- rule 4: several candidates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "author", "attribution"),
    [
        ("ann", "bo", "unknown/None/None/10.0.0.7/agent_panel", "ambiguous"),
        ("ann", "ann", "ann", "matched"),
        ("ann", "ann2", "agent/7/None/None/agent_panel", "matched"),  # one id, two names and addresses
        ("ada", "ada2", "admin/None/Ada/10.0.0.9/None", "matched"),  # no id: the name
        ("ann", "ada", "?", "ambiguous"),
        ("ann", "self", "unknown/None/None/10.0.0.7/agent_panel", "ambiguous"),  # a contact's id is no agent's
        ("cron", "cron", "unknown/None/None/10.0.0.1/api", "ambiguous"),  # neither id nor name: nobody's equal
    ],
)
def test_rule_4_several_candidates_keep_what_they_agree_on(one: str, other: str, author: str, attribution: str) -> None:
    check(
        f"""
        00:00 capture plan=a
        01:00 update #2 {one} plan
        02:00 update #1 {other} plan email
        03:00 capture plan=b
        """,
        f"03:00/1 [1-2] update 01:00..02:00 {author} {attribution} #2|#1: plan a>b",
    )


def test_rule_4_bare_candidates_of_one_author_are_inferred() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann
        02:00 update #2 ann
        03:00 capture plan=b
        """,
        "03:00/1 [1-2] update 01:00..02:00 ann inferred #1|#2: plan a>b",
    )


def test_rule_4_gaps_with_the_same_candidates_are_one_event_others_are_their_own() -> None:
    check(
        """
        00:00 capture plan=a email=x phone=p name=N
        01:00 update #1 ann plan email phone
        02:00 update #2 bo plan email
        02:30 update #3 bo phone
        03:00 capture plan=b email=y phone=q name=N
        """,
        """
        03:00/1 [1-2] update 01:00..02:00 unknown/None/None/10.0.0.7/agent_panel ambiguous #1|#2: plan a>b, email x>y
        03:00/2 [1-2] update 01:00..02:30 unknown/None/None/10.0.0.7/agent_panel ambiguous #1|#3: phone p>q
        """,
    )


def test_rule_4_an_entry_may_be_an_event_and_a_candidate_for_another() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan email:x>y
        02:00 update #2 ann plan
        03:00 capture plan=b email=y
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: email x>y
        03:00/2 [1-2] update 01:00..02:00 ann matched #1|#2: plan a>b
        """,
    )


# ---- rule 5: unattributed --------------------------------------------------------------------------------------------


def test_rule_5_gaps_between_the_same_two_points_are_one_event() -> None:
    check(
        """
        00:00 capture plan=a email=x phone=p
        01:00 update #1 ann phone:q>r
        03:00 capture plan=b email=y phone=r
        """,
        """
        03:00/1 [1-2] update 00:00..01:00 ? unattributed -: phone p>q
        03:00/2 [1-2] update 01:00 ann unconfirmed #1: phone q>r
        03:00/3 [1-2] update 00:00..03:00 ? unattributed -: plan a>b, email x>y
        """,
    )


def test_rule_5_without_any_entry_all_that_the_captures_show_is_one_event_over_the_pair() -> None:
    check(
        """
        00:00 capture plan=a email=x
        03:00 capture plan=b email=y phone=p
        """,
        "03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b, email x>y, phone null>p",
    )


# ---- rule 6: one entry, one event; every entry accounted for ---------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "attribution"),
    [
        ("plan:a>b email:x>y", "recorded"),
        ("plan:a>b email", "matched"),
        ("plan email", "matched"),
        ("", "inferred"),
    ],
)
def test_rule_6_an_entrys_parts_are_one_event_as_weak_as_the_weakest(items: str, attribution: str) -> None:
    check(
        f"""
        00:00 capture plan=a email=x
        01:00 update #1 ann {items}
        03:00 capture plan=b email=y
        """,
        f"03:00/1 [1-2] update 01:00 ann {attribution} #1: plan a>b, email x>y",
    )


def test_rule_6_unconfirmed_overrides_matched() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:b>c email
        03:00 capture plan=c email=y
        """,
        """
        03:00/1 [1-2] update 00:00..01:00 ? unattributed -: plan a>b
        03:00/2 [1-2] update 01:00 ann unconfirmed #1: plan b>c, email x>y
        """,
    )


def test_rule_6_entries_without_an_event_have_their_reason() -> None:
    check(
        """
        00:00 capture -
        01:00 update #1 ann plan:a>b
        01:30 delete #2 ann
        02:00 update #3 ann
        03:00 capture -
        06:00 capture -
        """,
        """
        #1 not_captured
        #2 no_known_effect
        #3 not_captured
        """,
    )


# ---- duplicates ------------------------------------------------------------------------------------------------------


def test_entries_equal_in_all_but_id_and_visibility_are_one_with_the_lowest_id() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #9 ann plan
        01:00 update #4 ann plan
        01:00 update #5 bo plan
        03:00 capture plan=b
        """,
        """
        03:00/1 [1-2] update 01:00 unknown/None/None/10.0.0.7/agent_panel ambiguous #4|#5: plan a>b
        #9 duplicate
        """,
    )


def test_a_duplicate_in_another_form_of_the_same_json_is_a_duplicate() -> None:
    check(
        """
        00:00 capture seats=1
        01:00 update #1 ann seats:1>2
        01:00 update #2 ann seats:1.0>2.0
        03:00 capture seats=2
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: seats 1>2
        #2 duplicate
        """,
    )


def test_entries_that_differ_in_any_other_column_are_two() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ada plan
        01:00 update #2 ada2 plan
        03:00 capture plan=b
        """,
        "03:00/1 [1-2] update 01:00 admin/None/Ada/10.0.0.9/None matched #1|#2: plan a>b",
    )
