"""The state in which a deleted contact is to be created again: its last one, with the chosen changes before it taken back."""

import pandas as pd


def states_before_death(walked: pd.DataFrame, fields: pd.DataFrame) -> dict[str, dict[str, str]]:
    """contact_id → {field: JSON text} of every contact to create again, fields without a value left out.

    `walked` and `fields` as plan.py makes them: all steps in order; the groups with `whole`, `clean` and `back_to`. A death lists
    every value that the contact had.
    """
    to_come = fields.loc[fields["whole"] == "recreate", "contact_id"].unique()
    steps = walked[walked["contact_id"].isin(to_come)]
    deaths = steps[steps["action"] == "delete"].groupby("contact_id")["order"].max()
    last = steps[(steps["order"] == steps["contact_id"].map(deaths)) & (steps["field"] != "")]
    taken_back = fields[(fields["whole"] == "recreate") & fields["clean"] & (fields["field"] != "")]
    values = pd.concat(
        [
            last[["contact_id", "field", "old"]].rename(columns={"old": "value"}),
            taken_back[["contact_id", "field", "back_to"]].rename(columns={"back_to": "value"}),
        ]
    ).drop_duplicates(["contact_id", "field"], keep="last")
    values = values[values["value"] != "null"].sort_values(["contact_id", "field"])
    found: dict[str, dict[str, str]] = {str(contact_id): {} for contact_id in to_come}
    for contact_id, field, value in values.itertuples(index=False):  # a dictionary a contact is what is asked for
        found[contact_id][field] = value
    return found
