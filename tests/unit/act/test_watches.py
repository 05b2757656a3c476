"""Watches evaluated: each condition, each kind of hit, and the same hits whatever the portions in which events come and go."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contact_audit.act.watch_file import parse_watches
from contact_audit.act.watch_rules import Watch
from tests.support.watching import START, Alerts, event, frame_of, matched, plainly


def watch_of(text: str) -> Watch:
    """The watch with these keys."""
    (watch,) = parse_watches(f"watches: [{{name: it, {text}}}]").all
    return watch


PASSING = [
    ("action: [delete, restore]", {"action": "delete", "changes": []}, {"action": "create"}),
    ("kind: admin", {"author_type": "admin"}, {"author_type": "agent"}),
    ("kind: unknown", {"author_type": "unknown", "author_id": None}, {"author_type": "agent"}),
    ("channel: api", {"channel": "api"}, {"channel": None}),
    ("account: 2", {"account_id": "2"}, {"account_id": "22"}),
    ("contact: [3, 4]", {"contact_id": "4"}, {"contact_id": "5"}),
    ("attribution: unattributed", {"attribution": "unattributed"}, {"attribution": "matched"}),
    ("author: '7'", {"author_id": "7"}, {"author_id": "8"}),
    ("author: Ann", {"author_id": None, "author_name": "Ann"}, {"author_id": None, "author_name": "Anna"}),
    ("author: 'agent:7'", {"author_id": "7"}, {"author_type": "admin", "author_id": "7"}),
    ("author: 'agent:Ann'", {"author_id": None, "author_name": "Ann"}, {"author_id": None, "author_name": None}),
    ("field: email", {}, {"changes": [("email_2", "a", "b")]}),
    ("field: 'custom_fields.*'", {"changes": [("custom_fields.plan", "a", "b")]}, {"changes": [("name", "a", "b")]}),
    ("new: '@rival[.]example$'", {"changes": [("email", "a@x", "b@rival.example")]}, {"changes": [("email", "b@rival.example", "a@x")]}),
    ("old: '^a'", {"changes": [("email", "a@x", "b@x")]}, {"changes": [("email", "b@x", "a@x")]}),
    ("old: '^ab'", {"changes": [("email", "ab\nc", None)]}, {"changes": [("email", None, "ab")]}),
    ("new: {empty: true}", {"changes": [("email", "a@x", None)]}, {"changes": [("email", "a@x", "")]}),
    # of one and the same change
    ("field: email, new: '^b'", {"changes": [("email", "a", "b")]}, {"changes": [("email", "a", "c"), ("name", "a", "b")]}),
    ("field: email, old: '^a', new: '^b'", {"changes": [("email", "a", "b")]}, {"changes": [("email", "c", "b"), ("email", "a", "c")]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "passes", "not_so"), PASSING, ids=[text for text, _, _ in PASSING])
def test_a_condition_lets_pass_what_it_says(text: str, passes: dict[str, Any], not_so: dict[str, Any]) -> None:
    events = event("yes", **passes), event("no", **not_so)
    assert matched(watch_of(f"when: {{{text}}}"), *events) == ["yes"]
    assert matched(watch_of(f"when: {{action: [create, update, delete]}}, unless: {{{text}}}"), *events) == ["no"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_hours_are_of_the_zone_and_may_go_over_midnight() -> None:
    watch = watch_of('when: {hours: {between: "22:00-06:00", timezone: Europe/Berlin}}')
    winter, summer = "2026-11-23", "2026-07-23"
    assert matched(
        watch,
        event("before", at(f"{winter}T20:59:59")),
        event("at once", at(f"{winter}T21:00:00")),
        event("night", at(f"{winter}T02:00:00")),
        event("end", at(f"{winter}T05:00:00")),
        event("summer", at(f"{summer}T20:00:00")),
    ) == ["at once", "night", "summer"]


def test_days_are_of_the_zone() -> None:
    watch = watch_of("when: {hours: {days: [sat, sun], timezone: Asia/Tokyo}}")
    friday_late, sunday_late = at("2026-11-20T16:00:00"), at("2026-11-22T16:00:00")
    assert matched(watch, event("saturday there", friday_late), event("monday there", sunday_late)) == [
        "saturday there"
    ]


def test_a_change_within_a_span_of_time_has_no_hour() -> None:
    watch = watch_of('when: {hours: "00:00-24:00"}')
    known, span = event("known", 60), event("span", 60, occurred_after=START)
    assert matched(watch, known, span) == ["known"]


def test_what_happened_before_the_files_since_is_not_told() -> None:
    watch = watch_of("when: {field: email}")
    events = event("before", -0.001), event("at", 0)
    assert matched(watch, *events, since=START) == ["at"]


def kept(watch: Watch, *events: dict[str, Any], contacts: dict[str, int] | None = None) -> list[list[str]]:
    """The hits of these events, loaded at once."""
    alerts = Alerts(watch, contacts)
    alerts.step(came=events)
    return sorted(alerts.standing.values())


def test_a_count_is_of_contacts_within_a_sliding_span() -> None:
    watch = watch_of("count: {more_than: 2, within: 1h}")
    # over an hour's border, the last one just within; one contact twice is one
    over = [
        event("a", 30, contact_id="1"),
        event("b", 40, contact_id="1"),
        event("c", 60, contact_id="2"),
        event("d", 89.9, contact_id="3"),
    ]
    assert kept(watch, *over) == [["a", "b", "c", "d"]]
    assert kept(watch, *over[:3], event("d", 101, contact_id="3")) == []
    # a contact's later event holds it within
    assert kept(watch, *over[:3], event("d", 99.9, contact_id="3")) == [["b", "c", "d"]]
    assert kept(watch, over[0], event("c", 60, contact_id="2"), event("d", 90, contact_id="3")) == []


def test_a_count_is_of_one_author_by_kind_and_id() -> None:
    watch = watch_of("count: {more_than: 1, within: 1h}")
    assert kept(watch, event("a", contact_id="1"), event("b", contact_id="2", author_type="admin")) == []
    nobody = {"author_type": "unknown", "author_id": None}
    assert kept(watch, event("a", contact_id="1", **nobody), event("b", contact_id="2", **nobody)) == []
    named = {"author_id": None, "author_name": "Ann"}
    assert kept(watch, event("a", contact_id="1", **named), event("b", contact_id="2", **named)) == [["a", "b"]]


def test_a_count_may_be_by_something_else() -> None:
    watch = watch_of("count: {more_than: 1, within: 1h, by: ip_address}")
    events = (
        event("a", contact_id="1", ip_address="10.0.0.7"),
        event("b", contact_id="2", ip_address="10.0.0.7", author_id="8"),
    )
    assert kept(watch, *events) == [["a", "b"]]


def test_what_goes_on_is_told_once_an_hour() -> None:
    watch = watch_of("count: {more_than: 2, within: 1h}")
    events = [event(f"{number:03}", number * 10, contact_id=str(number)) for number in range(18)]
    assert [(one[0], one[-1]) for one in kept(watch, *events)] == [("000", "005"), ("001", "011"), ("007", "017")]


def test_a_share_is_of_the_accounts_contacts_in_a_window() -> None:
    watch = watch_of("share: {more_than: 20 %, at_least: 2}")
    events = [event(str(number), 60 + number, contact_id=str(number % 2)) for number in range(3)]
    assert kept(watch, *events, contacts={"1": 9}) == [["0", "1", "2"]]
    assert kept(watch, *events, contacts={"1": 10}) == []
    assert kept(watch, *events[::2], contacts={"1": 1}) == []
    assert kept(watch, events[0], event("next", 181, contact_id="9"), contacts={"1": 9}) == []


def test_those_that_were_deleted_were_contacts_too() -> None:
    watch = watch_of("when: {action: delete}, share: {more_than: 50 %}")
    events = [event(str(number), 60, contact_id=str(number), action="delete", changes=[]) for number in range(2)]
    assert kept(watch, *events, contacts={"1": 2}) == []
    assert kept(watch, *events, contacts={"1": 1}) == [["0", "1"]]


def test_a_first_is_once_for_an_author_and_an_address() -> None:
    watch = watch_of("when: {field: email}, first: ip_address")
    one, other = {"ip_address": "10.0.0.7"}, {"ip_address": "10.0.0.8"}
    assert kept(watch, event("a", 1, **one), event("b", 2, **one), event("c", 3, **other)) == [["a"], ["c"]]
    # seen there before, if by something that the watch is not about
    assert kept(watch, event("a", 1, changes=[("name", "a", "b")], **one), event("b", 2, **one)) == []
    assert kept(watch, event("a", 1), event("b", 1, author_id=None, **one)) == []


def test_who_was_seen_from_there_before_the_watching_is_not_new() -> None:
    alerts = Alerts(watch_of("first: ip_address"))
    alerts.seen_before = {("agent:7", "10.0.0.7")}
    alerts.step(came=[event("a", ip_address="10.0.0.7"), event("b", ip_address="10.0.0.8")])
    assert list(alerts.standing.values()) == [["b"]]


def test_what_is_taken_out_takes_its_alert_back_and_what_stays_is_not_told_again() -> None:
    alerts = Alerts(watch_of("count: {more_than: 1, within: 1h}"))
    events = [event(one, contact_id=one) for one in "abc"]
    alerts.step(came=events[:2])
    alerts.step(came=events[2:])
    assert (len(alerts.raised), alerts.standing[alerts.raised[0]]) == (1, ["a", "b", "c"])
    alerts.step(gone="a")
    assert alerts.retracted == []
    alerts.step(gone="b")
    assert (len(alerts.raised), alerts.retracted) == (1, alerts.raised)
    assert alerts.standing == {}


def test_nothing_touched_is_nothing_found() -> None:
    for text in KINDS:
        alerts = Alerts(watch_of(text), {"1": 3})
        alerts.step()
        assert alerts.standing == {}
    assert len(frame_of([]).rows) == 0


KINDS = [
    "when: {field: email, new: '^b'}",
    "unless: {field: name}, count: {more_than: 2, within: 1h}",
    "when: {field: email}, count: {more_than: 1, within: 20m}",
    "share: {more_than: 40 %}",
    "when: {field: email}, first: ip_address",
]
_EVENTS = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 5),
        st.sampled_from("78"),
        st.sampled_from(["10.0.0.7", "10.0.0.8", None]),
        st.sampled_from(["1", "2"]),
        st.sampled_from([("email", "a", "b"), ("email", "a", "c"), ("name", "a", "b")]),
        st.integers(0, 3),
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    min_size=4,
    max_size=24,
)


@pytest.mark.parametrize("text", KINDS)
@settings(max_examples=8, deadline=None)
@given(drawn=_EVENTS, portions=st.integers(1, 2))
def test_each_hit_is_raised_once_whatever_comes_late_or_goes_and_in_whatever_portions(
    text: str, drawn: list[tuple[Any, ...]], portions: int
) -> None:
    """Each event has a load that adds it, and perhaps one that takes it out or puts another in its place."""
    watch, contacts = watch_of(text), {"1": 4, "2": 3}
    adds: dict[int, list[dict[str, Any]]] = {}
    takes: dict[int, list[str]] = {}
    for number, (minute, contact, author, address, account, change, load, later) in enumerate(drawn):
        made = event(
            f"{number:03}", minute, contact_id=str(contact), author_id=author, ip_address=address, account_id=account, changes=[change]
        )  # fmt: skip
        adds.setdefault(load, []).append(made)
        if later is not None and later > load:
            takes.setdefault(later, []).append(made["event_id"])
            if number % 2:
                adds.setdefault(later, []).append({**made, "changes": [("email", "a", "b")]})
    alerts, last = Alerts(watch, contacts), max([0, *adds, *takes])
    for load in range(last + 1):
        alerts.step(takes.get(load, []), adds.get(load, []))
    assert sorted(alerts.standing.values()) == plainly(watch, list(alerts.log.values()), contacts)
    assert len(alerts.raised) == len(alerts.retracted) + len(alerts.standing)

    # several loads looked at as one, and all at once
    for size in (2, last + 1) if portions == 2 else (last + 1,):
        others, load = Alerts(watch, contacts), 0
        while load <= last:
            came = {one["event_id"]: one for part in range(load, load + size) for one in adds.get(part, [])}
            taken = {one for part in range(load, load + size) for one in takes.get(part, [])}
            stand = {name: one for name, one in came.items() if alerts_stand(name, load + size, adds, takes)}
            others.step([one for one in taken if one in others.log], stand.values())
            load += size
        assert sorted(others.standing.values()) == sorted(alerts.standing.values())
        assert others.standing.keys() == alerts.standing.keys()


def alerts_stand(name: str, until: int, adds: dict[int, list[dict[str, Any]]], takes: dict[int, list[str]]) -> bool:
    """Whether an event stands after these loads: its last taking out is not after its last adding."""
    added = max(load for load, some in adds.items() if load < until and any(one["event_id"] == name for one in some))
    return all(load <= added for load, some in takes.items() if load < until and name in some)
