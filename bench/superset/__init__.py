"""A reporting tool tried on the audit log: Apache Superset reads the views as contact_audit_reader, and draws a chart.

Its requirements are locked apart, and installed into an environment of its own.
"""
