"""Pins, gaps and segments: what each field does between the walk's points, and which entry each gap goes to (rules 1 to 5 and 7).

All fields of all walks at once: points ordered by (group, field, place); where the value on leaving one differs from the value on
reaching the next there is a gap, and the candidates of its segment are two look-ups in ordered columns.
"""

from dataclasses import dataclass

import numpy as np

from contact_audit.attribution.diff import NetChanges
from contact_audit.attribution.schema_changes import SchemaChanges, Taken
from contact_audit.attribution.walk import BIRTH, DEATH, UPDATE, Walk
from contact_audit.evidence.journal import ACCOUNT, Flags, Items
from contact_audit.evidence.states import Evidence
from contact_audit.evidence.values import NULL, Codes

RECORDED, MATCHED, INFERRED = range(3)
_START, _PIN, _BORN, _DIED, _END = range(5)


@dataclass(frozen=True)
class Parts:
    """Changes of one field each, with what makes them.

    Attributes:
        group, field, old, new: the change.
        strength: RECORDED, MATCHED or INFERRED.
    """

    group: Codes
    field: Codes
    old: Codes
    new: Codes
    strength: Codes


@dataclass(frozen=True)
class Attributed:
    """Every change, by how it is known.

    Attributes:
        at_node: parts of events at a node of the walk; node: which.
        shared: parts with several candidates; candidates: the nodes of each, in order (rule 4).
        nobody: parts without a candidate; low, high: the nodes of the two points they lie between (rule 5).
        unconfirmed: nodes with a pin that has such a gap next to it.
        taken: the gaps that schema changes account for.
    """

    at_node: Parts
    node: Codes
    shared: Parts
    candidates: list[tuple[int, ...]]
    nobody: Parts
    low: Codes
    high: Codes
    unconfirmed: Codes
    taken: Taken


@dataclass(frozen=True)
class _Points:
    """Points of fields, ordered by (group, field, place): the value on reaching and on leaving each."""

    row: Codes  # which (group, field)
    place: Codes
    kind: Codes
    reached: Codes
    left: Codes


@dataclass(frozen=True)
class _Claims:
    """What entries may account for: ordered keys field * places + place of names, places of bare updates."""

    named: Codes
    bare: Codes
    places: int


def attribute_fields(evidence: Evidence, walk: Walk, changes: NetChanges, schema: SchemaChanges) -> Attributed:
    """Find all pins and gaps of the walks and give each gap to the entries that may have made it, or to a schema change."""
    pins, pin_node, corrected, claims = _what_entries_say(evidence, walk)
    group, field = _relevant(evidence, walk, changes, walk.group[pin_node], pins.field)
    points = _points(evidence, walk, group, field, pins, pin_node)

    gap = np.flatnonzero((points.row[1:] == points.row[:-1]) & (points.left[:-1] != points.reached[1:]))
    old, new = points.left[gap], points.reached[gap + 1]
    low, high = points.place[gap], points.place[gap + 1]
    in_group, of_field = group[points.row[gap]], field[points.row[gap]]
    named_low = np.searchsorted(claims.named, of_field * claims.places + low, side="right")
    named = np.searchsorted(claims.named, of_field * claims.places + high, side="left") - named_low
    bare_low = np.searchsorted(claims.bare, low, side="right")
    bare = np.searchsorted(claims.bare, high, side="left") - bare_low

    dies = points.kind[gap + 1] == _DIED
    born = (points.kind[gap] == _BORN) & ~dies & (named == 0)
    claimed = np.where(named > 0, named, bare)
    opens = (points.kind[gap] == _START) & (old == NULL) & walk.groups.was[in_group]
    closes = (points.kind[gap + 1] == _END) & (new == NULL) & walk.groups.is_there[in_group]
    change = _schema_change(evidence, walk, schema, in_group, of_field, opens, closes)
    by_schema = (change >= 0) & (named == 0)
    open_ = ~dies & ~born & ~by_schema
    single = open_ & (claimed == 1)
    several = open_ & (claimed > 1)
    nobody = open_ & (claimed == 0)

    # Rule 7: what a later entry names may have been the birth's all the same, where its entry could have set it.
    vague = (points.kind[gap] == _BORN) & _may_have_set(evidence, walk, low, of_field)
    strength = np.where((named > 0) & ~vague, MATCHED, INFERRED)
    strength = np.where(dies, np.where(named + bare > 0, INFERRED, MATCHED), strength)
    strength = np.where(born, np.where(bare > 0, INFERRED, MATCHED), strength)
    last_named, last_bare = max(len(claims.named) - 1, 0), max(len(claims.bare) - 1, 0)
    first = np.zeros(len(gap), np.int64)
    if len(claims.named):
        first = np.where(named > 0, claims.named[np.minimum(named_low, last_named)] % claims.places, first)
    if len(claims.bare):
        first = np.where(named > 0, first, claims.bare[np.minimum(bare_low, last_bare)])
    node = np.where(dies, high, np.where(born, low, first))

    def parts(which: Flags) -> Parts:
        return Parts(in_group[which], of_field[which], old[which], new[which], strength[which])

    # Births and deaths do not list the account; what their entries say of it only fixes it.
    real = (pins.old != pins.new) & ((pins.field != ACCOUNT) | (walk.kind[pin_node] == UPDATE))
    taken = dies | born | single
    at_node = _join(
        Parts(walk.group[pin_node][real], pins.field[real], pins.old[real], pins.new[real], corrected[real]),
        parts(taken),
    )
    neighbours = np.concatenate(
        [
            points.place[gap[nobody]][points.kind[gap[nobody]] == _PIN],
            high[nobody][points.kind[gap[nobody] + 1] == _PIN],
        ]
    )
    return Attributed(
        at_node=at_node,
        node=np.append(pin_node[real], node[taken]),
        shared=parts(several),
        candidates=[
            tuple(
                (claims.named[low_n : low_n + count] % claims.places).tolist()
                if by_name
                else claims.bare[low_b : low_b + count].tolist()
            )
            for low_n, low_b, count, by_name in zip(
                named_low[several], bare_low[several], claimed[several], named[several] > 0, strict=True
            )
        ],
        nobody=parts(nobody),
        low=low[nobody],
        high=high[nobody],
        unconfirmed=np.unique(neighbours),
        taken=Taken(
            change[by_schema],
            walk.groups.contact[in_group[by_schema]],
            walk.groups.pair[in_group[by_schema]],
            of_field[by_schema],
            old[by_schema],
            new[by_schema],
            opens[by_schema],
        ),
    )


def _may_have_set(evidence: Evidence, walk: Walk, node: Codes, field: Codes) -> Flags:
    """Whether the entry of each birth is bare, or names the field without its value."""
    entry = walk.entry[node]
    if not len(evidence.contact):
        return np.zeros(len(node), bool)
    items = evidence.journal.items.take(~evidence.journal.items.pin)
    width = len(evidence.fields)
    named = np.isin(entry * width + field, items.entry * width + items.field)
    return (entry >= 0) & (named | (evidence.journal.entries["listed"].to_numpy()[entry] < 0))


def _schema_change(
    evidence: Evidence, walk: Walk, schema: SchemaChanges, group: Codes, field: Codes, opens: Flags, closes: Flags
) -> Codes:
    """The schema change that makes each gap, where it opens its walk from null or closes it to null; -1 for none."""
    found = np.full(len(group), -1)
    if not len(schema.pair):
        return found
    accounts = evidence.states.account.to_numpy(np.int64, na_value=-1)
    before, after = walk.groups.before[group], walk.groups.after[group]
    moved = (before >= 0) & (after >= 0) & (accounts[before] != accounts[after])
    for which, state, appears in ((opens & ~moved, before, True), (closes & ~opens & ~moved, after, False)):
        account = accounts[state[which]]
        found[which] = schema.row_of(account, walk.groups.pair[group[which]], field[which], appears)
    return found


def _what_entries_say(evidence: Evidence, walk: Walk) -> tuple[Items, Codes, Codes, _Claims]:
    """The pins of the walks with their nodes and strengths, and the claims of updates."""
    node_of = np.full(len(evidence.contact), -1)
    nodes = np.flatnonzero(walk.entry >= 0)
    node_of[walk.entry[nodes]] = nodes
    items = evidence.journal.items.take(node_of[evidence.journal.items.entry] >= 0)
    node = node_of[items.entry]
    pinned = items.pin & ~walk.upsert[node]
    naming = ~pinned & (walk.kind[node] == UPDATE)
    places = len(walk.kind)
    named = np.sort(items.field[naming] * places + node[naming])
    listed = evidence.journal.entries["listed"].to_numpy()[walk.entry[nodes]]
    bare = nodes[(walk.kind[nodes] == UPDATE) & ((listed < 0) | (walk.upsert[nodes] & (listed == 0)))]

    pins, node = items.take(pinned), node[pinned]
    kind = walk.kind[node]
    # Absence has no values: a birth starts from null and a death ends there, whatever their entries say; what is
    # corrected so is the gap that the birth or death takes.
    wrong = ((kind == BIRTH) & (pins.old != NULL)) | ((kind == DEATH) & (pins.new != NULL))
    old = np.where(kind == BIRTH, NULL, pins.old)
    new = np.where(kind == DEATH, NULL, pins.new)
    strength = np.where(wrong, MATCHED, RECORDED)
    return Items(pins.entry, pins.field, pins.pin, old, new), node, strength, _Claims(named, bare, places)


def _relevant(
    evidence: Evidence, walk: Walk, changes: NetChanges, pin_group: Codes, pin_field: Codes
) -> tuple[Codes, Codes]:
    """The (group, field) rows to look at: pinned, differing, and all fields of a contact that is born or dies on the way."""
    width = len(evidence.fields)
    pairs = len(evidence.moments) + 1
    groups = walk.groups
    found = np.searchsorted(groups.contact * pairs + groups.pair, changes.contact * pairs + changes.pair)
    moving = np.unique(walk.group[(walk.kind == BIRTH) | (walk.kind == DEATH)])
    keys = [pin_group * width + pin_field, found * width + changes.field]
    for state in (groups.before[moving], groups.after[moving]):
        position, field = evidence.states.fields_of(state)
        keys.append(moving[position] * width + field)
    key = np.unique(np.concatenate(keys))
    return key // width, key % width


def _points(evidence: Evidence, walk: Walk, group: Codes, field: Codes, pins: Items, pin_node: Codes) -> _Points:
    width, rows, places = len(evidence.fields), len(group), len(walk.kind)
    pin_row = np.searchsorted(group * width + field, walk.group[pin_node] * width + pins.field)
    first = evidence.states.value(walk.groups.before[group], field)
    last = evidence.states.value(walk.groups.after[group], field)

    turn = np.flatnonzero((walk.kind == BIRTH) | (walk.kind == DEATH))
    low, high = (
        np.searchsorted(group, walk.group[turn], side="left"),
        np.searchsorted(group, walk.group[turn], side="right"),
    )
    turn_node = np.repeat(turn, high - low)
    turn_row = np.repeat(low - np.cumsum(high - low) + (high - low), high - low) + np.arange(len(turn_node))
    unpinned = ~np.isin(turn_row * places + turn_node, pin_row * places + pin_node)
    turn_node, turn_row = turn_node[unpinned], turn_row[unpinned]
    nothing = np.full(len(turn_node), NULL)

    row = np.concatenate([np.arange(rows), pin_row, turn_row, np.arange(rows)])
    place = np.concatenate([walk.start[group], pin_node, turn_node, walk.end[group]])
    kind = np.concatenate(
        [
            np.full(rows, _START),
            np.full(len(pin_row), _PIN),
            np.where(walk.kind[turn_node] == BIRTH, _BORN, _DIED),
            np.full(rows, _END),
        ]
    )
    reached = np.concatenate([first, pins.old, nothing, last])
    left = np.concatenate([first, pins.new, nothing, last])
    order = np.lexsort((place, row))
    row, place, kind, reached, left = row[order], place[order], kind[order], reached[order], left[order]
    # A birth has whatever account its contact is next known to have, a death ends that which it last had: no gap.
    born = np.flatnonzero((kind == _BORN) & (field[row] == ACCOUNT))
    left[born] = reached[born + 1]
    died = np.flatnonzero((kind == _DIED) & (field[row] == ACCOUNT))
    reached[died] = left[died - 1]
    return _Points(row, place, kind, reached, left)


def _join(one: Parts, other: Parts) -> Parts:
    return Parts(
        np.append(one.group, other.group),
        np.append(one.field, other.field),
        np.append(one.old, other.old),
        np.append(one.new, other.new),
        np.append(one.strength, other.strength),
    )
