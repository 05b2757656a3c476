"""What would take a choice of events back: each contact's chains of changes, collapsed to the value before the first one chosen.

Pure: frames in, a frame out. Existence is a field like the others, named "" here and null in a plan. Every step that is chosen is
counted in exactly one entry of the plan.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from contact_audit.act.recreate import states_before_death
from contact_audit.evidence.values import Values, parse

EXISTENCE = ""
SECTIONS = ("set", "recreate", "remove", "conflicts", "already_back")
REASONS = {
    "hidden_value": "a value is erased or masked in the log, so that it is not known what to set",
    "merge": "a merge of two contacts: what became of the other one is not undone by setting a field",
    "before_first_capture": "it lies before the first capture: only the journal says so, nothing confirms the value before",
    "unattributed_beside": "a change by an unknown author lies right beside it, so that the value before is not sure",
    "account": "it moved the contact to another account: no field that an import sets",
    "field_gone": "the field does not exist any more for this account",
    "changed_since": "it was changed since, by an event that is not chosen",
    "contact_gone": "the contact is gone since, by an event that is not chosen",
    "worked_on_since": "somebody has worked on the contact since it came to be, by an event that is not chosen",
    "stays": "the contact's coming or going is a conflict, and with it what that brought",
}  # fmt: skip
"""Why something is a conflict, by its name; of several the first here."""

_HIDDEN = r'^\{"(?:erased|masked|hashed|hash|dropped)": ?(?:"[^"]*"|\d+|true|null)\}$'
ENTRY = [
    *("section", "account_id", "contact_id", "field", "now", "back_to", "reason"),
    *("changed_at", "changed_by", "state", "changes", "events"),
]


def plan(steps: pd.DataFrame, states: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """The plan's entries, in the order of ENTRY, by contact and field.

    Args:
        steps: the rows of undo_steps.sql: all steps of the contacts touched, in any order.
        states: of undo_states.sql: those contacts' values now.
        gone: of undo_gone.sql: fields that are no more.

    Returns:
        One row an entry: section (one of SECTIONS), now, back_to (JSON text), reason (one of REASONS, conflicts only), changed_at and
        changed_by (the last change that is not chosen), state (recreate only: {field: JSON text}), changes (how many chosen steps it
        takes back), events (their event_ids, oldest first).
    """
    if not steps["chosen"].any():
        return pd.DataFrame({name: pd.Series(dtype=object) for name in ENTRY})
    walked = _walked(steps)
    groups = _groups(walked, states, gone)
    existence = _existence(walked, groups)
    existing = existence[["contact_id", "whole", "from_order", "born", "doubted"]]
    groups = groups.merge(existing, on="contact_id", how="left")
    fields = _fields(groups)
    chosen = walked[walked["chosen"]].merge(fields[["group", "whole", "from_order", "clean"]], on="group")
    chosen["taken"] = _taken(chosen)
    ends = [_of_fields(chosen[~chosen["taken"]], fields, walked), _of_contacts(chosen[chosen["taken"]], existence)]
    entries = pd.concat([one for one in ends if len(one)], ignore_index=True)
    wanted = entries["section"] == "recreate"
    entries["state"] = None
    entries.loc[wanted, "state"] = entries.loc[wanted, "contact_id"].map(states_before_death(walked, fields))
    entries = entries.sort_values(["contact_id", "field"], kind="stable", ignore_index=True)
    entries["field"] = entries["field"].replace({EXISTENCE: None})
    return entries[ENTRY]


def _walked(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps in order, with `order` (one number an event, growing), `group` (one a contact and field), canonical codes of both
    values, and whether an unattributed change that is not chosen lies right beside.
    """
    walked = steps.sort_values(["contact_id", "window_end", "place"], kind="stable", ignore_index=True)
    walked["order"] = walked.groupby(["contact_id", "window_end", "place"], sort=False).ngroup()
    walked["group"] = walked.groupby(["contact_id", "field"], sort=False).ngroup()
    before = walked.groupby("group")[["attribution", "chosen", "snapshot_id"]].shift(1)
    walked["beside"] = (
        (before["attribution"] == "unattributed")
        & (before["chosen"] == False)  # noqa: E712  (missing is neither)
        & (before["snapshot_id"] == walked["snapshot_id"]).fillna(False)
    ).astype(bool)
    hidden = walked["old"].str.match(_HIDDEN) | walked["new"].str.match(_HIDDEN)
    walked["hidden"] = hidden.fillna(False).astype(bool)
    return walked


def _groups(walked: pd.DataFrame, states: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """One row for each contact and field with a chosen step: value before the first, now, and what speaks against setting it."""
    chosen = walked[walked["chosen"]]
    groups = chosen.drop_duplicates("group")[
        ["group", "contact_id", "field", "order", "old", "beside", "action", "account_id"]
    ]
    groups = groups.rename(columns={"order": "first", "old": "back_to", "action": "first_action"})
    groups["before_first_capture"] = groups["group"].isin(chosen.loc[chosen["snapshot_id"].isna(), "group"])
    groups["merge"] = groups["group"].isin(chosen.loc[chosen["channel"] == "merge", "group"])
    groups["hidden_value"] = groups["group"].isin(chosen.loc[chosen["hidden"], "group"])
    since = walked.merge(groups[["group", "first"]], on="group")
    since = since[(since["order"] > since["first"]) & ~since["chosen"]].drop_duplicates("group", keep="last")
    since = since[["group", "occurred_at", "author"]].rename(
        columns={"occurred_at": "changed_at", "author": "changed_by"}
    )
    groups = groups.merge(since, on="group", how="left")
    groups["changed_since"] = groups["changed_at"].notna()
    accounts = states.loc[states["field"] == EXISTENCE, ["contact_id", "account_id"]]
    groups = groups.rename(columns={"account_id": "of_event"}).merge(accounts, on="contact_id", how="left")
    groups["account_id"] = groups["account_id"].fillna(groups["of_event"])
    groups = groups.merge(
        states[["contact_id", "field", "value"]].rename(columns={"value": "now"}),
        on=["contact_id", "field"],
        how="left",
    )
    groups["now"] = groups["now"].fillna(
        pd.Series(np.where(groups["field"] == EXISTENCE, "false", "null"), groups.index)
    )
    groups["hidden_value"] |= groups["now"].str.match(_HIDDEN).fillna(False).astype(bool)
    groups["is_back"] = _same(groups["now"], groups["back_to"])
    groups["account"] = groups["field"] == "account_id"
    there = states.loc[(states["field"] == EXISTENCE) & (states["value"] == "true"), "contact_id"]
    groups["is_there"] = groups["contact_id"].isin(there)
    missing = pd.MultiIndex.from_frame(gone[["account_id", "field"]]) if len(gone) else None
    at = pd.MultiIndex.from_frame(groups[["account_id", "field"]])
    groups["field_gone"] = False if missing is None else at.isin(missing)
    return groups.rename(columns={"beside": "unattributed_beside"})


def _existence(walked: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """One row a contact: what its chosen births and deaths come to (`whole`: recreate, remove, conflicts, already_back, or none), since
    which step (`from_order`), whether that is a birth (`born`), and why it is a conflict (`doubted`: because the evidence is not sure).
    """
    contacts = groups[["contact_id", "account_id"]].drop_duplicates("contact_id")
    found = contacts.merge(
        groups.loc[groups["field"] == EXISTENCE].drop(columns="account_id"), on="contact_id", how="left"
    )
    told = walked[walked["chosen"] & (walked["action"] != "update")]
    for name in ("beside", "hidden"):  # of any field that a birth or a death lists
        column = "unattributed_beside" if name == "beside" else "hidden_value"
        found[column] = found[column].fillna(False).astype(bool) | found["contact_id"].isin(
            told.loc[told[name], "contact_id"]
        )
    later = walked.merge(found[["contact_id", "first"]], on="contact_id")
    later = later[(later["order"] > later["first"]) & ~later["chosen"] & (later["action"] != "schema_change")]
    later = later.drop_duplicates("contact_id", keep="last").set_index("contact_id")
    is_birth = (found["back_to"] == "false") & (found["now"] == "true")
    found["worked_on_since"] = is_birth & found["contact_id"].isin(later.index)
    worked = found["worked_on_since"] & (found["changed_since"] != True)  # noqa: E712
    found = _told_by(found, worked, later)
    found["reason"] = _first_reason(found, ["hidden_value", "merge", "before_first_capture", "unattributed_beside"])
    found["doubted"], found["born"] = found["reason"].notna(), found["back_to"] == "false"
    found["whole"] = np.select(
        [
            found["first"].isna(),
            found["reason"].notna(),
            found["is_back"] == True,  # noqa: E712
            found["changed_since"] == True,  # noqa: E712
            found["worked_on_since"],
            is_birth,
        ],
        ["none", "conflicts", "already_back", "conflicts", "conflicts", "remove"],
        "recreate",
    )
    found["reason"] = found["reason"].fillna(_first_reason(found, ["changed_since", "worked_on_since"]))
    return found.rename(columns={"first": "from_order"})


def _fields(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups, each with its section and reason as far as it stands for itself; `clean`: nothing speaks against it."""
    fields = groups.copy()
    doubts = ["hidden_value", "merge", "before_first_capture", "unattributed_beside"]
    fields["doubt"] = _first_reason(fields, doubts)
    fields["field_gone"] &= fields["now"] == "null"
    known = ["account", "field_gone", "changed_since"]
    fields["clean"] = fields["doubt"].isna() & ~fields[known].any(axis=1)
    came = (fields["first_action"] != "update") & (fields["field"] != EXISTENCE)
    fields["stays"] = came & (fields["whole"] == "conflicts")
    lost = ~fields["is_there"] & (fields["field"] != EXISTENCE) & (fields["whole"] != "recreate") & ~came
    # before a chosen birth there was no value either: what came to be and went with that life is back where it was
    of_life = fields["born"] & (fields["first"] >= fields["from_order"])
    fields["worked_on_since"] = lost & of_life & ~fields["is_back"]
    fields["stays"] |= lost & ~of_life & fields["doubted"]
    fields["contact_gone"] = lost & ~of_life & ~fields["doubted"]
    other = _first_reason(
        fields, ["account", "field_gone", "contact_gone", "changed_since", "worked_on_since", "stays"]
    )
    # of any other contact that is gone, every field is null: that takes nothing back
    is_back = fields["is_back"] & ~(lost & ~of_life) & (fields["clean"] | (fields["whole"] != "recreate"))
    fields["reason"] = fields["doubt"].where(fields["doubt"].notna() | is_back, other)
    fields["section"] = np.select([fields["reason"].notna(), is_back], ["conflicts", "already_back"], "set")
    return fields


def _taken(chosen: pd.DataFrame) -> pd.Series:
    """Which chosen steps the contact's own entry takes back: those of existence; all since a birth that is removed; of a contact to
    recreate, what is clean and what its last death lists.
    """
    last = chosen["order"] == chosen["contact_id"].map(
        chosen[chosen["field"] == EXISTENCE].groupby("contact_id")["order"].max()
    )
    removed = (chosen["whole"] == "remove") & (chosen["order"] >= chosen["from_order"])
    recreated = (chosen["whole"] == "recreate") & (chosen["clean"] | last)
    return (chosen["field"] == EXISTENCE) | removed | recreated


def _of_fields(steps: pd.DataFrame, fields: pd.DataFrame, walked: pd.DataFrame) -> pd.DataFrame:
    """The entries of fields: one for each group of which steps are left."""
    if not len(steps):
        return pd.DataFrame()
    entries = fields.merge(_counted(steps, "group"), on="group")
    # what is left of a contact that is to be removed is of a former life
    left = (entries["whole"] == "remove") & (entries["section"] != "conflicts")
    entries.loc[left, "section"] = "conflicts"
    entries.loc[left, "reason"] = "contact_gone"
    last = walked[(walked["field"] == EXISTENCE) & ~walked["chosen"]].drop_duplicates("contact_id", keep="last")
    went = entries["changed_at"].isna() & (entries["reason"] == "contact_gone")
    return _told_by(entries, went, last.set_index("contact_id"))


def _of_contacts(steps: pd.DataFrame, existence: pd.DataFrame) -> pd.DataFrame:
    """The entries of contacts: whether they are there."""
    if not len(steps):
        return pd.DataFrame()
    entries = existence.merge(_counted(steps, "contact_id"), on="contact_id")
    return entries.assign(section=entries["whole"], field=EXISTENCE)


def _counted(steps: pd.DataFrame, by: str) -> pd.DataFrame:
    """How many steps each has, and the events they are of, oldest first."""
    counts = steps.groupby(by).size().rename("changes")
    distinct = steps.sort_values("order", kind="stable").drop_duplicates([by, "event_id"])
    return pd.concat([counts, distinct.groupby(by)["event_id"].agg(list).rename("events")], axis=1).reset_index()


def _told_by(frame: pd.DataFrame, where: pd.Series, steps: pd.DataFrame) -> pd.DataFrame:
    """The frame with changed_at and changed_by of these steps, one a contact, in these rows."""
    told = frame.copy()
    for column, source in (("changed_at", "occurred_at"), ("changed_by", "author")):
        known = steps[source].reindex(told["contact_id"])
        told[column] = told[column].mask(where, known.set_axis(told.index))
    return told


def _first_reason(frame: pd.DataFrame, names: list[str]) -> pd.Series:
    """The first of these columns that is true, by its name."""
    conditions = [frame[name].fillna(False).astype(bool) for name in names]
    return pd.Series(np.select(conditions, names, ""), frame.index).replace({"": None}).astype(object)


def _same(left: pd.Series, right: pd.Series) -> Any:
    """Where two columns of JSON texts hold equal values, by section 3's comparison."""
    values = Values()
    one, other = (values.encode(parse(pa.array(texts.tolist(), pa.string()))) for texts in (left, right))
    return one == other
