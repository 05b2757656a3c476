"""The audit database: what is loaded, replacing windows, contacts, and the schema's revisions. Knows no rule."""
