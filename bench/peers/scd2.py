"""dlt: a capture merged into its history by the scd2 strategy.

Arguments: the database's address to read from, that to write to, the capture, the folder of dlt's own state.
"""

import sys

import dlt
from dlt.sources.helpers.transform import add_row_hash_to_table
from dlt.sources.sql_database import sql_table
from sqlalchemy import create_engine


def main(source: str, destination: str, capture: str, folder: str) -> None:
    engine = create_engine(source)
    contacts = sql_table(engine, table=f"capture_{capture}", schema="peer", backend="pyarrow", chunk_size=100_000)
    contacts.add_map(add_row_hash_to_table("row_hash"))  # as its documentation does for Arrow tables
    contacts.apply_hints(
        table_name="contacts",
        write_disposition={"disposition": "merge", "strategy": "scd2", "row_version_column_name": "row_hash"},
        columns={"custom_fields": {"data_type": "text"}},
    )
    pipeline = dlt.pipeline(
        pipeline_name="contacts",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(destination),
        dataset_name="scd2",
    )
    pipeline.run(contacts)
    with pipeline.sql_client() as client:
        rows = client.execute_sql("select count(*) from contacts where _dlt_valid_to is not null")
    print(rows[0][0] if rows else 0)


if __name__ == "__main__":
    main(*sys.argv[1:5])
