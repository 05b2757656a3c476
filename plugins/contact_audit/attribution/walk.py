"""The walk: a contact's entries of one pair put in the order in which they count, with the births and deaths that
existence asks for.

Existence (rule 7) is settled here; what fields do between the walk's points is the business of gaps.py.
"""

from dataclasses import dataclass

import numpy as np

from contact_audit.attribution.diff import Pairs
from contact_audit.evidence.journal import Flags
from contact_audit.evidence.states import Evidence
from contact_audit.evidence.values import Codes

START, UPDATE, BIRTH, DEATH, END = range(5)


@dataclass(frozen=True)
class Groups:
    """One row a contact and pair with entries or differences, ordered.

    Attributes:
        contact, pair: contact code, position of the later capture.
        before, after: states at the two captures (-1: none); was, is_there: whether the contact exists in them.
    """

    contact: Codes
    pair: Codes
    before: Codes
    after: Codes
    was: Flags
    is_there: Flags


@dataclass(frozen=True)
class Walk:
    """The points of all walks, group by group, in walk order; a node's place is its row.

    Attributes:
        groups: the groups walked.
        group: group of each node; kind: START, UPDATE, BIRTH, DEATH or END; entry: position of its entry, -1 without one.
        upsert: True for a create of a contact that was there: an update that only names its fields.
        not_captured, without_effect: positions of entries that have no place in the walk.
    """

    groups: Groups
    group: Codes
    kind: Codes
    entry: Codes
    upsert: Flags
    not_captured: Codes
    without_effect: Codes

    @property
    def start(self) -> Codes:
        """The START node of each group."""
        return np.flatnonzero(self.kind == START)

    @property
    def end(self) -> Codes:
        """The END node of each group."""
        return np.flatnonzero(self.kind == END)


def walk(evidence: Evidence, entry: Codes, pair: Codes, differing: Pairs) -> Walk:
    """Walk all pairs that have entries or differences.

    `entry`: positions of entries, ordered by (contact, pair, occurred_at, entry_id); `pair`: the pair of each.
    """
    groups, group = _groups(evidence, evidence.contact[entry], pair, differing)
    action = evidence.journal.entries["action"].to_numpy()[entry]
    count = len(entry)
    here = np.arange(count)
    low, high = np.searchsorted(group, group, side="left"), np.searchsorted(group, group, side="right")

    pins_existence = action != "update"
    births = (action == "create") | (action == "restore")
    last_pin = np.append(-1, np.maximum.accumulate(np.where(pins_existence, here, -1)))[:count]
    pinned = last_pin >= low
    there = np.where(pinned, births[last_pin] if count else False, groups.was[group])
    next_birth = np.minimum.accumulate(np.where(births, here, count)[::-1])[::-1]
    reborn = next_birth < high

    lost = ~there & ~pins_existence
    moved = lost & reborn
    born_silently = lost & ~reborn & groups.is_there[group]
    # A stretch of absence begins at the group's start or at a delete; its first update proves a birth.
    stretch = np.where(pinned, last_pin, count + group)
    _, first = np.unique(stretch[born_silently], return_index=True)
    proves_birth = np.flatnonzero(born_silently)[first]
    there = there | np.isin(stretch, stretch[proves_birth])

    delete = action == "delete"
    without_effect = delete & ~there
    not_captured = lost & ~moved & ~born_silently
    upsert = (action == "create") & there
    proves_death = np.flatnonzero((action == "restore") & there)
    takes_part = ~without_effect & ~not_captured
    kind = np.where(delete, DEATH, np.where(births & ~upsert, BIRTH, UPDATE))

    there_after = _there_at_end(groups, group, pins_existence, births, proves_birth)
    silent_end = np.flatnonzero(there_after != groups.is_there)
    every = np.arange(len(groups.contact))
    none = np.full

    node_group = np.concatenate([every, group[takes_part], group[proves_death], group[proves_birth], silent_end, every])
    anchor = np.concatenate(
        [
            none(len(every), -1),
            np.where(moved, next_birth, here)[takes_part],
            proves_death,
            proves_birth,
            none(len(silent_end), count),
            none(len(every), count + 1),
        ]
    )
    implied = len(proves_death) + len(proves_birth) + len(silent_end)
    # At one entry: what it proves comes before it, the updates that wait for it after it.
    side = np.concatenate([none(len(every), 0), moved[takes_part], none(implied, -1), none(len(every), 0)])
    node_entry = np.concatenate([none(len(every), -1), here[takes_part], none(implied + len(every), -1)])
    node_kind = np.concatenate(
        [
            none(len(every), START),
            kind[takes_part],
            none(len(proves_death), DEATH),
            none(len(proves_birth), BIRTH),
            np.where(groups.is_there[silent_end], BIRTH, DEATH),
            none(len(every), END),
        ]
    )
    order = np.lexsort((node_entry, side, anchor, node_group))
    node_entry = node_entry[order]
    known = node_entry >= 0
    return Walk(
        groups=groups,
        group=node_group[order],
        kind=node_kind[order],
        entry=np.where(known, entry[node_entry] if count else -1, -1),
        upsert=known & (upsert[node_entry] if count else False),
        not_captured=entry[not_captured],
        without_effect=entry[without_effect],
    )


def _groups(evidence: Evidence, contact: Codes, pair: Codes, differing: Pairs) -> tuple[Groups, Codes]:
    """The groups, and the group of each entry."""
    width = len(evidence.moments) + 1
    key = contact * width + pair
    keys = np.union1d(key, differing.contact * width + differing.pair)
    whose, later = keys // width, keys % width
    before, after = evidence.states.at(whose, later - 1), evidence.states.at(whose, later)
    was, is_there = evidence.states.exists(before), evidence.states.exists(after)
    groups = Groups(whose, later, np.where(was, before, -1), np.where(is_there, after, -1), was, is_there)
    return groups, np.searchsorted(keys, key)


def _there_at_end(groups: Groups, group: Codes, pins_existence: Flags, births: Flags, proves_birth: Codes) -> Flags:
    """Whether each group's contact is there after its last entry."""
    there = groups.was.copy()
    settles = pins_existence.copy()
    settles[proves_birth] = True
    last = np.full(len(there), -1)
    positions = np.flatnonzero(settles)
    last[group[positions]] = positions  # of several, the last one stays
    proves = np.zeros(len(births), bool)
    proves[proves_birth] = True
    known = last >= 0
    there[known] = (births | proves)[last[known]]
    return there
