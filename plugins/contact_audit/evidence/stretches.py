"""Stretches of captures in which nobody knows what a contact was: from a row that cannot be used until the next word on it.

For that contact these captures are as if they were not there: its pair reaches across them.
"""

from dataclasses import dataclass

import numpy as np

from contact_audit.evidence.journal import Flags
from contact_audit.evidence.values import Codes


@dataclass(frozen=True)
class Stretches:
    """One row a stretch, ordered by (contact, first); mostly there are none.

    Attributes:
        contact: contact code; first: position of the first capture that does not know it.
        end: position of the first capture after it that does again; the number of captures where none does.
        never: whether no capture before it has said anything of the contact either: its history starts at `end`.
        captures: the number of captures.
    """

    contact: Codes
    first: Codes
    end: Codes
    never: Flags
    captures: int

    @classmethod
    def of(cls, unusable: tuple[Codes, Codes], told: tuple[Codes, Codes], captures: int, base: int) -> "Stretches":
        """From the (contact, capture) of rows that cannot be used and of those that can; what is not told until `base` was never told."""
        contact, capture = unusable
        width = captures + 1
        keys = np.sort(told[0] * width + told[1])
        key = contact * width + capture
        following = np.searchsorted(keys, key, side="right")
        end = np.full(len(key), captures, np.int64)
        before = np.zeros(len(key), bool)
        if len(keys):
            after = keys[np.minimum(following, len(keys) - 1)]
            known_again = (following < len(keys)) & (after // width == contact)
            end = np.where(known_again, after % width, end)
            earlier = keys[np.maximum(following - 1, 0)]
            before = (following > 0) & (earlier // width == contact)
        order = np.lexsort((capture, contact))
        contact, capture, end, before = contact[order], capture[order], end[order], before[order]
        begins = np.append(True, (np.diff(contact) != 0) | (np.diff(end) != 0))[: len(order)]
        contact, first, end, before = contact[begins], capture[begins], end[begins], before[begins]
        return cls(contact, first, end, ~before & (first <= base), captures)

    def across(self, contact: Codes, capture: Codes) -> Flags:
        """Whether each capture does not know the contact."""
        return self._row(contact, capture) >= 0

    def closing(self, contact: Codes, pair: Codes) -> Codes:
        """The pair that really closes each: that of the next capture which knows the contact; 0 where none has known it before."""
        if not len(self.contact):
            return pair
        row = self._row(contact, pair)
        closes = np.where(row >= 0, self.end[row], pair)
        begins = self._ending(contact, closes)
        # A stretch without an end is never closed, and yet may have begun before anything was known.
        begins = np.where(row >= 0, row, begins)
        from_the_start = (begins >= 0) & self.never[begins]
        before = self._never(contact)
        return np.where(from_the_start | ((before >= 0) & (pair <= self.first[before])), 0, closes)

    def opening(self, contact: Codes, pair: Codes) -> Codes:
        """The capture that opens each pair: mostly the one right before."""
        if not len(self.contact):
            return pair - 1
        row = self._ending(contact, pair)
        return np.where(row >= 0, self.first[row] - 1, pair - 1)

    def starts(self, contact: Codes, capture: Codes) -> Flags:
        """Whether each contact's history starts at the capture, though it is not the very first one."""
        row = self._ending(contact, capture)
        return (row >= 0) & self.never[row] if len(self.contact) else np.zeros(len(contact), bool)

    def never_before(self, contact: Codes) -> tuple[Flags, Codes]:
        """Whether the history of each contact starts late, and at which capture (the number of captures: at none yet)."""
        row = self._never(contact)
        end = self.end[row] if len(self.contact) else np.zeros(len(contact), np.int64)
        return row >= 0, end

    def _row(self, contact: Codes, capture: Codes) -> Codes:
        if not len(self.contact):
            return np.full(len(contact), -1)
        width = self.captures + 1
        row = np.searchsorted(self.contact * width + self.first, contact * width + capture, side="right") - 1
        inside = (row >= 0) & (self.contact[row] == contact) & (capture < self.end[row])
        return np.where(inside, row, -1)

    def _ending(self, contact: Codes, capture: Codes) -> Codes:
        """The stretch that ends at each capture, -1 for none."""
        if not len(self.contact):
            return np.full(len(contact), -1)
        width = self.captures + 1
        keys = self.contact * width + self.end
        row = np.minimum(np.searchsorted(keys, contact * width + capture), len(keys) - 1)
        return np.where(keys[row] == contact * width + capture, row, -1)

    def _never(self, contact: Codes) -> Codes:
        """The stretch of each contact that nothing was known before, -1 for none."""
        if not self.never.any():
            return np.full(len(contact), -1)
        rows = np.flatnonzero(self.never)
        place = np.minimum(np.searchsorted(self.contact[rows], contact), len(rows) - 1)
        return np.where(self.contact[rows[place]] == contact, rows[place], -1)
