"""Exports: events as files for spreadsheets (CSV), analysts (Parquet) and security teams (OCSF, Elastic Common Schema).

Streamed from a server-side cursor, batch by batch: a million events in constant memory. `stream` gives the bytes (what a page
sends), `export_to` puts them on object storage, whole or not at all, with a manifest of what they cover.
"""
