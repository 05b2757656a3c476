"""The demo helpdesk as rows: the days' histories, seen through captures and the journal.

A pure function of (seed, contacts, until). Each day draws from its own randomness and builds on the days before, so a
longer history begins with exactly the rows of a shorter one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from contact_audit.demo import star, wrong_import
from contact_audit.demo.fields import CUSTOM_FIELDS, RENAMED, first_values
from contact_audit.demo.history import STAR, Contact, Day, Town
from contact_audit.demo.lives import DAILY, account_of
from contact_audit.demo.rows import Capture, CapturedContact, JournalEntry, State, World
from contact_audit.demo.stories import ORDINARY
from contact_audit.windows import HISTORY_START, LENGTH, floor_border

DEFAULT_SEED = 20191001
DEFAULT_CONTACTS = 2000
FEWEST_CONTACTS = 50
ID_STEP = 10
"""Ids go up in tens, so that rows added by hand, with the next free id, never take one that the demo will need."""

_BASELINE_SHARE = 0.6
_BUSY_DAY, _QUIET_DAY = 11.0, 4.0
_SKIPPED_SHARE = 0.002
_DAY = timedelta(days=1)
_TAIL = timedelta(minutes=3)


def simulate(
    until: datetime,
    seed: int = DEFAULT_SEED,
    contacts: int = DEFAULT_CONTACTS,
    progress: Callable[[str], None] | None = None,
) -> World:
    """All rows of the helpdesk at the last capture for a border up to `until`, and the truth behind them.

    Entries are there if they were recorded before that capture or just after it (`visible_until`).
    `until` is a border of a three-hour window, `contacts` the number of contacts that there will ever be.
    """
    planned = planned_captures(until, seed)
    horizon = visible_until(planned[-1])
    town, baseline = _first_town(seed, contacts)
    world = World(snapshots=planned, custom_fields=[*CUSTOM_FIELDS, RENAMED.old])
    world.contact_snapshots += [CapturedContact(planned[0].snapshot_id, *state) for state in baseline.values()]
    upcoming, captured, dirty = planned[1:][::-1], baseline, dict[int, State]()
    entries: list[JournalEntry] = []
    midnight = HISTORY_START
    while midnight <= horizon:
        day = _live(town, seed, midnight)
        for moment, state in sorted(day.acts, key=lambda act: act[0]):
            while upcoming and upcoming[-1].captured_at < moment:
                world.contact_snapshots += _capture(upcoming.pop(), captured, dirty)
            dirty[state.contact_id] = state
        while upcoming and upcoming[-1].captured_at < midnight + _DAY:
            world.contact_snapshots += _capture(upcoming.pop(), captured, dirty)
        entries += day.entries
        world.deeds += day.deeds
        midnight += _DAY
        if progress and (midnight.month, midnight.day) == (1, 1):
            progress(f"demo helpdesk: simulated to {midnight:%Y-%m-%d}, {len(entries):,} journal entries")
    visible = sorted((entry for entry in entries if entry.recorded_at <= horizon), key=lambda entry: entry.recorded_at)
    world.contact_journal = [entry._replace(entry_id=ID_STEP * rank) for rank, entry in enumerate(visible, 1)]
    deeds = (deed for deed in world.deeds if deed.moment <= planned[-1].captured_at)
    world.deeds = sorted(deeds, key=lambda deed: deed.moment)
    return world


def planned_captures(until: datetime, seed: int = DEFAULT_SEED) -> list[Capture]:
    """The captures for the borders from the beginning of history up to `until`, oldest first."""
    if until.tzinfo is None or floor_border(until) != until or until < HISTORY_START:
        raise ValueError(f"until must be a border of a three-hour window, in UTC, from {HISTORY_START} on; got {until}")
    until = until.astimezone(UTC)
    captures = [Capture(1, HISTORY_START, "full")]
    for number in range(1, (until - HISTORY_START) // LENGTH + 1):
        captured_at = _captured_at(seed, HISTORY_START + number * LENGTH)
        if captured_at is not None:
            captures.append(Capture(1 + ID_STEP * number, captured_at, "changed"))
    return captures


def visible_until(capture: Capture) -> datetime:
    """Entries recorded up to this moment are in a helpdesk whose newest capture is `capture`."""
    return capture.captured_at + _TAIL


def baseline_contacts(contacts: int) -> int:
    """How many contacts there are at the first capture; the others come later."""
    return int(contacts * _BASELINE_SHARE)


def _captured_at(seed: int, border: datetime) -> datetime | None:
    """When the capture for a border was taken: mostly at once, sometimes seconds or minutes off, rarely never."""
    rng = Random(f"{seed}:capture:{border:%Y-%m-%dT%H}")
    luck = rng.random()
    if luck < 0.82:
        return border
    if luck < 0.92:
        return border + timedelta(seconds=rng.randint(1, 20))
    if luck < 0.96:
        return border - timedelta(seconds=rng.randint(1, 90))
    if luck < 1 - _SKIPPED_SHARE:
        return border + timedelta(seconds=rng.randint(60, 260), milliseconds=rng.randint(0, 999))
    return None


def _first_town(seed: int, contacts: int) -> tuple[Town, dict[int, State]]:
    if contacts < FEWEST_CONTACTS:
        raise ValueError(f"the demo needs at least {FEWEST_CONTACTS} contacts; got {contacts}")
    rng = Random(f"{seed}:baseline")
    town = Town(contacts)
    for number in range(1, baseline_contacts(contacts) + 1):
        account_id = account_of(number)
        created_at = HISTORY_START - timedelta(seconds=rng.randint(86_400, 4 * 365 * 86_400))
        values = first_values(rng, account_id, number, 0.75)
        town.contacts[number] = Contact(number, account_id, values, created_at)
    town.born = len(town.contacts)
    town.contacts[STAR].values = dict(star.FIRST_VALUES)
    return town, {contact.contact_id: contact.state(HISTORY_START) for contact in town.contacts.values()}


def _live(town: Town, seed: int, midnight: datetime) -> Day:
    """Let one day pass."""
    rng = Random(f"{seed}:day:{midnight:%Y-%m-%d}")
    borders = (midnight + number * LENGTH for number in range(1, 8))
    captures = [moment for border in borders if (moment := _captured_at(seed, border))]
    day = Day(town, rng, midnight, captures)
    if midnight <= RENAMED.moment < midnight + _DAY:
        day.rename_field()
    star.routine(day)
    for story, chance in DAILY.items():
        if rng.random() < chance:
            story(day)
    busy = _BUSY_DAY if midnight.weekday() < 5 else _QUIET_DAY
    for story in rng.choices(list(ORDINARY), list(ORDINARY.values()), k=max(0, round(rng.gauss(busy, busy / 4)))):
        story(day)
    if wrong_import.is_due(day):
        wrong_import.wrong_import(day)
    return day


def _capture(capture: Capture, captured: dict[int, State], dirty: dict[int, State]) -> list[CapturedContact]:
    """The rows of a 'changed' capture: whoever differs from the last one. Takes over what it shows."""
    rows = []
    for number, state in sorted(dirty.items()):
        before = captured.get(number)
        gone = state.deleted and (before is None or before.deleted)
        if state != before and not gone:
            rows.append(CapturedContact(capture.snapshot_id, *state))
            captured[number] = state
    dirty.clear()
    return rows
