"""The stories of ordinary days: who edits which fields of a contact, and how honestly the journal tells it.

Each story is a function of a Day that changes one contact or a few through it. `ORDINARY` says how often each is told.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from contact_audit.demo import people
from contact_audit.demo.fields import Value, fields_of_type, new_value
from contact_audit.demo.history import Contact, Day
from contact_audit.demo.people import Author

Story = Callable[[Day], None]

_HONEST = {"values": 78, "names": 9, "bare": 7, "missing": 4, "mixed": 2}
_TERSE = {"values": 40, "names": 40, "bare": 10, "missing": 6, "upsert": 4}
_BUILT_IN = ["name", "email", "primary_phone"]


def told(day: Day, shares: Mapping[str, int]) -> str:
    """One way of telling, by its share."""
    return day.rng.choices(list(shares), list(shares.values()))[0]


def edits(day: Day, contact: Contact, fields: list[str], most: int = 1) -> dict[str, Value]:
    """New values for one to `most` of the fields."""
    chosen = day.rng.sample(fields, min(len(fields), day.rng.randint(1, most)))
    return {
        field: new_value(day.rng, contact.account_id, contact.contact_id, field, contact.values) for field in chosen
    }


def _custom(contact: Contact) -> list[str]:
    return fields_of_type(contact.account_id, "text", "number", "date", "dropdown", "multiple_choice", "checkbox")


def _oneself(day: Day, contact: Contact, channel: str) -> Author:
    name = contact.values.get("name")
    return people.oneself(day.rng, contact.contact_id, str(name) if name else None, channel)


def portal_phone(day: Day) -> None:
    """A contact changes the phone number in the support portal."""
    if contact := day.pick():
        new = edits(day, contact, ["primary_phone"])
        day.update(
            contact, day.moment(), new, _oneself(day, contact, "support_portal"), "portal_phone", told(day, _HONEST)
        )


def portal_profile(day: Day) -> None:
    """A contact edits the own profile in the support portal."""
    if contact := day.pick():
        fields = _BUILT_IN + fields_of_type(contact.account_id, "multiple_choice", "checkbox", "date")
        author = _oneself(day, contact, "support_portal")
        day.update(contact, day.moment(), edits(day, contact, fields, 3), author, "portal_profile", told(day, _HONEST))


def chat(day: Day) -> None:
    """A contact, or an agent for them, updates something during a chat."""
    if contact := day.pick():
        by_agent = day.rng.random() < 0.4
        author = (
            people.employee(day.rng, contact.account_id, "agent", "chat")
            if by_agent
            else _oneself(day, contact, "chat")
        )
        day.update(contact, day.moment(), edits(day, contact, _BUILT_IN[1:]), author, "chat", told(day, _HONEST))


def email(day: Day) -> None:
    """A contact writes from a new address or under a new name."""
    if contact := day.pick():
        author = _oneself(day, contact, "email")
        author = author if day.rng.random() < 0.5 else author._replace(ip_address=None)
        day.update(contact, day.moment(), edits(day, contact, _BUILT_IN[:2]), author, "email", told(day, _HONEST))


def agent_edit(day: Day) -> None:
    """An agent edits one to three fields in the agent panel."""
    if contact := day.pick():
        author = people.employee(day.rng, contact.account_id, "agent")
        new = edits(day, contact, _BUILT_IN + _custom(contact), 3)
        day.update(contact, day.moment(), new, author, "agent_edit", told(day, _HONEST))


def admin_edit(day: Day) -> None:
    """An admin corrects custom fields."""
    if contact := day.pick():
        author = people.employee(day.rng, contact.account_id, "admin")
        day.update(
            contact, day.moment(), edits(day, contact, _custom(contact), 2), author, "admin_edit", told(day, _HONEST)
        )


def azure_sync(day: Day) -> None:
    """The nightly directory synchronisation brings names and custom fields, and rarely says the values."""
    if contact := day.pick():
        fields = ["name", "email", *fields_of_type(contact.account_id, "multiple_choice", "text")]
        moment = day.at(1.5 + day.rng.random())
        day.update(contact, moment, edits(day, contact, fields, 2), people.azure_ad(), "azure_sync", told(day, _TERSE))


def api(day: Day) -> None:
    """A company system writes numbers, dates and plans through the API."""
    if contact := day.pick():
        fields = fields_of_type(contact.account_id, "number", "date", "dropdown")
        new = edits(day, contact, fields, 2)
        day.update(contact, day.moment(), new, people.connector(day.rng), "api", told(day, _HONEST))


def automation(day: Day) -> None:
    """A rule of the helpdesk sets a checkbox or a dropdown."""
    if contact := day.pick():
        fields = fields_of_type(contact.account_id, "checkbox", "dropdown")
        day.update(
            contact, day.moment(), edits(day, contact, fields), people.automation(), "automation", told(day, _HONEST)
        )


def bulk_update(day: Day) -> None:
    """A bulk import sets the same fields of several contacts within seconds."""
    account_id = day.rng.choice((1, 2))
    author, moment, telling = people.importer(day.rng, account_id), day.moment(), told(day, _HONEST)
    fields = day.rng.sample(fields_of_type(account_id, "number", "dropdown", "text"), 2)
    for number in range(day.rng.randint(3, 8)):
        contact = day.pick(account_id)
        if contact:
            when = moment + timedelta(milliseconds=180 * number)
            day.update(contact, when, edits(day, contact, fields, 2), author, "bulk_update", telling)


def clear(day: Day) -> None:
    """A field is emptied: to nothing, or to an empty text, which is not the same."""
    if contact := day.pick():
        texts = ["primary_phone", *fields_of_type(contact.account_id, "text")]
        filled = [field for field in texts + _custom(contact) if contact.values.get(field) not in (None, [])]
        field = day.rng.choice(filled or ["primary_phone"])
        empty: Value = "" if field in texts and contact.values.get(field) != "" and day.rng.random() < 0.6 else None
        if contact.values.get(field) != empty:
            author = people.employee(day.rng, contact.account_id, "agent")
            day.update(contact, day.moment(), {field: empty}, author, "clear", told(day, _HONEST))


def chain(day: Day) -> None:
    """A field goes from A to B to C between two captures, by two people; the journal may tell only half of it."""
    if contact := day.pick():
        first, second = people.colleagues(day.rng, contact.account_id)
        before, after = day.moments(2)
        [field] = edits(day, contact, _BUILT_IN + _custom(contact))
        original = contact.values.get(field)
        day.update(contact, before, edits(day, contact, [field]), first, "chain", told(day, _HONEST | {"missing": 12}))
        new = edits(day, contact, [field])
        while new[field] == original and not isinstance(original, bool):
            new = edits(day, contact, [field])
        day.update(contact, after, new, second, "chain", told(day, _HONEST))


def revert(day: Day) -> None:
    """A field goes from A to B and back between two captures, which see nothing."""
    if contact := day.pick():
        before, after = day.moments(2)
        author = people.employee(day.rng, contact.account_id, "agent")
        [(field, value)] = edits(day, contact, _BUILT_IN + _custom(contact)).items()
        original = contact.values.get(field)
        day.update(contact, before, {field: value}, author, "revert")
        second = author if day.rng.random() < 0.7 else people.employee(day.rng, contact.account_id, "admin")
        day.update(contact, after, {field: original}, second, "revert", told(day, _HONEST))


def two_candidates(day: Day) -> None:
    """Two people save the same contact, the journal says no values, and only one of them changed anything."""
    if contact := day.pick():
        [field] = edits(day, contact, _BUILT_IN + _custom(contact))
        telling = day.rng.choice(("bare", "names"))
        first, second = people.colleagues(day.rng, contact.account_id)
        if day.rng.random() < 0.3:
            second = first
        before, after = day.moments(2)
        day.update(contact, before, edits(day, contact, [field]), first, "two_candidates", telling)
        day.remark(contact, after, second, "two_candidates", telling, field)


def no_effect(day: Day) -> None:
    """Somebody opens a contact, saves it, and nothing changes."""
    if contact := day.pick():
        author = people.employee(day.rng, contact.account_id, day.rng.choice(("agent", "agent", "admin")))
        telling = day.rng.choice(("bare", "names", "values", "empty"))
        day.remark(contact, day.moment(), author, "no_effect", telling, day.rng.choice(_BUILT_IN + _custom(contact)))


def rewording(day: Day) -> None:
    """A value is written differently and stays the same: a list in another order, 12 as 12.0, a missing key as null."""
    if contact := day.pick():
        new: dict[str, Value] = {}
        for field in _custom(contact):
            value = contact.values.get(field)
            if isinstance(value, list) and len(value) > 1:
                new[field] = value[::-1]
            elif isinstance(value, float) and value.is_integer():
                new[field] = int(value)
            elif isinstance(value, int) and not isinstance(value, bool):
                new[field] = float(value)
            elif field not in contact.values:
                new[field] = None
        if new:
            telling = day.rng.choice(("values", "names", "bare", "missing"))
            day.update(contact, day.moment(), new, people.connector(day.rng), "rewording", telling)


def jitter(day: Day) -> None:
    """The journal's clock is off by less than two minutes, and puts the entry on the other side of a capture."""
    contact = day.pick() if day.captures else None
    if contact:
        captured_at = day.rng.choice(day.captures)
        truly, seemingly = timedelta(seconds=day.rng.randint(1, 40)), timedelta(seconds=day.rng.randint(1, 75))
        sign = day.rng.choice((-1, 1))
        telling = told(day, {"values": 80, "names": 10, "bare": 10})
        author = people.employee(day.rng, contact.account_id, "agent")
        new = edits(day, contact, _BUILT_IN + _custom(contact))
        clock = -sign * (truly + seemingly)
        day.update(contact, captured_at + sign * truly, new, author, "jitter", telling, clock=clock)


ORDINARY: dict[Story, float] = {
    portal_phone: 14,
    portal_profile: 10,
    agent_edit: 24,
    admin_edit: 6,
    azure_sync: 14,
    api: 9,
    chat: 6,
    email: 5,
    automation: 5,
    bulk_update: 2,
    clear: 3,
    chain: 3,
    revert: 2,
    two_candidates: 2,
    no_effect: 3,
    rewording: 2,
    jitter: 2,
}
"""How often each story is told, in parts of all."""
