"""`sequence`: a contact's events of a window, numbered in the order in which they count."""

from tests.support.compact import events_of, expected


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


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


def test_of_two_unattributed_events_at_one_place_the_one_whose_clock_begins_earlier_comes_first() -> None:
    # Rule 9 puts #1 after the capture: the span from it begins earlier, by its `occurred_after`, than the capture's.
    check(
        """
        00:00 capture plan=a email=x
        02:59 update #1 ann plan:a>b
        03:00 capture plan=a email=x
        06:00 capture plan=c email=y
        """,
        """
        06:00/1 [2-3] update 02:59 ann unconfirmed #1: plan a>b
        06:00/2 [2-3] update 02:59..06:00 ? unattributed -: plan b>c
        06:00/3 [2-3] update 03:00..06:00 ? unattributed -: email x>y
        """,
    )


def test_of_two_shared_events_at_one_place_the_one_whose_first_candidate_comes_earlier_is_first() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #3 ann email
        01:30 update #1 bo plan
        02:00 update #2 ada plan email
        03:00 capture plan=b email=y
        """,
        """
        03:00/1 [1-2] update 01:00..02:00 ? ambiguous #3|#2: email x>y
        03:00/2 [1-2] update 01:30..02:00 ? ambiguous #1|#2: plan a>b
        """,
    )


def test_of_two_that_begin_with_the_same_candidate_the_one_whose_next_comes_earlier_is_first() -> None:
    check(
        """
        00:00 capture plan=a email=x
        01:00 update #1 ann plan email
        01:30 update #2 bo email
        02:00 update #3 ada plan email
        03:00 capture plan=b email=y
        """,
        """
        03:00/1 [1-2] update 01:00..02:00 ? ambiguous #1|#2|#3: email x>y
        03:00/2 [1-2] update 01:00..02:00 ? ambiguous #1|#3: plan a>b
        """,
    )


def test_a_birth_and_a_death_without_an_entry_stand_where_the_walk_puts_them() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 delete #1 ann
        02:00 update #2 bo email:x>y
        03:00 capture email=y
        04:00 restore #3 ann email:>z
        06:00 capture -
        """,
        """
        03:00/1 [1-2] delete 01:00 ann matched #1: plan a>null
        03:00/2 [1-2] restore 01:00..02:00 ? unattributed -: email null>x
        03:00/3 [1-2] update 02:00 bo recorded #2: email x>y
        06:00/1 [2-3] delete 03:00..04:00 ? unattributed -: email y>null
        06:00/2 [2-3] restore 04:00 ann recorded #3: email null>z
        06:00/3 [2-3] delete 04:00..06:00 ? unattributed -: email z>null
        """,
    )


def test_a_window_with_two_captures_is_numbered_through_and_the_next_begins_at_one() -> None:
    check(
        """
        00:00 capture plan=a
        00:30 capture plan=b
        02:59 capture plan=c
        03:01 capture plan=d
        """,
        """
        03:00/1 [1-2] update 00:00..00:30 ? unattributed -: plan a>b
        03:00/2 [2-3] update 00:30..02:59 ? unattributed -: plan b>c
        06:00/1 [3-4] update 02:59..03:01 ? unattributed -: plan c>d
        """,
    )
