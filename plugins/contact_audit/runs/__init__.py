"""Runs: which windows are due, and their way through extract, derive and load; what the DAGs' tasks call."""
