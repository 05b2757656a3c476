"""Naive pandas: both captures by read_sql, merged, compared column by column, the differences written by to_sql.

Arguments: SQLAlchemy's address of the database.
"""

import sys

import pandas as pd
from sqlalchemy import create_engine

READ = """
    select contact_id, account_id, name, email, primary_phone, custom_fields::text as custom_fields, created_at
    from helpdesk.contact_snapshots
    where snapshot_id = %(capture)s and not deleted
"""
COMPARED = ["account_id", "name", "email", "primary_phone", "custom_fields"]


def main(address: str) -> None:
    engine = create_engine(address)
    before, after = (pd.read_sql(READ, engine, params={"capture": capture}) for capture in (1, 2))
    both = before.merge(after, on="contact_id", how="outer", suffixes=("_old", "_new"), indicator=True)
    differs = both["_merge"] != "both"
    for column in COMPARED:
        old, new = both[f"{column}_old"], both[f"{column}_new"]
        differs |= (old != new) & ~(old.isna() & new.isna())
    found = both[differs].assign(_merge=lambda rows: rows["_merge"].astype(str))
    found.to_sql("peer_naive", engine, if_exists="replace", index=False)
    print(len(found))


if __name__ == "__main__":
    main(sys.argv[1])
