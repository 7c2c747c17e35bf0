"""What an error of the database means for its caller: one table over the codes of PostgreSQL and SQLite.

The driver's class says too little: psycopg files a row that no index can hold under `OperationalError`, as it does a
lost connection.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ingestd.errors import StoreConflict, StoreCorrupt, StoreError, StoreRefused, StoreUnavailable

#: SQLSTATE, or its beginning, → class; the longest match counts.  Any other code is StoreRefused.
#: PostgreSQL's manual, appendix A.
SQLSTATES: dict[str, type[StoreError]] = {
    "08": StoreUnavailable,  # connection exception
    "25006": StoreUnavailable,  # read-only transaction: a standby, or an administrator's default
    "25P03": StoreUnavailable,  # idle_in_transaction_session_timeout
    "25P04": StoreUnavailable,  # transaction_timeout
    "28": StoreUnavailable,  # the login is refused: nothing that is written has a part in it
    "3D000": StoreUnavailable,  # the database does not exist (yet)
    "40": StoreConflict,  # serialization failure, deadlock
    "42501": StoreUnavailable,  # a right was taken away: nothing that is written has a part in it
    "53": StoreUnavailable,  # disk full, out of memory, too many connections
    "55P03": StoreUnavailable,  # lock_timeout
    "57014": StoreUnavailable,  # statement_timeout, or an administrator cancelled the statement
    "57P": StoreUnavailable,  # shutdown, crash, start
    "58": StoreUnavailable,  # input or output failed
    "XX001": StoreCorrupt,
    "XX002": StoreCorrupt,
}

#: SQLite's result code, extended or primary, → class; the extended one counts.  Any other code is StoreRefused.
#: https://sqlite.org/rescode.html
SQLITE_CODES: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_PERM: StoreUnavailable,
    sqlite3.SQLITE_BUSY: StoreUnavailable,
    sqlite3.SQLITE_LOCKED: StoreUnavailable,
    sqlite3.SQLITE_NOMEM: StoreUnavailable,
    sqlite3.SQLITE_READONLY: StoreUnavailable,
    sqlite3.SQLITE_INTERRUPT: StoreUnavailable,
    sqlite3.SQLITE_IOERR: StoreUnavailable,
    sqlite3.SQLITE_FULL: StoreUnavailable,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable,
    sqlite3.SQLITE_PROTOCOL: StoreUnavailable,
    sqlite3.SQLITE_BUSY_SNAPSHOT: StoreConflict,
    sqlite3.SQLITE_SCHEMA: StoreConflict,
    sqlite3.SQLITE_CORRUPT: StoreCorrupt,
    sqlite3.SQLITE_NOTADB: StoreCorrupt,
}


@contextmanager
def store_errors() -> Iterator[None]:
    """Convert SQLAlchemy's errors to a StoreError of the class that `class_of` returns, with a message to show."""
    try:
        yield
    except SQLAlchemyError as error:
        raise class_of(error)(_message(error)) from error


def class_of(error: SQLAlchemyError) -> type[StoreError]:
    """Return StoreUnavailable, StoreConflict, StoreCorrupt or StoreRefused for an error of SQLAlchemy."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable
    if not isinstance(error, DBAPIError):
        return StoreRefused
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state:
        return next((SQLSTATES[state[:size]] for size in (5, 3, 2) if state[:size] in SQLSTATES), StoreRefused)
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE_CODES.get(code) or SQLITE_CODES.get(code & 0xFF, StoreRefused)
    # No answer of the server: the connection was refused or lost.
    lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return StoreUnavailable if lost else StoreRefused


def _message(error: SQLAlchemyError) -> str:
    """Return the driver's message on one line, without the statement and its values."""
    original = getattr(error, "orig", None)
    words = " ".join(str(original or error).split())
    if isinstance(error, PoolTimeout):
        words = "no connection came free in time"
    hint = _hint(original)
    return f"{_BEGINNINGS[class_of(error)]}: {words[:300]}{hint and '; '}{hint}"


def _hint(error: object) -> str:
    """Return what the operator can do about an error of the driver, "" if that is not known."""
    state: str | None = getattr(error, "sqlstate", None)
    if state:
        return next((_SQLSTATE_HINTS[state[:size]] for size in (5, 3, 2) if state[:size] in _SQLSTATE_HINTS), "")
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_HINTS.get(code & 0xFF, "")
    # libpq gives no SQLSTATE of a connection that failed.
    return next((hint for words, hint in _CONNECTION_HINTS.items() if words in str(error)), "")


#: Words of libpq, in this order → hint.
_CONNECTION_HINTS = {
    "authentication failed": "correct the user and the password in database_url",
    "no password supplied": "add the password to database_url",
    "does not exist": "create it, or correct its name in database_url",
    "failed to resolve host": "correct the host in database_url",
    "Connection refused": "start the server, or correct its address in database_url",
    "No such file or directory": "start the server, or correct its address in database_url",
}

_SQLSTATE_HINTS = {
    "28": "correct the user and the password in database_url",
    "3D000": "create it, or correct its name in database_url",
    "42501": "grant it to the user in database_url",
    "53100": "free some space on the server's disk",
    "53300": "raise max_connections, or end other clients",
}

_SQLITE_HINTS = {
    sqlite3.SQLITE_BUSY: "another program has locked the file: end it, or wait",
    sqlite3.SQLITE_CANTOPEN: "its directory must exist and be writable",
    sqlite3.SQLITE_FULL: "free some space, or set database_url to another disk",
    sqlite3.SQLITE_IOERR: "its disk is full or fails: free some space, or set database_url to another disk",
    sqlite3.SQLITE_READONLY: "make the file and its directory writable, or set database_url",
}

_BEGINNINGS: dict[type[StoreError], str] = {
    StoreUnavailable: "the database cannot be used",
    StoreConflict: "the transaction met another one",
    StoreCorrupt: "the database is damaged, restore a backup",
    StoreRefused: "the database refuses the statement or a value",
}
