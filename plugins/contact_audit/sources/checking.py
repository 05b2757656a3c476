"""What a check of a source finds, in plain words; what all checks share: the server, the rights, and how the log would tell an entry."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson
import pandas as pd
import psycopg2
import psycopg2.extras

from contact_audit.connections import where
from contact_audit.database import first_line
from contact_audit.errors import SourceError
from contact_audit.sql import bind, statement

MOST = 1_000
"""So many rows of each query are looked at."""
_VERBS = {"create": "created", "update": "changed", "delete": "deleted", "restore": "restored"}


@dataclass
class Found:
    """What a check has found.

    Attributes:
        wrong: what keeps the source from being read as it is; notes: what else is good to know, noise among it; samples: entries as told.
    """

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """All of it, line by line."""
        told = [f"WRONG  {text}" for text in self.wrong] + [f"note   {text}" for text in self.notes]
        if self.samples:
            told += ["The newest entries, as the log would tell them:", *(f"  {text}" for text in self.samples)]
        return [*told, "Nothing is wrong." if not self.wrong else f"{len(self.wrong)} wrong."]


def ask(dsn: str, name: str, schema: str = "public", **values: Any) -> list[dict[str, Any]]:
    """The rows of include/sql/sources/check/<name>.sql, in a connection of its own that writes nothing. Raises SourceError."""
    try:
        with closing(psycopg2.connect(dsn, application_name="contact_audit", client_encoding="UTF8")) as connection:
            connection.set_session(readonly=True)
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement("sources/live/search_path"), {"schema": schema})
                cursor.execute(bind(statement(f"sources/check/{name}"), values))
                return [dict(row) for row in cursor.fetchall()]
    except psycopg2.Error as error:
        raise SourceError(
            f"cannot read the helpdesk database {where(dsn)}: {first_line(error)}. Check the connection helpdesk."
        ) from error


def check_server(dsn: str, relations: Iterable[str], found: Found, schema: str = "public") -> dict[str, int]:
    """The server, its encoding and this user's rights; about how many rows each relation holds."""
    server = ask(dsn, "server")[0]
    found.notes.append(
        f"PostgreSQL {server['version']}, user {server['user_name']}{', a replica' if server['replica'] else ''}, its clock says "
        f"{server['moment']:%Y-%m-%d %H:%M:%S %Z}"
    )
    if server["encoding"] == "SQL_ASCII":
        found.wrong.append(
            "the database's encoding is SQL_ASCII: its texts may be no UTF-8, and then no row can be read"
        )
    elif server["encoding"] != "UTF8":
        found.notes.append(f"the database's encoding is {server['encoding']}; the server turns it into UTF-8")
    there = ask(dsn, "relations", schema, relations="{" + ",".join(f'"{name}"' for name in relations) + "}")
    writes = [row["relation"] for row in there if row["may_write"]]
    if server["superuser"]:
        found.notes.append(
            f"{server['user_name']} is a superuser: give the connection helpdesk a user that may only read"
        )
    elif writes:
        found.notes.append(
            f"{server['user_name']} may write to {', '.join(writes)}: a user that may only read is enough"
        )
    return {row["relation"]: int(row["rows_about"]) for row in there if row["rows_about"] is not None}


def told(entries: pd.DataFrame) -> list[str]:
    """Entries (columns of model.JOURNAL) as sentences."""
    lines: list[str] = []
    for row in entries.to_dict("records"):
        who = row["author_name"] if isinstance(row["author_name"], str) else row["author_id"]
        kind = row["author_type"] if isinstance(row["author_type"], str) else "somebody unknown"
        author = f"{kind} {who}" if isinstance(who, str) else kind
        lines.append(
            f"{row['occurred_at']:%Y-%m-%d %H:%M:%S} UTC  {author} {_VERBS.get(row['action'], row['action'])} contact {row['contact_id']}"
            + _what(row["changes"])
        )
    return lines


def _what(changes: Any) -> str:
    if not isinstance(changes, str):
        return " (what it touched is not told)"
    parts: list[str] = []
    for item in orjson.loads(changes):
        if "old" in item or "new" in item:
            parts.append(f"{item['field']}: {_shown(item.get('old'))} → {_shown(item.get('new'))}")
        else:
            parts.append(f"{item['field']} (values not told)")
    return ": " + "; ".join(parts) if parts else ""


def _shown(value: Any) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:60] + "…"
