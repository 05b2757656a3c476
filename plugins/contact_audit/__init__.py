"""Contact Audit: who changed which contact, when, from where, from what to what.

The package that the DAGs call; Airflow puts the folder above it on the import path.
"""

RULES_VERSION = 2
"""The version of the diff and attribution rules; every row and every ledger entry carries the one that made it."""
