"""Stories of births and deaths: how contacts come into the helpdesk, leave it, and come back.

`DAILY` says how likely each story is on a day.
"""

from datetime import datetime, timedelta

from contact_audit.demo import people
from contact_audit.demo.fields import first_values
from contact_audit.demo.history import Contact, Day
from contact_audit.demo.people import Author
from contact_audit.demo.stories import Story, edits, told

_BIRTH = {"values": 80, "names": 5, "bare": 7, "missing": 8}
_DEATH = {"bare": 55, "values": 22, "names": 8, "missing": 15}
_RETURN = {"bare": 50, "values": 30, "missing": 20}


def account_of(contact_id: int) -> int:
    """The account of a contact: three of five are in the first; the star is."""
    return 1 if contact_id % 5 < 3 else 2


def _newcomer(day: Day, moment: datetime, filled: float) -> Contact | None:
    number = day.newcomer_id()
    return None if number is None else _contact(day, number, moment, filled)


def _contact(day: Day, number: int, moment: datetime, filled: float) -> Contact:
    account_id = account_of(number)
    return Contact(number, account_id, first_values(day.rng, account_id, number, filled), moment)


def _creator(day: Day, contact: Contact, channel: str) -> Author:
    match channel:
        case "azure_ad_sync":
            return people.azure_ad()
        case "email":
            return people.mailbox()
        case "api":
            return people.connector(day.rng)
        case _:
            return people.employee(day.rng, contact.account_id, "agent", channel)


def _created(channel: str, filled: float) -> Story:
    def birth(day: Day) -> None:
        if contact := _newcomer(day, day.moment(), filled):
            author = _creator(day, contact, channel)
            day.create(contact, author, f"created_by_{channel}", told(day, _BIRTH))

    return birth


def created_by_import(day: Day) -> None:
    """A bulk import brings several contacts within seconds."""
    moment, telling = day.moment(), told(day, _BIRTH)
    authors = {account_id: people.importer(day.rng, account_id) for account_id in (1, 2)}
    for number in range(day.rng.randint(3, 6)):
        if contact := _newcomer(day, moment + timedelta(milliseconds=220 * number), 0.6):
            day.create(contact, authors[contact.account_id], "created_by_bulk_import", telling)


def created_and_completed(day: Day) -> None:
    """An agent makes a contact and completes it before the next capture."""
    first, second = day.moments(2)
    if contact := _newcomer(day, first, 0.2):
        author = people.employee(day.rng, contact.account_id, "agent")
        day.create(contact, author, "created_and_completed", told(day, {"values": 60, "bare": 40}))
        day.update(contact, second, edits(day, contact, ["primary_phone"]), author, "created_and_completed")


def short_life(day: Day) -> None:
    """Spam: made by the mail gateway, deleted by an agent before the next capture."""
    first, second = day.moments(2)
    contact = _contact(day, day.junk_id(), first, 0.0)
    agent = people.employee(day.rng, contact.account_id, "agent")
    day.create(contact, people.mailbox(), "short_life", "values")
    day.delete(contact, second, agent, "short_life", "bare", erase=True)


def deleted(day: Day) -> None:
    """A contact is deleted, by an agent, an admin, a rule or the directory; some on request, with all values erased."""
    if contact := day.pick():
        on_request = day.rng.random() < 0.2
        author = day.rng.choice(
            (
                people.employee(day.rng, contact.account_id, "agent"),
                people.employee(day.rng, contact.account_id, "admin"),
                people.automation(),
                people.azure_ad(),
            )
        )
        if on_request:
            author = people.employee(day.rng, contact.account_id, "admin")
        day.delete(contact, day.moment(), author, "deleted", told(day, _DEATH), erase=on_request)


def restored(day: Day) -> None:
    """A deleted contact comes back."""
    if contact := day.pick_deleted():
        author = people.employee(day.rng, contact.account_id, day.rng.choice(("agent", "admin")))
        day.restore(contact, day.moment(), author, "restored", told(day, _RETURN))


def deleted_by_mistake(day: Day) -> None:
    """A contact is deleted and restored between two captures, which see nothing."""
    if contact := day.pick():
        first, second = day.moments(2)
        author = people.employee(day.rng, contact.account_id, "agent")
        day.delete(contact, first, author, "deleted_by_mistake", "bare", erase=False)
        day.restore(contact, second, author, "deleted_by_mistake", told(day, {"bare": 70, "values": 30}))


DAILY: dict[Story, float] = {
    _created("azure_ad_sync", 0.5): 0.070,
    _created("email", 0.0): 0.060,
    _created("agent_panel", 0.8): 0.055,
    _created("api", 0.6): 0.050,
    created_by_import: 0.015,
    created_and_completed: 0.018,
    short_life: 0.018,
    deleted: 0.13,
    restored: 0.07,
    deleted_by_mistake: 0.018,
}
"""How likely each story is on a day."""
