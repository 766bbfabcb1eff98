"""How far the replica is behind, measured from the primary.

A mark is a place in the primary's log of writes, and when it was read. The replica shows every write up to the newest
mark that it has replayed. So no clock of another machine counts, a primary without writes is not behind itself, and
without a new measurement the replica grows old by itself.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

log = logging.getLogger(__name__)

ALIAS = "replica"
AWAY = "it does not answer"
NOT_MEASURED = "it was not measured yet"
AHEAD = "it has writes that the primary does not have"
LOST_FOR_S = 10.0
"""How long nobody reads a replica that failed a reader: it may answer measurements and refuse new connections."""
# Ten minutes of measurements.
_MOST_MARKS = 1200
# At the beginning of each page of the log stands a header, of 40 bytes at most, that is no record.
_LOG_PAGE, _PAGE_HEADER = 8192, 40
_IDENTITY = """(SELECT system_identifier FROM pg_control_system()),
    (SELECT oid FROM pg_database WHERE datname = current_database()), session_user::text"""
_PRIMARY = f"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, {_IDENTITY}"
_REPLICA = f"""SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END,
    {_IDENTITY}"""


class _LogPlace(NamedTuple):
    """A place in the log of writes; None on a server that replays none."""

    byte: int | None
    system: int
    database: int
    user: str


class ReplicaWatch:
    """`trouble` says why nobody reads the replica, "" if it may be read while it is young enough."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self.trouble = NOT_MEASURED
        self._seconds = seconds
        self._as_of_s: float | None = None
        self._lost_until_s = 0.0
        self._replayed_byte: int | None = None
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MOST_MARKS)

    @property
    def age_s(self) -> float | None:
        """All that was committed longer ago than this is on the replica; None if nothing is known."""
        return None if self._as_of_s is None else self._seconds() - self._as_of_s

    @property
    def may_be_read(self) -> bool:
        age_s = self.age_s
        return not self.trouble and age_s is not None and age_s <= settings.DATABASE_REPLICA_LAG_S

    def lose(self) -> None:
        """Have nobody read the replica for LOST_FOR_S, and until it has answered again."""
        self._lost_until_s = self._seconds() + LOST_FOR_S
        self._say(AWAY)

    def measure(self) -> None:
        """Compare primary and replica. Raises DatabaseError if the primary does not answer."""
        taken_s = self._seconds()
        primary = _place("default", _PRIMARY)
        try:
            replica = _place(ALIAS, _REPLICA)
        except (DatabaseError, InterfaceError):
            connections[ALIAS].close()
            self._say(AWAY)
            return
        if (replica.system, replica.database) != (primary.system, primary.database):
            self._say("it is a replica of another database")
        elif replica.user != primary.user:
            self._say("it is read as another user than the primary")
        elif replica.byte is None or primary.byte is None:
            self._say("it replays no log of writes: it is the primary itself, or was made one")
        else:
            self._compare(taken_s, _end_of_records(primary.byte), replica.byte)

    def _compare(self, taken_s: float, written_byte: int, replayed_byte: int) -> None:
        """Take a mark, unless the primary lacks what the replica had before: a restore took it away."""
        earlier_byte, self._replayed_byte = self._replayed_byte, replayed_byte
        if earlier_byte is not None and written_byte <= (earlier_end := _end_of_records(earlier_byte)):
            is_still_ahead = self.trouble == AHEAD and replayed_byte == earlier_byte
            if is_still_ahead or written_byte < earlier_end:
                self._marks.clear()
                self._as_of_s = None
                self._say(AHEAD)
                return
        self._marks.append((taken_s, written_byte))
        while self._marks and self._marks[0][1] <= replayed_byte:
            self._as_of_s = self._marks.popleft()[0]
        if earlier_byte is not None and self._seconds() >= self._lost_until_s:
            self._say("")

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("the database replica %s", f"is not read: {trouble}" if trouble else "answers")
        self.trouble = trouble


watch = ReplicaWatch()


def is_configured() -> bool:
    return bool(settings.DATABASE_REPLICA_URL)


def _place(alias: str, statement: str) -> _LogPlace:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        return _LogPlace(*cursor.fetchone())


def _end_of_records(byte: int) -> int:
    """The next record begins behind the header of a page, but the last one ended before it."""
    within_page = byte % _LOG_PAGE
    return byte - within_page if within_page <= _PAGE_HEADER else byte
