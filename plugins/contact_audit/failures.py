"""What a database's error means, in our words: it passes (tried again), or it stays (fails at once), by SQLSTATE.

A driver's message is read only where the server gives no SQLSTATE (connecting), or where one stands for several things (57014).
"""

from collections.abc import Set as AbstractSet

_AT_WORK = {
    "40001": "another transaction, or on a replica the replay of its primary, was in the way (serialization failure, recovery conflict)",
    "40P01": "it ended one of two transactions that waited for each other (deadlock)",
    "53000": "it has too little of a resource",
    "53100": "its disk is full: make room there",
    "53200": "it is out of memory",
    "53300": "it has too many connections already",
    "53400": "it has reached a limit of its configuration",
    "55P03": "somebody else holds a lock for longer than its lock_timeout",
    "57P03": "it is starting, stopping or recovering",
}
"""SQLSTATE → what passes while the server goes on."""

_GONE = {
    "57P01": "an administrator ended the connection, or the server is stopping",
    "57P02": "the server crashed and starts again",
    "57P04": "the database was dropped",
    "57P05": "the connection was ended as idle (idle_session_timeout)",
}
"""SQLSTATE → how a connection was ended that a new one may replace."""

_STAYS = {
    "25006": "it takes no writes: a standby, or a user whose transactions are read only",
    "25P03": "it ended a transaction that waited for us (idle_in_transaction_session_timeout): raise that limit for this user",
    "25P04": "it ended a transaction for its length (transaction_timeout): raise that limit for this user",
    "22P05": "a value cannot be written in its encoding",
    "54000": "a value exceeds a limit of PostgreSQL",
}

CANCELLED = "57014"
MISSING = {"42P01": "table", "42703": "column", "3F000": "schema", "42883": "function"}

# What servers and poolers say while they start, stop or are full; connecting gives no SQLSTATE.
_NOT_NOW = (
    *("the database system is ", "too many clients", "too many connections", "remaining connection slots"),
    *("no more connections allowed", "server login has been failing", "query_wait_timeout", "server_login_retry"),
    *("pgbouncer is shutting down", "pgbouncer cannot connect", "server conn crashed", "bouncer config error"),
)
# What libpq says where nobody has said no: the line was cut, or nobody answered in time.
_CUT = (
    *("closed the connection unexpectedly", "Connection reset", "Broken pipe", "EOF detected", "timeout expired"),
    *("connection has been closed", "could not receive data", "could not send", "Connection timed out"),
    *("Temporary failure in name resolution", "No route to host", "Network is unreachable", "Host is down"),
)
# What it says where nobody listens: a wrong address, or a server that is just starting again.
_NOBODY = ("Connection refused", "No such file or directory")


def passing(code: str) -> str | None:
    """What is going on at a server whose error has this SQLSTATE, if it may pass; else None."""
    if code.startswith("08"):
        return "the connection broke"
    return _GONE.get(code) or _AT_WORK.get(code) or (_AT_WORK["53000"] if code.startswith("53") else None)


def is_gone(code: str) -> bool:
    """Whether an error of this SQLSTATE has ended the connection."""
    return code.startswith("08") or code in _GONE


def staying(code: str) -> str | None:
    """What is wrong at a server whose error has this SQLSTATE, where we have better words than the server; else None."""
    return _STAYS.get(code)


def cancelled(text: str) -> str | None:
    """What ended a statement with SQLSTATE 57014: `timeout` or `person`; None where the server says it in a language of its own."""
    if "statement timeout" in text:
        return "timeout"
    return "person" if "user request" in text else None


def passes_connecting(text: str, answered: AbstractSet[str], place: str) -> bool:
    """Whether a failure to connect may pass. Nobody listening is a wrong address, unless this process was answered there before."""
    if any(one in text for one in (*_NOT_NOW, *_CUT)):
        return True
    return place in answered and any(one in text for one in _NOBODY)
