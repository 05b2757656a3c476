"""The true history of one day, and how the journal tells it.

Stories change contacts through a Day; it keeps the states for the captures, the deeds for the truth, and writes the
entries with all the omissions of a real journal. A story takes contacts that no other story of the day takes, so
stories need no common clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias

from contact_audit.demo import people
from contact_audit.demo.fields import PREFIX, RENAMED, Value, name_at
from contact_audit.demo.people import Author
from contact_audit.demo.rows import Deed, JournalEntry, State, to_json

STAR = 1
"""The contact to look at in the demo: every day several people touch it."""

Changes: TypeAlias = Sequence[tuple[str, Value, Value]]
"""(field, old, new) of each field."""

_LATE_SHARE = 0.05
_TWICE_SHARE = 0.04


@dataclass(slots=True)
class Contact:
    """A contact as it is now: its values by the journal's newest field names; `erased` after a deletion that leaves none."""

    contact_id: int
    account_id: int
    values: dict[str, Value]
    created_at: datetime
    alive: bool = True
    erased: bool = False

    def state(self, moment: datetime) -> State:
        """What a capture would show now, at this moment."""
        held = {} if self.erased else self.values
        values = {name_at(self.account_id, name, moment): value for name, value in held.items()}
        custom = {name.removeprefix(PREFIX): value for name, value in values.items() if name.startswith(PREFIX)}
        name, email, phone = (_text(values.get(field)) for field in ("name", "email", "primary_phone"))
        return State(
            self.contact_id, self.account_id, name, email, phone, to_json(custom), self.created_at, not self.alive
        )


class Town:
    """All contacts, the dead ones too, and those not born yet.

    Attributes:
        contacts: by contact_id.
        total: how many there will be, junk aside.
        born: how many there are or were, junk aside; their ids are 1 to `born`.
        junk: how many contacts came as spam and went; their ids begin after `total`.
        deleted: the ids of the dead that can come back.
    """

    def __init__(self, total: int) -> None:
        self.contacts: dict[int, Contact] = {}
        self.total = total
        self.born = 0
        self.junk = 0
        self.deleted: list[int] = []


class Day:
    """One day of the town: what stories may use, and what they leave behind.

    Attributes:
        town: the contacts.
        rng: the day's own randomness.
        midnight: when the day begins.
        captures: the moments of the day's captures that clocks may disagree about.
        acts: (moment, state after) of every change, in no order.
        deeds: the truth.
        entries: the journal's entries, without their ids (0).
    """

    def __init__(self, town: Town, rng: Random, midnight: datetime, captures: list[datetime]) -> None:
        self.town = town
        self.rng = rng
        self.midnight = midnight
        self.captures = captures
        self.acts: list[tuple[datetime, State]] = []
        self.deeds: list[Deed] = []
        self.entries: list[JournalEntry] = []
        self._taken = {STAR}

    def moment(self) -> datetime:
        """A moment of the day, more likely in working hours, with room before midnight."""
        hour = self.rng.gauss(12.5, 4.5) % 23.5
        return self.at(hour)

    def moments(self, count: int) -> list[datetime]:
        """Moments between the same two captures, in order, minutes away from both."""
        start = 3 * self.rng.randint(1, 6)
        offsets = sorted(self.rng.sample(range(10 * 60, 170 * 60, 20), count))
        return [self.at(start + offset / 3600) for offset in offsets]

    def at(self, hour: float) -> datetime:
        """The day's moment `hour` hours after midnight, with its own odd microseconds."""
        return self.midnight + timedelta(seconds=int(hour * 3600) + 1, microseconds=self.rng.randrange(1_000_000))

    def pick(self, account_id: int | None = None) -> Contact | None:
        """A living contact that no story of today has; None where none is found."""
        for _ in range(40):
            contact = self.town.contacts[self.rng.randint(1, self.town.born)]
            right_account = account_id in (None, contact.account_id)
            if contact.alive and right_account and contact.contact_id not in self._taken:
                self._taken.add(contact.contact_id)
                return contact
        return None

    def pick_deleted(self) -> Contact | None:
        """A dead contact to bring back; None where there is none."""
        free = [number for number in self.town.deleted if number not in self._taken]
        if not free:
            return None
        number = self.rng.choice(free)
        self._taken.add(number)
        self.town.deleted.remove(number)
        return self.town.contacts[number]

    def newcomer_id(self) -> int | None:
        """The id of the next contact to be born; None when all are there."""
        if self.town.born >= self.town.total:
            return None
        self.town.born += 1
        self._taken.add(self.town.born)
        return self.town.born

    def junk_id(self) -> int:
        """The id of the next contact that will not stay."""
        self.town.junk += 1
        return self.town.total + self.town.junk

    def create(self, contact: Contact, author: Author, story: str, telling: str) -> None:
        """Bring a new contact into the town, at its created_at."""
        self.town.contacts[contact.contact_id] = contact
        changes = [(field, None, value) for field, value in contact.values.items() if value is not None]
        self._done(contact, contact.created_at, "create", changes, author, story, telling)

    def update(
        self,
        contact: Contact,
        moment: datetime,
        new: Mapping[str, Value],
        author: Author,
        story: str,
        telling: str = "values",
        prompt: bool = False,
        clock: timedelta = timedelta(0),
    ) -> None:
        """Give fields new values.

        `clock` is how far the journal's clock is off; `prompt` rules out late and double entries.
        """
        changes = [(field, contact.values.get(field), value) for field, value in new.items()]
        for field, value in new.items():
            if value is None and field.startswith(PREFIX) and self.rng.random() < 0.5:
                contact.values.pop(field, None)
            else:
                contact.values[field] = value
        self._done(contact, moment, "update", changes, author, story, telling, prompt, clock)

    def delete(self, contact: Contact, moment: datetime, author: Author, story: str, telling: str, erase: bool) -> None:
        """Delete a contact; with `erase` it leaves no values and never comes back."""
        contact.alive, contact.erased = False, erase
        if not erase:
            self.town.deleted.append(contact.contact_id)
        changes = [(field, value, None) for field, value in contact.values.items() if value is not None]
        self._done(contact, moment, "delete", changes, author, story, telling)

    def restore(self, contact: Contact, moment: datetime, author: Author, story: str, telling: str) -> None:
        """Bring a deleted contact back as it was."""
        contact.alive = True
        if contact.contact_id in self.town.deleted:
            self.town.deleted.remove(contact.contact_id)
        changes = [(field, None, value) for field, value in contact.values.items() if value is not None]
        self._done(contact, moment, "restore", changes, author, story, telling)

    def remark(self, contact: Contact, moment: datetime, author: Author, story: str, telling: str, field: str) -> None:
        """An entry without effect: somebody saved, and nothing changed."""
        value = contact.values.get(field)
        field = name_at(contact.account_id, field, moment)
        self._truth(contact, moment, "update", [], author, story, telling)
        self._tell(contact, moment, "update", [(field, value, value)], author, telling)

    def rename_field(self) -> None:
        """Give a field of an account its new name, in all contacts, before anything else happens; no entry tells of it."""
        old, new = PREFIX + RENAMED.old.field_key, PREFIX + RENAMED.new_key
        for contact in self.town.contacts.values():
            if contact.account_id == RENAMED.old.account_id and contact.alive and new in contact.values:
                value = contact.values[new]
                self.acts.append((RENAMED.moment, contact.state(RENAMED.moment)))
                if value is not None:
                    changes = [(old, value, None), (new, None, value)]
                    self._truth(
                        contact, RENAMED.moment, "update", changes, people.automation(), "field_renamed", "missing"
                    )

    def _done(
        self,
        contact: Contact,
        moment: datetime,
        action: str,
        changes: Changes,
        author: Author,
        story: str,
        telling: str,
        prompt: bool = False,
        clock: timedelta = timedelta(0),
    ) -> None:
        self.acts.append((moment, contact.state(moment)))
        changes = [(name_at(contact.account_id, field, moment), old, new) for field, old, new in changes]
        self._truth(contact, moment, action, changes, author, story, telling)
        self._tell(contact, moment, action, changes, author, telling, prompt, clock)

    def _truth(
        self,
        contact: Contact,
        moment: datetime,
        action: str,
        changes: Changes,
        author: Author,
        story: str,
        telling: str,
    ) -> None:
        told = to_json([{"field": field, "old": old, "new": new} for field, old, new in changes])
        self.deeds.append(Deed(moment, contact.contact_id, contact.account_id, action, *author, told, telling, story))

    def _tell(
        self,
        contact: Contact,
        moment: datetime,
        action: str,
        changes: Changes,
        author: Author,
        telling: str,
        prompt: bool = False,
        clock: timedelta = timedelta(0),
    ) -> None:
        if telling == "missing":
            return
        rng, occurred_at = self.rng, moment + clock
        recorded_at = max(moment, occurred_at) + timedelta(microseconds=rng.randint(50_000, 4_000_000))
        if not prompt and rng.random() < _LATE_SHARE:
            recorded_at += timedelta(seconds=rng.randint(3600, 30 * 3600))
        entry = JournalEntry(
            0,
            contact.contact_id,
            contact.account_id,
            occurred_at,
            recorded_at,
            "create" if telling == "upsert" else action,
            *author,
            _changes_text(rng, action, changes, telling),
        )
        self.entries.append(entry)
        if not prompt and rng.random() < _TWICE_SHARE:
            again = recorded_at + timedelta(seconds=rng.choice((1, 30, 300, 3600, 6 * 3600)) * rng.random())
            self.entries.append(entry._replace(recorded_at=again))


def _changes_text(rng: Random, action: str, changes: Changes, telling: str) -> str | None:
    """The `changes` of an entry as the journal words them."""
    if telling == "bare":
        return None
    if telling == "empty":
        return "[]"
    items: list[dict[str, Value]] = []
    short = rng.random() < 0.5
    for position, (field, old, new) in enumerate(changes):
        if telling == "names" or (telling == "mixed" and position % 2):
            items.append({"field": field})
        elif short and action in ("create", "restore"):
            items.append({"field": field, "new": new})
        elif short and action == "delete":
            items.append({"field": field, "old": old})
        else:
            items.append({"field": field, "old": old, "new": new})
    return to_json(items)


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
