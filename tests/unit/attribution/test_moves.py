"""A contact that moves to another account: a change like others, told under the account that it leaves."""

from tests.support.compact import events_of, expected


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


def test_a_move_with_values_is_recorded_under_the_old_account_and_what_comes_later_under_the_new() -> None:
    check(
        """
        00:00 capture plan=a
        00:30 update #1 ann plan:a>b
        01:00 update #2 ann account:1>2
        02:00 update #3 bo@2 plan:b>c
        03:00 capture plan=c account=2
        """,
        """
        03:00/1 [1-2] update 00:30 ann recorded #1: plan a>b
        03:00/2 [1-2] update 01:00 ann recorded #2: account 1>2
        03:00/3 [1-2] update 02:00 bo@2 recorded #3: plan b>c
        """,
    )


def test_a_move_and_another_field_in_one_entry_are_one_event() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann account:1>2 plan
        03:00 capture plan=b account=2
        """,
        "03:00/1 [1-2] update 01:00 ann matched #1: account 1>2, plan a>b",
    )


def test_a_move_that_is_named_is_matched_by_a_bare_entry_inferred_and_else_unattributed() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann account
        03:00 capture plan=a account=2
        04:00 update #2 bo@2
        06:00 capture plan=a account=3
        09:00 capture plan=a
        """,
        """
        03:00/1 [1-2] update 01:00 ann matched #1: account 1>2
        06:00/1 [2-3] update 04:00 bo@2 inferred #2: account 2>3
        09:00/1 [3-4] update 06:00..09:00 ?@3 unattributed -: account 3>1
        """,
    )


def test_a_move_there_and_back_between_captures_is_two_events() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann account:1>2
        02:00 update #2 bo account:2>1
        03:00 capture plan=a
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: account 1>2
        03:00/2 [1-2] update 02:00 bo@2 recorded #2: account 2>1
        """,
    )


def test_a_move_that_the_captures_contradict_is_unconfirmed() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann account:2>3
        03:00 capture plan=a account=3
        """,
        """
        03:00/1 [1-2] update 00:00..01:00 ? unattributed -: account 1>2
        03:00/2 [1-2] update 01:00 ann@2 unconfirmed #1: account 2>3
        """,
    )


def test_births_and_deaths_do_not_list_the_account_and_have_that_of_their_moment() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann plan:>a account:>1
        02:00 update #2 ann account:1>2
        03:00 capture plan=a account=2
        04:00 update #3 ann@2 account:2>3
        05:00 delete #4 ann@3 plan:a> account:3>
        06:00 capture -
        """,
        """
        03:00/1 [1-2] create 01:00 ann recorded #1: plan null>a
        03:00/2 [1-2] update 02:00 ann recorded #2: account 1>2
        06:00/1 [2-3] update 04:00 ann@2 recorded #3: account 2>3
        06:00/2 [2-3] delete 05:00 ann@3 recorded #4: plan a>null
        """,
    )


def test_who_comes_back_in_another_account_has_not_moved() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 delete #1 ann plan:a>
        02:00 restore #2 bo plan:>b
        03:00 capture plan=b account=2
        04:00 restore #3 bo plan:>b
        06:00 capture plan=b account=3
        """,
        """
        03:00/1 [1-2] delete 01:00 ann recorded #1: plan a>null
        03:00/2 [1-2] restore 02:00 bo@2 recorded #2: plan null>b
        06:00/1 [2-3] delete 03:00..04:00 ?@2 unattributed -: plan b>null
        06:00/2 [2-3] restore 04:00 bo@3 recorded #3: plan null>b
        """,
    )


def test_a_birth_that_says_another_account_than_the_capture_has_moved_since() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann plan:>a account:>1
        02:00 update #2 bo@2
        03:00 capture plan=a account=2
        """,
        """
        03:00/1 [1-2] create 01:00 ann recorded #1: plan null>a
        03:00/2 [1-2] update 02:00 bo inferred #2: account 1>2
        """,
    )


def test_born_and_gone_between_two_captures_the_account_is_the_first_entrys() -> None:
    check(
        """
        00:00 capture -
        01:00 create #1 ann@2 plan:>a
        02:00 delete #2 bo@3 plan:a>
        03:00 capture -
        """,
        """
        03:00/1 [1-2] create 01:00 ann@2 recorded #1: plan null>a
        03:00/2 [1-2] delete 02:00 bo@2 recorded #2: plan a>null
        """,
    )


def test_an_entry_of_another_account_keeps_its_event_under_the_contacts_own() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann@7 plan:a>b
        02:00 update #2 bo@8 email
        03:00 capture plan=b email=x
        """,
        """
        03:00/1 [1-2] update 01:00 ann recorded #1: plan a>b
        03:00/2 [1-2] update 02:00 bo matched #2: email null>x
        """,
    )


def test_null_gives_no_account_and_only_names_the_field() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann account:null>2
        03:00 capture plan=a account=2
        """,
        "03:00/1 [1-2] update 01:00 ann matched #1: account 1>2",
    )


def test_a_create_of_a_contact_that_is_there_names_the_account_that_it_lists() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 create #1 ann@2 account:>2
        03:00 capture plan=a account=2
        """,
        "03:00/1 [1-2] update 01:00 ann matched #1: account 1>2",
    )


def test_before_the_first_capture_a_move_with_values_stands_alone_under_the_account_that_it_leaves() -> None:
    check(
        """
        01:00 create #1 ann@5 plan:>a account:>5
        02:00 update #2 ann@2 account:5>2
        06:00 capture plan=a account=2
        """,
        """
        03:00/1 [-] create 01:00 ann@5 unconfirmed #1: plan null>a
        03:00/2 [-] update 02:00 ann@5 unconfirmed #2: account 5>2
        """,
    )


def test_a_move_that_a_capture_has_seen_lies_before_it_whatever_its_clock_says() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 capture plan=a account=2
        03:01 update #1 ann account:1>2
        06:00 capture plan=a account=2
        """,
        "03:00/1 [1-2] update 03:01 ann recorded #1: account 1>2",
    )


def test_several_who_may_have_moved_it_are_all_named() -> None:
    check(
        """
        00:00 capture plan=a
        01:00 update #1 ann account
        02:00 update #2 bo account
        03:00 capture plan=a account=2
        """,
        "03:00/1 [1-2] update 01:00..02:00 unknown/None/None/10.0.0.7/agent_panel ambiguous #1|#2: account 1>2",
    )
