"""A survivor's activity includes that of whoever was merged into it, each entry under the identity it had; page and API alike."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from contact_audit.windows import floor_border
from tests.support.activity import DANA, GONE, OTHER, Log
from tests.support.activity_app import PREFIX, client, mounted

pytestmark = pytest.mark.usefixtures("airflow")
MERGED, CHAINED = "5001", "5/2?"
DAY = timedelta(days=1)


@dataclass
class Merged:
    """A reader of the page, the log that he reads, and a cursor on it."""

    reader: Any
    log: Log

    def api(self, path: str, **values: Any) -> Any:
        return self.reader.get(f"/api/{path}", params=values).json()

    def page(self, contact_id: str) -> str:
        response = self.reader.get(f"/contacts/{contact_id}")
        assert response.status_code == 200
        return str(response.text)


@pytest.fixture
def merged(activity_copy: str, activity: tuple[str, Log]) -> Iterator[Merged]:
    """CHAINED was merged into MERGED, which was then merged into DANA."""
    log = activity[1]
    with closing(psycopg2.connect(activity_copy)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            own = Log(cursor, log.newest, ids={str(number): "" for number in range(len(log.ids) + 1000)})
            at = log.newest - 9 * DAY
            for place, contact in enumerate((CHAINED, MERGED)):
                since = at + place * timedelta(hours=1)
                own.event(contact, since, {"name": f"Dana {contact}", "email": f"d{place}@x.example"}, "create")
                own.event(contact, since + DAY, {"email": f"e{place}@x.example"}, on_behalf_of="Bo <b>(8)")
                cursor.execute(
                    "insert into audit.contacts (contact_id, account_id, name, custom_fields, deleted, snapshot_id) "
                    "values (%s, '1', %s, '{}', true, 101)",
                    [contact, f"Dana {contact}"],
                )
            merge(own, CHAINED, MERGED, at + 2 * DAY)
            merge(own, MERGED, DANA, at + 3 * DAY)
            with mounted(activity_copy) as app:
                yield Merged(client(app, "viewer"), own)


def merge(log: Log, who: str, into: str, at: Any) -> None:
    log.event(who, at, {"email": None}, "delete", channel="merge", merged_into=into)


def of(told: Any) -> list[str]:
    """Whose each event is, newest first."""
    return [event["contact_id"] for event in told["events"]]


def test_the_survivors_activity_includes_that_of_a_chain_each_under_its_own_id(merged: Merged) -> None:
    told = merged.api("events", contact_id=DANA, limit=500)
    alone = merged.api("events", contact_id=DANA, limit=500, merged=False)
    assert set(of(alone)) == {DANA}
    assert sorted(of(told)) == sorted([*of(alone), *[MERGED] * 3, *[CHAINED] * 3])
    moments = [event["occurred_at"] for event in told["events"]]
    assert moments == sorted(moments, reverse=True)
    assert [(one["contact_id"], one["merged_into"], one["name"]) for one in told["identities"]] == [
        (MERGED, DANA, f"Dana {MERGED}"),
        (CHAINED, MERGED, f"Dana {CHAINED}"),
    ]
    assert alone["identities"] == []


def test_it_pages_through_all_of_them_once_and_filters_all_of_them(merged: Merged) -> None:
    whole = [event["event_id"] for event in merged.api("events", contact_id=DANA, limit=500)["events"]]
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        told = merged.api("events", contact_id=DANA, limit=2, after=after)
        found += [event["event_id"] for event in told["events"]]
        after = told["next"]
    assert found == whole
    assert set(of(merged.api("events", contact_id=DANA, channel="merge"))) == {MERGED, CHAINED}


def test_an_event_tells_the_survivor_and_in_whose_name(merged: Merged) -> None:
    events = merged.api("events", contact_id=CHAINED)["events"]
    assert [(event["action"], event["merged_into"], event["on_behalf_of"]) for event in events] == [
        ("delete", MERGED, None),
        ("update", None, "Bo <b>(8)"),
        ("create", None, None),
    ]


def test_the_page_labels_each_entry_with_the_identity_it_had_and_links_both_ways(merged: Merged) -> None:
    page = merged.page(DANA)
    labelled = re.findall(
        r'<p class="of">Then <a href="([^"]+)"><bdi>([^<]+)</bdi></a> <span class="soft">(contact [^<]+)</span>', page
    )
    assert sorted(set(labelled)) == [
        (f"{PREFIX}/contacts/5%2F2%3F", f"Dana {CHAINED}", f"contact {CHAINED}"),
        (f"{PREFIX}/contacts/{MERGED}", f"Dana {MERGED}", f"contact {MERGED}"),
    ]
    assert len(labelled) == 6
    assert "activity of 2 contacts that were merged into this one" in page
    assert page.count("Merged into") == 2
    assert "on behalf of <bdi>Bo &lt;b&gt;(8)</bdi>" in page
    other = merged.page(MERGED)
    assert f'now part of <a href="{PREFIX}/contacts/{DANA}">' in other
    assert "activity of 1 contact that was merged into this one" in other
    assert "now part of" not in page


def test_a_search_says_into_whom_one_was_merged(merged: Merged) -> None:
    assert [(row["contact_id"], row["merged_into"]) for row in merged.api("contacts", q=MERGED)] == [(MERGED, DANA)]
    assert [row["merged_into"] for row in merged.api("contacts", q=DANA)] == [None]
    assert f"Merged into contact {DANA}" in merged.reader.get("/find", params={"q": MERGED}).text


def test_merges_that_go_round_in_a_circle_end(merged: Merged) -> None:
    merge(merged.log, DANA, CHAINED, merged.log.newest - timedelta(minutes=10))
    whole = sorted(of(merged.api("events", contact_id=DANA, limit=500)))
    assert [one["contact_id"] for one in merged.api("events", contact_id=DANA)["identities"]] == [MERGED, CHAINED]
    for contact in (MERGED, CHAINED):
        assert sorted(of(merged.api("events", contact_id=contact, limit=500))) == whole
    assert "now part of" in merged.page(DANA)


def test_who_is_split_off_again_has_his_activity_to_himself(merged: Merged) -> None:
    merged.log.event(MERGED, merged.log.newest - timedelta(minutes=10), {"email": "e1@x.example"}, "restore")
    assert set(of(merged.api("events", contact_id=DANA, limit=500))) == {DANA}
    assert set(of(merged.api("events", contact_id=MERGED, limit=500))) == {MERGED, CHAINED}


def test_a_download_holds_what_the_page_shows(merged: Merged) -> None:
    text = merged.reader.get("/export", params={"format": "csv", "contact_id": DANA}).text
    head = text.lstrip("\ufeff").splitlines()[0]
    assert head.endswith('"merged_into","on_behalf_of"')
    assert f"Contact merged into {DANA}" in text
    assert "Bo <b>(8)" in text


def test_who_has_no_merges_is_as_he_was(merged: Merged) -> None:
    for contact in (OTHER, GONE):
        assert set(of(merged.api("events", contact_id=contact))) == {contact}
        assert 'class="note merged"' not in merged.page(contact)
    assert floor_border(merged.log.newest) == merged.log.newest
