"""Rule 9: where each contact's entries are cut at each capture, so that an entry may lie on the other side than its clock says.

Every question is asked of all places at once: each pin forbids an interval of places, and what no pin forbids fits.
"""

from dataclasses import dataclass

import numpy as np

from contact_audit.evidence.journal import Flags
from contact_audit.evidence.states import Evidence, captures_before
from contact_audit.evidence.values import NULL, Codes

_FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class _Zones:
    """The entries within skew of a capture, one zone a contact and capture with such entries.

    Attributes:
        contact, capture: of each zone; first: its first entry's position; size: how many entries; usual: how many of
        them lie before the
            capture by their clocks. A zone of m entries has the places 0..m to cut at.
        entry, zone: one row an entry of a zone; rank: its place in the zone, from 0.
    """

    contact: Codes
    capture: Codes
    first: Codes
    size: Codes
    usual: Codes
    entry: Codes
    zone: Codes
    rank: Codes


def pair_of_entries(evidence: Evidence, usable: Codes, skew: int) -> Codes:
    """How many captures each entry comes after, int64: 0 before the first, else its pair is that number.

    `usable` are positions of the entries that count, ordered by (contact, occurred_at, entry_id); the result has their length.
    `skew` in µs, ends included. With sight no clock is asked: an entry lies before the capture that saw it first.
    """
    stretches, contact = evidence.states.stretches, evidence.contact[usable]
    pair = stretches.closing(contact, captures_before(evidence, usable))
    if evidence.sighted:
        return pair
    zones = _zones(evidence, usable, pair, skew)
    if not len(zones.first):
        return pair
    cut = _choose(zones, _fitting(evidence, usable, zones), stretches.starts(zones.contact, zones.capture))
    for zone in np.flatnonzero(cut != zones.usual):  # only the misfits that fit elsewhere: a handful
        low, high = sorted((int(cut[zone]), int(zones.usual[zone])))
        moved = slice(int(zones.first[zone]) + low, int(zones.first[zone]) + high)
        across = pair[moved] + 1 if cut[zone] < zones.usual[zone] else stretches.opening(contact[moved], pair[moved])
        pair[moved] = stretches.closing(contact[moved], across)
    return pair


def _zones(evidence: Evidence, usable: Codes, pair: Codes, skew: int) -> _Zones:
    moment, contact = evidence.moment[usable], evidence.contact[usable]
    low = np.searchsorted(evidence.moments, moment - skew, side="left")
    high = np.searchsorted(evidence.moments, moment + skew, side="right")
    count = high - low
    entry = np.repeat(np.arange(len(usable)), count)
    capture = np.repeat(low - np.cumsum(count) + count, count) + np.arange(len(entry))
    # What a capture has no usable row of, it cuts nowhere.
    cuts = ~evidence.states.stretches.across(contact[entry], capture)
    entry, capture = entry[cuts], capture[cuts]
    order = np.lexsort((entry, capture, contact[entry]))
    entry, capture = entry[order], capture[order]
    starts = (
        np.append(True, (np.diff(contact[entry]) != 0) | (np.diff(capture) != 0)) if len(entry) else np.zeros(0, bool)
    )
    zone = np.cumsum(starts) - 1
    first_row = np.flatnonzero(starts)
    size = np.diff(np.append(first_row, len(entry)))
    usual = np.bincount(zone, weights=pair[entry] <= capture, minlength=len(size)).astype(np.int64)
    return _Zones(
        contact=contact[entry[first_row]],
        capture=capture[first_row],
        first=entry[first_row],
        size=size,
        usual=usual,
        entry=entry,
        zone=zone,
        rank=np.arange(len(entry)) - np.repeat(first_row, size),
    )


def _fitting(evidence: Evidence, usable: Codes, zones: _Zones) -> Codes:
    """For each place of each zone (zone by zone, 0..m), 0 where all pins fit, else how many forbid it."""
    offset = np.append(0, np.cumsum(zones.size + 1))
    forbidden = np.zeros(offset[-1] + 1, np.int64)
    pin_row, field, old, new = _pins(evidence, usable, zones)
    zone, rank = zones.zone[pin_row], zones.rank[pin_row]
    width, depth = len(evidence.fields) + 1, int(zones.size.max()) + 1
    order = np.lexsort((rank, field, zone))
    zone, rank, field, old, new = zone[order], rank[order], field[order], old[order], new[order]
    captured = _captured(evidence, zones, zone, field)

    key = zone * width + field
    same = np.diff(key) == 0
    next_pin = np.append(np.where(same, rank[1:], _FAR), _FAR)[: len(rank)]
    previous_pin = np.append(-1, np.where(same, rank[:-1], -1))[: len(rank)]
    after, before = _accounting(evidence, usable, zones, (zone, field, rank), width, depth)

    last = np.minimum(np.minimum(next_pin, after), zones.size[zone])
    _forbid(forbidden, offset[zone], rank + 1, last, new != captured)
    _forbid(forbidden, offset[zone], np.maximum(previous_pin, before) + 1, rank, old != captured)
    return np.cumsum(forbidden)[:-1]


def _pins(evidence: Evidence, usable: Codes, zones: _Zones) -> tuple[Codes, Codes, Codes, Codes]:
    """The pins of the zones' entries: (row in zones, field, old, new); existence is one field more, 1 where there."""
    items = evidence.journal.items.take(evidence.journal.items.pin)
    rows, position = _join(usable[zones.entry], items.entry)
    action = evidence.journal.entries["action"].to_numpy()[usable[zones.entry]]
    born = np.flatnonzero((action == "create") | (action == "restore"))
    died = np.flatnonzero(action == "delete")
    existence = np.full(len(born) + len(died), len(evidence.fields), np.int64)
    there = np.append(np.ones(len(born), np.int64), np.zeros(len(died), np.int64))
    # Absence has no values, whatever the entry says.
    of_birth, of_death = np.isin(action[rows], ["create", "restore"]), action[rows] == "delete"
    return (
        np.concatenate([rows, born, died]),
        np.append(items.field[position], existence),
        np.append(np.where(of_birth, NULL, items.old[position]), 1 - there),
        np.append(np.where(of_death, NULL, items.new[position]), there),
    )


def _captured(evidence: Evidence, zones: _Zones, zone: Codes, field: Codes) -> Codes:
    state = evidence.states.at(zones.contact, zones.capture)
    there = evidence.states.exists(state)
    value = evidence.states.value(np.where(there, state, -1)[zone], field)
    return np.where(field == len(evidence.fields), there[zone].astype(np.int64), value)


def _accounting(
    evidence: Evidence, usable: Codes, zones: _Zones, pins: tuple[Codes, Codes, Codes], width: int, depth: int
) -> tuple[Codes, Codes]:
    """For each pin, the rank of the next and of the previous entry that could account for its field; _FAR and -1 without one.

    An update that names the field or is bare, or any birth or death: one that pins the field is the next or previous pin itself.
    """
    zone, field, rank = pins
    position = usable[zones.entry]
    entries = evidence.journal.entries
    update = (entries["action"].to_numpy() == "update")[position]
    bare = ~update | (entries["listed"].to_numpy() < 0)[position]
    items = evidence.journal.items.take(~evidence.journal.items.pin)
    rows, named = _join(position, items.entry)
    rows, named = rows[update[rows]], named[update[rows]]
    named_key = np.sort((zones.zone[rows] * width + items.field[named]) * depth + zones.rank[rows])
    bare_key = zones.zone[bare] * depth + zones.rank[bare]
    existence = field == width - 1
    after, before = np.full(len(zone), _FAR), np.full(len(zone), -1)
    for keys, group in ((named_key, zone * width + field), (bare_key, zone)):
        if not len(keys):
            continue
        wanted = group * depth + rank
        following = keys[np.minimum(np.searchsorted(keys, wanted, side="right"), len(keys) - 1)]
        preceding = keys[np.maximum(np.searchsorted(keys, wanted, side="left") - 1, 0)]
        hit = (following > wanted) & (following // depth == group) & ~existence
        after = np.where(hit, np.minimum(after, following % depth), after)
        hit = (preceding < wanted) & (preceding // depth == group) & ~existence
        before = np.where(hit, np.maximum(before, preceding % depth), before)
    return after, before


def _join(left: Codes, right: Codes) -> tuple[Codes, Codes]:
    """All pairs of positions with equal values; `right` is ordered."""
    low, high = np.searchsorted(right, left, side="left"), np.searchsorted(right, left, side="right")
    count = high - low
    rows = np.repeat(np.arange(len(left)), count)
    return rows, np.repeat(low - np.cumsum(count) + count, count) + np.arange(len(rows))


def _forbid(forbidden: Codes, offset: Codes, low: Codes, high: Codes, where: Codes) -> None:
    """Forbid the places low..high (ends included) of each row where the flag holds."""
    rows = np.flatnonzero(where & (low <= high))
    np.add.at(forbidden, offset[rows] + low[rows], 1)
    np.add.at(forbidden, offset[rows] + high[rows] + 1, -1)


def _choose(zones: _Zones, forbidden: Codes, starts: Flags) -> Codes:
    """The place of each zone: the fitting one that moves the fewest entries, the earlier of two such; else the usual one.

    Cuts never cross: a zone that shares entries with the one before it starts where that one was cut. Where a contact's history starts
    late (`starts`), what lies before that by the clock stays before: its window may be told long before that capture comes.
    """
    places = zones.size + 1
    zone = np.repeat(np.arange(len(places)), places)
    place = np.arange(len(zone)) - np.repeat(np.cumsum(places) - places, places)
    distance = place - zones.usual[zone]
    cost = 2 * np.abs(distance) + (distance > 0)
    shares = np.append(False, (np.diff(zones.contact) == 0) & (zones.first[1:] < (zones.first + zones.size)[:-1]))
    depth = np.arange(len(shares)) - np.maximum.accumulate(np.where(shares, 0, np.arange(len(shares))))
    cut = zones.usual.copy()
    for level in range(int(depth.max()) + 1):  # one round unless captures lie closer than twice the skew
        bound = np.where(depth > 0, np.append(0, (zones.first + cut)[:-1]) - zones.first, 0)
        bound = np.where(starts, np.maximum(bound, zones.usual), bound)
        mine = depth[zone] == level
        fits = mine & (forbidden == 0) & (place >= bound[zone])
        best = np.full(len(places), _FAR)
        np.minimum.at(best, zone[fits], cost[fits])
        chosen = fits & (cost == best[zone])
        cut[zone[chosen]] = place[chosen]
        without = (depth == level) & (best == _FAR)
        cut[without] = np.maximum(zones.usual, bound)[without]
    return cut
