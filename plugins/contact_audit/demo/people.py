"""Who lives in the demo helpdesk: contacts' names, phones and addresses, and the authors who touch them.

Everything comes from ranges reserved for documentation, so that no name, number or address is anybody's.
"""

import unicodedata
from random import Random
from typing import NamedTuple


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


_FIRST = _names(
    "Ada,Amélie,Anders,Ayşe,Björn,Carlos,Chloé,Daniel,Elif,Emma,Fatima,François,Grace,Hana,Ingrid,Jiří,João,José,Kenji,"
    "Lars,Leila,Łukasz,Maria,Mateo,Mei,Nadia,Noah,Olga,Omar,Priya,Renée,Rosa,Samir,Siobhán,Søren,Tomás,Yuki,Zoë"
)
_LAST = _names(
    "Andersson,Baker,Bianchi,Çelik,Costa,D'Angelo,Dubois,Fernández,García,Haddad,Hansen,Ito,Jensen,Kaya,Kim,Kowalski,"
    "Larsen,Li,Lopez,Martin,Meyer,Müller,Nakamura,Ndiaye,Nguyễn,Novák,O'Brien,Okafor,Patel,Petrov,Rossi,Santos,Schäfer,Silva,"
    "Smith,Tanaka,Van der Berg,Weiß,Wójcik,Yildiz"
)
_WHOLE = ("李 娜", "Αλέξης Παπαδόπουλος", "Олена Шевченко", "محمد علي", 'Robert "Bob" Tables', "Ng", "Zoe\u0308 Weber")


class Author(NamedTuple):
    """Who touched a contact, from where, through what; as a journal entry says it."""

    author_type: str
    author_id: str | None
    author_name: str | None
    ip_address: str | None
    channel: str


class Employee(NamedTuple):
    """An agent or admin of the helpdesk, and the address of the office."""

    author_type: str
    author_id: str
    author_name: str
    ip_address: str


EMPLOYEES: dict[int, list[Employee]] = {
    1: [
        Employee("agent", "agent-11", "Hannah Vogel", "192.0.2.11"),
        Employee("agent", "agent-12", "Marco Ricci", "192.0.2.12"),
        Employee("agent", "agent-13", "Sinéad Murphy", "192.0.2.13"),
        Employee("agent", "agent-14", "Tariq Aziz", "10.20.0.14"),
        Employee("agent", "agent-15", "Wei Chen", "192.0.2.15"),
        Employee("admin", "admin-1", "Petra Lindqvist", "192.0.2.5"),
        Employee("admin", "admin-2", "Jonas Brandt", "10.20.0.5"),
    ],
    2: [
        Employee("agent", "agent-21", "Isabel Moreno", "198.51.100.21"),
        Employee("agent", "agent-22", "Kofi Mensah", "198.51.100.22"),
        Employee("agent", "agent-23", "Lena Fischer", "198.51.100.23"),
        Employee("agent", "agent-24", "Ravi Iyer", "2001:db8:20::24"),
        Employee("admin", "admin-3", "Agnès Laurent", "198.51.100.5"),
    ],
}


def employee(rng: Random, account_id: int, author_type: str, channel: str = "agent_panel") -> Author:
    """An agent or admin of the account, at work in the office; now and then on the road."""
    chosen = rng.choice([one for one in EMPLOYEES[account_id] if one.author_type == author_type])
    address = chosen.ip_address if rng.random() < 0.92 else f"203.0.113.{rng.randint(200, 250)}"
    return Author(author_type, chosen.author_id, chosen.author_name, address, channel)


def colleagues(rng: Random, account_id: int) -> tuple[Author, Author]:
    """Two different people of the account, in the agent panel."""
    one, two = rng.sample(EMPLOYEES[account_id], 2)
    return Author(*one, "agent_panel"), Author(*two, "agent_panel")


def oneself(rng: Random, contact_id: int, name: str | None, channel: str) -> Author:
    """The contact, usually from home."""
    at_home = rng.random() < 0.7
    return Author("contact", str(contact_id), name, home_address(contact_id) if at_home else _somewhere(rng), channel)


def azure_ad() -> Author:
    """The directory's synchronisation."""
    return Author("integration", "azure-ad", "Azure AD sync", None, "azure_ad_sync")


def connector(rng: Random) -> Author:
    """A system of the company's that uses the helpdesk's API."""
    number, name, address = rng.choice(
        [(1, "Billing connector", "10.8.0.31"), (2, "Web shop", "10.8.0.32"), (3, "CRM bridge", None)]
    )
    return Author("integration", f"api-{number}", name, address, "api")


def importer(rng: Random, account_id: int) -> Author:
    """Whoever runs a bulk import: an admin, or the nightly job."""
    if rng.random() < 0.6:
        return employee(rng, account_id, "admin", "bulk_import")
    return Author("integration", "import-job", "Nightly import", None, "bulk_import")


def mailbox() -> Author:
    """The mail gateway, which makes contacts of unknown senders."""
    return Author("system", None, "Mail gateway", None, "email")


def automation() -> Author:
    """The helpdesk's own rules."""
    return Author("system", None, "Automation", None, "automation")


def home_address(contact_id: int) -> str:
    """The address that a contact usually comes from; IPv6 for every fourth."""
    if contact_id % 4 == 2:
        return f"2001:db8:{contact_id:x}::{contact_id * 7 % 65536:x}"
    return f"203.0.113.{contact_id * 37 % 199 + 1}"


def _somewhere(rng: Random) -> str:
    if rng.random() < 0.3:
        return f"2001:db8:{rng.randint(4096, 65535):x}::{rng.randint(1, 65535):x}"
    return f"198.51.100.{rng.randint(100, 250)}"


def full_name(rng: Random) -> str:
    """A name; some with quotes, apostrophes or other scripts."""
    if rng.random() < 0.03:
        return rng.choice(_WHOLE)
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def email_of(rng: Random, name: str | None, contact_id: int) -> str:
    """An email address made of a name, unique by the contact's id."""
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().lower()
    local = ".".join("".join(letter for letter in word if letter.isalpha()) for word in plain.split()) or "contact"
    domain = rng.choice(("example.com", "example.com", "example.org"))
    return f"{local.strip('.') or 'contact'}.{contact_id}@{domain}"


def phone(rng: Random) -> str:
    """An E.164 number from the ranges kept for fiction."""
    country = rng.random()
    if country < 0.5:
        return f"+1{rng.choice((202, 303, 415, 512, 617))}55501{rng.randint(0, 99):02d}"
    if country < 0.8:
        return f"+447700900{rng.randint(0, 999):03d}"
    return f"+3319900{rng.randint(0, 9999):04d}"
