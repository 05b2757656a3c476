"""The bulk import that goes wrong: on the first Tuesday of each month, phone numbers come without their country codes.

So that a newcomer can undo one. It is the last thing of its day, and all in the journal with its values: what makes it hard to undo is only
that a few of the contacts are changed again later.
"""

from datetime import timedelta

from contact_audit.demo import people
from contact_audit.demo.history import Day

HOUR = 10 + 4 / 60
CONTACTS = 30
_STORY = "wrong_import"
_TUESDAY = 1


def is_due(day: Day) -> bool:
    """Whether it is the first Tuesday of a month."""
    return day.midnight.weekday() == _TUESDAY and day.midnight.day <= 7


def wrong_import(day: Day) -> None:
    """An import cuts the + and the country code's first digits off some thirty phone numbers, within seconds."""
    author, moment = people.importer(day.rng, 1), day.at(HOUR)
    for number in range(CONTACTS):
        contact = day.pick(1)
        phone = contact and contact.values.get("primary_phone")
        if contact and isinstance(phone, str) and phone.startswith("+"):
            when = moment + timedelta(milliseconds=150 * number)
            day.update(contact, when, {"primary_phone": phone[3:]}, author, _STORY, prompt=True)
