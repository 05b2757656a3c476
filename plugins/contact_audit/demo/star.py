"""The daily routine of the star contact, so that its last 24 hours always show something of every kind.

Each part of the routine keeps to the inside of one three-hour window: any 24 hours that end at a border hold each part
once, as far as it is due on that weekday.
"""

from datetime import timedelta

from contact_audit.demo import people
from contact_audit.demo.fields import PREFIX, Value, new_value
from contact_audit.demo.history import STAR, Contact, Day

FIRST_VALUES: dict[str, Value] = {
    "name": "Amélie Durand",
    "email": "amelie.durand@example.com",
    "primary_phone": "+33199001101",
    PREFIX + "plan": "starter",
    PREFIX + "seats": 12,
    PREFIX + "interests": ["api", "billing"],
    PREFIX + "renewal_date": "2020-09-30",
    PREFIX + "newsletter": False,
    PREFIX + "job_title": "Head of IT",
    PREFIX + "notes": "Works from two offices; phone changes with them",
}
_PHONES = ("+33199001101", "+33199004417", "+447700900142", "+12025550171")


def routine(day: Day) -> None:
    """One day of the star."""
    star, rng = day.town.contacts[STAR], day.rng
    day.update(
        star,
        day.at(3.6 + rng.random() / 2),
        _new(day, star, "interests"),
        people.azure_ad(),
        "star",
        "names",
        prompt=True,
    )
    phone = rng.choice([number for number in _PHONES if number != star.values["primary_phone"]])
    contact = people.Author("contact", str(STAR), str(star.values["name"]), people.home_address(STAR), "support_portal")
    day.update(star, day.at(6.5 + 2 * rng.random()), {"primary_phone": phone}, contact, "star", prompt=True)
    agent = people.employee(rng, star.account_id, "agent")
    day.update(star, day.at(9.5 + 2 * rng.random()), _new(day, star, "plan"), agent, "star", prompt=True)
    admin = people.employee(rng, star.account_id, "admin")
    day.update(star, day.at(12.5 + 2 * rng.random()), _new(day, star, "seats"), admin, "star", "missing", prompt=True)
    weekday = day.midnight.weekday()
    if weekday % 2 == 0:
        _renewal_without_values(day, star)
    if weekday in (0, 3):
        _two_hands_on_the_newsletter(day, star)
    if weekday == 4:
        _note_and_second_thought(day, star)


def _new(day: Day, star: Contact, key: str) -> dict[str, Value]:
    field = PREFIX + key
    return {field: new_value(day.rng, star.account_id, STAR, field, star.values)}


def _renewal_without_values(day: Day, star: Contact) -> None:
    """The billing system writes a date, and the journal says only that it came by."""
    connector = people.Author("integration", "api-1", "Billing connector", "10.8.0.31", "api")
    day.update(
        star,
        day.at(15.5 + 2 * day.rng.random()),
        _new(day, star, "renewal_date"),
        connector,
        "star",
        "bare",
        prompt=True,
    )


def _two_hands_on_the_newsletter(day: Day, star: Contact) -> None:
    """Two people save the contact within one window, without values: one of them ticked the box."""
    one, other = people.colleagues(day.rng, star.account_id)
    moment = day.at(18.5 + day.rng.random())
    day.update(star, moment, _new(day, star, "newsletter"), one, "star", "bare", prompt=True)
    day.remark(star, moment + timedelta(minutes=day.rng.randint(5, 60)), other, "star", "bare", PREFIX + "newsletter")


def _note_and_second_thought(day: Day, star: Contact) -> None:
    """An agent writes a note and takes it back before the next capture: two events that no capture shows."""
    agent = people.employee(day.rng, star.account_id, "agent", "chat")
    before = star.values[PREFIX + "notes"]
    moment = day.at(21.3 + day.rng.random())
    day.update(star, moment, _new(day, star, "notes"), agent, "star", prompt=True)
    day.update(star, moment + timedelta(minutes=7), {PREFIX + "notes": before}, agent, "star", prompt=True)
