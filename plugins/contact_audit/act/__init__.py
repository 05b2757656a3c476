"""What follows from the log: plans that would take events back, watches that say when something happens.

Reads the audit database, and keeps alerts there; nothing here writes to a helpdesk, ever.
"""
