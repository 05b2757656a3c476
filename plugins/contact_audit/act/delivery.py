"""Alerts on their way: each to every destination of the watch file, once; what a destination does not take is tried by the next run."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contact_audit.act.alerts import asking
from contact_audit.act.messages import body, title
from contact_audit.act.watch_rules import Destination, Watches
from contact_audit.database import audit_connection, first_line

Send = Callable[[Destination, str, str], None]
"""send(destination, title, body); whatever it raises, the message is not delivered."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivered:
    """What went out: messages by destination, and what each destination that failed has said."""

    messages: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)


def deliver(dsn: str, watches: Watches, send: Send, address: str) -> Delivered:
    """A message for each watch and destination that has something to tell; `address`: where all alerts are to be read.

    A message is remembered in the transaction that holds its alerts: one that dies between the two is sent again. A destination that
    fails is left alone for this run. Raises AuditDatabaseError or ConnectionLostError, nothing else.
    """
    says = {watch.name: watch.says for watch in watches.all}
    keys = [one.key for one in watches.notify]
    messages: dict[str, int] = {}
    failures: dict[str, str] = {}
    with audit_connection(dsn) as connection:
        asking(connection)("settle", destinations=keys)
    for destination in watches.notify:
        with audit_connection(dsn) as connection:
            pending = asking(connection)("pending", destination=destination.key)["watch"].tolist()
        for watch in pending:
            failure = _tell(dsn, destination, keys, watch, says.get(watch, ""), send, address)
            if failure is not None:
                failures[destination.key] = failure
                _log.warning("alerts of %r wait for the next run: %s: %s", watch, destination.key, failure)
                break
            messages[destination.key] = messages.get(destination.key, 0) + 1
    return Delivered(messages, failures)


def _tell(
    dsn: str, destination: Destination, keys: list[str], watch: str, says: str, send: Send, address: str
) -> str | None:
    """Send a watch's message to a destination; why it did not take it."""
    with audit_connection(dsn) as connection:
        ask = asking(connection)
        rows: list[Any] = ask("telling", watch=watch, destination=destination.key).to_dict("records")
        if not rows:
            return None  # another run has told it meanwhile
        try:
            send(destination, title(watch, rows), body(says, rows, address))
        except Exception as error:
            connection.rollback()
            return f"{type(error).__name__}: {first_line(error)}"
        ids = [row["alert_id"] for row in rows]
        ask("told", destination=destination.key, destinations=keys, alert_ids=ids)
    return None
