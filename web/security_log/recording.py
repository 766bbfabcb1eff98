"""Record one event, by one statement; repeats within the batch that is still open are counted."""

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import Error, connection

from accounts.counting import Recent
from accounts.queries import find_account
from web import scopes
from web.security_log.core.chain import address_proof
from web.security_log.models import SecurityEvent

WINDOW_S = 30
MOST_APART = 300
"""Different events of one action and actor that each process tells apart in a window. Repeats are not counted here."""
MOST_APART_OF_ADDRESS = 50
"""The same from one address, so that nobody can make the events of others vague."""
SPARED = (SecurityEvent.Action.TOKEN_REFUSED, SecurityEvent.Action.TOKEN_DELAYED)
"""Guesses of tokens cost little else, so each process writes equal ones once a second, with their number."""
_counts: Recent[int] = Recent()
_spared: Recent[tuple[int, int]] = Recent()
_fold_keys: Recent[bool] = Recent()
_log = logging.getLogger(__name__)
_COLUMNS = (
    *("at", "last_at", "times", "action", "actor_id", "part", "token", "account_id"),
    *("address", "salt", "address_proof", "place", "detail", "request_id", "fold_key"),
)
_RECORD = f"""
INSERT INTO web_securityevent ({", ".join(_COLUMNS)}) VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
ON CONFLICT (fold_key) WHERE NOT fold_key = '' DO UPDATE
SET times = web_securityevent.times + excluded.times, last_at = greatest(web_securityevent.last_at, excluded.last_at)
"""


def record(
    action: SecurityEvent.Action,
    *,
    actor_id: int | None = None,
    account_id: int | None = None,
    account_name: str = "",
    part: str = "",
    token: str = "",
    address: str = "",
    place: str = "",
    detail: Mapping[str, Any] | None = None,
    request_id: str = "",
    counts_repeats: bool = True,
    now: datetime,
) -> None:
    """Write an event, or count it as a repeat; `account_name` is what somebody typed.

    An error of the database is a line in the log, so that a refusal stays one. Inside a transaction it is raised, as
    the COMMIT would be a ROLLBACK that nobody notices."""
    values: dict[str, Any] = {"action": action, "actor_id": actor_id, "account_id": account_id}
    values |= {"part": part[:150], "token": token[:12], "address": address[:45], "place": place[:200]}
    values["detail"] = dict(detail or {})
    if not (times := _times_to_write(values, now)):
        return
    stamps = {"request_id": request_id, "at": now, "last_at": now, "times": times}
    try:
        with scopes.everything():
            if account_name and (account := find_account(account_name)):
                values["account_id"] = account.pk
            values |= _values_of_flood(values, now) if counts_repeats else {}
            _write(_row_values(values, counts_repeats) | stamps)
    except Error:
        if connection.in_atomic_block:
            raise
        _log.exception("The event %s of account %s is not in the security log.", action, actor_id)


def _write(row: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, row)


def _row_values(values: dict[str, Any], counts_repeats: bool) -> dict[str, Any]:
    salt = secrets.token_hex(16) if values["address"] else ""
    return values | {
        "fold_key": _digest(values) if counts_repeats else "",
        "salt": salt,
        "address_proof": address_proof(values["address"], salt),
        "detail": json.dumps(values["detail"]),
    }


def _times_to_write(values: dict[str, Any], now: datetime) -> int:
    """How many equal events of this process are to be written: of those that are spared, none within the second of the
    last one, and with the next one all since."""
    if values["action"] not in SPARED:
        return 1
    key, second = _digest(values), int(now.timestamp())
    written_s, waiting = _spared.get(key, (-1, 0))
    is_due = second != written_s
    _spared.set(key, (second, 0) if is_due else (written_s, waiting + 1))
    return waiting + 1 if is_due else 0


def _values_of_flood(values: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The values to write in place of those that a flood makes different; none for a repeat, and below the limits.

    A file that was taken always says which. Attempts that were not checked are of any account.
    """
    action, actor_id, window = values["action"], values["actor_id"], int(now.timestamp()) // WINDOW_S
    key = f"{window} {_digest(values)}"
    if action == SecurityEvent.Action.EXPORTED or _fold_keys.get(key, False):
        return {}
    count = _count(f"{window} {action} {actor_id}")
    count_of_address = _count(f"{window} {action} {actor_id} {values['address']}")
    if count <= MOST_APART and count_of_address <= MOST_APART_OF_ADDRESS:
        _fold_keys.set(key, True)
        return {}
    vague_values: dict[str, Any] = {"place": "", "detail": {}}
    if action == SecurityEvent.Action.SIGN_IN_DELAYED:
        vague_values["account_id"] = None
    return vague_values if count <= MOST_APART else vague_values | {"address": ""}


def _count(key: str) -> int:
    """Count in this process alone, which takes no statement and no answer of Valkey."""
    count = _counts.get(key, 0) + 1
    _counts.set(key, count)
    return count


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
