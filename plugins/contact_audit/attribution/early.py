"""Rule 8: what the journal alone tells of the time before the first capture.

Nothing confirms it, so its events are `unconfirmed`, in the window of their own moment, without a pair. A contact's first capture is
the first that has a usable row of it, where the source's very first one has a row that cannot be used.
"""

import numpy as np
import pandas as pd

from contact_audit.attribution.events import Events
from contact_audit.evidence.journal import ACCOUNT, Items
from contact_audit.evidence.states import Evidence, window_end
from contact_audit.evidence.values import NULL, Codes


def early_events(evidence: Evidence, entry: Codes) -> Events:
    """Events of the entries (positions, in order) with values, and of births and deaths; the others have no known effect."""
    entries = evidence.journal.entries
    action = entries["action"].to_numpy(object)
    items = evidence.journal.items
    items = items.take(items.pin & np.isin(items.entry, entry))
    # Absence has no values: a birth starts from null and a death ends there.
    born = np.isin(action[items.entry], ["create", "restore"])
    died = action[items.entry] == "delete"
    items = Items(items.entry, items.field, items.pin, np.where(born, NULL, items.old), np.where(died, NULL, items.new))
    items = items.take((items.old != items.new) & ~((items.field == ACCOUNT) & (action[items.entry] != "update")))
    chosen = entry[(action[entry] != "update") | np.isin(entry, items.entry)]
    frame = pd.DataFrame(
        {
            "contact": evidence.contact[chosen],
            "pair": np.zeros(len(chosen), np.int64),
            "action": pd.Series(action[chosen], dtype="str"),
            "attribution": pd.Series(["unconfirmed"] * len(chosen), dtype="str"),
            "entry": chosen,
            "candidates": pd.Series([None] * len(chosen), dtype=object),
            "after": evidence.moment[chosen],
            "at": evidence.moment[chosen],
            "slot": chosen,
            "begin": chosen,
            "rank": np.zeros(len(chosen), np.int64),
        }
    )
    return Events(frame, np.searchsorted(chosen, items.entry), items.field, items.old, items.new)


def early_end(evidence: Evidence, entry: Codes) -> Codes:
    """The end (µs) of the window of the own moment of entries (positions) before their contacts' first captures; 0: of no window here."""
    late, _ = evidence.states.stretches.never_before(evidence.contact[entry])
    told = late | evidence.from_the_first | evidence.sighted
    return np.where(told, window_end(evidence.moment[entry]), 0)
