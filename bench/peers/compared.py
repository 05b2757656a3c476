"""datacompy: both captures by read_sql, its comparison by the contact's id, its mismatches written by to_sql.

Arguments: SQLAlchemy's address of the database.
"""

import sys

import pandas as pd
from datacompy import PandasCompare
from sqlalchemy import create_engine

READ = """
    select contact_id, account_id, name, email, primary_phone, custom_fields::text as custom_fields
    from helpdesk.contact_snapshots
    where snapshot_id = %(capture)s and not deleted
"""


def main(address: str) -> None:
    engine = create_engine(address)
    before, after = (pd.read_sql(READ, engine, params={"capture": capture}) for capture in (1, 2))
    compared = PandasCompare(before, after, join_columns="contact_id", df1_name="before", df2_name="after")
    changed = compared.all_mismatch()
    changed.to_sql("peer_datacompy", engine, if_exists="replace", index=False)
    compared.df1_unq_rows.to_sql("peer_datacompy_gone", engine, if_exists="replace", index=False)
    compared.df2_unq_rows.to_sql("peer_datacompy_new", engine, if_exists="replace", index=False)
    print(len(changed) + len(compared.df1_unq_rows) + len(compared.df2_unq_rows))


if __name__ == "__main__":
    main(sys.argv[1])
