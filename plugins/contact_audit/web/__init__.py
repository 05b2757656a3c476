"""The Activity page and its JSON API: a FastAPI app that Airflow's web server mounts.

Reads the audit database only, and changes nothing. Nothing else in the package imports it.
"""
