"""Odd values, from the helpdesk's tables to the audit log, its views and audit.contacts: not a character, not a digit is changed."""

import json
import random
from typing import Any

import pytest

from contact_audit.errors import AuditDatabaseError
from contact_audit.runs.pipeline import Pipeline
from tests.support.compact import moment
from tests.support.runs import backfill, new_pipeline, query, sync

_ANY = random.Random(7)
TEXTS: dict[str, str | None] = {
    "none": None,
    "empty": "",
    "blank": " ",
    "blanks around": "  x\t ",
    "no-break space": "a\u00a0b",
    "says null": "null",
    "says NULL": "NULL",
    "says NaN": "NaN",
    "says NA": "NA",
    "says N/A": "N/A",
    "says None": "None",
    "COPY's null": "\\N",
    "COPY's end": "x\n\\.\ny",
    "only COPY's end": "\\.",
    "a number": "0044123",
    "a plus": "+4912",
    "an exponent": "1e5",
    "a boolean": "true",
    "quotes": "'\"`\"\"''",
    "backslashes": "\\ \\\\ \\n \\u0041",
    "newline": "a\nb\n",
    "carriage return": "a\rb\r\nc",
    "tab and comma": "a\tb,c;d",
    "format signs": "%s %(x)s {} {0} $1 :x",
    "JSON": '{"field": "name", "old": null}',
    "control characters": "\x01\x08\x0b\x1b[31m\x7f\x85\u2028\u2029",
    "right to left": "שלום \u202eabc\u202c مرحبا",
    "combining": "Z\u0351\u036b\u0343\u036aa\u0302\u0348l\u034eg\u0311o",
    "composed": "Ren\u00e9",
    "decomposed": "Rene\u0301",
    "emoji": "👩\u200d👩\u200d👧\u200d👦 🇩🇪 👍🏽",
    "byte order mark": "\ufeffx\u200b",
    "last of Unicode": "\uffff\U0010ffff",
    "sharp s and dotted I": "Straße İı",
    "100 kB": "".join(_ANY.choices("abcABC \n\"'\\,\tßé中😀\u0301", k=100_000)),
}
# What is given, and how it stands in the log: lists as sorted sets, numbers plain, no null members.
JSONS = {
    "9007199254740993": "9007199254740993",
    "-9223372036854775809": "-9223372036854775809",
    "12345678901234567890123": "12345678901234567890123",
    "0.1": "0.1",
    "0.30000000000000000000000000000004": "0.30000000000000000000000000000004",
    "12345678901234567890.12345678901234567890": "12345678901234567890.1234567890123456789",
    "1e400": "1" + "0" * 400,
    "-1e-400": "-0." + "0" * 399 + "1",
    "1" + "0" * 5000: "1" + "0" * 5000,
    "12.0": "12",
    "-0.0": "0",
    '{"b": {"z": [1, {"y": null}], "": "e"}, "a": [9007199254740993, 9007199254740992]}': (
        '{"a": [9007199254740992, 9007199254740993], "b": {"": "e", "z": [1, {}]}}'
    ),
    '["b", ["a", null], null, "b", 1.0, 1]': '["b", 1, ["a", null], null]',
    "[null]": "[null]",
    '"1"': '"1"',
    "true": "true",
    "[" * 150 + "7" + "]" * 150: "[" * 150 + "7" + "]" * 150,
    "[" * 3000 + "7" + "]" * 3000: "[" * 3000 + "7" + "]" * 3000,
    '{"k": ' * 3000 + "7.0" + "}" * 3000: '{"k": ' * 3000 + "7" + "}" * 3000,
    '{"a.b": 1, "a": {"b": 2}, "\\"": 3, "é": 4, "e\u0301": 5}': (
        '{"a.b": 1, "a": {"b": 2}, "\\"": 3, "é": 4, "e\u0301": 5}'
    ),
}
DIFFERENT = [
    ('"Ren\u00e9"', '"Rene\u0301"'),
    ('"a b"', '"a\u00a0b"'),
    ('"a"', '"a "'),
    ('"a"', '"A"'),
    ('"ss"', '"ß"'),
    ('"x"', '"x\u200b"'),
    ('""', "null"),
    ('""', '" "'),
    ('"null"', "null"),
    ("9007199254740993", "9007199254740992"),
    ("12345678901234567890123", "12345678901234567890124"),
    ("0.1", "0.1000000000000000055511151231257827"),
    ("1e400", "1" + "0" * 399 + "1"),
    ("1e-400", "0"),
    ("1" + "0" * 5000, "2" + "0" * 5000),
    ("1", "true"),
    ("[9007199254740993]", "[9007199254740992]"),
    ('{"k": 0.1}', '{"k": 0.10000000000000001}'),
    ('{"a.b": 1}', '{"a": {"b": 1}}'),
    ("[null]", "null"),
    ("[" * 3000 + "1" + "]" * 3000, "[" * 3000 + "2" + "]" * 3000),
]
EQUAL = [
    ("1", "1.0"),
    ("100", "1e2"),
    ("12345678901234567890123", "12345678901234567890123.000"),
    ("0.1", "0.1000000000000000000000"),
    ("[1, 2]", "[2.0, 1, 1.0]"),
    ('{"k": 1, "l": null}', '{"k": 1.0}'),
    ("[]", "null"),
    ("[" * 3000 + "1, 2" + "]" * 3000, "[" * 3000 + "2, 1.0" + "]" * 3000),
]
KEYS = [
    *("", " ", ".", "a.b", "a", "custom_fields.a", "custom_fields.", "name", "email", "primary_phone", "field"),
    *('"quoted"', "it's", "two words", "back\\slash", "new\nline", "tab\t,comma", "%s", "$[*]", "{}", "null"),
    *("名前", "Ren\u00e9", "Rene\u0301", "שלום", "👩\u200d👧", "k" * 3000),
]


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(helpdesk_dsn, audit_dsn)


def run(pipeline: Pipeline, way: str) -> None:
    """By the sync, which hands frames over as files, or by the backfill, which does not."""
    if way == "sync":
        for clock in ("00:00", "03:00"):
            sync(pipeline, moment(clock))
    else:
        backfill(pipeline, from_=moment("-3:00").isoformat(), to=moment("03:00").isoformat())


def capture(dsn: str, number: int, clock: str, texts: list[str | None], custom_fields: list[str]) -> None:
    """A full capture of contacts 1, 2, ...: a text each, as name, address and phone, and custom fields as JSON text."""
    query(dsn, "insert into helpdesk.snapshots values (%s, %s, 'full')", (number, moment(clock)))
    query(
        dsn,
        "insert into helpdesk.contact_snapshots (snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields) "
        "select %s, place, 1, it, it, it, custom_fields::jsonb "
        "from unnest(%s::text[], %s::text[]) with ordinality as row (it, custom_fields, place)",
        (number, texts, custom_fields),
    )


def entry(dsn: str, number: int, contact: int, clock: str, changes: str, **author: str | None) -> None:
    """An update, `changes` as JSON text."""
    author = {"author_type": "agent", "author_id": "7", "author_name": "Ann", "channel": "api"} | author
    query(
        dsn,
        f"insert into helpdesk.contact_journal (entry_id, contact_id, account_id, occurred_at, recorded_at, action, changes, "
        f"{', '.join(author)}) values (%s, %s, 1, %s, %s, 'update', %s, %s, %s, %s, %s)",
        (number, contact, moment(clock), moment(clock), changes, *author.values()),
    )


def pin(field: str, old: str, new: str) -> str:
    """An item, the values as JSON text."""
    return f'{{"field": {json.dumps(field)}, "old": {old}, "new": {new}}}'


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def held(value: Any) -> str:
    """Custom fields with this one value."""
    return f'{{"it": {value}}}'


FIELDS = ["custom_fields.it", "email", "name", "primary_phone"]


@pytest.mark.parametrize("way", ["sync", "backfill"])
def test_an_odd_text_captured_stands_unaltered_in_the_log_the_views_and_the_contacts(
    way: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    texts = list(TEXTS.values())
    capture(helpdesk_dsn, 1, "00:00", ["before"] * len(texts), [held('"before"')] * len(texts))
    capture(helpdesk_dsn, 2, "03:00", texts, [held(as_json(text)) for text in texts])
    run(pipeline, way)

    log = query(audit_dsn, "select contact_id::int, changes from audit.contact_audit_log")
    assert {row["contact_id"]: row["changes"] for row in log} == {
        place: [{"field": field, "old": "before", "new": text} for field in FIELDS]
        for place, text in enumerate(texts, 1)
    }
    view = query(audit_dsn, "select contact_id::int, field, new, new_value, old_value from audit.contact_field_changes")
    assert {(row["contact_id"], row["field"]): (row["new"], row["new_value"], row["old_value"]) for row in view} == {
        (place, field): (text, text, "before") for place, text in enumerate(texts, 1) for field in FIELDS
    }
    lines = query(audit_dsn, "select activity from audit.contact_activity")
    assert {len(row["activity"].split("\n")) for row in lines} == {4}
    contacts = query(audit_dsn, "select contact_id::int, name, email, primary_phone, custom_fields from audit.contacts")
    assert {row.pop("contact_id"): tuple(row.values()) for row in contacts} == {
        place: (text, text, text, {"it": text}) for place, text in enumerate(texts, 1)
    }
    history = query(audit_dsn, "select contact_id::int, name from audit.contact_history where valid_to is null")
    assert {row["contact_id"]: row["name"] for row in history} == dict(enumerate(texts, 1))


@pytest.mark.parametrize("way", ["sync", "backfill"])
def test_an_odd_text_told_by_the_journal_stands_unaltered_as_value_author_and_channel(
    way: str, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    texts = list(TEXTS.values())
    capture(helpdesk_dsn, 1, "00:00", ["before"] * len(texts), [held('"before"')] * len(texts))
    capture(helpdesk_dsn, 2, "03:00", ["after"] * len(texts), [held('"after"')] * len(texts))
    for place, text in enumerate(texts, 1):
        author = {"author_name": text, "channel": text, "author_id": text and text[:500]}
        come = ",".join(pin(field, '"before"', as_json(text)) for field in FIELDS)
        go = ",".join(pin(field, as_json(text), '"after"') for field in FIELDS)
        entry(helpdesk_dsn, place, place, "01:00", f"[{come}]", **author)
        entry(helpdesk_dsn, 1000 + place, place, "02:00", f"[{go}]", **author)
    run(pipeline, way)

    assert query(audit_dsn, "select distinct attribution from audit.contact_audit_log") == [{"attribution": "recorded"}]
    log = query(
        audit_dsn, "select journal_entry_id, author_id, author_name, channel, changes from audit.contact_activity"
    )
    expected = {}
    for place, text in enumerate(texts, 1):
        author = (text and text[:500], text, text)
        expected[place] = (*author, [{"field": field, "old": "before", "new": text} for field in FIELDS])
        expected[1000 + place] = (*author, [{"field": field, "old": text, "new": "after"} for field in FIELDS])
    assert {row.pop("journal_entry_id"): tuple(row.values()) for row in log} == expected


@pytest.mark.parametrize("told", [False, True], ids=["captured", "told by the journal"])
def test_a_number_keeps_every_digit_and_nested_json_every_member(
    told: bool, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    given = list(JSONS)
    nobody: list[str | None] = [None] * len(given)
    capture(helpdesk_dsn, 1, "00:00", nobody, [held('"before"')] * len(given))
    capture(helpdesk_dsn, 2, "03:00", nobody, [held('"after"') if told else held(text) for text in given])
    for place, text in enumerate(given, 1) if told else ():
        item = pin("custom_fields.it", '"before"', text), pin("custom_fields.it", text, '"after"')
        entry(helpdesk_dsn, place, place, "01:00", f"[{item[0]}]")
        entry(helpdesk_dsn, 1000 + place, place, "02:00", f"[{item[1]}]")
    run(pipeline, "sync")

    seen = query(
        audit_dsn,
        """select
            contact_id::int as place,
            array_agg(new::text order by sequence) as new,
            array_agg(old::text order by sequence) as old,
            array_agg(new_value order by sequence) as new_value
        from audit.contact_field_changes
        group by contact_id""",
    )
    assert len(seen) == len(given)
    for row in seen:
        text = given[row["place"] - 1]
        (stored,) = query(audit_dsn, "select %s::jsonb::text as it", (JSONS[text],))
        assert row["new"] == ([stored["it"], '"after"'] if told else [stored["it"]])
        assert row["old"] == (['"before"', stored["it"]] if told else ['"before"'])
        if text[0] in "-0123456789":
            assert row["new_value"][0] == JSONS[text]
        assert row["new_value"][0] is not None
    if not told:
        contacts = query(audit_dsn, "select contact_id::int as place, custom_fields::text as it from audit.contacts")
        for row in contacts:
            (source,) = query(audit_dsn, "select %s::jsonb::text as it", (held(given[row["place"] - 1]),))
            assert row["it"] == source["it"]


@pytest.mark.parametrize("told", [False, True], ids=["captured", "told by the journal"])
def test_two_values_are_told_apart_or_taken_as_equal_as_they_were_written(
    told: bool, pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    pairs = DIFFERENT + EQUAL
    nobody: list[str | None] = [None] * len(pairs)
    capture(helpdesk_dsn, 1, "00:00", nobody, [held(one) for one, _ in pairs])
    capture(helpdesk_dsn, 2, "03:00", nobody, [held(other) for _, other in pairs])
    for place, (one, other) in enumerate(pairs, 1) if told else ():
        entry(helpdesk_dsn, place, place, "01:00", f"[{pin('custom_fields.it', one, other)}]")
    run(pipeline, "sync")
    log = query(audit_dsn, "select contact_id::int as place, attribution from audit.contact_audit_log order by 1")
    attribution = "recorded" if told else "unattributed"
    assert [(row["place"], row["attribution"]) for row in log] == [
        (place, attribution) for place in range(1, len(DIFFERENT) + 1)
    ]
    without = query(audit_dsn, "select contact_id::int as place from audit.entries_without_event order by 1")
    assert [row["place"] for row in without] == (list(range(len(DIFFERENT) + 1, len(pairs) + 1)) if told else [])


def test_a_custom_fields_key_stands_as_it_is_behind_its_prefix(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    labelled = [key for key in KEYS if len(key) < 1000]
    query(
        helpdesk_dsn,
        "insert into helpdesk.custom_fields select 1, key, 'Label of ' || key, 'text' from unnest(%s) as key",
        (labelled,),
    )
    first, second, last = ({key: f"{when} {key}" for key in KEYS} for when in ("first", "second", "last"))
    capture(helpdesk_dsn, 1, "00:00", ["first"], [as_json(first)])
    capture(helpdesk_dsn, 2, "03:00", ["second"], [as_json(second)])
    capture(helpdesk_dsn, 3, "06:00", ["last"], [as_json(last)])
    pins = [pin(name, '"second"', '"last"') for name in ("name", "email", "primary_phone")]
    pins += [pin("custom_fields." + key, as_json(second[key]), as_json(last[key])) for key in KEYS]
    entry(helpdesk_dsn, 1, 1, "04:00", f"[{','.join(pins)}]")
    for clock in ("00:00", "03:00", "06:00"):
        sync(pipeline, moment(clock))

    fields = {"custom_fields." + key: (first[key], second[key], last[key]) for key in KEYS}
    fields |= dict.fromkeys(("name", "email", "primary_phone"), ("first", "second", "last"))
    log = query(audit_dsn, "select attribution, changes from audit.contact_audit_log order by window_end")
    assert [row["attribution"] for row in log] == ["unattributed", "recorded"]
    for number, row in enumerate(log):
        assert row["changes"] == [
            {"field": field, "old": values[number], "new": values[number + 1]}
            for field, values in sorted(fields.items())
        ]
    for field, values in fields.items():
        (found,) = query(
            audit_dsn,
            "select label, old_value, new_value from audit.contact_field_changes "
            "where field = %s and fields @> to_jsonb(%s::text) and attribution = 'recorded'",
            (field, field),
        )
        assert (found["old_value"], found["new_value"]) == values[1:]
        key = field.removeprefix("custom_fields.")
        if field != key:
            assert found["label"] == ("Label of " + key if key in labelled else key)
    activity = query(audit_dsn, "select activity from audit.contact_activity")
    assert {len(row["activity"].split("\n")) for row in activity} == {len(fields)}
    (contact,) = query(audit_dsn, "select custom_fields from audit.contacts")
    assert contact["custom_fields"] == last
    history = query(audit_dsn, "select name, custom_fields from audit.contact_history order by valid_from")
    assert [tuple(row.values()) for row in history] == [("first", first), ("second", second), ("last", last)]


def test_an_endless_text_where_a_word_belongs_is_noted_and_kept_whole(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    endless = TEXTS["100 kB"]
    capture(helpdesk_dsn, 1, "00:00", ["a"], ["{}"])
    capture(helpdesk_dsn, 2, "03:00", ["b"], ["{}"])
    query(helpdesk_dsn, "alter table helpdesk.contact_journal alter column ip_address type text")
    named = '[{"field": "name"}, {"field": "email"}, {"field": "primary_phone"}]'
    entry(helpdesk_dsn, 1, 1, "01:00", named, author_id=endless, author_type=endless)
    entry(helpdesk_dsn, 2, 1, "02:00", "null")
    query(helpdesk_dsn, "update helpdesk.contact_journal set ip_address = %s where entry_id = 1", (endless,))
    query(helpdesk_dsn, "update helpdesk.contact_journal set action = %s where entry_id = 2", (endless,))
    run(pipeline, "sync")
    (event,) = query(audit_dsn, "select * from audit.contact_audit_log")
    assert (event["journal_entry_id"], event["attribution"], event["author_name"]) == (1, "matched", "Ann")
    assert (event["author_type"], event["author_id"], event["ip_address"]) == ("unknown", None, None)
    rejected = query(audit_dsn, "select entry_id, used, reason, row from audit.rejected_rows order by reason")
    assert [(row["entry_id"], row["used"]) for row in rejected] == [(2, False), (1, True), (1, True), (1, True)]
    given = ["action", "author_id", "author_type", "ip_address"]
    assert [row["row"][name] for name, row in zip(given, rejected, strict=True)] == [endless] * 4
    for name, row in zip(given, rejected, strict=True):
        assert row["reason"].startswith(name)
        assert len(row["reason"]) < 2000


def test_a_text_that_an_index_cannot_hold_fails_at_once_and_not_as_a_lost_connection(
    pipeline: Pipeline, helpdesk_dsn: str, audit_dsn: str
) -> None:
    capture(helpdesk_dsn, 1, "00:00", [TEXTS["100 kB"]], ["{}"])
    query(audit_dsn, "create index of_somebody on audit.contacts (name)")
    with pytest.raises(AuditDatabaseError, match="index row requires"):
        sync(pipeline, moment("00:00"))
