"""Net changes: what a contact's captured state differs in from the capture before.

Pure: frames and arrays in, arrays out. A *pair* is two consecutive captures; it is named by the position of the later one.
"""

from dataclasses import dataclass

import numpy as np

from contact_audit.evidence.states import States
from contact_audit.evidence.values import NULL, Codes


@dataclass(frozen=True)
class NetChanges:
    """What captures show, one row a contact, pair and field that differ by value.

    Attributes:
        contact, pair: contact code and position of the later capture, int64, ordered.
        field: field code.
    """

    contact: Codes
    pair: Codes
    field: Codes


@dataclass(frozen=True)
class Pairs:
    """The pairs in which anything differs, existence included: contact code and position of the later capture, ordered, unique."""

    contact: Codes
    pair: Codes


def net_changes(states: States) -> tuple[Pairs, NetChanges]:
    """The differences between each state and the state before it, by value (section 3); O(rows that differ).

    A contact's states are compared with its previous one; without one, with absence. States at the base (capture 0)
    are where the walk starts, no difference; nor is what a capture shows that was read otherwise, or the first to show a contact of
    which no capture before had a usable row. An absent contact's fields are null.
    """
    starts = states.stretches.starts(states.contact, states.capture)
    later = np.flatnonzero((states.capture > 0) & ~np.isin(states.capture, states.untold) & ~starts)
    earlier = later - 1
    known = earlier >= 0
    known[known] = states.contact[earlier[known]] == states.contact[later[known]]
    earlier = np.where(known, earlier, -1)
    position, field = _differing_fields(states, earlier, later)
    existence = states.exists(earlier) != states.exists(later)
    touched = existence.copy()
    touched[position] = True
    changes = NetChanges(states.contact[later[position]], states.capture[later[position]], field)
    return Pairs(states.contact[later[touched]], states.capture[later[touched]]), changes


def _differing_fields(states: States, earlier: Codes, later: Codes) -> tuple[Codes, Codes]:
    """(position in `later`, field) of each field whose value is another one, ordered."""
    before_position, before_field = states.fields_of(earlier)
    after_position, after_field = states.fields_of(later)
    came = states.value(earlier[after_position], after_field) != states.value(later[after_position], after_field)
    went = states.value(later[before_position], before_field) == NULL
    position = np.concatenate([after_position[came], before_position[went]])
    field = np.concatenate([after_field[came], before_field[went]])
    order = np.lexsort((field, position))
    return position[order], field[order]
