"""The errors this project raises, in one small hierarchy.

Each message says what is wrong, where, and what to do now. A retry helps only a ConnectionLostError; all others fail at once.
"""


class ContactAuditError(Exception):
    """Base of all errors of this project."""


class SettingsError(ContactAuditError):
    """A setting or a parameter is unknown or malformed; the message lists the valid ones."""


class SourceError(ContactAuditError):
    """The helpdesk database cannot be read as the adapter expects: wrong address, password, table or column."""


class AuditDatabaseError(ContactAuditError):
    """The audit database cannot be used: wrong address, password, not migrated, or filled by another adapter."""


class ReaderRoleError(AuditDatabaseError):
    """Who only reads cannot take on the role contact_audit_reader; nothing is read with other rights instead."""


class ConnectionLostError(ContactAuditError):
    """A database went away in the middle of the work, or is starting, stopping or full just now; trying again may help."""


class PassingError(ConnectionLostError):
    """A database is there and cannot do it just now: full, out of memory, locked, a conflict; trying again may help."""


class StagingError(ContactAuditError):
    """The folder where tasks hand frames to each other cannot be written: full, read-only, not ours."""


class CaptureBrakeError(ContactAuditError):
    """A full capture lacks so many contacts that it is not used until somebody decides about it."""


class ConservationError(ContactAuditError):
    """Previous state + events is not the current state, or an entry is not accounted for; nothing was committed."""


class HandoverError(ContactAuditError):
    """What another task of the run has handed over was written by another version; nothing of it was used."""


class TouchedError(ContactAuditError):
    """The audit log is not as the loads wrote it: somebody has changed, removed or added rows, or broken the ledger's chain."""
