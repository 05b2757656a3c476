"""Contact Audit on one machine: an embedded PostgreSQL, Airflow's environment, and the commands behind the Makefile.

Nothing here is needed where connections and Airflow are given; see docs/ for operating it.
"""
