"""The watch file: YAML into watches, or one SettingsError that names file, watch and key of everything that is wrong."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import yaml  # type: ignore[import-untyped]

from contact_audit import model
from contact_audit.act.watch_rules import (
    GROUPS,
    Condition,
    Count,
    Destination,
    First,
    Hours,
    Share,
    Value,
    Watch,
    Watches,
)
from contact_audit.errors import SettingsError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST = timedelta(hours=24)
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_WITHIN = re.compile(r"(\d+)\s*(m|min|h)")


class _FaultError(ValueError):
    """What is wrong at a key: the key's place, and words."""

    def __init__(self, place: str, words: str) -> None:
        super().__init__(words)
        self.place = place


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML in which a key that stands twice is an error: the first would be lost without a word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    pairs = [
        (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True))
        for key, value in node.value
    ]
    names = [str(name) for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)}: stands twice", node.start_mark)
    return dict(pairs)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_watches(path: str) -> Watches:
    """Read a watch file. Raises SettingsError, with every fault on a line: file, watch, key, what it must be."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"CONTACT_AUDIT_WATCHES={path}: cannot be read ({error}). See docs/watches.md.") from None
    return parse_watches(text, path)


def parse_watches(text: str, file: str = "watches.yaml") -> Watches:
    """The watches of a file's text; `file` is what errors call it. Raises SettingsError."""
    faults: list[str] = []
    try:
        given = yaml.load(text, _Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise SettingsError(f"{file}: no YAML that can be read: {' '.join(str(error).split())}") from None
    found: list[Watch] = []
    notify: tuple[Destination, ...] = (Destination("log"),)
    since = None
    try:
        top = _map(given, "the file", ("watches", "notify", "since"), needed=("watches",))
        since = _at("since", top, _moment)
        notify = _destinations(top.get("notify", ["log"]))
        for number, one in enumerate(_watch_list(top["watches"]), 1):
            try:
                found.append(_watch(one))
            except _FaultError as wrong:
                name = one.get("name") if isinstance(one, dict) else None
                called = f"watch {name!r}" if isinstance(name, str) else f"watch number {number}"
                faults.append(f"{file}, {called}, {wrong.place}: {wrong}")
    except _FaultError as wrong:
        faults.append(f"{file}, {wrong.place}: {wrong}")
    names = [watch.name for watch in found]
    faults += [f"{file}, watch {name!r}, name: stands {names.count(name)} times" for name in _repeated(names)]
    if faults:
        raise SettingsError("\n".join([*faults, "What each key may be: docs/watches.md."]))
    return Watches(tuple(found), notify, since)


def _watch_list(given: Any) -> list[Any]:
    if not isinstance(given, list) or not given:
        raise _FaultError("watches", "must be a list of watches, at least one")
    return given


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _watch(given: Any) -> Watch:
    of_many = ("count", "share", "first")
    parts = _map(given, "the watch", ("name", "says", "when", "unless", *of_many), needed=("name",))
    name = _text(parts["name"], "name")
    if len(name) > 200:
        raise _FaultError("name", "must have at most 200 characters")
    several = [one for one in of_many if one in parts]
    if len(several) > 1:
        raise _FaultError(
            several[1], f"there is {several[0]} already: a watch has one of {', '.join(of_many)}, or none"
        )
    when = _condition(parts.get("when"), "when") if "when" in parts else Condition()
    unless = _condition(parts["unless"], "unless") if "unless" in parts else None
    of: Count | Share | First | None = None
    if "count" in parts:
        of = _count(parts["count"])
    elif "share" in parts:
        of = _share(parts["share"])
    elif "first" in parts:
        if parts["first"] != "ip_address":
            raise _FaultError("first", f"{parts['first']!r}: must be ip_address")
        of = First()
    elif when == Condition():
        raise _FaultError(
            "when", "is missing: without it, and without count, share or first, every event would be told"
        )
    return Watch(name, when, unless, of, _text(parts.get("says", " "), "says").strip())


def _condition(given: Any, place: str) -> Condition:
    lists: dict[str, tuple[str, tuple[str, ...] | None]] = {
        "action": ("actions", model.ACTIONS), "kind": ("kinds", (*model.AUTHOR_TYPES, "unknown")), "channel": ("channels", None),
        "account": ("accounts", None), "contact": ("contacts", None), "attribution": ("attributions", model.ATTRIBUTIONS),
        "author": ("authors", None), "field": ("fields", None),
    }  # fmt: skip
    parts = _map(given, place, (*lists, "old", "new", "hours"))
    if not parts:
        raise _FaultError(place, "is empty")
    values: dict[str, Any] = {
        attribute: _list(parts[key], f"{place}.{key}", choices)
        for key, (attribute, choices) in lists.items()
        if key in parts
    }
    values |= {key: _value(parts[key], f"{place}.{key}") for key in ("old", "new") if key in parts}
    if "hours" in parts:
        values["hours"] = _hours(parts["hours"], f"{place}.hours")
    return Condition(**values)


def _value(given: Any, place: str) -> Value:
    if given == {"empty": True}:
        return Value(None)
    pattern = _text(given, place, "a pattern, or {empty: true}")
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        raise _FaultError(place, f"{pattern!r} is no pattern: {str(error).partition(': ')[2] or error} (RE2)") from None
    return Value(pattern)


def _hours(given: Any, place: str) -> Hours:
    parts = _map({"between": given} if isinstance(given, str) else given, place, ("between", "days", "timezone"))
    if not parts.keys() & {"between", "days"}:
        raise _FaultError(place, "needs between or days")
    start, end = _clock(parts.get("between", "00:00-00:00"), f"{place}.between")
    zone = _text(parts.get("timezone", "UTC"), f"{place}.timezone")
    try:
        info = ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise _FaultError(f"{place}.timezone", f"{zone!r} is no time zone; valid: as Europe/Berlin") from None
    days = _list(parts.get("days", list(_DAYS)), f"{place}.days", _DAYS)
    return Hours(start, end, frozenset(map(_DAYS.index, days)), info)


def _clock(given: Any, place: str) -> tuple[time, time]:
    found = _HOURS.fullmatch(_text(given, place).strip())
    hour, minute, last_hour, last_minute = map(int, found.groups()) if found else (24, 60, 24, 60)
    if (last_hour, last_minute) == (24, 0):
        last_hour = 0
    if max(hour, last_hour) > 23 or max(minute, last_minute) > 59:
        raise _FaultError(place, f'{given!r}: must be as "22:00-06:00"')
    return time(hour, minute), time(last_hour, last_minute)


def _count(given: Any) -> Count:
    parts = _map(given, "count", ("more_than", "within", "by"), needed=("more_than", "within"))
    found = _WITHIN.fullmatch(str(parts["within"]).strip())
    within = timedelta(minutes=int(found[1]) * (60 if found[2] == "h" else 1)) if found else timedelta()
    if not timedelta() < within <= _LONGEST:
        raise _FaultError("count.within", f"{parts['within']!r}: must be as 30m or 1h, at most 24h")
    by = parts.get("by", GROUPS[0])
    if by not in GROUPS:
        raise _FaultError("count.by", f"{by!r}: must be one of {', '.join(GROUPS)}")
    return Count(_whole(parts["more_than"], "count.more_than"), within, by)


def _share(given: Any) -> Share:
    parts = _map(given, "share", ("more_than", "at_least"), needed=("more_than",))
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", str(parts["more_than"]).strip())
    if found is None or not 0 <= float(found[1]) < 100:
        raise _FaultError("share.more_than", f"{parts['more_than']!r}: must be as 5 %, below 100 %")
    return Share(float(found[1]) / 100, _whole(parts.get("at_least", 1), "share.at_least"))


def _destinations(given: Any) -> tuple[Destination, ...]:
    if not isinstance(given, list) or not given:
        raise _FaultError("notify", "must be a list: log, or apprise: {connection: …, tag: …}")
    found = []
    for number, one in enumerate(given, 1):
        place = f"notify number {number}"
        if one == "log":
            found.append(Destination("log"))
        elif one == "apprise" or (isinstance(one, dict) and set(one) == {"apprise"}):
            asked = {} if one == "apprise" else one["apprise"]
            parts = _map(asked, f"{place}, apprise", ("connection", "tag"))
            options = {name: _text(value, f"{place}, apprise.{name}") for name, value in parts.items()}
            found.append(Destination("apprise", {"connection": "apprise_default", "tag": "all"} | options))
        else:
            raise _FaultError(place, f"{one!r}: must be log, apprise, or apprise: {{connection: …, tag: …}}")
    if len({one.key for one in found}) < len(found):
        raise _FaultError("notify", "names one destination twice")
    return tuple(found)


def _map(given: Any, place: str, keys: tuple[str, ...], needed: tuple[str, ...] = ()) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise _FaultError(place, f"must be keys and values; keys: {', '.join(keys)}")
    for name in given:
        if name not in keys:
            raise _FaultError(str(name), f"is no key of {place}; keys: {', '.join(keys)}")
    for name in needed:
        if name not in given:
            raise _FaultError(name, "is missing")
    return given


def _list(given: Any, place: str, choices: tuple[str, ...] | None) -> tuple[str, ...]:
    items = given if isinstance(given, list) else [given]
    if not items:
        raise _FaultError(place, "is an empty list: nothing would ever pass")
    texts = tuple(_text(one, place, "text, or a list of it", numbers=True) for one in items)
    if choices is not None and (wrong := [one for one in texts if one not in choices]):
        raise _FaultError(place, f"{', '.join(wrong)}: must be of {', '.join(choices)}")
    return texts


def _text(given: Any, place: str, wanted: str = "text", numbers: bool = False) -> str:
    # an id may be all digits; true, no and dates are YAML's guesses at text without quotes
    if numbers and isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, str) or not given:
        raise _FaultError(place, f"{given!r}: must be {wanted}" + ("" if isinstance(given, str) else ", in quotes"))
    return given


def _whole(given: Any, place: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise _FaultError(place, f"{given!r}: must be a whole number, at least 1")
    return given


def _at(name: str, parts: Mapping[str, Any], read: Callable[[Any, str], datetime]) -> datetime | None:
    return read(parts[name], name) if name in parts else None


def _moment(given: Any, place: str) -> datetime:
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError:
            raise _FaultError(place, f"{given!r}: must be a date or a moment, as 2026-01-01T00:00:00Z") from None
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime.combine(given, time())
    if not isinstance(given, datetime):
        raise _FaultError(place, f"{given!r}: must be a date or a moment, as 2026-01-01T00:00:00Z")
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)
