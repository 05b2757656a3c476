"""The watch file: what it may say, and that every fault is told with its file, watch and key."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from contact_audit.act.watch_file import parse_watches, read_watches
from contact_audit.act.watch_rules import Condition, Count, Destination, First, Share, Value, Watch
from contact_audit.errors import SettingsError

EXAMPLE = Path(__file__).parents[3] / "deploy" / "watches.example.yaml"


def one(text: str) -> Watch:
    """The only watch of a file with this watch in it."""
    lines = "\n".join(f"    {line}" for line in text.strip().splitlines())
    (watch,) = parse_watches(f"watches:\n  - name: it\n{lines}\n").all
    return watch


def test_each_condition_may_be_one_or_several() -> None:
    watch = one(
        """
when: {action: update, field: [email, custom_fields.*], author: ["agent:7", Ann], kind: agent, channel: api, account: 12,
       contact: ["1", 2], attribution: recorded, old: {empty: true}, new: "@rival[.]example$"}
unless: {channel: bulk_import}
"""
    )
    assert watch.when == Condition(
        actions=("update",),
        fields=("email", "custom_fields.*"),
        authors=("agent:7", "Ann"),
        kinds=("agent",),
        channels=("api",),
        accounts=("12",),
        contacts=("1", "2"),
        attributions=("recorded",),
        old=Value(None),
        new=Value("@rival[.]example$"),
    )
    assert watch.unless == Condition(channels=("bulk_import",))
    assert (watch.kind, watch.rule) == ("event", "")


def test_hours_have_days_and_a_zone() -> None:
    hours = one('when: {hours: {between: "22:00-24:00", days: [sat, sun], timezone: Europe/Berlin}}').when.hours
    assert hours is not None
    assert (hours.start, hours.end, hours.days, hours.zone.key) == (time(22), time(0), {5, 6}, "Europe/Berlin")
    plain = one('when: {hours: "06:30-07:00"}').when.hours
    assert plain is not None
    assert (plain.start, plain.end, len(plain.days), plain.zone.key) == (time(6, 30), time(7), 7, "UTC")


@pytest.mark.parametrize(
    ("text", "of", "rule"),
    [
        ("count: {more_than: 200, within: 1h}", Count(200, timedelta(hours=1)), "more than 200 contacts by one author within 1 hour"),
        (
            "count: {more_than: 5, within: 90m, by: ip_address}",
            Count(5, timedelta(minutes=90), "ip_address"),
            "more than 5 contacts by one ip address within 90 minutes",
        ),
        (
            "share: {more_than: 2.5 %, at_least: 10}",
            Share(0.025, 10),
            "more than 2.5 % of an account's contacts in a window, and at least 10",
        ),
        ("first: ip_address", First(), "the first time that this author is seen from this address"),
    ],
)  # fmt: skip
def test_what_of_many_events_makes_a_hit(text: str, of: object, rule: str) -> None:
    watch = one(text)
    assert (watch.of, watch.rule) == (of, rule)


def test_alerts_go_to_the_log_unless_the_file_says_otherwise() -> None:
    watches = "watches: [{name: it, when: {field: email}}]\n"
    assert parse_watches(watches).notify == (Destination("log"),)
    given = parse_watches(watches + "notify: [log, apprise, apprise: {tag: night}]\nsince: 2026-01-01\n")
    assert [one.key for one in given.notify] == ["log", "apprise:apprise_default:all", "apprise:apprise_default:night"]
    assert given.since == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("whem: {field: email}", ["whem: is no key of the watch", "when"]),
        ("when: {fields: email}", ["fields: is no key of when", "field"]),
        ("when: {action: remove}", ["when.action: remove: must be of create, update, delete, restore"]),
        ("when: {kind: robot}", ["when.kind: robot: must be of contact, agent, admin, integration, system, unknown"]),
        ("when: {channel: no}", ["when.channel: False: must be text", "in quotes"]),
        ("when: {channel: []}", ["when.channel: is an empty list"]),
        ("when: {new: '(a'}", ["when.new: '(a' is no pattern"]),
        ("when: {new: '(?=a)'}", ["when.new: '(?=a)' is no pattern", "RE2"]),
        ("when: {old: }", ["when.old: None: must be a pattern, or {empty: true}"]),
        ("when: {hours: '25:00-26:00'}", ["when.hours.between: '25:00-26:00': must be as \"22:00-06:00\""]),
        ("when: {hours: nights}", ["when.hours.between: 'nights'"]),
        ("when: {hours: {days: [sunday]}}", ["when.hours.days: sunday: must be of mon, tue"]),
        ("when: {hours: {days: sun, timezone: Berlin}}", ["when.hours.timezone: 'Berlin' is no time zone"]),
        ("when: {}", ["when: is empty"]),
        ("says: all of them", ["when: is missing"]),
        ("count: {more_than: 200}", ["within: is missing"]),
        ("count: {more_than: 0, within: 1h}", ["count.more_than: 0: must be a whole number, at least 1"]),
        ("count: {more_than: 1, within: 25h}", ["count.within: '25h': must be as 30m or 1h, at most 24h"]),
        ("count: {more_than: 1, within: 1h, by: contact}", ["count.by: 'contact': must be one of author, account"]),
        ("share: {more_than: 5}", ["share.more_than: 5: must be as 5 %"]),
        ("first: author", ["first: 'author': must be ip_address"]),
        ("first: ip_address\nshare: {more_than: 5 %}", ["there is share already"]),
        ("when: {field: email}\nwhen: {field: name}", ["when: stands twice"]),
    ],
)
def test_a_fault_is_told_with_its_file_watch_and_key(text: str, told: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        one(text)
    for words in ["watches.yaml", *told]:
        assert words in str(raised.value)
    if "twice" not in str(raised.value):
        assert "watch 'it'" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "watches.yaml, the file: must be keys and values"),
        ("- name: it", "watches.yaml, the file: must be keys and values"),
        ("watches: []", "watches.yaml, watches: must be a list of watches, at least one"),
        ("watches: [{when: {field: email}}]", "watches.yaml, watch number 1, name: is missing"),
        ("watches: [{name: a, first: ip_address}, {name: a, first: ip_address}]", "watch 'a', name: stands 2 times"),
        ("watches: [{name: a, first: ip_address}]\nnotify: [slack]", "notify number 1: 'slack': must be log, apprise"),
        ("watches: [{name: a, first: ip_address}]\nnotify: [log, log]", "notify: names one destination twice"),
        ("watches: [{name: a, first: ip_address}]\nnotify: [apprise: {tags: x}]", "tags: is no key of notify number 1, apprise"),
        ("watches: [{name: a, first: ip_address}]\nsince: soon", "since: 'soon': must be a date or a moment"),
        ("watches: {", "no YAML that can be read"),
    ],
)  # fmt: skip
def test_a_fault_of_the_file_is_told_too(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_watches(text)
    assert told in str(raised.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        parse_watches("watches: [{name: a, first: you}, {name: b, when: {kind: me}}]", "/etc/w.yaml")
    assert str(raised.value).count("/etc/w.yaml, watch ") == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"CONTACT_AUDIT_WATCHES=.*none.yaml: cannot be read"):
        read_watches(str(tmp_path / "none.yaml"))


def test_the_example_is_right() -> None:
    assert len(read_watches(str(EXAMPLE)).all) >= 5
