"""The custom fields of the demo's two accounts, and how their values come about.

The accounts share some keys under different labels, as tenants of one helpdesk do.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple, TypeAlias

from contact_audit.demo import people

Value: TypeAlias = str | int | float | bool | list[str] | None
"""What a field can hold; a date is its ISO text."""

PREFIX = "custom_fields."


class CustomField(NamedTuple):
    """A row of helpdesk.custom_fields."""

    account_id: int
    field_key: str
    label: str
    field_type: str


CUSTOM_FIELDS = [
    CustomField(1, "plan", "Subscription plan", "dropdown"),
    CustomField(1, "seats", "Seats", "number"),
    CustomField(1, "interests", "Product interests", "multiple_choice"),
    CustomField(1, "renewal_date", "Renewal date", "date"),
    CustomField(1, "newsletter", "Newsletter", "checkbox"),
    CustomField(1, "job_title", "Job title", "text"),
    CustomField(1, "notes", "Internal notes", "text"),
    CustomField(2, "plan", "Membership", "dropdown"),
    CustomField(2, "discount", "Discount (%)", "number"),
    CustomField(2, "interests", "Departments of interest", "multiple_choice"),
    CustomField(2, "birthday", "Date of birth", "date"),
    CustomField(2, "newsletter", "Offers by e-mail", "checkbox"),
    CustomField(2, "delivery_note", "Delivery instructions", "text"),
]


class Renaming(NamedTuple):
    """A custom field that got another name, for all contacts of its account at once."""

    old: CustomField
    new_key: str
    moment: datetime


RENAMED = Renaming(
    CustomField(1, "position", "Position", "text"), "job_title", datetime(2022, 3, 6, 0, 0, 0, 500_000, UTC)
)
"""The helpdesk keeps the definition of the old one. At a moment when nobody else edits the field."""

_TYPES = {(field.account_id, PREFIX + field.field_key): field.field_type for field in CUSTOM_FIELDS}
_DROPDOWN = {1: ("free", "starter", "pro", "enterprise"), 2: ("classic", "silver", "gold", "platinum")}
_CHOICES = {
    1: ("api", "billing", "mobile", "reports", "sso", "webhooks"),
    2: ("garden", "kitchen", "lighting", "outdoor", "sale"),
}
_TITLES = (
    "Head of IT",
    "Office manager",
    "CTO",
    "Développeuse",
    "Buyer",
    "Geschäftsführer",
    "Support lead",
    "Ops & QA",
)
_NOTES = (
    'Said "call me after 5"',
    "Prefers e-mail; don't phone",
    "Größe XL, Lieferung ab März",
    "VIP 🌟",
    "Ring the bell twice",
    "Leave with neighbour (flat 3\\B)",
    "First line\nsecond line",
    "Tab\there",
    "null",
    "  two spaces around  ",
    "Owes 12,50 €",
    "Spoke to 田中さん",
)


def field_type(account_id: int, field: str) -> str:
    """The type of a field by its journal name; built-in fields are their own type."""
    return _TYPES.get((account_id, field), field)


def name_at(account_id: int, field: str, moment: datetime) -> str:
    """What a field, by its newest name, was called at a moment; stories know the newest only."""
    renamed = account_id == RENAMED.old.account_id and field == PREFIX + RENAMED.new_key and moment < RENAMED.moment
    return PREFIX + RENAMED.old.field_key if renamed else field


def fields_of_type(account_id: int, *types: str) -> list[str]:
    """The account's custom fields of these types, by their journal names."""
    return [name for (account, name), kind in _TYPES.items() if account == account_id and kind in types]


def new_value(rng: Random, account_id: int, contact_id: int, field: str, values: Mapping[str, Value]) -> Value:
    """A likely new value of a field, different from the one in `values`."""
    old = values.get(field)
    while True:
        value = _likely(rng, account_id, contact_id, field, values)
        if value != old and not (isinstance(value, list) and isinstance(old, list) and set(value) == set(old)):
            return value


def _likely(rng: Random, account_id: int, contact_id: int, field: str, values: Mapping[str, Value]) -> Value:
    old = values.get(field)
    match field_type(account_id, field):
        case "name":
            return people.full_name(rng)
        case "email":
            name = values.get("name") if rng.random() < 0.5 else people.full_name(rng)
            return people.email_of(rng, str(name or ""), contact_id)
        case "primary_phone":
            return people.phone(rng)
        case "dropdown":
            return rng.choice(_DROPDOWN[account_id])
        case "number" if account_id == 2:
            return rng.choice((0, 5, 7.5, 10, 12.5, 15, 20))
        case "number":
            if isinstance(old, int | float) and 10 < old < 90:
                return int(old) + rng.choice((-5, -2, -1, 1, 2, 5, 10))
            return rng.randint(1, 60)
        case "multiple_choice":
            return rng.sample(_CHOICES[account_id], rng.randint(1, 3))
        case "date":
            first = date(2021, 1, 1) if account_id == 1 else date(1955, 1, 1)
            return (first + timedelta(days=rng.randint(0, 3000 if account_id == 1 else 17_000))).isoformat()
        case "checkbox":
            return not old
        case _ if field.endswith("job_title"):
            return rng.choice(_TITLES)
        case _:
            return rng.choice(_NOTES)


def first_values(rng: Random, account_id: int, contact_id: int, filled: float) -> dict[str, Value]:
    """The values of a new contact: name and email, and each other field with the chance `filled`."""
    values: dict[str, Value] = {"name": people.full_name(rng)}
    values["email"] = people.email_of(rng, str(values["name"]), contact_id)
    values["primary_phone"] = None
    if rng.random() < filled:
        values["primary_phone"] = people.phone(rng)
    for account, field in _TYPES:
        if account == account_id and rng.random() < filled:
            values[field] = _likely(rng, account_id, contact_id, field, values)
    return values
