"""The rules of the design by their numbers, 1 to 6, with duplicates and `sequence`: a contact's evidence in, whole events out."""

import pytest

from tests.support.compact import events_of, expected


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


# ---- rule 1: pinned ------------------------------------------------------------------------------------------------


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


# ---- rule 2: named -------------------------------------------------------------------------------------------------


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


# ---- rule 3: bare --------------------------------------------------------------------------------------------------


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


# ---- rule 4: several candidates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "author", "attribution"),
    [
        ("ann", "bo", "unknown/None/None/10.0.0.7/agent_panel", "ambiguous"),
        ("ann", "ann", "ann", "matched"),
        ("ann", "ann2", "agent/7/None/None/agent_panel", "matched"),  # one id, two names and addresses
        ("ada", "ada2", "admin/None/Ada/10.0.0.9/None", "matched"),  # no id: the name
        ("ann", "ada", "?", "ambiguous"),
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


# ---- rule 5: unattributed ------------------------------------------------------------------------------------------


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


# ---- rule 6: one entry, one event; every entry accounted for -------------------------------------------------------


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


# ---- duplicates ----------------------------------------------------------------------------------------------------


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


# ---- sequence ------------------------------------------------------------------------------------------------------


def test_events_of_one_window_are_numbered_pair_by_pair() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        02:00 capture plan=b
        02:30 update #2 bo plan:b>c
        03:00 capture plan=c
        04:00 update #3 bo plan:c>d
        06:00 capture plan=d
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [2-3] update 02:30 bo recorded #2: plan b>c
        06:00/1 [3-4] update 04:00 bo recorded #3: plan c>d
        """,
    )


def test_entries_of_one_moment_are_in_order_of_their_ids() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #8 ann plan:b>c
        01:00 update #7 bo plan:a>b
        03:00 capture plan=c
        """,
        """
        03:00/1 [1-2] update 01:00 bo recorded #7: plan a>b
        03:00/2 [1-2] update 01:00 ann recorded #8: plan b>c
        """,
    )


def test_a_shared_event_stands_after_its_last_candidate_an_unattributed_one_before_the_point_that_ends_it() -> None:
    check(
        """
        00:00 capture plan=a email=x phone=p name=N
        01:00 update #1 ann plan
        01:30 update #2 bo plan name:N>O
        02:00 update #3 ada phone:q>r
        03:00 capture plan=b email=y phone=r name=O
        """,
        """
        03:00/1 [1-2] update 01:30 bo recorded #2: name N>O
        03:00/2 [1-2] update 01:00..01:30 unknown/None/None/10.0.0.7/agent_panel ambiguous #1|#2: plan a>b
        03:00/3 [1-2] update 00:00..02:00 ? unattributed -: phone p>q
        03:00/4 [1-2] update 02:00 ada unconfirmed #3: phone q>r
        03:00/5 [1-2] update 00:00..03:00 ? unattributed -: email x>y
        """,
    )


def test_of_two_unattributed_events_at_one_place_the_one_that_begins_earlier_comes_first() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan:a>b
        03:00 capture plan=c email=y
        """,
        """
        03:00/1 [1-2] update 01:00 ann unconfirmed #1: plan a>b
        03:00/2 [1-2] update 00:00..03:00 ? unattributed -: email x>y
        03:00/3 [1-2] update 01:00..03:00 ? unattributed -: plan b>c
        """,
    )
