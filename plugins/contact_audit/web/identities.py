"""Whom a contact consists of: who was merged into it, and into whom it was merged.

Most helpdesks tell of no merges, so it is remembered, until the next load, whether there are any.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from contact_audit.web.queries import Coverage, Memory
from contact_audit.web.reading import Query, Row


@dataclass(frozen=True)
class Identities:
    """A contact's merges.

    Attributes:
        contact_id: the contact.
        others: who is part of it, the newest merge first: contact_id, name, merged_into, merged_at, event_id.
        survivor: whom it is part of itself: merged_into, name, merged_at, event_id; None: of nobody.
    """

    contact_id: str
    others: tuple[Row, ...] = ()
    survivor: Row | None = None

    @property
    def contacts(self) -> list[str]:
        """The ids of all that it consists of, its own first."""
        return [self.contact_id, *(one["contact_id"] for one in self.others)]


def identities(query: Query, memory: Memory, coverage: Coverage, contact_id: str) -> Identities:
    """The merges of a contact, as the log tells them now."""
    if not _any(query, memory, coverage):
        return Identities(contact_id)
    others = tuple(query("identities", contact_id=contact_id))
    return Identities(contact_id, others, survivors(query, memory, coverage, [contact_id]).get(contact_id))


def survivors(query: Query, memory: Memory, coverage: Coverage, contacts: Iterable[str]) -> dict[str, Row]:
    """Of these contacts, those that are part of another one now: contact_id → its row of survivors.sql."""
    if not _any(query, memory, coverage):
        return {}
    return {row["contact_id"]: row for row in query("survivors", contacts=list(contacts))}


def _any(query: Query, memory: Memory, coverage: Coverage) -> bool:
    found: bool = memory.get(("merges", coverage.row["feed_position"]), lambda: bool(query("any_merges")))
    return found
