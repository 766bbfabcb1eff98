"""The actor that the history records with each change.

The audit triggers read it from the database session, so that bulk writes record it too. It is set once per request,
task or command, and completed when more is known (a token's user, a message).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.db import connection
from psycopg.pq import TransactionStatus
from psycopg.sql import quote

if TYPE_CHECKING:
    from accounts.models import Token, User

FIRST_ADMINISTRATOR = "First administrator"
"""The message of whoever makes the first account, which does not exist when they begin to act."""
_acting: ContextVar[dict[str, Any] | None] = ContextVar("who acts", default=None)
# Statements with this beginning write nothing, or cannot be combined with another statement.
_PLAIN = (
    *("select", "savepoint", "release", "rollback", "set", "create"),
    *("alter", "drop", "vacuum", "analyze", "declare"),
)


@contextmanager
def acting(user: "User | str | None", *, message: str = "", request_id: str = "") -> Iterator[None]:
    """Attribute the writes inside to a user, or to a part of Muster by name, such as "demo" or "worker".

    After a nested `acting`, the outer attribution is restored.
    """
    is_outermost = _acting.get() is None
    token = _acting.set({**_who(user), "message": message, "request_id": request_id, "token": ""})
    try:
        with connection.execute_wrapper(_attributed) if is_outermost else nullcontext():
            yield
    finally:
        _acting.reset(token)
        if is_outermost:
            _forget()


def identify(user: "User", token: "Token | None" = None) -> None:
    """Set the user once a token has identified them. Has no effect outside `acting`."""
    if (who := _acting.get()) is not None:
        who |= {**_who(user), "token": token.prefix if token else ""}


def note(message: str) -> None:
    """Add the writer's message; several messages of one request are joined. Has no effect outside `acting`."""
    if (who := _acting.get()) is None:
        return
    messages = [part for part in who["message"].split("; ") if part]
    if message not in messages:
        who["message"] = "; ".join([*messages, message])


def _attributed(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Send the actor with each statement that may write; the setting lasts until the transaction ends."""
    is_plain = many or not isinstance(sql, str) or sql.lstrip()[:10].lower().startswith(_PLAIN)
    if is_plain or context["cursor"].connection.info.transaction_status == TransactionStatus.INERROR:
        return execute(sql, params, many, context)
    who = quote(json.dumps(_acting.get()))
    if params is not None:
        who = who.replace("%", "%%")
    answers = execute(f"SELECT set_config('muster.acting', {who}, true); {sql}", params, many, context)
    # The result of the statement itself is the last one.
    while answers is not None and answers.nextset():
        pass
    return answers


def _forget() -> None:
    """Clear the actor at the end of the transaction, which may be later than the block."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('muster.acting', '', true)")


def _who(user: "User | str | None") -> dict[str, object]:
    if user is None:
        return {"user": None, "username": ""}
    if isinstance(user, str):
        return {"user": None, "username": user}
    return {"user": user.pk, "username": user.get_username()}
