"""Adapters for helpdesks that keep no captures: each one small file, with its SQL in include/sql/sources/<name>/ (docs/adapters.md)."""
