"""What readers ask of a log of years: each case through the code of the Activity page, with its plan.

A case is timed as the page waits for it: sent, run, every row taken over. Aims are those of docs and of bench/README.md.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

import psycopg2

from bench.worker import now
from contact_audit.local.state import PROJECT
from contact_audit.sql import statement
from contact_audit.web import queries, states
from contact_audit.web.filters import Filters
from contact_audit.web.overview import PERIODS, overview
from contact_audit.web.queries import Memory
from contact_audit.web.reading import Query, Reading

BUSIEST = "1"
_YEAR = re.compile(r"_(20\d\d|other)(?=_|$)")

Ask = Callable[[Query, random.Random], Any]


@dataclass(frozen=True)
class Case:
    """A question: what it is, how long it may take (milliseconds, None: no aim), how it is asked, how often."""

    name: str
    aim: float | None
    ask: Ask
    times: int = 15


@dataclass(frozen=True)
class Answer:
    """How a case went: milliseconds, and the plan of each statement: its nodes that read something.

    p95: of fewer than twenty times, the worst or a little beyond it.
    """

    name: str
    aim: float | None
    middle: float
    p95: float
    plans: dict[str, list[str]]

    @property
    def nodes(self) -> list[str]:
        """How the log is read."""
        every = [node for nodes in self.plans.values() for node in nodes if "contact_audit_log" in node]
        return list(dict.fromkeys(every))

    @property
    def scans(self) -> list[str]:
        """Where a partition of the log is read from its beginning to its end."""
        return [node for node in self.nodes if "Seq Scan" in node]


def cases(contacts: int, until: datetime) -> list[Case]:
    """Every case for a log of that many contacts that ends at `until`."""
    month = {"from": f"{until.year - 2}-03-01", "to": f"{until.year - 2}-03-31"}

    def of_contact(query: Query, luck: random.Random) -> Any:
        return queries.events(query, contact_id=str(luck.randint(2, contacts)))

    def filtered(**given: str) -> Ask:
        filters = Filters.from_address({**month, **given})
        return lambda query, _: queries.events(query, filters)

    def days(period: int) -> Ask:
        def ask(query: Query, _: random.Random) -> Any:
            forgetful = Memory(0)
            return overview(query, forgetful, queries.coverage(query, forgetful), period, until)

        return ask

    def found(text: Callable[[int], str]) -> Ask:
        return lambda query, luck: queries.find(query, text(luck.randint(2, contacts)))

    def as_of(query: Query, luck: random.Random) -> Any:
        return states.state_at(query, str(luck.randint(2, contacts)), until - timedelta(days=luck.randint(0, 2000)))

    filters = {
        "action, often: update": {"action": "update"},
        "action, seldom: restore": {"action": "restore"},
        "author": {"author": "agent:agent-7"},
        "author, of few events": {"author": "contact:contact-77"},
        "author, part of a name": {"author": "Agent 39"},
        "kind of author": {"kind": "admin"},
        "channel": {"channel": "api"},
        "channel, seldom: chat": {"channel": "chat"},
        "field": {"field": "primary_phone"},
        "field, seldom": {"field": "custom_fields.vip"},
        "field, never": {"field": "custom_fields.nothing"},
        "attribution": {"attribution": "unattributed"},
        "attribution, seldom": {"attribution": "unconfirmed"},
        "part of a value": {"value": "invoice of 1"},
        "part of a value, nowhere": {"value": "there is no such value"},
        "none": {},
    }
    return [
        Case("a contact's newest 50 events", 20, of_contact, 200),
        Case("the busiest contact's newest 50", 20, lambda query, _: queries.events(query, contact_id=BUSIEST)),
        Case("all contacts' newest 50", 20, lambda query, _: queries.events(query)),
        *(Case(f"a month by {name}", 300, filtered(**given)) for name, given in filters.items()),
        *(Case(f"the overview, {period} days", 500, days(period), 7) for period in PERIODS),
        Case("what can be filtered by", None, lambda query, _: queries.facets_of_all(query, Memory(0)), 7),
        Case("... in the busiest contact", None, lambda query, _: queries.facets(query, BUSIEST), 7),
        Case("a contact at a moment", None, as_of, 50),
        Case("find by email", None, found(lambda number: f"contact.{number}@"), 50),
        Case("find by digits of a phone", None, found(lambda number: f"{number * 31:09}"), 7),
    ]


def measure(dsn: str, wanted: list[Case]) -> Iterator[Answer]:
    """Ask each case, warm, and have the database explain it."""
    reading = Reading(lambda: dsn, timeout_seconds=120)
    try:
        for case in wanted:
            luck = random.Random(1)
            asked: list[tuple[str, dict[str, Any]]] = []
            with reading.snapshot() as query:
                case.ask(_noting(query, asked), random.Random(0))
            spent = []
            for _ in range(case.times):
                begun = now()
                with reading.snapshot() as query:
                    case.ask(query, luck)
                spent.append((now() - begun) * 1000)
            plans = {name: _plan(dsn, statement(f"audit/read/{name}"), values) for name, values in asked}
            yield Answer(case.name, case.aim, median(spent), quantiles(spent, n=20)[-1], plans)
    finally:
        reading.close()


def _noting(query: Query, asked: list[tuple[str, dict[str, Any]]]) -> Query:
    def noted(name: str, **values: Any) -> Any:
        asked.append((name, values))
        return query(name, **values)

    return noted


def reports(dsn: str) -> dict[str, str]:
    """What a reporting tool asks: name → SQL, of docs/reporting.md, and a few more. The feed's news are those of a day."""
    text = (PROJECT / "docs" / "reporting.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"```sql\n-- ([^\n]*)\n(.*?)```", text, re.DOTALL))
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select max(position) from audit.loads")
        ((newest,),) = cursor.fetchall()
    found["news after a position"] = found["news after a position"].replace("position > 0", f"position > {newest - 8}")
    found["all days of the log, by attribution"] = (
        "select day, attribution, sum(events) from audit.daily_activity group by day, attribution"
    )
    found["the newest 1,000 by an author, whenever"] = (
        "select * from audit.contact_events where author_type = 'agent' and author_id = 'agent-7' "
        "order by occurred_at desc limit 1000"
    )
    return found


def measure_sql(dsn: str, wanted: Mapping[str, str], times: int = 5) -> Iterator[Answer]:
    """Ask as contact_audit_reader, and have the database explain it."""
    for name, text in wanted.items():
        spent = []
        with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
            cursor.execute("set role contact_audit_reader")
            for _ in range(times + 1):
                begun = now()
                cursor.execute(text)
                cursor.fetchall()
                spent.append((now() - begun) * 1000)
        yield Answer(name, None, median(spent[1:]), max(spent[1:]), {name: _plan(dsn, text, None)})


def _plan(dsn: str, text: str, values: dict[str, Any] | None) -> list[str]:
    """The nodes of a statement's plan that read a relation, partitions of the log taken together."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("explain (analyze, format json) " + text, values)
        ((told,),) = cursor.fetchall()
    counted: dict[str, int] = {}
    for node in _nodes(told[0]["Plan"]):
        counted[node] = counted.get(node, 0) + 1
    return [f"{node} (x {times})" if times > 1 else node for node, times in counted.items()]


def _nodes(plan: Mapping[str, Any]) -> Iterator[str]:
    where = plan.get("Relation Name") or plan.get("Index Name")
    visited = plan.get("Actual Rows", 0) + plan.get("Rows Removed by Filter", 0)
    # a partition that holds nothing is no scan, and one that was not reached is none either
    if where and plan.get("Actual Loops") and (visited or plan["Node Type"] != "Seq Scan"):
        index = plan.get("Index Name")
        by = f" by {_YEAR.sub('', index)}" if index and index != where else ""
        yield f"{plan['Node Type']} on {_YEAR.sub('', where)}{by}"
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def until_of(dsn: str) -> datetime:
    """The end of what a log covers, UTC."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select complete_until from audit.state")
        (until,) = cursor.fetchone() or ()
    at: datetime = until.astimezone(UTC)
    return at
