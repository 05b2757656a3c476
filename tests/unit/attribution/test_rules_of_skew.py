"""Rule 9: which side of a capture an entry lies on, where clocks differ."""

from tests.support.compact import events_of, expected


def check(evidence: str, events: str) -> None:
    assert events_of(evidence) == expected(events)


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


def test_rule_9_a_birth_or_death_that_does_not_pin_the_field_accounts_for_the_difference() -> None:
    check(
        """
        00:00 capture -
        02:58 create #1 ann email:>x
        02:59 update #2 bo email:x>y
        02:59:30 delete #3 ada
        03:00 capture -
        06:00 capture -
        """,
        """
        03:00/1 [1-2] create 02:58 ann recorded #1: email null>x
        03:00/2 [1-2] update 02:59 bo recorded #2: email x>y
        03:00/3 [1-2] delete 02:59:30 ada matched #3: email y>null
        """,
    )
    check(
        """
        00:00 capture -
        03:00 capture -
        03:00:30 create #1 ann plan:>a
        03:01 update #2 bo email:x>y
        06:00 capture plan=a email=y
        """,
        """
        06:00/1 [2-3] create 03:00:30 ann matched #1: plan null>a, email null>x
        06:00/2 [2-3] update 03:01 bo recorded #2: email x>y
        """,
    )


def test_rule_9_a_birth_that_pins_the_field_accounts_for_nothing() -> None:
    check(
        """
        00:00 capture plan=a
        02:58 delete #1 ann plan:a
        02:59 restore #2 bo plan:>b
        03:00 capture plan=c
        03:01 update #3 ada plan:b>c
        06:00 capture plan=c
        """,
        """
        03:00/1 [1-2] delete 02:58 ann recorded #1: plan a>null
        03:00/2 [1-2] restore 02:59 bo recorded #2: plan null>b
        03:00/3 [1-2] update 03:01 ada recorded #3: plan b>c
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


def test_rule_9_the_skew_is_a_setting() -> None:
    evidence = """
        00:00 capture plan=a
        03:00 capture plan=b
        03:10 update #1 ann plan:a>b
        06:00 capture plan=b
        """
    assert events_of(evidence, skew_seconds=600) == ["03:00/1 [1-2] update 03:10 ann recorded #1: plan a>b"]
    assert len(events_of(evidence, skew_seconds=599)) == 3


def test_rule_9_a_bare_update_between_pin_and_cut_accounts_for_the_difference_before_and_after() -> None:
    check(
        """
        00:00 capture plan=a
        02:58 update #1 ann plan:a>b
        02:59 update #2 bo
        03:00 capture plan=c
        03:01 update #3 bo
        03:02 update #4 ann plan:d>e
        06:00 capture plan=e
        """,
        """
        03:00/1 [1-2] update 02:58 ann recorded #1: plan a>b
        03:00/2 [1-2] update 02:59 bo inferred #2: plan b>c
        06:00/1 [2-3] update 03:01 bo inferred #3: plan c>d
        06:00/2 [2-3] update 03:02 ann recorded #4: plan d>e
        """,
    )


def test_rule_9_every_pinned_field_has_to_fit() -> None:
    check(
        """
        00:00 capture plan=a email=x
        03:00 capture plan=b email=x
        03:01 update #1 ann plan:a>b email:x>y
        06:00 capture plan=b email=y
        """,
        """
        03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b
        06:00/1 [2-3] update 03:00..03:01 ? unattributed -: plan b>a
        06:00/2 [2-3] update 03:01 ann unconfirmed #1: plan a>b, email x>y
        """,
    )


def test_rule_9_a_death_seen_late_lies_after_the_capture() -> None:
    check(
        """
        00:00 capture plan=a
        02:59 delete #1 ann plan:a>
        03:00 capture plan=a
        06:00 capture -
        """,
        "06:00/1 [2-3] delete 02:59 ann recorded #1: plan a>null",
    )


def test_rule_9_an_upsert_near_a_capture_pins_that_its_contact_comes_to_be() -> None:
    # By its action it starts from absence, which the capture does not show: it lies before it.
    check(
        """
        00:00 capture plan=a
        03:00 capture plan=b
        03:01 create #1 ann
        06:00 capture plan=b
        """,
        "03:00/1 [1-2] update 03:01 ann inferred #1: plan a>b",
    )


def test_rule_9_cuts_of_two_captures_near_each_other_never_cross() -> None:
    # The first capture has seen #1 and #2, the second, by its clock and its value, neither: it cannot be cut before the first.
    check(
        """
        00:00 capture plan=a
        03:00 capture plan=c
        03:00:30 capture plan=a
        03:01 update #1 ann plan:a>b
        03:01:30 update #2 bo plan:b>c
        06:00 capture plan=c
        """,
        """
        03:00/1 [1-2] update 03:01 ann recorded #1: plan a>b
        03:00/2 [1-2] update 03:01:30 bo recorded #2: plan b>c
        06:00/1 [2-3] update 03:00..03:00:30 ? unattributed -: plan c>a
        06:00/2 [3-4] update 03:00:30..06:00 ? unattributed -: plan a>c
        """,
    )


def test_rule_9_a_span_that_skew_turned_round_is_put_in_order() -> None:
    check(
        """
        00:00 capture plan=a
        03:00 capture -
        03:02 update #1 ann plan:a>null
        06:00 capture -
        """,
        """
        03:00/1 [1-2] update 03:02 ann recorded #1: plan a>null
        03:00/2 [1-2] delete 03:00..03:02 ? unattributed -:
        """,
    )
